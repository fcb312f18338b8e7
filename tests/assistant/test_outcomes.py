"""Outcomes come back from the journal as they went in."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import orjson
import pytest

from mcp_platform.assistant.outcomes import (
    SHARED,
    DaysDiffer,
    Done,
    HandedOver,
    Listed,
    OutcomeJson,
    Refused,
    ToCancel,
    ToChoose,
    UnknownSlot,
    WhichService,
)
from mcp_platform.assistant.tools import OUTCOMES, TOOLS
from mcp_platform.assistant.tools.ask_owner import QuestionPassedOn
from mcp_platform.assistant.tools.join_waitlist import Wished
from mcp_platform.assistant.tools.tell_team import LateNoted, NoteAdded
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import ProfessionalId, ServiceId
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Proposed,
    ProposedSlot,
    Released,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
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
    id=uuid.UUID("0d4f6a3e-5b52-4f0b-9a0e-2a4d6c1f7e11"),
    contact_id=uuid.UUID("5a0c1c52-3a26-4a7b-8a64-0f6d7e2b9c33"),
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


ALL = [
    Done(Booked(appointment=APPOINTMENT), ("a_one",)),
    Done(Moved(appointment=APPOINTMENT, previous_start=END), ("a_one",)),
    Done(Cancelled(appointment=APPOINTMENT), ("a_one",)),
    Done(Taken(alternatives=(SLOT,)), ("s_one",)),
    Done(BookedTogether(appointments=(APPOINTMENT,)), ("a_one",)),
    Done(
        Proposed(
            proposal_id=APPOINTMENT.id,
            slots=(ProposedSlot(slot=SLOT, price_cents=4500, currency="BRL"),),
            until=END,
            moving=None,
            person="Theo",
        )
    ),
    Done(Released(proposal_id=APPOINTMENT.id)),
    Done(CalendarClosed()),
    Done(LimitReached(limit=5)),
    Done(UnknownAppointment()),
    Done(SlotsFound(status="full", slots=(SLOT,)), ("s_one",)),
    Done(Listed((APPOINTMENT,)), ("a_one",)),
    Done(HandedOver()),
    Done(QuestionPassedOn(result="already_asked", reminded=True)),
    Done(LateNoted(appointment=APPOINTMENT, minutes=10)),
    Done(NoteAdded(appointment=APPOINTMENT)),
    Done(
        Wished(noted=True, service_name="Corte", day=APPOINTMENT.starts_at.date(), part="morning")
    ),
    Done(Wished(noted=False, service_name="Corte", day=APPOINTMENT.starts_at.date(), part=None)),
    Done(UnknownSlot()),
    Done(DaysDiffer(slots=(SLOT,)), ("s_one",)),
    Done(
        ToChoose(slots=(SLOT, SLOT), moving=(None, str(APPOINTMENT.id))),
        ("s_one", "s_two", "s_all"),
    ),
    Done(ToCancel(APPOINTMENT), ("c_yes", "c_no")),
    Done(Refused("bad_arguments", "slot_id: missing")),
]
# What this release has and the one before had not.
NEW = [
    Done(BookedTogether(appointments=(APPOINTMENT, APPOINTMENT)), ("a_one", "a_two")),
    Done(
        Proposed(
            proposal_id=APPOINTMENT.id,
            slots=(ProposedSlot(slot=SLOT, price_cents=4500, currency="BRL"),),
            until=END,
            moving=APPOINTMENT,
            person="Theo",
            note="de carro",
        ),
        ("p_yes", "p_no"),
    ),
    Done(Released(proposal_id=APPOINTMENT.id)),
    Done(ToCancel(APPOINTMENT, (APPOINTMENT,)), ("c_yes", "c_no")),
    Done(
        SlotsFound(status="ok", slots=(replace(SLOT, then=(SLOT,)),), more=True, whole_until=START),
        ("s_one",),
        "m_more",
    ),
    Done(
        WhichService(names=("Corte",), actions=({"do": "find", "services": ["corte"]},)), ("w_1",)
    ),
]
# Recorded with the release before, an outcome a line, in the order of `ALL`.
BEFORE = Path(__file__).with_name("journal_of_the_release_before.jsonl")


def test_every_outcome_survives_the_journal() -> None:
    kinds = {type(done.outcome) for done in [*ALL, *NEW]}
    assert kinds == {*SHARED, *(each for tool in TOOLS.values() for each in tool.outcomes)}
    for done in [*ALL, *NEW]:
        back = OUTCOMES.read(orjson.loads(orjson.dumps(OUTCOMES.write(done))))
        assert back == done


def test_what_the_release_before_wrote_down_is_read() -> None:
    now = {type(done.outcome).__name__: done for done in ALL}
    recorded = [orjson.loads(line) for line in BEFORE.read_text().splitlines()]
    assert len(recorded) == 15
    for line in recorded:
        ((name, written),) = line.items()
        assert OUTCOMES.read(written) == now[name]


def test_a_time_comes_back_on_the_same_clock_and_can_be_written() -> None:
    back = OUTCOMES.read(OUTCOMES.write(Done(Booked(appointment=APPOINTMENT)))).outcome
    assert isinstance(back, Booked)
    start = back.appointment.starts_at
    assert (start.tzinfo, start.fold, start.astimezone(UTC)) == (ZONE, 1, START.astimezone(UTC))
    assert wording.clock(start, language="pt-BR") == "01:30"
    taken = OUTCOMES.write(Done(Taken(alternatives=(SLOT,))))
    assert taken["outcome"]["alternatives"][0]["start"] == (
        "2026-11-01T01:30:00-05:00[America/New_York]"
    )


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=-3))])
def test_a_time_without_a_named_zone_is_not_journalled(zone: timezone | None) -> None:
    nameless = datetime(2026, 12, 1, 10, tzinfo=zone)
    with pytest.raises(ValueError, match="clock"):
        OUTCOMES.write(Done(Moved(appointment=APPOINTMENT, previous_start=nameless)))


@pytest.mark.parametrize(
    "content", [{}, {"kind": "eaten"}, {"kind": "booked"}, {"kind": "limit_reached", "limit": "x"}]
)
def test_what_was_not_written_by_us_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"validation error"):
        OUTCOMES.read({"outcome": content, "ids": []})


def test_two_outcomes_of_one_kind_are_refused_at_import() -> None:
    @dataclass(frozen=True)
    class Another:
        kind: Literal["booked"] = "booked"

    with pytest.raises(TypeError, match="booked"):
        OutcomeJson([Booked, Cancelled, Another])
