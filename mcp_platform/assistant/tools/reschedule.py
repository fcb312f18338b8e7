"""Move an appointment of the contact's: to a slot that was found, or to another service in its place."""

from pydantic import Field

from mcp_platform.assistant.offers import Action
from mcp_platform.assistant.outcomes import Done, Refused
from mcp_platform.assistant.tool import Tool, VisitArguments
from mcp_platform.assistant.toolbox import UNKNOWN_APPOINTMENT, UNKNOWN_SLOT, Toolbox, meant
from mcp_platform.errors import NotFound
from mcp_platform.scheduling.appointment import Appointment

NOTHING_NEW = Refused("bad_arguments", "It is of this service at this time already.")


class Reschedule(VisitArguments):
    """An appointment and a slot by their ids, and what was said of the visit."""

    appointment_id: str
    slot_id: str | None = None
    service_id: str | None = Field(
        None, description="Without a slot: this service instead, at the same time."
    )


async def reschedule(toolbox: Toolbox, step: str, arguments: Reschedule, _language: str) -> Done:
    """Propose the move; or show the slot among others, where words may mean another one."""
    appointment = await toolbox.upcoming_appointment(arguments.appointment_id)
    if appointment is None:
        return await toolbox.note(step, UNKNOWN_APPOINTMENT)
    if arguments.slot_id is None and arguments.service_id is not None:
        try:
            slot = _in_its_place(toolbox, appointment, arguments.service_id)
        except NotFound as error:
            return await toolbox.note(step, Refused("bad_arguments", str(error)))
    else:
        found = await toolbox.slot(str(arguments.slot_id))
        if found is None:
            return await toolbox.note(step, UNKNOWN_SLOT)
        slot = found
    if arguments.slot_id is None and slot["service"] == appointment.service_id:
        return await toolbox.note(step, NOTHING_NEW)
    slot = toolbox.for_visit(slot, arguments.person, arguments.note)
    slot = {**slot, "moving": str(appointment.id)}
    return await toolbox.shown_first(step, slot) or await toolbox.propose(step, slot)


def _in_its_place(toolbox: Toolbox, appointment: Appointment, service: str) -> Action:
    """Return the slot of another service at an appointment's time, with the same person if they do it.

    Raises:
        NotFound: there is no such service, or nobody does it.
    """
    service_id = meant(service, toolbox.catalogue.services)
    doing = [each.id for each in toolbox.catalogue.offering(service_id)]
    if not doing:
        raise NotFound("Nobody does this service.")
    same = appointment.professional_id
    return {
        "do": "slot",
        "service": service_id,
        "professional": same if same in doing else doing[0],
        "start": appointment.starts_at.isoformat(),
    }


TOOL = Tool(
    description="Move one of the customer's appointments to a slot that find_slots returned.",
    arguments=Reschedule,
    run=reschedule,
)
