"""Which phrases may stand together: each refused combination, and the order of what stays."""

from dataclasses import dataclass, field
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.words.book import BOOK, Outcome
from mcp_platform.words.joining import (
    MOST_OF_A_PLACE,
    ORDER,
    Joined,
    Part,
    Refusal,
    Situation,
    join,
)

LISTED = Situation(listed=True)
LATE = Situation(outcomes=frozenset({"late_noted"}))
DONE = Situation(outcomes=frozenset({"booked", "moved", "cancelled", "asked"}))


@dataclass(frozen=True)
class Case:
    """What is chosen, what stays, in its order, and why the rest goes."""

    chosen: str
    kept: str
    reason: Refusal | None
    situation: Situation = field(default_factory=Situation)


CASES = [
    Case("emergency greet ask_help", "emergency", Refusal.ALONE),
    Case("opted_out", "", Refusal.NOT_DONE),
    Case("abuse danger", "danger", Refusal.ALONE),
    Case("greet back_to_me", "greet", Refusal.PLACE_TAKEN),
    Case("weather football", "weather", Refusal.PLACE_TAKEN),
    Case("birthday sorry_slow", "birthday", Refusal.PLACE_TAKEN),
    Case("sorry_slow death", "death", Refusal.PLACE_TAKEN),
    Case("look_at_times recurring", "look_at_times", Refusal.PLACE_TAKEN, LISTED),
    Case("ask_day ask_service", "ask_day", Refusal.PLACE_TAKEN),
    Case("welcome wish_back", "welcome", Refusal.PLACE_TAKEN),
    Case("price duration address", "price duration", Refusal.PLACE_TAKEN),
    Case("price duration asked_payment", "price asked_payment", Refusal.PLACE_TAKEN, DONE),
    Case("welcome ask_help", "ask_help", Refusal.NOT_CLOSED),
    Case("death laugh", "death", Refusal.TOO_GRAVE),
    Case("how_are_you death", "death", Refusal.TOO_GRAVE),
    Case("greet complaint", "greet_plain complaint", Refusal.TOO_GRAVE),
    Case("greet_first ill", "greet_plain ill", Refusal.TOO_GRAVE),
    Case("greet price", "greet_plain price", Refusal.TOO_GRAVE, Situation(failed=True)),
    Case("ill welcome", "ill", Refusal.TOO_GRAVE),
    Case("death ask_else", "death", Refusal.CONTRADICTS),
    Case("welcome", "", Refusal.NOT_CLOSED, Situation(waiting=True)),
    Case("bye", "", Refusal.NOT_CLOSED, Situation(proposal="book")),
    Case("price ask_else", "price", Refusal.NOT_CLOSED, LISTED),
    Case("price ask_else", "price", Refusal.CONTRADICTS, Situation(proposal="book")),
    Case("price ask_day", "price", Refusal.CONTRADICTS, Situation(proposal="book")),
    Case("look_at_times price", "price", Refusal.SAID, Situation(listed=True, explained=True)),
    Case("price ask_time", "price", Refusal.CONTRADICTS, Situation(proposal="move")),
    Case("complaint ask_else", "complaint", Refusal.CONTRADICTS),
    Case("refund ask_else", "refund", Refusal.CONTRADICTS),
    Case("greet ask_help", "ask_help", Refusal.GREETED, Situation(greeted_today=True)),
    Case("not_understood price", "not_understood", Refusal.CONTRADICTS),
    Case("not_understood_2 answer", "not_understood_2", Refusal.CONTRADICTS),
    Case("greet_first not_a_person", "greet not_a_person", Refusal.INTRODUCED),
    Case("price_not_set price", "price", Refusal.CONTRADICTS),
    Case("price_sum discount", "discount", Refusal.CONTRADICTS),
    Case("complaint refund", "refund", Refusal.CONTRADICTS),
    Case("frustrated complaint", "complaint", Refusal.CONTRADICTS),
    Case("frustrated refund", "refund", Refusal.CONTRADICTS),
    Case("ask_move_or_cancel stays_for_now", "stays_for_now", Refusal.CONTRADICTS),
    Case("take_your_time", "", Refusal.HAS_APPOINTMENT, Situation(has_appointment=True)),
    Case("asked_owner asked_visit", "asked_visit", Refusal.SAID, DONE),
    Case("asked_owner asked_rest", "asked_rest", Refusal.SAID, DONE),
    Case("asked_payment asked_visit", "asked_payment", Refusal.SAID, DONE),
    Case("done_book look_forward", "", Refusal.NOT_DONE),
    Case("done_book", "", Refusal.NOT_DONE, Situation(outcomes=frozenset({"moved"}))),
    Case("look_at_times", "", Refusal.NOTHING_FOLLOWS),
    Case("look_at_times ask_help", "ask_help", Refusal.NOTHING_FOLLOWS),
    Case("sorry_mixed_up", "", Refusal.NOTHING_FOLLOWS),
    Case("see_change", "", Refusal.CANCELS, Situation(proposal="cancel")),
    Case("price price", "price", Refusal.SAID),
    # What looks alike and may stand.
    Case("sorry_mixed_up ask_day", "sorry_mixed_up ask_day", None),
    Case("sorry_mixed_up", "sorry_mixed_up", None, LISTED),
    Case("see_change", "see_change", None, Situation(proposal="move")),
    Case("ask_time look_at_times", "look_at_times ask_time", None, LISTED),
    Case("look_forward done_book", "done_book look_forward", None, DONE),
    Case("price asked_rest", "price asked_rest", None, DONE),
    Case("take_your_time", "take_your_time", None),
    Case("asked_to_hold other_peoples_data", "asked_to_hold other_peoples_data", None),
    Case("how_are_you late_noted", "late_noted", Refusal.CONTRADICTS, LATE),
    Case("how_are_you price", "how_are_you price", None),
    Case("nothing_booked done_book", "done_book", Refusal.CONTRADICTS, DONE),
    Case("do_not_worry death", "death do_not_worry", None, DONE),
    Case("price ask_else", "price ask_else", None),
    Case("discount birthday ask_see_times", "birthday discount ask_see_times", None),
    Case("", "", None),
]


