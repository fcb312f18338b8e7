"""When a reminder of an appointment is due, and until when it may still be sent. Pure.

A reminder that comes at night wakes somebody, one that comes too late helps nobody, and one right after
the booking tells what was just said.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mcp_platform.templates.texts import Purpose

LEAST_HOURS: Final = 2  # before it: sent an hour before at the latest, with an hour to live
MOST_HOURS: Final = 72
A_DAY: Final = 24  # hours from which on a reminder asks for a yes
LONGEST_QUIET: Final = timedelta(hours=24)
# What is due is recorded within a minute and sent soon after: less room than this is none.
ROOM: Final = timedelta(minutes=15)
MARGIN: Final = 8  # a part of the time before: who booked less than it ago was just told


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A business's hours in which nobody is written to, by its clock. Alike: there are none."""

    begins: time
    ends: time

    @classmethod
    def of(cls, begins: str, ends: str) -> "QuietHours":
        """Read them as they are kept: `21:00`."""
        return cls(time.fromisoformat(begins), time.fromisoformat(ends))

    def around(self, moment: datetime, *, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return the quiet hours that `moment` is in, in UTC; None: it is in none."""
        local = moment.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            begins = datetime.combine(day, self.begins, zone)
            until = day if self.ends > self.begins else day + timedelta(days=1)
            ends = datetime.combine(until, self.ends, zone)
            span = begins.astimezone(UTC), ends.astimezone(UTC)
            if self.begins != self.ends and span[0] <= moment < span[1]:
                return span
        return None


@dataclass(frozen=True, slots=True)
class ReminderTime:
    """When a reminder is due, and until when it may be sent. UTC."""

    due_at: datetime
    until: datetime


def reminder_time(
    start: datetime, *, hours: int, quiet: QuietHours, zone: ZoneInfo
) -> ReminderTime:
    """Return when to remind of what begins at `start`, `hours` before.

    In quiet hours it waits for their end, if that leaves `ROOM`, and else goes that long before they
    begin.
    It may be sent until half of its time is over: what is sent then still reaches a phone in time, or
    not at all.
    """
    lead = timedelta(hours=hours)
    due, latest = start - lead, start - lead / 2
    night = quiet.around(due, zone=zone) or quiet.around(due + ROOM, zone=zone)
    if night is not None:
        begins, ends = night
        due = ends if ends + ROOM <= latest else begins - ROOM
    return ReminderTime(due, latest)


def purpose_of(hours: int) -> Purpose:
    """Return the template for a reminder so many hours before."""
    return "confirmation" if hours >= A_DAY else "reminder"


def too_late(time_: ReminderTime, *, hours: int, set_at: datetime) -> bool:
    """Tell whether the customer learnt of the appointment so lately that nothing is to be reminded.

    `set_at` is when it was last booked or changed.
    """
    return set_at > time_.due_at - timedelta(hours=hours) / MARGIN
