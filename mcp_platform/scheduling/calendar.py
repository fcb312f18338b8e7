"""The port to an owner's calendar: what is busy there, and what we write into it.

It knows no vendor. `scheduling/google/calendar.py` is the door behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mcp_platform.errors import Unavailable
from mcp_platform.outbox.calendar import CalendarWriter


class CalendarUnreadable(Unavailable):
    """The calendar gave no answer that can be trusted: neither free nor busy. Booking is closed."""


class CalendarZoneUnknown(CalendarUnreadable):
    """The calendar's own time zone is no known one, and an event cannot be placed without it."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"the calendar's time zone {zone!r} is unknown")
        self.zone = zone


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of time, `[start, end)`; both ends carry an offset."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """One of our mirrored events, where it stands in the calendar: its owner may have moved it.

    `event_id` is the id that we gave it, also for each repetition that the owner made of it.
    """

    event_id: str
    span: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReading:
    """What stands in a calendar within a span, by what it may mean for booking.

    Attributes:
        blocking: Times that the owner has something else to do.
        days_shown_free: All-day events that the calendar counts as free, as a holiday often is.
        unanswered: Invitations that the owner neither accepted nor declined.
        own: Our mirrored events.
        zone: The calendar's own time zone as it calls it, which need not be an IANA name.
    """

    blocking: Sequence[Interval] = ()
    days_shown_free: Sequence[Interval] = ()
    unanswered: Sequence[Interval] = ()
    own: Sequence[OwnEvent] = ()
    zone: str = "UTC"


class Calendar(CalendarWriter, Protocol):
    """One tenant's access to the calendars its credentials reach."""

    async def read(self, *, calendar_id: str, span: Interval, key: str) -> CalendarReading:
        """Return what stands in `span`; our own mirrored events are those marked `key`.

        Raises:
            CalendarUnreadable: no trustworthy answer (network, quota, 5xx, malformed).
            CredentialRefused: key revoked, API disabled, calendar not shared or wrong id.
        """
