"""Which times can be booked: pure rules over the catalogue, what is busy, and the time it is now.

The rules are the grid, hours, closed days, notice, horizon and buffers, through clock changes too.
Nothing is read here: what is busy (appointments, holds, the owner's calendar) is handed in. At the
moment of booking the database and the calendar decide.

Offers are made on the wall clock of the tenant; lengths of time are absolute. All comparing is done
in UTC, because Python compares two times of one zone by the wall clock and forgets the offset.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from mcp_platform.errors import Invalid
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
)
from mcp_platform.scheduling.wording import duration

WhyNone = Literal["closed", "full", "out_of_range", "past"]

StartRule = Literal[
    "moment", "past", "notice", "horizon", "closed_day", "closed_hours", "twice", "grid", "hours"
]
"""Why the rules allow no booking at a start: it is no moment, or gone by; too soon, or too far ahead;
on a day or within hours that are closed; the second of a time that comes twice; beside the grid, or
too late for the service; outside working hours."""

INSTANT = timedelta.resolution  # the last moment of a half-open span lies this far before its end


class StartRefused(Invalid):
    """The rules allow no booking at a start."""

    def __init__(self, rule: StartRule, why: str) -> None:
        super().__init__(f"The start {why}.", fields={"start": why})
        self.rule = rule


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A start that can be booked. `start` and `end` are by the tenant's clock.

    Subtract or compare them only through `interval`: on the day the clocks change, Python's
    arithmetic inside one zone is off by the change.
    """

    start: datetime
    professional_id: ProfessionalId
    service_id: ServiceId
    end: datetime

    @property
    def interval(self) -> Interval:
        """The service itself, without buffers, in UTC."""
        return Interval(start=self.start.astimezone(UTC), end=self.end.astimezone(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWindow:
    """The days asked for, `first` to `last`, and the times of day a start may have; all inclusive."""

    first: date
    last: date
    from_time: time = time.min
    to_time: time = time.max

    def allows(self, wall: datetime) -> bool:
        return self.from_time <= wall.time() <= self.to_time


def slots(
    *,
    catalogue: Catalogue,
    service: Service,
    professional: Professional,
    wanted: SearchWindow,
    busy: Sequence[Interval],
    now: datetime,
) -> list[Slot]:
    """Return the slots of one professional, earliest first. `busy` may be unsorted and overlap.

    Raises:
        Invalid: the professional does not do this service.
    """
    _check_offered(service=service, professional=professional)
    rules = catalogue.rules
    bookable = _bookable(rules=rules, now=now)
    taken = _Taken(busy)
    return [
        Slot(
            start=start.astimezone(rules.zone),
            professional_id=professional.id,
            service_id=service.id,
            end=(start + service.duration).astimezone(rules.zone),
        )
        for start in _starts(
            catalogue=catalogue,
            service=service,
            professional=professional,
            wanted=_within(wanted, bookable=bookable, zone=rules.zone),
        )
        if bookable.start <= start <= bookable.end
        and not taken.meets(blocked(service=service, start=start))
    ]


def blocked(*, service: Service, start: datetime) -> Interval:
    """Return what a booking keeps from others, buffers included, in UTC."""
    begins = start.astimezone(UTC)
    return Interval(
        start=begins - service.buffer_before,
        end=begins + service.duration + service.buffer_after,
    )


def why_none(
    *,
    catalogue: Catalogue,
    service: Service,
    professional: Professional,
    wanted: SearchWindow,
    now: datetime,
) -> WhyNone:
    """Return why `slots` found nothing in `wanted`. Ask only then: what is busy is not looked at.

    `past` includes what is sooner than the notice; `out_of_range` is beyond the horizon; `closed`
    is no working hours that the service fits in; `full` is everything taken.

    Raises:
        Invalid: the professional does not do this service.
    """
    _check_offered(service=service, professional=professional)
    zone = catalogue.rules.zone
    bookable = _bookable(rules=catalogue.rules, now=now)
    if wanted.last < bookable.start.astimezone(zone).date():
        return "past"
    if wanted.first > bookable.end.astimezone(zone).date():
        return "out_of_range"
    reason: WhyNone = "closed"
    for start in _starts(
        catalogue=catalogue,
        service=service,
        professional=professional,
        wanted=_within(wanted, bookable=bookable, zone=zone),
    ):
        if start > bookable.end:
            return "out_of_range"
        if start >= bookable.start:
            return "full"
        reason = "past"
    return reason


def validate_start(
    *,
    catalogue: Catalogue,
    service: Service,
    professional: Professional,
    start: datetime,
    now: datetime,
) -> Slot:
    """Return the slot that begins exactly at `start`, whether or not it is taken.

    Raises:
        StartRefused: the rules allow no booking then; `fields` says why under `start`.
        Invalid: the professional does not do this service.
    """
    _check_offered(service=service, professional=professional)
    rules = catalogue.rules
    begins = _to_utc(start)
    bookable = _bookable(rules=rules, now=now)
    if begins < bookable.start:
        if begins < now:
            raise StartRefused("past", "is in the past")
        raise StartRefused("notice", f"is less than {_length(rules.minimum_notice)} from now")
    if begins > bookable.end:
        last = bookable.end.astimezone(rules.zone).isoformat(timespec="minutes")
        raise StartRefused(
            "horizon", f"is after {last}, which is as far ahead as bookings are taken"
        )
    local = begins.astimezone(rules.zone)
    day = local.date()
    closed = catalogue.closed_for(professional.id).get(day, ())
    if _is_closed(closed, start=begins, service=service, zone=rules.zone):
        if any(each.begins is None for each in closed):
            raise StartRefused("closed_day", "is on a day that is closed")
        raise StartRefused("closed_hours", "is within hours that are closed")
    for span in professional.hours:
        if span.weekday == day.weekday() and begins in _starts_in(
            span, day=day, service=service, rules=rules
        ):
            return Slot(
                start=local,
                professional_id=professional.id,
                service_id=service.id,
                end=(begins + service.duration).astimezone(rules.zone),
            )
    if local.fold:
        raise StartRefused("twice", "happens twice that day, and only the first time can be booked")
    if any(_is_open(span, wall=local.replace(tzinfo=None)) for span in professional.hours):
        raise StartRefused(
            "grid",
            f"must be a multiple of {_length(rules.slot_step)} after opening, "
            f"with {_length(service.duration)} left before closing",
        )
    raise StartRefused("hours", "is outside working hours")


def open_spans(*, catalogue: Catalogue, professional: Professional, day: date) -> list[Interval]:
    """Return in UTC when somebody works on a day, without what is closed: in order, and apart."""
    walls = [span.on(day) for span in professional.hours if span.weekday == day.weekday()]
    for closed in catalogue.closed_for(professional.id).get(day, ()):
        begins, ends = closed.hours()
        walls = [
            piece
            for first, until in walls
            for piece in ((first, min(until, begins)), (max(first, ends), until))
            if piece[0] < piece[1]
        ]
    moment = catalogue.rules.moment
    return merged(Interval(moment(first), moment(until)) for first, until in walls)


def merged(spans: Iterable[Interval]) -> list[Interval]:
    """Return what the spans cover, in UTC, in order and apart."""
    return _Taken(spans).spans()


def without(spans: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """Return what is left of spans in UTC that are in order and apart."""
    left = list(spans)
    for each in merged(taken):
        left = [
            piece
            for span in left
            for piece in (
                Interval(span.start, min(span.end, each.start)),
                Interval(max(span.start, each.end), span.end),
            )
            if piece.start < piece.end
        ]
    return left


class _Taken:
    """What is busy, merged and sorted, so that one look-up costs a bisection."""

    def __init__(self, busy: Iterable[Interval]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        spans = ((each.start.astimezone(UTC), each.end.astimezone(UTC)) for each in busy)
        for start, end in sorted(span for span in spans if span[0] < span[1]):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def spans(self) -> list[Interval]:
        return [Interval(*each) for each in zip(self._starts, self._ends, strict=True)]

    def meets(self, span: Interval) -> bool:
        first = bisect_right(self._ends, span.start)
        return first < len(self._starts) and self._starts[first] < span.end


def _bookable(*, rules: BookingRules, now: datetime) -> Interval:
    """Return the starts that notice and horizon allow; unlike elsewhere, the end belongs to it."""
    at = now.astimezone(UTC)
    return Interval(start=at + rules.minimum_notice, end=at + rules.horizon)


def _within(wanted: SearchWindow, *, bookable: Interval, zone: ZoneInfo) -> SearchWindow:
    """Leave out the days no booking can fall on, so that a request for a century costs nothing."""
    return SearchWindow(
        first=max(wanted.first, bookable.start.astimezone(zone).date()),
        last=min(wanted.last, bookable.end.astimezone(zone).date()),
        from_time=wanted.from_time,
        to_time=wanted.to_time,
    )


def _starts(
    *, catalogue: Catalogue, service: Service, professional: Professional, wanted: SearchWindow
) -> Iterator[datetime]:
    """Yield in UTC, in order and once each, the starts that hours and closed days allow."""
    closed = catalogue.closed_for(professional.id)
    for ordinal in range(wanted.first.toordinal(), wanted.last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        found = {
            start
            for span in professional.hours
            if span.weekday == day.weekday()
            for start in _starts_in(
                span, day=day, service=service, rules=catalogue.rules, wanted=wanted
            )
            if not _is_closed(
                closed.get(day, ()), start=start, service=service, zone=catalogue.rules.zone
            )
        }
        yield from sorted(found)  # spans may overlap, or be stored in any order


def _starts_in(
    span: OpeningSpan,
    *,
    day: date,
    service: Service,
    rules: BookingRules,
    wanted: SearchWindow | None = None,
) -> Iterator[datetime]:
    """Yield in UTC the grid of one span on one day, as far as the service fits in.

    A wall time that the clocks skip is no start; of one that comes twice, the first is.
    """
    zone = rules.zone
    wall, closes = span.on(day)
    closing = closes.replace(tzinfo=zone).astimezone(UTC)
    while wall < closes:
        start = wall.replace(tzinfo=zone).astimezone(UTC)
        exists = _wall(start, zone=zone) == wall
        if exists and (wanted is None or wanted.allows(wall)):
            end = start + service.duration
            # Two conditions, for the two clock changes. A closing time that comes twice: stop at
            # the first. One that is skipped: Python places it after the change, the wall before.
            if end > closing or _wall(end - INSTANT, zone=zone) >= closes:
                return
            yield start
        wall += rules.slot_step


def _is_closed(
    closed: Sequence[ClosedDay], *, start: datetime, service: Service, zone: ZoneInfo
) -> bool:
    """Tell whether some of a service's time is closed. Where clocks change, rather too much is."""
    if not closed:
        return False
    begins = _wall(start, zone=zone)
    last = _wall(start + service.duration - INSTANT, zone=zone) + INSTANT
    ends = max(begins + service.duration, last)
    spans = (each.hours() for each in closed)
    return any(first < ends and begins < until for first, until in spans)


def _wall(moment: datetime, *, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _is_open(span: OpeningSpan, *, wall: datetime) -> bool:
    opens, closes = span.on(wall.date())
    return span.weekday == wall.weekday() and opens <= wall < closes


def _check_offered(*, service: Service, professional: Professional) -> None:
    if service.id not in professional.service_ids:
        raise Invalid(
            f"{professional.name} does not offer {service.name}.",
            fields={"professional_id": "does not offer this service"},
        )


def _length(span: timedelta) -> str:
    return duration(span, language="en")


def _to_utc(start: datetime) -> datetime:
    if start.tzinfo is None:
        raise StartRefused("moment", "must carry an offset, such as 2026-12-01T10:00:00-03:00")
    try:
        return start.astimezone(UTC)
    except OverflowError as error:
        raise StartRefused("moment", "is not within the years 1 to 9999") from error
