"""The phrase book is complete, short enough for the model, and refuses what it does not know."""

from typing import Any

import pytest

from mcp_platform.simulators.gemini.answers import tokens_of_text
from mcp_platform.words.book import BOOK, OFFERED, book, lines, near
from mcp_platform.words.files import MalformedWords, parse

ENTRY: dict[str, Any] = {"when": "Always.", "force": "free", "place": "ask", "mood": "plain"}


def test_the_models_lines_leave_room_in_its_request() -> None:
    assert len(lines().splitlines()) == len(OFFERED) == 152
    assert tokens_of_text(lines()) < 5_000, "the whole request may have 8,000"


def test_a_line_says_what_the_phrase_is_about() -> None:
    assert OFFERED["ask_which_date"].line.endswith("(about: 2 × day)")
    assert OFFERED["price_sum"].line.endswith("(about: 2–4 × service or appointment)")
    assert OFFERED["person_not_that_day"].line.endswith("(about: professional, day)")
    assert OFFERED["see_you"].line.endswith("(about: appointment)")
    assert "about:" not in OFFERED["bye"].line


def test_what_code_says_is_not_offered_to_the_model() -> None:
    assert near("greet_first") is None
    assert "greet_first — " not in lines()
    assert {each for phrase in OFFERED.values() for each in phrase.picks} <= BOOK.keys()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("welcome", "welcome"),
        ("wellcome", "welcome"),
        ("welcom", "welcome"),
        ("welcomr", "welcome"),
        ("weclome", "welcome"),
        ("ask_tiem", "ask_time"),
        ("xill", "ill"),
        ("wlcoem", None),
        ("", None),
        ("welcome_back", None),
    ],
)
def test_an_id_is_taken_within_one_edit(written: str, meant: str | None) -> None:
    found = near(written)
    assert (found and found.id) == meant


def test_an_id_that_could_be_two_is_neither() -> None:
    assert {"ask_time", "ask_name"} <= OFFERED.keys()
    assert near("ask_tame") is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"place": "middle"}, "middle is none of"),
        ({"mood": "gay"}, "gay is none of"),
        ({"force": "effect"}, "names outcomes"),
        ({"of": ["booked"]}, "names outcomes"),
        ({"force": "effect", "of": ["bought"]}, "bought is none of"),
        ({"takes": ["horse"]}, "horse is none of"),
        ({"takes": [{"of": ["day"], "least": 3, "most": 2}]}, "`least` above its `most`"),
        ({"needs": ["money"]}, "money is none of"),
        ({"does": ["dance"]}, "dance is none of"),
        ({"else": {"unknown": "a"}}, "unknown is none of"),
        ({"else": {"missing": "b"}}, "names b"),
        ({"picks": ["b"]}, "names b"),
        ({"by": "model"}, "can only be code"),
        ({"colour": "red"}, "unknown key: colour"),
        ({"when": ""}, "when it is said"),
    ],
)
def test_a_malformed_entry_is_named(change: dict[str, Any], complaint: str) -> None:
    book({"a": ENTRY})
    with pytest.raises(MalformedWords, match=r"words/book\.yaml: a: .*" + complaint):
        book({"a": {**ENTRY, **change}})


@pytest.mark.parametrize("missing", ["when", "force", "place", "mood"])
def test_a_missing_key_is_named(missing: str) -> None:
    with pytest.raises(MalformedWords, match=r"words/book\.yaml: a: "):
        book({"a": {key: value for key, value in ENTRY.items() if key != missing}})


def test_an_id_that_stands_twice_is_named() -> None:
    with pytest.raises(MalformedWords, match=r"words/x\.yaml: b: stands twice"):
        parse("a: {b: 1, c: 2, b: 3}", file="x.yaml")


def test_an_id_that_yaml_takes_for_something_else_is_named() -> None:
    with pytest.raises(MalformedWords, match=r"words/x\.yaml: no: must be quoted"):
        parse("a: {no: 1}", file="x.yaml")


def test_a_file_without_entries_is_named() -> None:
    with pytest.raises(MalformedWords, match=r"words/x\.yaml: the file: is not a mapping"):
        parse("- a", file="x.yaml")