def _parts(ids: str) -> list[Part]:
    return [Part(id_) for id_ in ids.split()]


def _ids(joined: Joined) -> str:
    return " ".join(part.phrase for part in joined.kept)


def test_each_refused_combination_is_refused_and_what_remains_is_said() -> None:
    wrong = {}
    for case in CASES:
        joined = join(_parts(case.chosen), case.situation)
        reasons = {each.reason for each in joined.dropped}
        if (_ids(joined), reasons) != (case.kept, {case.reason} - {None}):
            wrong[case.chosen, case.situation] = (_ids(joined), reasons)
    assert not wrong


def test_prices_of_two_services_may_stand_together() -> None:
    both = [Part("price", ("s_1",)), Part("price_not_set", ("s_2",))]
    assert join(both, Situation()).kept == tuple(both)


def test_the_order_does_not_depend_on_the_models() -> None:
    parts = _parts("greet birthday price look_at_times ask_time")
    for order in permutations(parts):
        assert join(order, LISTED) == Joined(tuple(parts), ())


def test_two_facts_stay_in_the_order_in_which_they_were_chosen() -> None:
    assert _ids(join(_parts("duration price"), Situation())) == "duration price"
    assert _ids(join(_parts("price duration"), Situation())) == "price duration"


ANY_SITUATION = st.builds(
    Situation,
    outcomes=st.frozensets(st.sampled_from(Outcome.__args__)),
    failed=st.booleans(),
    listed=st.booleans(),
    proposal=st.sampled_from([None, "book", "move", "cancel"]),
    greeted_today=st.booleans(),
    waiting=st.booleans(),
    has_appointment=st.booleans(),
)
ANY_PARTS = st.lists(st.builds(Part, st.sampled_from(sorted(BOOK))), max_size=6)


@given(ANY_PARTS, ANY_SITUATION)
def test_whatever_is_chosen_what_stays_keeps_the_rules(
    parts: list[Part], situation: Situation
) -> None:
    joined = join(parts, situation)
    entries = [part.entry for part in joined.kept]
    places = [entry.place for entry in entries]
    assert places == sorted(places, key=ORDER.index)
    assert all(places.count(place) <= MOST_OF_A_PLACE.get(place, 1) for place in places)
    assert "alone" not in places or len(places) == 1
    assert {entry.mood for entry in entries} < {"warm", "plain", "grave"} or not entries
    assert not {"warm", "grave"} <= {entry.mood for entry in entries}
    assert all(entry.of & situation.outcomes for entry in entries if entry.force == "effect")
    tappable = situation.listed or situation.proposal or "ask" in places
    assert tappable or all(entry.force != "question" for entry in entries)
    assert len(joined.kept) >= len(parts) - len(joined.dropped), "what goes is accounted for"


@given(ANY_PARTS, ANY_SITUATION)
def test_what_stayed_stays_when_it_is_joined_again(parts: list[Part], situation: Situation) -> None:
    once = join(parts, situation)
    assert join(once.kept, situation) == Joined(once.kept, ())
