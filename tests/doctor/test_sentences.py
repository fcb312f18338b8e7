"""The catalogue is whole: every code that code raises has its sentences, in both languages."""

import ast
import re
from pathlib import Path
from string import Formatter

from mcp_platform.doctor import checks
from mcp_platform.doctor.checks import CHECKS
from mcp_platform.doctor.sentences import EVERY, SENTENCES, TITLES, ResultSentence
from tests.cases import cases

FOLDER = Path(checks.__file__).parent
SHARED = {code for check, code in SENTENCES if check == EVERY}
each_sentence = cases("key, sentence", SENTENCES.items())


def raised() -> set[tuple[str, str]]:
    """Return the check and code of every `CheckOutcome(…)` in the code; shared ones by their code alone."""
    found = set()
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CheckOutcome"):
                continue
            check, code = node.args[:2]
            if isinstance(check, ast.Constant):
                assert isinstance(code, ast.Constant), f"{file.name}:{node.lineno}"
                found.add((EVERY if code.value in SHARED else check.value, code.value))
            elif isinstance(code, ast.Constant):
                found.add((EVERY, code.value))
    return found


def test_what_code_raises_and_what_the_catalogue_says_are_the_same() -> None:
    # These two come out of one expression.
    assert raised() | {(EVERY, "away"), (EVERY, "too_many_calls")} == SENTENCES.keys()


def test_a_shared_code_is_no_check_s_own() -> None:
    assert not [key for key in SENTENCES if key[0] != EVERY and key[1] in SHARED]


def test_every_check_has_a_title_and_its_place() -> None:
    assert [check.name for check in CHECKS] == list(TITLES)
    assert {check for check, _ in SENTENCES} - {EVERY} == TITLES.keys()


def test_no_check_waits_for_a_later_one() -> None:
    names = [check.name for check in CHECKS]
    for place, check in enumerate(CHECKS):
        assert {*check.needs, *check.unless_failed} <= set(names[:place])


@each_sentence
def test_a_sentence_says_what_to_do_unless_all_is_well(
    key: tuple[str, str], sentence: ResultSentence
) -> None:
    for what, next_step in (sentence.pt, sentence.en):
        assert what.endswith((".", "{reason}"))
        assert bool(next_step) == (sentence.state != "ok")


@each_sentence
def test_both_languages_tell_the_same_details(
    key: tuple[str, str], sentence: ResultSentence
) -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert names("".join(sentence.pt)) >= names("".join(sentence.en))
    assert names("".join(sentence.en)) >= names("".join(sentence.pt))


@each_sentence
def test_portuguese_is_portuguese(key: tuple[str, str], sentence: ResultSentence) -> None:
    english = re.compile(r"\b(the|and|is|are|of|does|missing|cannot)\b", re.IGNORECASE)
    assert not english.search("".join(sentence.pt))
    assert "".join(sentence.pt) != "".join(sentence.en)
