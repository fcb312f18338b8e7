"""What a form or an address of the agenda asks for, and why it cannot be had."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from mcp_platform.console.visits import PageVisit
from mcp_platform.errors import Conflict, Invalid, PlatformError, Unavailable
from mcp_platform.kit.problem import status_of
from mcp_platform.scheduling.availability import StartRefused
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.finding.sheets import StartCheck
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.scheduling.tenant_appointments import SlotGone

_WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_CLOCK = re.compile(r"[0-2]\d:[0-5]\d", re.ASCII)
ALTERNATIVES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedWish:
    """Why something was not done: a sentence, the nearest times that can be had, and the status."""

    text: str
    status: int
    alternatives: tuple[SlotView, ...] = ()


def wall_of(moment: datetime) -> str:
    """Return a time by the tenant's clock as addresses hold it. The first of one that comes twice."""
    return moment.strftime("%Y-%m-%dT%H:%M")


def start_of(written: str | None, rules: BookingRules) -> datetime | None:
    """Return the moment of a time as `wall_of` writes it, by the tenant's clock; None: it is none."""
    if written is None or _WALL.fullmatch(written) is None:
        return None
    try:
        return rules.local(rules.moment(datetime.fromisoformat(written)))
    except (ValueError, OverflowError):
        return None


def clock_of(written: str | None) -> time | None:
    """Return the time of day of an address; None: it is none."""
    if written is None or _CLOCK.fullmatch(written) is None:
        return None
    try:
        return time.fromisoformat(written)
    except ValueError:
        return None


def on(day: date, clock: time, rules: BookingRules) -> datetime:
    """Return when the tenant's clock shows `clock` on a day."""
    return rules.local(rules.moment(datetime.combine(day, clock)))


def why(check: StartCheck, visit: PageVisit) -> str | None:
    """Return what keeps a time from being booked, in words."""
    if check.obstacle is None:
        return None
    said = visit.say(f"agenda.why_{check.obstacle}")
    return f"{said} ({check.reason})" if check.reason else said


def refusal(error: PlatformError, visit: PageVisit, *, wanted: datetime) -> RefusedWish:
    """Return what staff reads of what could not be done. Raises `error` again where it is no such."""
    match error:
        case SlotGone():
            near = _nearest(error.alternatives, wanted)
            return RefusedWish(text=visit.say("agenda.gone"), status=409, alternatives=near)
        case StartRefused():
            return RefusedWish(text=visit.say(f"agenda.why_{error.rule}"), status=422)
        case Unavailable():
            return RefusedWish(text=visit.say("agenda.calendar_away"), status=503)
        case Conflict() | Invalid():
            kind = "refused" if isinstance(error, Invalid) else "over"
            return RefusedWish(text=visit.say(f"agenda.{kind}"), status=status_of(error))
        case _:
            raise error


def _nearest(slots: Sequence[SlotView], wanted: datetime) -> tuple[SlotView, ...]:
    at = wanted.astimezone(UTC)
    near = sorted(slots, key=lambda each: abs(each.start.astimezone(UTC) - at))[:ALTERNATIVES]
    return tuple(sorted(near, key=lambda each: each.start.astimezone(UTC)))
