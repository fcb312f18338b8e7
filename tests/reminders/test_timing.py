"""When a reminder is due, and until when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.reminders.timing import (
    LEAST_HOURS,
    MOST_HOURS,
    ROOM,
    QuietHours,
    reminder_time,
    too_late,
)

ZONE = ZoneInfo("America/Sao_Paulo")
NIGHT = QuietHours.of("21:00", "08:00")
CLOCK = st.times().map(lambda at: f"{at:%H:%M}")


def at(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (at(15), 2, at(13)),
        (at(15), 24, at(15, day=9)),
        (at(9, 15), 2, at(8)),  # 7:15 is night: when it ends
        (at(9), 2, at(20, 45, day=9)),  # when it ends there is no time left: before it begins
        (at(8, 30), 2, at(20, 45, day=9)),
        (at(7), 24, at(8, day=9)),
        (at(23, 30), 2, at(20, 45)),
    ],
)
def test_it_waits_for_the_end_of_the_night_or_goes_before_it(
    start: datetime, hours: int, due: datetime
) -> None:
    assert reminder_time(start, hours=hours, quiet=NIGHT, zone=ZONE).due_at == due


@given(
    days=st.floats(0, 365),
    hours=st.integers(LEAST_HOURS, MOST_HOURS),
    begins=CLOCK,
    ends=CLOCK,
    zone=st.sampled_from(["America/Sao_Paulo", "Europe/Lisbon", "America/Santiago"]),
)
def test_it_is_never_due_after_its_end_nor_sent_later_than_an_hour_before(
    days: float, hours: int, begins: str, ends: str, zone: str
) -> None:
    beginning = at(15) + timedelta(days=days)
    quiet, where = QuietHours.of(begins, ends), ZoneInfo(zone)
    time = reminder_time(beginning, hours=hours, quiet=quiet, zone=where)
    assert time.due_at <= time.until <= beginning - timedelta(hours=1)
    # Planning looks a day of quiet further than the hours before.
    assert time.due_at >= beginning - timedelta(hours=hours) - timedelta(hours=25)


@given(
    days=st.floats(0, 365),
    hours=st.integers(LEAST_HOURS, MOST_HOURS),
    begins=st.sampled_from(["18:00", "21:00", "23:30", "00:00"]),
    ends=st.sampled_from(["06:00", "08:00", "10:30"]),
)
def test_from_when_it_is_due_there_is_room_to_send_it_and_nobody_is_asleep(
    days: float, hours: int, begins: str, ends: str
) -> None:
    quiet = QuietHours.of(begins, ends)
    time = reminder_time(at(15) + timedelta(days=days), hours=hours, quiet=quiet, zone=ZONE)
    assert quiet.around(time.due_at, zone=ZONE) is None
    assert quiet.around(time.due_at + ROOM - timedelta(seconds=1), zone=ZONE) is None
    assert time.due_at + ROOM <= time.until


def test_who_booked_after_it_was_due_or_shortly_before_was_just_told() -> None:
    time = reminder_time(at(15), hours=24, quiet=NIGHT, zone=ZONE)
    assert too_late(time, hours=24, set_at=at(16, day=9))
    assert too_late(time, hours=24, set_at=at(13, day=9))
    assert not too_late(time, hours=24, set_at=at(11, day=9))


def test_no_quiet_hours_are_none() -> None:
    assert QuietHours.of("08:00", "08:00").around(at(8), zone=ZONE) is None
