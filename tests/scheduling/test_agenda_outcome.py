"""Outcomes come back from the journal as they went in."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import orjson
import pytest

from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import ProfessionalId, ServiceId
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Outcome,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
    from_json,
    to_json,
)

ZONE = ZoneInfo("America/New_York")
# The second 01:30 of the day the clocks go back: the offset alone tells it from the first.
START = datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=ZONE)
END = datetime(2026, 11, 1, 2, 0, tzinfo=ZONE)
SLOT = SlotView(
    service_id=ServiceId("corte"),
    service_name="Corte",
    professional_id=ProfessionalId("ze"),
    professional_name="Zé",
    start=START,
    end=END,
)
APPOINTMENT = Appointment(
    id=uuid.uuid4(),
    contact_id=uuid.uuid4(),
    user_id=None,
    service_id=ServiceId("corte"),
    service_name="Corte",
    professional_id=ProfessionalId("ze"),
    professional_name="Zé",
    starts_at=START,
    ends_at=END,
    status="booked",
    booked_for="Bia",
    calendar_id="shop@example.com",
    price_cents=None,
    currency="BRL",
    version=3,
    told=None,
)


@pytest.mark.parametrize(
    "outcome",
    [
        Booked(appointment=APPOINTMENT),
        Moved(appointment=APPOINTMENT, previous_start=END),
        Cancelled(appointment=APPOINTMENT),
        Taken(alternatives=(SLOT, SLOT)),
        Taken(alternatives=()),
        CalendarClosed(),
        LimitReached(limit=5),
        UnknownAppointment(),
        SlotsFound(status="full", slots=(SLOT,)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_outcome_survives_the_journal(outcome: Outcome) -> None:
    back = from_json(orjson.loads(orjson.dumps(to_json(outcome))))
    assert back == outcome
    assert type(back) is type(outcome)


def test_a_time_comes_back_on_the_same_clock_and_can_be_written() -> None:
    back = from_json(to_json(Booked(appointment=APPOINTMENT)))
    assert isinstance(back, Booked)
    start = back.appointment.starts_at
    assert (start.tzinfo, start.fold, start.astimezone(UTC)) == (ZONE, 1, START.astimezone(UTC))
    assert wording.clock(start, language="pt-BR") == "01:30"
    assert to_json(Taken(alternatives=(SLOT,)))["alternatives"][0]["start"] == (
        "2026-11-01T01:30:00-05:00[America/New_York]"
    )


def test_what_the_release_before_wrote_down_is_read() -> None:
    written = to_json(Booked(appointment=APPOINTMENT))
    for added in ("contact_id", "user_id", "booked_for", "calendar_id", "version", "told"):
        del written["appointment"][added]
    back = from_json(written)
    assert isinstance(back, Booked)
    assert (back.appointment.id, back.appointment.starts_at) == (APPOINTMENT.id, START)


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=-3))])
def test_a_time_without_a_named_zone_is_not_journalled(zone: timezone | None) -> None:
    nameless = datetime(2026, 12, 1, 10, tzinfo=zone)
    with pytest.raises(ValueError, match="clock"):
        to_json(Moved(appointment=APPOINTMENT, previous_start=nameless))


@pytest.mark.parametrize(
    "content", [{}, {"kind": "eaten"}, {"kind": "booked"}, {"kind": "limit_reached", "limit": "x"}]
)
def test_what_was_not_written_by_us_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no outcome|validation error"):
        from_json(content)
