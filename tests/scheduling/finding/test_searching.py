"""Which of all that is free is shown, and what follows what: pure."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.scheduling.availability import SearchWindow, Slot
from mcp_platform.scheduling.catalogue import ProfessionalId, ServiceId
from mcp_platform.scheduling.finding import searching
from mcp_platform.scheduling.finding.searching import (
    Order,
    SlotCandidate,
    back_to_back,
    one_for_each_start,
    shortlist,
    whole_until,
)

ZONE = ZoneInfo("America/Sao_Paulo")
DAY = date(2026, 12, 1)
WINDOW = SearchWindow(first=DAY, last=DAY)
ORDERS: tuple[Order, ...] = ("earliest", "latest", "nearest", "spread")
LENGTHS = {"corte": 30, "barba": 45, "banho": 60}


def one(
    at: str, who: str = "ze", what: str = "corte", *, day: int = 1, load: int = 0
) -> SlotCandidate:
    start = datetime.combine(DAY.replace(day=day), time.fromisoformat(at), ZONE)
    slot = Slot(
        start=start,
        professional_id=ProfessionalId(who),
        service_id=ServiceId(what),
        end=start + timedelta(minutes=LENGTHS[what]),
    )
    return SlotCandidate(slots=(slot,), load=load, place=("ze", "ana", "bia").index(who))


def whole_day(*who: str, what: str = "corte") -> list[SlotCandidate]:
    return [
        one(f"{hour:02}:{minute}", each, what)
        for hour in range(9, 19)
        for minute in ("00", "30")
        for each in who
    ]


def shown(found: list[SlotCandidate]) -> list[str]:
    return [f"{each.slots[0].start:%d %H:%M} {each.people[0]}" for each in found]


def hours(found: list[SlotCandidate]) -> list[str]:
    return [f"{each.slots[0].start:%H:%M}" for each in found]


def test_the_nearest_to_an_hour_are_shown_and_those_before_it_too() -> None:
    asked = SearchWindow(first=DAY, last=DAY, from_time=time(20), to_time=time(20))
    found = shortlist(whole_day("ze"), limit=3, order="nearest", window=asked)
    assert hours(found) == ["17:30", "18:00", "18:30"]

    at_eleven = SearchWindow(first=DAY, last=DAY, from_time=time(11), to_time=time(11))
    found = shortlist(whole_day("ze"), limit=3, order="nearest", window=at_eleven)
    assert hours(found) == ["10:30", "11:00", "11:30"]


def test_of_nearer_days_or_nearer_hours_the_order_says_which_counts() -> None:
    asked = SearchWindow(first=DAY, last=DAY, from_time=time(15), to_time=time(15))
    free = [one("09:00"), one("15:00", day=2), one("15:30", day=2)]
    near = shortlist(free, limit=2, order="nearest", window=asked)
    assert shown(near) == ["02 15:00 ze", "02 15:30 ze"]
    soon = shortlist(free, limit=2, order="nearest", window=asked, day_first=True)
    assert shown(soon) == ["01 09:00 ze", "02 15:00 ze"]


def test_the_latest_are_the_last_of_all() -> None:
    found = shortlist(whole_day("ze"), limit=2, order="latest", window=WINDOW)
    assert hours(found) == ["18:00", "18:30"]


def test_at_an_hour_all_who_are_free_are_shown() -> None:
    asked = SearchWindow(first=DAY, last=DAY, from_time=time(15), to_time=time(15))
    found = shortlist(whole_day("ze", "ana", "bia"), limit=9, order="nearest", window=asked)
    assert [each for each in shown(found) if "15:00" in each] == [
        "01 15:00 ze",
        "01 15:00 ana",
        "01 15:00 bia",
    ]


def test_over_a_day_everybody_is_shown_and_nobody_much_more_often() -> None:
    found = shortlist(whole_day("ze", "ana", "bia"), limit=9, order="spread", window=WINDOW)
    assert len(set(hours(found))) == 9
    assert Counter(each.people[0] for each in found) == {"ze": 3, "ana": 3, "bia": 3}


def test_each_of_several_services_is_shown() -> None:
    free = [one("15:00", who, what) for what in LENGTHS for who in ("ze", "ana", "bia")]
    found = shortlist(free, limit=3, order="nearest", window=WINDOW)
    assert {each.services[0] for each in found} == set(LENGTHS)


def test_one_for_each_start_is_of_the_preferred_or_of_who_has_least_to_do() -> None:
    free = [one("09:00", load=2), one("09:00", "ana", load=1), one("09:00", "bia", load=1)]
    assert shown(one_for_each_start(free)) == ["01 09:00 ana"]
    assert shown(one_for_each_start(free, prefer="ze")) == ["01 09:00 ze"]


def test_up_to_where_a_list_is_whole() -> None:
    free = whole_day("ze", "ana")
    assert whole_until(free[:3], free) == free[0].start
    assert whole_until(free[:4], free) == free[2].start
    assert whole_until(free[1:], free) is None


def run(free: list[list[SlotCandidate]], *, buffer: int = 0) -> list[str]:
    minutes = timedelta(minutes=buffer)
    found = back_to_back(
        free,
        blocked=dict.fromkeys(LENGTHS, (minutes, timedelta(0))),
        longest_wait=timedelta(minutes=30),
    )
    return [
        " + ".join(f"{each.start:%H:%M} {each.service_id} {each.professional_id}" for each in slots)
        for slots in sorted(each.slots for each in found)
    ]


def test_one_service_follows_the_other_with_the_same_person_where_that_can_be() -> None:
    cuts = [one("09:00", "ana"), one("09:00", "ze"), one("10:00", "ana")]
    shaves = [one("09:30", "ze", "barba"), one("10:30", "ze", "barba")]
    assert run([cuts, shaves]) == [
        "09:00 corte ze + 09:30 barba ze",
        "10:00 corte ana + 10:30 barba ze",
    ]


def test_the_second_may_come_first() -> None:
    assert run([[one("10:00")], [one("09:00", what="barba")]]) == [
        "09:00 barba ze + 10:00 corte ze"
    ]


def test_there_is_no_longer_wait_than_a_step_of_the_grid() -> None:
    assert run([[one("09:00")], [one("10:00", what="barba")]]) == []
    assert run([[one("09:00", what="barba")], [one("10:00")]]) != []  # 15 minutes


def test_what_one_person_needs_between_two_services_is_left_free() -> None:
    cut, shaves = [one("09:00")], [one("09:30", what="barba"), one("10:00", what="barba")]
    assert run([cut, shaves], buffer=15) == ["09:00 corte ze + 10:00 barba ze"]
    assert run([cut, [one("09:30", "ana", "barba")]], buffer=15) == [
        "09:00 corte ze + 09:30 barba ana"
    ]


frees = st.lists(
    st.builds(
        one,
        st.sampled_from(
            [f"{hour:02}:{minute}" for hour in range(8, 20) for minute in ("00", "30")]
        ),
        st.sampled_from(("ze", "ana", "bia")),
        st.sampled_from(list(LENGTHS)),
        day=st.integers(1, 9),
        load=st.integers(0, 3),
    ),
    unique_by=lambda each: (each.start, each.people, each.services),
    max_size=60,
)


def worth(slots: tuple[Slot, ...], load: int, place: int) -> tuple[object, ...]:
    return (slots[-1].end, len({each.professional_id for each in slots}), load, place)


@given(frees, st.sampled_from([0, 15]))
def test_the_best_of_each_start_is_that_of_all_there_are(
    free: list[SlotCandidate], minutes: int
) -> None:
    """Held against a look at every run there can be."""
    services = [[each for each in free if each.services == (what,)] for what in LENGTHS]
    buffer, wait = timedelta(minutes=minutes), timedelta(minutes=30)

    def follow(one: Slot, other: Slot) -> bool:
        apart = one.end + buffer
        same = one.professional_id == other.professional_id
        return (apart if same else one.end) <= other.start < apart + wait

    expected: dict[datetime, tuple[object, ...]] = {}
    for several in (services, services[::-1]):
        for run in product(*several):
            slots = tuple(each.slots[0] for each in run)
            if all(follow(one, other) for one, other in pairwise(slots)):
                key = worth(slots, sum(each.load for each in run), sum(each.place for each in run))
                expected[run[0].start] = min(key, expected.get(run[0].start, key))

    found = back_to_back(
        services, blocked=dict.fromkeys(LENGTHS, (buffer, timedelta(0))), longest_wait=wait
    )
    assert {each.start: worth(each.slots, each.load, each.place) for each in found} == expected


def test_of_very_many_only_the_best_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Counter[str]()
    joined = searching._joined

    def counted(one: SlotCandidate, other: SlotCandidate) -> SlotCandidate:
        made["runs"] += 1
        return joined(one, other)

    monkeypatch.setattr(searching, "_joined", counted)
    three = ("ze", "ana", "bia")
    run([whole_day(*three), whole_day(*three, what="barba")])
    assert 0 < made["runs"] <= len(whole_day("ze"))


windows = st.builds(
    SearchWindow, first=st.just(DAY), last=st.just(DAY), from_time=st.times(), to_time=st.times()
)


@given(frees, st.integers(1, 12), st.sampled_from(ORDERS), windows)
def test_a_list_is_in_order_without_doubles_and_as_full_as_can_be(
    free: list[SlotCandidate], limit: int, order: Order, window: SearchWindow
) -> None:
    found = shortlist(free, limit=limit, order=order, window=window, day_first=limit % 2 == 0)
    assert [each.start for each in found] == sorted(each.start for each in found)
    assert len(found) <= limit
    assert len({(each.start, each.people, each.services) for each in found}) == len(found)
    assert all(each in free for each in found)
    assert bool(found) == bool(free)
    if len(free) <= limit:
        assert len(found) == len(free)


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_shown_of_nothing(order: Order) -> None:
    assert shortlist([], limit=9, order=order, window=WINDOW) == []
