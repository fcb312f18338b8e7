"""The agenda as people look at it: who works when, what is booked, what is busy, what is left.

It reads and decides nothing: `tenant_appointments.py` opens the agenda and hands it in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.availability import (
    StartRefused,
    StartRule,
    blocked,
    merged,
    open_spans,
    validate_start,
    without,
)
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import Catalogue, Professional, ProfessionalId, Service
from mcp_platform.scheduling.finding.openings import Standing

MOST_DAYS = 7  # a week: what one screen shows
NOTHING_KNOWN = Standing(calendar=None, occupied=())
DAY = timedelta(days=1)

Obstacle = StartRule | Literal["appointment", "calendar", "unknown"]
"""Beside the rules: another appointment or hold; the owner's calendar; or that it cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDay:
    """One day of one professional, in UTC, each list in order and apart.

    `busy` is what their calendar closes, None if it cannot be read; `free` is what is left of
    `open` for a booking, nothing if that cannot be known.
    """

    professional: Professional
    day: date
    open: tuple[Interval, ...]
    busy: tuple[Interval, ...] | None
    free: tuple[Interval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaSheet:
    """Some days of a tenant: everybody's, in the catalogue's order, and all that is booked."""

    days: tuple[WorkingDay, ...]
    appointments: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCheck:
    """What keeps a time from being booked; None: nothing does. `reason` is a closed day's own."""

    obstacle: Obstacle | None
    reason: str | None = field(default=None, repr=False)


def working_days(
    catalogue: Catalogue,
    standing: Mapping[ProfessionalId, Standing],
    *,
    first: date,
    last: date,
) -> tuple[WorkingDay, ...]:
    """Return the days from `first` to `last` of everybody, one professional after the other."""
    days = [first + DAY * n for n in range((last - first).days + 1)]
    return tuple(
        _working_day(catalogue, each, day, standing.get(each.id, NOTHING_KNOWN))
        for each in catalogue.professionals
        for day in days
    )


def check_start(
    catalogue: Catalogue,
    standing: Standing,
    *,
    service: Service,
    professional: Professional,
    start: datetime,
    now: datetime,
) -> StartCheck:
    """Say what keeps a service from beginning at `start`.

    Raises:
        Invalid: the professional does not do this service.
    """
    try:
        slot = validate_start(
            catalogue=catalogue, service=service, professional=professional, start=start, now=now
        )
    except StartRefused as error:
        day = catalogue.rules.local(start).date() if error.rule.startswith("closed") else None
        closed = () if day is None else catalogue.closed_for(professional.id).get(day, ())
        reasons = (each.reason for each in closed if each.reason)
        return StartCheck(obstacle=error.rule, reason=next(reasons, None))
    wanted = blocked(service=service, start=slot.start)
    if any(wanted.overlaps(each) for each in standing.occupied):
        return StartCheck(obstacle="appointment")
    if standing.calendar is None:
        return StartCheck(obstacle="unknown")
    busy = any(wanted.overlaps(each) for each in standing.calendar)
    return StartCheck(obstacle="calendar" if busy else None)


def nothing_known(catalogue: Catalogue) -> Mapping[ProfessionalId, Standing]:
    """Return what stands in everybody's way where no calendar can be reached."""
    return {each.id: NOTHING_KNOWN for each in catalogue.professionals}


def _working_day(
    catalogue: Catalogue, professional: Professional, day: date, standing: Standing
) -> WorkingDay:
    opened = open_spans(catalogue=catalogue, professional=professional, day=day)
    rules = catalogue.rules
    whole = Interval(
        rules.moment(datetime.combine(day, datetime.min.time())),
        rules.moment(datetime.combine(day + DAY, datetime.min.time())),
    )
    calendar = standing.calendar
    return WorkingDay(
        professional=professional,
        day=day,
        open=tuple(opened),
        busy=None if calendar is None else tuple(merged(_clipped(calendar, whole))),
        free=() if calendar is None else tuple(without(opened, [*calendar, *standing.occupied])),
    )


def _clipped(spans: tuple[Interval, ...], whole: Interval) -> list[Interval]:
    return [
        Interval(max(each.start, whole.start), min(each.end, whole.end))
        for each in spans
        if each.overlaps(whole)
    ]
