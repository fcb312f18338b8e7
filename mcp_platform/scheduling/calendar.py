"""The port to an owner's calendar: what is busy there, and the events we mirror into it.

Owns the words; refuses to know any vendor. `google_calendar.py` is the door behind it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mcp_platform.errors import Unavailable


class CalendarUnreadable(Unavailable):
    """The calendar gave no answer that can be trusted: neither free nor busy. Booking is closed."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of time, `[start, end)`; both ends carry an offset."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An appointment as the owner sees it.

    `event_id` is chosen by us, 5 to 1024 characters of base32hex in lower case, so that writing
    twice is writing once. `key` marks the event as ours (`<tenant key>` of the writer).
    """

    event_id: str
    start: datetime
    end: datetime
    time_zone: str
    summary: str
    description: str
    key: str


class Calendar(Protocol):
    """One tenant's access to the calendars its credentials reach."""

    async def busy(self, *, calendar_id: str, span: Interval, key: str) -> list[Interval]:
        """Return what blocks `span`, our own mirrored events (those marked `key`) left out.

        Raises:
            CalendarUnreadable: no trustworthy answer (network, quota, 5xx, malformed).
            CredentialRefused: key revoked, API disabled, calendar not shared or wrong id.
        """

    async def put(self, *, calendar_id: str, event: CalendarEvent) -> None:
        """Make the calendar show `event`: insert, or move and revive what is there. Idempotent."""

    async def remove(self, *, calendar_id: str, event_id: str) -> None:
        """Make sure the event is gone. Idempotent."""
