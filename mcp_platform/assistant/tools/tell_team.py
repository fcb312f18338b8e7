"""Tell the team that the customer will be late, or add a note to an appointment that stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mcp_platform.assistant.outcomes import Done, Refused, Role, ToolOutcome
from mcp_platform.assistant.quoting import unlinked
from mcp_platform.assistant.speaking.facts import About
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import UNKNOWN_APPOINTMENT, Toolbox
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.words.book import Outcome as BookOutcome

MOST_MINUTES = 240  # who is later than that wants another time
ONE_OF_THEM = Refused("one_of_them", "Call it once for the delay and once for the note.")
NOBODY_TO_TELL = Refused("nobody_to_tell", "The team cannot be told.")
NOT_NOTED = Refused("not_noted", "There is no room for it, or nothing was written. Call ask_owner.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(ToolOutcome):
    """A note stands with an appointment, and the team was told of it."""

    role: ClassVar[Role] = "effect"
    appointment: Appointment
    kind: Literal["note_added"] = "note_added"

    @property
    def in_book(self) -> BookOutcome:
        return "noted"

    @property
    def phrase(self) -> str:
        return "note_added"

    @property
    def about(self) -> About:
        return About(appointments=(self.appointment,))

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "noted"}


class TellTeam(Arguments):
    """An appointment by its id, and a note; without one the customer is late."""

    appointment_id: str
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None = None
    note: str | None = Field(
        None, max_length=300, description="What the team must know; as the customer wrote it"
    )


async def tell_team(toolbox: Toolbox, step: str, arguments: TellTeam, _language: str) -> Done:
    """Tell the owner in the transaction of the step; for one delay of one appointment once."""
    appointment = await toolbox.upcoming_appointment(arguments.appointment_id)
    if appointment is None:
        return await toolbox.note(step, UNKNOWN_APPOINTMENT)
    if arguments.note is not None and arguments.minutes is not None:
        return await toolbox.note(step, ONE_OF_THEM)
    if arguments.note is not None:
        return await _add_note(toolbox, step, appointment, arguments.note)
    if toolbox.context.tenant.owner_whatsapp is None:
        return await toolbox.note(step, NOBODY_TO_TELL)
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


async def _add_note(toolbox: Toolbox, step: str, appointment: Appointment, said: str) -> Done:
    """Add what the customer wrote: the words that the model points at, or else all of this turn."""
    note = toolbox.quoted(None, said).get("note") or unlinked(toolbox.written)
    if not note:
        return await toolbox.note(step, NOT_NOTED)
    async with toolbox.journal.begin() as session:
        noted = await toolbox.agenda.add_note(
            session,
            appointment_id=appointment.id,
            contact_id=toolbox.context.contact.id,
            note=note,
            now=toolbox.now,
        )
        if noted is None:
            return await toolbox.conclude(session, step, NOT_NOTED)
        await toolbox.notices.noted(
            session,
            toolbox.context.tenant,
            toolbox.context.contact,
            appointment=toolbox.appointment_for_owner(noted),
            note=note,
            key=f"{noted.id}:{noted.version}",
        )
        return await toolbox.conclude(session, step, NoteAdded(appointment=noted))


TOOL = Tool(
    description="Tell the team that the customer will be late for an appointment, by how many minutes if"
    " they said so; or, with a note, what else it must know for an appointment that stands.",
    arguments=TellTeam,
    run=tell_team,
    outcomes=(LateNoted, NoteAdded),
)
