"""Availability against a slow, independent oracle that walks through time minute by minute."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.scheduling.availability import (
    SearchWindow,
    Slot,
    blocked,
    slots,
    validate_start,
    why_none,
)
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    ClosedDay,
    OpeningSpan,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
    every_day,
)

MINUTE = timedelta(minutes=1)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MONDAY = date(2026, 11, 30)
SUNDAY_NIGHT = datetime(2026, 11, 29, 20, tzinfo=SAO_PAULO)

# The days around which the clocks change: spring and autumn, by a whole hour or by half of one, at
# two in the morning, at one, and at midnight itself, which is then skipped or comes twice.
CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Lisbon", date(2026, 3, 29)),
    ("Europe/Lisbon", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 5)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2026, 12, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),  # the day that Samoa left out
]


def a_case(
    *,
    hours: tuple[OpeningSpan, ...] | None = None,
    closed_days: tuple[ClosedDay, ...] = (),
    minutes: int = 30,
    before: int = 0,
    after: int = 0,
    **rules: object,
) -> dict[str, object]:
    service = Service(
        id=ServiceId("corte"),
        name="Corte",
        duration=minutes * MINUTE,
        buffer_before=before * MINUTE,
        buffer_after=after * MINUTE,
    )
    professional = Professional(
        id=ProfessionalId("ze"),
        name="Zé",
        service_ids=frozenset({service.id}),
        hours=every_day(weekdays=range(5)) if hours is None else hours,
    )
    catalogue = Catalogue(
        services=(service,),
        professionals=(professional,),
        closed_days=closed_days,
        rules=BookingRules(**rules),
    )
    return {"catalogue": catalogue, "service": service, "professional": professional}


def offered(
    case: dict[str, object],
    *,
    first: date = MONDAY,
    last: date | None = None,
    busy: Sequence[Interval] = (),
    now: datetime = SUNDAY_NIGHT,
) -> list[Slot]:
    return slots(**case, wanted=SearchWindow(first=first, last=last or first), busy=busy, now=now)


def at(*times: str, day: date = MONDAY, zone: ZoneInfo = SAO_PAULO) -> list[datetime]:
    return [datetime.combine(day, time.fromisoformat(each), zone) for each in times]


def from_to(start: str, end: str) -> Interval:
    return Interval(*at(start, end))


def walls(found: Sequence[Slot]) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in found]


# --- the oracle -----------------------------------------------------------------------------------


def oracle(
    *,
    catalogue: Catalogue,
    service: Service,
    professional: Professional,
    wanted: SearchWindow,
    busy: Sequence[Interval],
    now: datetime,
) -> Iterator[datetime]:
    """Yield the bookable starts in UTC, by looking at every single minute."""
    rules = catalogue.rules
    zone = ZoneInfo(rules.time_zone)
    busy_minutes = {
        minute for each in busy for minute in minutes(each.start.astimezone(UTC), each.end)
    }
    begin = datetime.combine(wanted.first, time(), UTC) - timedelta(days=1)
    end = datetime.combine(wanted.last, time(), UTC) + timedelta(days=2)
    closed = [c for c in catalogue.closed_days if c.professional_id in (None, professional.id)]
    for minute in minutes(begin, end):
        local = minute.astimezone(zone)
        if (
            wanted.first <= local.date() <= wanted.last
            and wanted.from_time <= local.time() <= wanted.to_time
            and local.fold == 0
            and now + rules.minimum_notice <= minute <= now + rules.horizon
            and not any(
                c.day == each.date()
                and clock_minutes(c.begins or time())
                <= clock_minutes(each.time())
                < (clock_minutes(c.ends or time()) or 24 * 60)
                for c in closed
                for each in (
                    at_.astimezone(zone) for at_ in minutes(minute, minute + service.duration)
                )
            )
            and any(
                fits(span, start=minute, service=service, rules=rules)
                for span in professional.hours
            )
            and busy_minutes.isdisjoint(
                minutes(
                    minute - service.buffer_before,
                    minute + service.duration + service.buffer_after,
                )
            )
        ):
            yield minute


def fits(span: OpeningSpan, *, start: datetime, service: Service, rules: BookingRules) -> bool:
    """Tell whether the start is on the grid and the door is open in each minute of the service."""
    zone = ZoneInfo(rules.time_zone)
    day = start.astimezone(zone).date()
    opens = clock_minutes(span.opens)
    closes = clock_minutes(span.closes) or 24 * 60
    since_opening = clock_minutes(start.astimezone(zone).time()) - opens
    if day.weekday() != span.weekday or since_opening < 0:
        return False
    if since_opening % (rules.slot_step // MINUTE):
        return False
    for minute in minutes(start, start + service.duration):
        local = minute.astimezone(zone)
        # Not compared with opening again: set back to before it, the clocks do not close the door.
        if local.date() != day or clock_minutes(local.time()) >= closes:
            return False
    return True


def clock_minutes(at_: time) -> int:
    return at_.hour * 60 + at_.minute


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE


# --- generated cases ------------------------------------------------------------------------------

quarter_hours = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


# Clocks change between 23:00 and 03:00: that is where hours must begin and end to tell.
small_hours = st.sampled_from([*range(17), *range(88, 96)]).map(lambda n: time(n // 4, n % 4 * 15))


@st.composite
def spans(draw: st.DrawFn, weekday: int) -> OpeningSpan:
    opens = draw(st.one_of(small_hours, quarter_hours))
    later = [at_ for at_ in (time(n // 4, n % 4 * 15) for n in range(96)) if at_ > opens]
    closes = draw(st.one_of(st.just(time(0)), st.sampled_from([*later[:12], time(0)])))
    return OpeningSpan(weekday=weekday, opens=opens, closes=closes)


@st.composite
def closures(draw: st.DrawFn, change: date) -> ClosedDay:
    """Hours of a day on which the clocks change close rather too much, so there whole days alone."""
    away = draw(st.integers(-1, 1))
    half = draw(spans(0)) if away and draw(st.booleans()) else None
    return ClosedDay(
        day=change + timedelta(days=away),
        professional_id=draw(st.sampled_from([None, "ze", "ana"])),
        begins=half.opens if half else None,
        ends=half.closes if half else None,
    )


@st.composite
def cases(draw: st.DrawFn) -> dict[str, object]:
    zone, change = draw(st.sampled_from(CHANGES))
    first = change + timedelta(days=draw(st.sampled_from([0, 0, -1, -2, 1])))
    midnight = datetime.combine(change, time(), UTC)

    def near(low: int, high: int) -> datetime:
        return midnight + draw(st.integers(low, high)) * MINUTE

    busy = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 4]))):
        start = near(-2 * 24 * 60, 2 * 24 * 60)
        busy.append(Interval(start=start, end=start + draw(st.integers(0, 300)) * MINUTE))
    near_the_change = [(change.weekday() + shift) % 7 for shift in (0, -1, 1)]
    hours = [draw(spans(near_the_change[0]))]
    hours += [draw(spans(draw(st.sampled_from(near_the_change)))) for _ in range(3)]
    times = sorted(draw(st.tuples(quarter_hours, quarter_hours)))
    return {
        **a_case(
            hours=tuple(hours),
            closed_days=tuple(
                draw(closures(change)) for _ in range(draw(st.sampled_from([0, 0, 1, 2])))
            ),
            minutes=draw(st.sampled_from([5, 30, 45, 60, 90, 180])),
            before=draw(st.sampled_from([0, 0, 10, 60])),
            after=draw(st.sampled_from([0, 0, 15, 60])),
            time_zone=zone,
            slot_step=draw(st.sampled_from([15, 20, 25, 30, 45, 50, 75])) * MINUTE,
            minimum_notice=draw(st.sampled_from([0, 0, 60, 24 * 60])) * MINUTE,
            horizon=draw(st.sampled_from([24 * 60, 48, 12])) * timedelta(hours=1),
        ),
        "wanted": SearchWindow(
            first=first,
            last=first + timedelta(days=draw(st.integers(0, 2))),
            **draw(st.sampled_from([{}, {"from_time": times[0], "to_time": times[1]}])),
        ),
        "busy": busy,
        "now": draw(st.sampled_from([midnight - timedelta(days=4), near(-3 * 24 * 60, 24 * 60)])),
    }


@settings(max_examples=150, deadline=None)
@given(cases())
def test_the_slots_are_those_that_a_walk_through_every_minute_finds(case) -> None:
    assert [slot.interval.start for slot in slots(**case)] == list(oracle(**case))


@settings(max_examples=80, deadline=None)
@given(cases())
def test_slots_are_sorted_unique_local_and_as_long_as_the_service(case) -> None:
    found = slots(**case)
    assert all(one.interval.start < other.interval.start for one, other in pairwise(found))
    assert found == sorted(set(found))
    for slot in found:
        assert slot.start.tzinfo is slot.end.tzinfo is case["catalogue"].rules.zone
        assert slot.start.astimezone(UTC).astimezone(slot.start.tzinfo).isoformat() == (
            slot.start.isoformat()
        )
        assert slot.interval.end - slot.interval.start == case["service"].duration


@settings(max_examples=80, deadline=None)
@given(cases())
def test_no_slot_blocks_what_is_busy_and_freeing_time_removes_none(case) -> None:
    found = slots(**case)
    for slot in found:
        block = blocked(service=case["service"], start=slot.start)
        assert not any(block.overlaps(busy) for busy in case["busy"] if busy.start < busy.end)
    freed = slots(**case | {"busy": case["busy"][1:]})
    assert set(found) <= set(freed)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_every_start_offered_is_valid_and_no_other_start_of_the_day_is(case) -> None:
    days = {**case, "wanted": replace(case["wanted"], from_time=time.min, to_time=time.max)}
    free = {slot.interval.start: slot for slot in slots(**days | {"busy": []})}
    rule = {key: case[key] for key in ("catalogue", "service", "professional", "now")}
    midnight = datetime.combine(case["wanted"].first, time(), case["catalogue"].rules.zone)
    for minute in minutes(midnight, midnight + timedelta(days=1)):
        start = minute.astimezone(UTC)
        if start.astimezone(case["catalogue"].rules.zone).date() != case["wanted"].first:
            continue
        if start.minute % 5:
            continue  # a fifth of the minutes says as much
        if start in free:
            assert validate_start(**rule, start=start) == free[start]
        else:
            with pytest.raises(Invalid) as refused:
                validate_start(**rule, start=start)
            assert set(refused.value.fields) == {"start"}


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_reason_for_no_slots_agrees_with_what_lifting_it_would_give(case) -> None:
    if slots(**case):
        return
    asked = {key: value for key, value in case.items() if key != "busy"}
    reason = why_none(**asked)
    free = slots(**case | {"busy": []})
    rules = case["catalogue"].rules
    any_time = replace(
        case["catalogue"],
        rules=replace(rules, minimum_notice=timedelta(0), horizon=timedelta(days=365)),
    )
    long_ago = case["now"] - timedelta(days=30)
    working = slots(**case | {"busy": [], "catalogue": any_time, "now": long_ago})
    assert (reason == "full") == bool(free)
    if reason == "closed":
        bookable = [
            start
            for slot in working
            if (start := slot.interval.start).astimezone(rules.zone).date()
            >= (case["now"] + rules.minimum_notice).astimezone(rules.zone).date()
            and start <= case["now"] + rules.horizon
        ]
        assert bookable == []


# --- examples a person can check ------------------------------------------------------------------


def test_the_seed_offers_every_half_hour_from_eight_to_half_past_five() -> None:
    found = offered(a_case())
    assert len(found) == 20
    assert (walls(found)[0], walls(found)[-1]) == ("08:00", "17:30")
    assert found[0].start.isoformat() == "2026-11-30T08:00:00-03:00"


def test_a_service_ends_before_the_break_and_never_runs_through_it() -> None:
    hours = (
        OpeningSpan(weekday=0, opens=time(13), closes=time(15)),
        OpeningSpan(weekday=0, opens=time(8), closes=time(10)),
    )
    assert walls(offered(a_case(hours=hours, minutes=60))) == [
        "08:00", "08:30", "09:00", "13:00", "13:30", "14:00",
    ]  # fmt: skip


def test_the_grid_is_measured_from_opening_not_from_the_hour() -> None:
    hours = (OpeningSpan(weekday=0, opens=time(8, 10), closes=time(9, 40)),)
    assert walls(offered(a_case(hours=hours))) == ["08:10", "08:40", "09:10"]


def test_spans_that_overlap_offer_a_time_once() -> None:
    hours = (
        OpeningSpan(weekday=0, opens=time(8), closes=time(9)),
        OpeningSpan(weekday=0, opens=time(8), closes=time(10)),
    )
    assert walls(offered(a_case(hours=hours))) == ["08:00", "08:30", "09:00", "09:30"]


def test_a_shop_open_until_midnight_takes_its_last_customer_before_it() -> None:
    hours = (OpeningSpan(weekday=0, opens=time(22), closes=time(0)),)
    assert walls(offered(a_case(hours=hours, minutes=60))) == ["22:00", "22:30", "23:00"]


def test_back_to_back_is_allowed_and_buffers_keep_their_distance() -> None:
    hours = (OpeningSpan(weekday=0, opens=time(8), closes=time(12)),)
    busy = [from_to("09:00", "10:00")]
    assert walls(offered(a_case(hours=hours), busy=busy)) == [
        "08:00", "08:30", "10:00", "10:30", "11:00", "11:30",
    ]  # fmt: skip
    assert walls(offered(a_case(hours=hours, before=15, after=10), busy=busy)) == [
        "08:00", "10:30", "11:00", "11:30",
    ]  # fmt: skip


def test_what_is_busy_may_come_in_any_order_and_one_within_another() -> None:
    hours = (OpeningSpan(weekday=0, opens=time(8), closes=time(12)),)
    busy = [
        from_to("11:30", "12:00"),
        from_to("08:00", "11:00"),
        from_to("08:30", "09:00"),
        from_to("11:10", "11:10"),  # nothing
    ]
    assert walls(offered(a_case(hours=hours), busy=busy)) == ["11:00"]

    hours = (OpeningSpan(weekday=0, opens=time(13), closes=time(16)),)
    afternoon = [
        from_to("13:30", "15:00"),
        from_to("13:40", "14:00"),
        from_to("14:30", "15:30"),
    ]
    assert walls(offered(a_case(hours=hours), busy=[*afternoon, *busy])) == ["13:00", "15:30"]


def test_buffers_may_reach_outside_working_hours_but_not_into_what_is_busy_there() -> None:
    hours = (OpeningSpan(weekday=0, opens=time(8), closes=time(9)),)
    case = a_case(hours=hours, before=30, after=30)
    assert walls(offered(case)) == ["08:00", "08:30"]
    assert walls(offered(case, busy=[from_to("07:00", "07:31")])) == ["08:30"]
    assert walls(offered(case, busy=[from_to("09:29", "11:00")])) == ["08:00"]


def test_notice_and_horizon_belong_to_what_can_be_booked() -> None:
    case = a_case(minimum_notice=timedelta(hours=2), horizon=timedelta(hours=3))
    (now,) = at("09:00")
    assert walls(offered(case, now=now)) == ["11:00", "11:30", "12:00"]
    assert walls(offered(case, now=now + timedelta(seconds=1))) == ["11:30", "12:00"]


@pytest.mark.parametrize(("whose", "count"), [(None, 0), ("ze", 0), ("ana", 20)])
def test_a_closed_day_closes_whom_it_is_for(whose, count) -> None:
    case = a_case(closed_days=(ClosedDay(day=MONDAY, professional_id=whose),))
    assert len(offered(case)) == count


def test_half_a_day_is_closed_for_all_that_would_reach_into_it() -> None:
    afternoon = ClosedDay(day=MONDAY, begins=time(12), ends=time(0))
    lunch = ClosedDay(day=MONDAY, professional_id="ze", begins=time(9, 15), ends=time(10))
    case = a_case(closed_days=(afternoon, lunch), minutes=60)
    assert walls(offered(case)) == ["08:00", "10:00", "10:30", "11:00"]
    with pytest.raises(Invalid, match="within hours that are closed"):
        validate_start(**case, start=at("11:30")[0], now=SUNDAY_NIGHT)


@pytest.mark.parametrize(
    ("hours", "field"),
    [({"begins": time(9)}, "ends"), ({"ends": time(9)}, "begins"),
     ({"begins": time(9), "ends": time(9)}, "ends")],
)  # fmt: skip
def test_hours_of_a_closed_day_that_cannot_be_are_refused(hours, field) -> None:
    with pytest.raises(Invalid) as refused:
        ClosedDay(day=MONDAY, **hours)
    assert list(refused.value.fields) == [field]


def test_a_request_for_all_of_time_costs_no_more_than_the_horizon() -> None:
    case = a_case(horizon=timedelta(days=7))
    assert len(offered(case, first=date.min, last=date.max)) == 100


def test_days_in_the_wrong_order_have_no_slots() -> None:
    assert offered(a_case(), first=MONDAY, last=MONDAY - timedelta(days=1)) == []


def test_a_time_of_day_is_asked_for_inclusively() -> None:
    wanted = SearchWindow(first=MONDAY, last=MONDAY, from_time=time(10), to_time=time(11))
    found = slots(**a_case(), wanted=wanted, busy=[], now=SUNDAY_NIGHT)
    assert walls(found) == ["10:00", "10:30", "11:00"]


# --- when the clocks change -----------------------------------------------------------------------


def on_the_day(
    zone: str, day: date, *, opens: str, closes: str, minutes: int = 30, step: int = 30
) -> list[Slot]:
    span = OpeningSpan(
        weekday=day.weekday(), opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
    )
    now = datetime.combine(day, time(), UTC) - timedelta(days=2)
    case = a_case(hours=(span,), minutes=minutes, time_zone=zone, slot_step=step * MINUTE)
    return offered(case, first=day, now=now)


def test_a_time_that_the_clocks_skip_is_not_offered() -> None:
    found = on_the_day("America/New_York", date(2026, 3, 8), opens="01:00", closes="04:00")
    assert walls(found) == ["01:00", "01:30", "03:00", "03:30"]


def test_a_skipped_time_is_not_offered_under_another_name() -> None:
    found = on_the_day("America/New_York", date(2026, 3, 8), opens="01:15", closes="04:00", step=45)
    assert walls(found) == ["01:15", "03:30"]  # 02:00 and 02:45 are skipped: 03:00 is off the grid


def test_a_service_across_the_skipped_hour_lasts_as_long_as_ever() -> None:
    found = on_the_day(
        "America/New_York", date(2026, 3, 8), opens="01:00", closes="04:00", minutes=90
    )
    assert [(f"{s.start:%H:%M}", f"{s.end:%H:%M}") for s in found] == [
        ("01:00", "03:30"),
        ("01:30", "04:00"),
    ]


def test_a_closing_time_that_is_skipped_closes_when_the_clocks_change() -> None:
    day = date(2026, 3, 8)
    found = on_the_day("America/New_York", day, opens="01:00", closes="02:30")
    assert walls(found) == ["01:00", "01:30"]
    found = on_the_day("America/New_York", day, opens="01:00", closes="02:30", minutes=60)
    assert walls(found) == ["01:00"]


def test_a_time_that_comes_twice_is_offered_once_the_first_time() -> None:
    found = on_the_day("America/New_York", date(2026, 11, 1), opens="01:00", closes="03:00")
    assert [slot.start.isoformat() for slot in found] == [
        "2026-11-01T01:00:00-04:00",
        "2026-11-01T01:30:00-04:00",
        "2026-11-01T02:00:00-05:00",
        "2026-11-01T02:30:00-05:00",
    ]


def test_a_closing_time_that_comes_twice_closes_the_first_time() -> None:
    found = on_the_day(
        "America/New_York", date(2026, 11, 1), opens="00:00", closes="01:30", minutes=90, step=60
    )
    assert walls(found) == ["00:00"]  # not 01:00, although 90 minutes later it is 01:30 again


def test_clocks_set_back_to_before_opening_do_not_close_what_is_open() -> None:
    found = on_the_day(
        "America/New_York", date(2026, 11, 1), opens="01:15", closes="02:15", minutes=60
    )
    assert [slot.end.isoformat() for slot in found] == [
        "2026-11-01T01:15:00-05:00",
        "2026-11-01T01:45:00-05:00",
    ]


def test_where_midnight_is_skipped_the_day_begins_at_one() -> None:
    found = on_the_day("America/Santiago", date(2026, 9, 6), opens="00:00", closes="02:00")
    assert walls(found) == ["01:00", "01:30"]


def test_the_evening_before_a_skipped_midnight_is_booked_to_its_end() -> None:
    found = on_the_day("America/Santiago", date(2026, 9, 5), opens="23:00", closes="00:00")
    assert walls(found) == ["23:00", "23:30"]
    assert found[-1].end.isoformat() == "2026-09-06T01:00:00-03:00"


def test_half_an_hour_is_skipped_on_lord_howe_island() -> None:
    found = on_the_day("Australia/Lord_Howe", date(2026, 10, 4), opens="01:30", closes="03:00")
    assert walls(found) == ["01:30", "02:30"]


def test_what_is_busy_in_the_second_of_two_equal_hours_leaves_the_first_one_free() -> None:
    day = date(2026, 11, 1)
    span = OpeningSpan(weekday=day.weekday(), opens=time(1), closes=time(2))
    case = a_case(hours=(span,), time_zone="America/New_York")
    second = datetime(2026, 11, 1, 1, tzinfo=ZoneInfo("America/New_York"), fold=1)
    busy = [Interval(start=second, end=second + 30 * MINUTE)]
    assert walls(offered(case, first=day, busy=busy, now=SUNDAY_NIGHT - timedelta(days=30))) == [
        "01:00", "01:30",
    ]  # fmt: skip


# --- one start ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (datetime(2026, 11, 30, 10), "must carry an offset"),  # noqa: DTZ001 that is the point
        (datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")), "within the years"),
        (at("07:30")[0], "is in the past"),
        (at("08:30")[0], "less than 1 hr from now"),
        (at("10:00", day=date(2027, 3, 1))[0], "after 2027-01-29T08:00-03:00"),
        (at("10:00", day=date(2026, 12, 25))[0], "a day that is closed"),
        (at("10:10")[0], "multiple of 30 min after opening"),
        (at("18:00")[0], "outside working hours"),
        (at("10:00", day=date(2026, 12, 5))[0], "outside working hours"),
    ],
)
def test_a_start_that_cannot_be_booked_is_refused_with_its_reason(start, sentence) -> None:
    case = a_case(
        closed_days=(ClosedDay(day=date(2026, 12, 25)),), minimum_notice=timedelta(hours=1)
    )
    with pytest.raises(Invalid, match=sentence) as refused:
        validate_start(**case, start=start, now=at("08:00")[0])
    assert sentence in refused.value.fields["start"]


def test_a_start_too_late_for_the_service_to_end_in_time_is_refused() -> None:
    with pytest.raises(Invalid, match="1 hr left before closing"):
        validate_start(**a_case(minutes=60), start=at("17:30")[0], now=SUNDAY_NIGHT)


def test_a_start_at_opening_is_told_when_the_service_is_longer_than_the_day() -> None:
    with pytest.raises(Invalid, match="12 hr left before closing"):
        validate_start(**a_case(minutes=720), start=at("08:00")[0], now=SUNDAY_NIGHT)


def test_a_start_in_another_offset_is_the_same_start() -> None:
    start = datetime(2026, 11, 30, 13, tzinfo=UTC)
    slot = validate_start(**a_case(), start=start, now=SUNDAY_NIGHT)
    assert slot.start.isoformat() == "2026-11-30T10:00:00-03:00"


@pytest.mark.parametrize("start", ["11:00", "12:00"])
def test_a_start_exactly_at_the_notice_or_the_horizon_is_valid(start) -> None:
    case = a_case(minimum_notice=timedelta(hours=2), horizon=timedelta(hours=3))
    slot = validate_start(**case, start=at(start)[0], now=at("09:00")[0])
    assert walls([slot]) == [start]


def test_the_second_of_two_equal_times_is_refused_as_such() -> None:
    day = date(2026, 11, 1)
    case = a_case(hours=every_day(weekdays=[6], opens=time(0)), time_zone="America/New_York")
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    with pytest.raises(Invalid, match="happens twice"):
        validate_start(**case, start=second, now=datetime.combine(day, time(), UTC))


def test_a_professional_who_does_not_do_the_service_is_named() -> None:
    case = a_case()
    case["professional"] = replace(case["professional"], service_ids=frozenset())
    with pytest.raises(Invalid, match="Zé does not offer Corte") as refused:
        offered(case)
    assert set(refused.value.fields) == {"professional_id"}


# --- why there is none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (date(2026, 11, 28), date(2026, 11, 29), "past"),
        (MONDAY, MONDAY, "full"),
        (date(2026, 12, 5), date(2026, 12, 6), "closed"),
        (date(2027, 2, 1), date(2027, 2, 2), "out_of_range"),
    ],
)
def test_the_reason_for_no_slots_is_told(first, last, reason) -> None:
    (now,) = at("12:00")
    assert why_none(**a_case(), wanted=SearchWindow(first=first, last=last), now=now) == reason


def test_a_start_exactly_at_the_horizon_is_full_and_not_out_of_range() -> None:
    (now,) = at("10:00")
    tomorrow = SearchWindow(first=MONDAY + timedelta(days=1), last=MONDAY + timedelta(days=1))
    at_ten = replace(tomorrow, from_time=time(10))
    after = replace(tomorrow, from_time=time(10, 30))
    case = a_case(horizon=timedelta(days=1))
    assert why_none(**case, wanted=at_ten, now=now) == "full"
    assert why_none(**case, wanted=after, now=now) == "out_of_range"


def test_after_closing_today_is_past_and_an_hour_never_worked_is_closed() -> None:
    (now,) = at("18:30")
    today = SearchWindow(first=MONDAY, last=MONDAY)
    assert why_none(**a_case(), wanted=today, now=now) == "past"
    night = SearchWindow(first=MONDAY, last=MONDAY + timedelta(days=2), from_time=time(20))
    assert why_none(**a_case(), wanted=night, now=now) == "closed"


def test_a_blocked_interval_holds_the_buffers_and_is_in_utc() -> None:
    service = a_case(minutes=30, before=10, after=5)["service"]
    assert blocked(service=service, start=at("10:00")[0]) == Interval(
        start=datetime(2026, 11, 30, 12, 50, tzinfo=UTC),
        end=datetime(2026, 11, 30, 13, 35, tzinfo=UTC),
    )


# --- the catalogue --------------------------------------------------------------------------------


def test_what_is_not_in_the_catalogue_is_not_found() -> None:
    case = a_case()
    catalogue = case["catalogue"]
    assert catalogue.service("corte") is case["service"]
    assert catalogue.professional("ze") is case["professional"]
    with pytest.raises(NotFound):
        catalogue.service("barba")
    with pytest.raises(NotFound):
        catalogue.professional("ana")


def test_a_service_is_offered_by_those_who_do_it() -> None:
    case = a_case()
    ana = replace(case["professional"], id=ProfessionalId("ana"), service_ids=frozenset())
    catalogue = replace(case["catalogue"], professionals=(ana, case["professional"]))
    assert catalogue.offering("corte") == (case["professional"],)
    assert catalogue.offering("barba") == ()


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: a_case(minutes=0), "duration"),
        (lambda: a_case(before=-1), "buffer_before"),
        (lambda: a_case(after=-1), "buffer_after"),
        (lambda: replace(a_case()["service"], price_cents=-1), "price_cents"),
        (lambda: a_case(slot_step=timedelta(0)), "slot_step"),
        (lambda: a_case(minimum_notice=-MINUTE), "minimum_notice"),
        (lambda: a_case(horizon=-MINUTE), "horizon"),
        (lambda: a_case(time_zone="America"), "time_zone"),
        (lambda: a_case(time_zone="America/Nowhere"), "time_zone"),
        (lambda: a_case(time_zone="../etc/passwd"), "time_zone"),
        (lambda: a_case(time_zone=""), "time_zone"),
        (lambda: OpeningSpan(weekday=7, opens=time(8), closes=time(9)), "weekday"),
        (lambda: OpeningSpan(weekday=0, opens=time(9), closes=time(9)), "closes"),
    ],
)
def test_what_cannot_be_is_refused_by_name(make, field) -> None:
    with pytest.raises(Invalid) as refused:
        make()
    assert set(refused.value.fields) == {field}
