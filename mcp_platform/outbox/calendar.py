"""What the outbox writes into an owner's calendar. The door is `scheduling/google/calendar.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
    existing_only: bool = False
    """Only its title and description are written, wherever it stands now; none is made."""


class CalendarWriter(Protocol):
    """One tenant's access to the calendars its credentials reach, as far as it writes."""

    async def put(self, *, calendar_id: str, event: CalendarEvent) -> None:
        """Make the calendar show `event`: insert, or move and revive what is there. Idempotent."""

    async def remove(self, *, calendar_id: str, event_id: str) -> None:
        """Make sure the event is gone. Idempotent."""
