"""Where each thing stands on a sheet of the agenda, in rows of five minutes. Pure.

Rows are lengths of time since the first hour that is shown, so that on a day when the clocks change
an hour that comes twice is twice as long, and one that is skipped is not there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.availability import merged, without
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import BookingRules, Professional
from mcp_platform.scheduling.finding.sheets import AgendaSheet, WorkingDay

ROW: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
ROWS_AN_HOUR: Final = HOUR // ROW
MOST_ROWS: Final = 25 * ROWS_AN_HOUR  # a day on which an hour comes twice
SHORT: Final = 6  # rows: in fewer only one line is read
USUAL_HOURS: Final = (8, 18)  # of a day on which nobody works
FINEST_CELL: Final = timedelta(minutes=15)  # narrower ones are hit by nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Rows of a column: from `first` on, `length` of them. Times are by the tenant's clock."""

    first: int
    length: int
    start: datetime
    end: datetime

    @property
    def rows(self) -> str:
        """The classes that put it there."""
        return f"f{self.first} l{self.length}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An appointment where it stands."""

    place: Place
    appointment: Appointment

    @property
    def short(self) -> bool:
        return self.place.length < SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItem:
    """A line of the list for narrow screens: an appointment, or a time that is free or busy."""

    kind: str
    start: datetime
    end: datetime
    appointment: Appointment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One day of one professional. `cells` are free times that can be chosen."""

    professional: Professional
    day: date
    closed: tuple[Place, ...]
    busy: tuple[Place, ...]
    unread: tuple[Place, ...]
    cells: tuple[Place, ...]
    entries: tuple[Entry, ...]
    now: int | None
    listed: tuple[ListItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Columns side by side, `rows` high; `hours` are the rows at which hours begin, with their time."""

    columns: tuple[Column, ...]
    hours: tuple[Place, ...]
    rows: int

    @property
    def works(self) -> bool:
        """Tell whether somebody works, or is booked."""
        return any(each.entries or each.listed for each in self.columns)


def board(sheet: AgendaSheet, rules: BookingRules, *, now: datetime) -> Board:
    """Lay out a sheet. What was cancelled has no place in it."""
    standing = [each for each in sheet.appointments if each.status != "cancelled"]
    booked = {
        (each.professional.id, each.day): [
            one
            for one in standing
            if one.professional_id == each.professional.id
            and rules.local(one.starts_at).date() == each.day
        ]
        for each in sheet.days
    }
    first_hour, rows = _shown(sheet.days, standing, rules)
    columns = tuple(
        _column(day, booked[day.professional.id, day.day], rules, first_hour, rows, now=now)
        for day in sheet.days
    )
    frame = _Frame(rules, sheet.days[0].day, first_hour, rows) if sheet.days else None
    return Board(columns=columns, hours=() if frame is None else frame.hours(), rows=rows)


class _Frame:
    """The rows that are shown of one day."""

    def __init__(self, rules: BookingRules, day: date, first_hour: int, rows: int) -> None:
        self._rules = rules
        self.base = rules.moment(datetime.combine(day, time(first_hour)))
        self.whole = Interval(self.base, self.base + rows * ROW)

    def place(self, span: Interval) -> Place | None:
        start, end = max(span.start, self.whole.start), min(span.end, self.whole.end)
        if start >= end:
            return None
        first = (start - self.base) // ROW
        last = -((self.base - end) // ROW)
        return Place(
            first=first,
            length=last - first,
            start=self._rules.local(start),
            end=self._rules.local(end),
        )

    def places(self, spans: Iterable[Interval]) -> tuple[Place, ...]:
        return tuple(found for each in spans if (found := self.place(each)) is not None)

    def hours(self) -> tuple[Place, ...]:
        starts = (self.base + n * HOUR for n in range((self.whole.end - self.base) // HOUR))
        return self.places(Interval(each, each + HOUR) for each in starts)

    def row(self, moment: datetime) -> int | None:
        at = moment.astimezone(UTC)
        inside = self.whole.start <= at < self.whole.end
        return (at - self.base) // ROW if inside else None


def _shown(
    days: Iterable[WorkingDay], standing: Iterable[Appointment], rules: BookingRules
) -> tuple[int, int]:
    """Return the first hour that is shown, and how many rows: whole hours."""
    spans = [span for each in days for span in each.open]
    spans += [Interval(each.starts_at, each.ends_at) for each in standing]
    if not spans:
        return USUAL_HOURS[0], (USUAL_HOURS[1] - USUAL_HOURS[0]) * ROWS_AN_HOUR
    local = [(rules.local(each.start), each) for each in spans]
    first_hour = min(start.hour for start, _ in local)
    lengths = [
        each.end - rules.moment(datetime.combine(start.date(), time(first_hour)))
        for start, each in local
    ]
    hours = -(-max(lengths) // HOUR)
    return first_hour, min(hours * ROWS_AN_HOUR, MOST_ROWS)


def _column(
    day: WorkingDay,
    booked: list[Appointment],
    rules: BookingRules,
    first_hour: int,
    rows: int,
    *,
    now: datetime,
) -> Column:
    frame = _Frame(rules, day.day, first_hour, rows)
    free = [
        Interval(max(each.start, now.astimezone(UTC)), each.end)
        for each in day.free
        if each.end > now
    ]
    return Column(
        professional=day.professional,
        day=day.day,
        closed=frame.places(without([frame.whole], day.open)),
        busy=frame.places(day.busy or ()),
        unread=frame.places(day.open) if day.busy is None else (),
        cells=frame.places(_cells(day, free, step=max(rules.slot_step, FINEST_CELL))),
        entries=tuple(
            Entry(place=place, appointment=each)
            for each in booked
            if (place := frame.place(Interval(each.starts_at, each.ends_at))) is not None
        ),
        now=frame.row(now),
        listed=_listed(day, booked, free, rules),
    )


def _cells(day: WorkingDay, free: list[Interval], *, step: timedelta) -> Iterable[Interval]:
    """Cut what is free into the steps in which bookings may begin, and leave out what began."""
    for opened in day.open:
        at = opened.start
        while at < opened.end:
            cell = Interval(at, min(at + step, opened.end))
            yield from (
                Interval(max(each.start, cell.start), min(each.end, cell.end))
                for each in free
                if each.overlaps(cell)
            )
            at += step


def _listed(
    day: WorkingDay, booked: list[Appointment], free: list[Interval], rules: BookingRules
) -> tuple[ListItem, ...]:
    taken = [Interval(each.starts_at, each.ends_at) for each in booked]
    busy = without(merged(day.busy or ()), taken)
    spans = [
        *(("free", each) for each in free if each.end - each.start >= ROW),
        *(("busy", each) for each in busy if any(each.overlaps(one) for one in day.open)),
        *(("unread", each) for each in (without(day.open, taken) if day.busy is None else ())),
    ]
    items = [
        ListItem(kind=kind, start=rules.local(span.start), end=rules.local(span.end))
        for kind, span in spans
    ]
    items += [
        ListItem(
            kind="booked",
            start=rules.local(each.starts_at),
            end=rules.local(each.ends_at),
            appointment=each,
        )
        for each in booked
    ]
    return tuple(sorted(items, key=lambda each: each.start.astimezone(UTC)))
