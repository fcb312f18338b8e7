"""Every pattern of the package takes time in proportion to the text, whatever the text says."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.linear.found import Found, find
from tests.linear.linearity import loops, problems

LENGTH = 64_000
LIMIT_S = 120  # for all patterns, which take ten
# Where a text is cut before its patterns see it: they may be quadratic, and are tried so long.
CUT = {
    "mcp_platform/simulators/gemini/": 4_096,  # gemini_words.LONGEST, gemini_scene
}
QUADRATIC = {"a search that begins with a repetition", "two repetitions share a text"}
FAILING = ("", "\x00", "!", "\n")
ANYWHERE = tuple(" \t\n\\-./:@#\"'([{<*_~`=a1é’—")
RUN = """
import json, re, sys
for each in json.load(sys.stdin):
    print(each["where"], each["pattern"], flush=True)
    pattern = re.compile(each["pattern"], each["flags"])
    for text in each["texts"]:
        for _ in pattern.finditer(text) if each["searched"] else ():
            pass
        (pattern.fullmatch if each["whole"] else pattern.match)(text)
"""


@pytest.fixture(scope="module")
def found() -> list[Found]:
    return find()


def cut(found: Found) -> int:
    return next((most for name, most in CUT.items() if found.where.startswith(name)), LENGTH)


def allowed(found: Found) -> set[str]:
    return QUADRATIC if cut(found) < LENGTH else set()


def test_patterns_are_found_wherever_they_stand(found: list[Found]) -> None:
    assert {
        "mcp_platform/tenants/env_file.py",  # constants of a module
        "mcp_platform/onboarding/answers.py",  # within a call
        "mcp_platform/simulators/gemini/dates.py",  # a variable
        "mcp_platform/publishing/config.schema.json",
        "cdk8s_app/manifest.py",
    } <= {each.where.partition(":")[0] for each in found}


def test_patterns_are_linear_by_construction(found: list[Found]) -> None:
    told = {
        (each.where, each.pattern): slow
        for each in found
        for slow in [problems(each.pattern, each.flags, searched=each.searched, whole=each.whole)]
        if not set(slow) <= allowed(each)
    }

    assert told == {}


@pytest.mark.full
@pytest.mark.timeout(2 * LIMIT_S)
def test_patterns_get_over_the_worst_texts(found: list[Found]) -> None:
    trials = [
        {
            "where": each.where,
            "pattern": each.pattern,
            "flags": each.flags & ~re.UNICODE,
            "searched": each.searched,
            "whole": each.whole,
            "texts": [text[: cut(each)] for text in dict.fromkeys(_worst(each))],
        }
        for each in {replace(each, where=""): each for each in found}.values()
        if loops(each.pattern, each.flags)
    ]

    try:
        subprocess.run(  # our own interpreter
            [sys.executable, "-I", "-S", "-c", RUN],
            input=json.dumps(trials).encode(),
            stdout=subprocess.PIPE,
            timeout=LIMIT_S,
            check=True,
        )
    except subprocess.TimeoutExpired as late:
        *_, last = (late.stdout or b"none begun").decode().splitlines()
        pytest.fail(f"After {LIMIT_S} s still at: {last}")


def _worst(found: Found) -> Iterator[str]:
    """Yield texts on which each repetition goes far, and then fails."""
    for before, taken in loops(found.pattern, found.flags):
        some = sorted(taken, key=lambda each: (not each.isalnum(), each))
        few = dict.fromkeys([*some[:2], *some[-2:], *(each for each in " -\n" if each in taken)])
        for char in few:
            for end in FAILING:
                yield (before + char * LENGTH)[: LENGTH - 1] + end
            yield (before + char) * (LENGTH // (len(before) + 1))
        yield (before + "".join(few)) * (LENGTH // (len(before) + len(few) + 1))
    for char in ANYWHERE:
        yield char * LENGTH


@pytest.mark.parametrize(
    ("slow", "why"),
    [
        (r"(a+)+b", "a repetition within a repetition"),
        (r"(?:[a-z]+[ .]*)+", "a repetition within a repetition"),
        (r"(?:[a-z]{1,3})*x", "a repetition within a repetition"),
        (r"(?:[^\W\d_]+(?:['-][^\W\d_]+)*[\s.&'-]*)+", "a repetition within a repetition"),
        (r"(?:a|a)*b", "alternatives of a repetition share a text"),
        (r"(?:ab|a|b)*c", "alternatives of a repetition share a text"),
        (r"(?:a?b?)*c", "nothing is repeated"),
        (r"\s*\n\s*x", "two repetitions share a text"),
        (r"[a-z]*[a-z0-9]*x", "two repetitions share a text"),
        (r"[ \t]+#.*", "a search that begins with a repetition"),
        (r"://\S+@", "a search that begins with a repetition"),
        (r"\b[\w-]+:", "a search that begins with a repetition"),
        (r"(?m)^\s*x", "a search that begins with a repetition"),
    ],
)
def test_what_is_slow_is_told(slow: str, why: str) -> None:
    assert why in problems(slow, 0, searched=True, whole=True)


@pytest.mark.parametrize(
    "linear",
    [
        r"[^\W\d_]+(?:['-][^\W\d_]+)*",
        r"(?:[a-z]|[ .])+",
        r"^(?:ab|ac|d)*x",
        r"\{[^{}]*\}",
        r"\b\w+\(",
        r"(?m)^[ \t]*x",
        r"(?<!\s)\s+x",
        r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
        r"^a(?:\{x:[\w-]+\}[ ,]*)+$",
    ],
)
def test_what_is_linear_is_let_pass(linear: str) -> None:
    assert problems(linear, 0, searched=True) == []


def test_no_form_of_the_api_uses_the_patterns_of_python() -> None:
    """Pydantic's own are Rust's, which are linear by construction."""
    code = subprocess.run(
        ["git", "grep", "-l", "regex_engine", "--", "mcp_platform", "cdk8s_app"],
        capture_output=True,
        check=False,
    )

    assert code.stdout == b""
