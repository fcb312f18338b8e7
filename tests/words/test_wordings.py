"""Wordings alternate, and a replayed turn says the same."""

from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.words.wordings import wording

WORDINGS = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=4, unique=True)
TURNS = st.integers(min_value=0, max_value=10_000)


@given(WORDINGS, st.lists(TURNS, min_size=1, max_size=8))
def test_no_wording_is_said_twice_running(wordings: list[str], turns: list[int]) -> None:
    last = None
    for turn in turns:
        chosen = wording(wordings, {}, turn_number=turn, last_said=last)
        assert chosen is not None
        assert chosen == wording(wordings, {}, turn_number=turn, last_said=last), (
            "the same on replay"
        )
        number, text = chosen
        assert number != last
        assert text == wordings[number]
        last = number


def test_all_wordings_come_in_turn() -> None:
    said = [wording("abc", {}, turn_number=turn, last_said=None) for turn in range(3)]
    assert said == [(0, "a"), (1, "b"), (2, "c")]


def test_a_steady_phrase_keeps_to_its_first_wording_unless_it_was_the_last() -> None:
    for turn in range(4):
        assert wording("ab", {}, turn_number=turn, last_said=None, steady=True) == (0, "a")
        assert wording("ab", {}, turn_number=turn, last_said=1, steady=True) == (0, "a")
        assert wording("ab", {}, turn_number=turn, last_said=0, steady=True) == (1, "b")


def test_a_wording_that_cannot_be_filled_is_passed_over() -> None:
    wordings = ("desde {asked_when}", "ainda espero")
    assert wording(wordings, {}, turn_number=0, last_said=None) == (1, "ainda espero")
    assert wording(wordings, {}, turn_number=0, last_said=1) == (1, "ainda espero")
    assert wording(wordings[:1], {}, turn_number=0, last_said=None) is None
    assert wording((), {}, turn_number=0, last_said=None) is None
