"""Tell the team that the customer will be late. The appointment stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mcp_platform.assistant.outcomes import Done, Refused, Role, ToolOutcome
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import UNKNOWN_APPOINTMENT, Toolbox
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.words.book import Outcome as BookOutcome

MOST_MINUTES = 240  # who is later than that wants another time


@dataclass(frozen=True, slots=True, kw_only=True)
class LateNoted(ToolOutcome):
    """The team was told that the contact comes later, by so many minutes if they said so."""

    role: ClassVar[Role] = "effect"
    appointment: Appointment
    minutes: int | None
    kind: Literal["late_noted"] = "late_noted"

    @property
    def in_book(self) -> BookOutcome:
        return "late_noted"

    @property
    def phrase(self) -> str:
        return "late_noted"

    @property
    def values(self) -> Mapping[str, str | None]:
        return {"n": None if self.minutes is None else str(self.minutes)}

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "late_noted"}


class RunningLate(Arguments):
    """An appointment by its id, and by how many minutes, if the customer said so."""

    appointment_id: str
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None = None


async def running_late(toolbox: Toolbox, step: str, arguments: RunningLate, _language: str) -> Done:
    """Tell the owner in the transaction of the step; for one delay of one appointment once."""
    appointment = await toolbox.upcoming_appointment(arguments.appointment_id)
    if appointment is None:
        return await toolbox.note(step, UNKNOWN_APPOINTMENT)
    if toolbox.context.tenant.owner_whatsapp is None:
        return await toolbox.note(step, Refused("nobody_to_tell", "The team cannot be told."))
    async with toolbox.journal.begin() as session:
        await toolbox.notices.running_late(
            session,
            toolbox.context.tenant,
            toolbox.context.contact,
            appointment=toolbox.appointment_for_owner(appointment),
            minutes=arguments.minutes,
            key=f"{appointment.id}:{arguments.minutes or ''}",
        )
        outcome = LateNoted(appointment=appointment, minutes=arguments.minutes)
        return await toolbox.conclude(session, step, outcome)


TOOL = Tool(
    description="Tell the team that the customer will be late for an appointment.",
    arguments=RunningLate,
    run=running_late,
    outcomes=(LateNoted,),
)
