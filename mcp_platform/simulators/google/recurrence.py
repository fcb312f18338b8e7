"""Repeating events, as far as the simulator unrolls them: one daily or weekly rule.

Everything else is refused with 501 when the event is written, never shown wrongly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from mcp_platform.simulators.google.errors import invalid, unsupported

MOST_INSTANCES = 730  # of a rule without an end: two years of days
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNDERSTOOD = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}


@dataclass(frozen=True, slots=True)
class RecurrenceRule:
    """A daily or weekly RRULE; `weekdays` (0 = Monday) narrows it."""

    weekly: bool
    interval: int
    count: int | None
    until: datetime | None
    weekdays: frozenset[int]


def parse(lines: Sequence[str], *, zone: ZoneInfo) -> RecurrenceRule:
    """Read `recurrence` of an event.

    Raises:
        GoogleError: 400 for what is no rule, 501 for one the simulator can't unroll.
    """
    if len(lines) != 1 or not lines[0].startswith("RRULE:"):
        raise unsupported("recurrence other than a single RRULE")
    try:
        parts = dict(part.split("=", 1) for part in lines[0].removeprefix("RRULE:").split(";"))
        return _rule(parts, zone=zone)
    except (ValueError, KeyError):
        raise invalid("Invalid recurrence rule.") from None


def _rule(parts: dict[str, str], *, zone: ZoneInfo) -> RecurrenceRule:
    if not _UNDERSTOOD.issuperset(parts) or parts["FREQ"] not in {"DAILY", "WEEKLY"}:
        raise unsupported("this recurrence rule")
    if parts.get("WKST", "MO") != "MO" and int(parts.get("INTERVAL", "1")) > 1:
        raise unsupported("weeks that do not start on Monday")
    days = [day for day in parts.get("BYDAY", "").split(",") if day]
    return RecurrenceRule(
        weekly=parts["FREQ"] == "WEEKLY",
        interval=int(parts.get("INTERVAL", "1")),
        count=int(parts["COUNT"]) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], zone=zone) if "UNTIL" in parts else None,
        weekdays=frozenset(_DAYS.index(day) for day in days),
    )


def _until(text: str, *, zone: ZoneInfo) -> datetime:
    if "T" in text:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    day = datetime.strptime(text, "%Y%m%d").replace(tzinfo=zone)
    return day + timedelta(days=1) - timedelta(seconds=1)


def starts(rule: RecurrenceRule, *, first: datetime, before: datetime | None) -> Iterator[datetime]:
    """Yield the start of each instance in the wall time of `first`'s zone, up to `before`."""
    most = min(rule.count or MOST_INSTANCES, MOST_INSTANCES)
    for given, start in enumerate(_candidates(rule, first=first)):
        past_end = rule.until is not None and start > rule.until
        if given >= most or past_end or (before is not None and start >= before):
            return
        yield start


def _candidates(rule: RecurrenceRule, *, first: datetime) -> Iterator[datetime]:
    if not rule.weekly:
        days = (timedelta(days=n * rule.interval) for n in count())
        yield from (
            first + day
            for day in days
            if not rule.weekdays or (first + day).weekday() in rule.weekdays
        )
        return
    monday = first - timedelta(days=first.weekday())
    for week in count(step=rule.interval):
        for weekday in sorted(rule.weekdays or {first.weekday()}):
            start = monday + timedelta(weeks=week, days=weekday)
            if start >= first:
                yield start
