"""Move an appointment of the contact's to a slot that was found."""

from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.tool import Tool, VisitArguments
from mcp_platform.assistant.toolbox import UNKNOWN_APPOINTMENT, UNKNOWN_SLOT, Toolbox


class Reschedule(VisitArguments):
    """An appointment and a slot by their ids, and what was said of the visit."""

    appointment_id: str
    slot_id: str


async def reschedule(toolbox: Toolbox, step: str, arguments: Reschedule, _language: str) -> Done:
    """Propose the move; or show the slot among others, where words may mean another one."""
    slot = await toolbox.slot(arguments.slot_id)
    appointment = await toolbox.appointment(arguments.appointment_id)
    if slot is None:
        return await toolbox.note(step, UNKNOWN_SLOT)
    if appointment is None:
        return await toolbox.note(step, UNKNOWN_APPOINTMENT)
    slot = {**toolbox.for_visit(slot, arguments.person, arguments.note), "moving": appointment}
    return await toolbox.shown_first(step, slot) or await toolbox.propose(step, slot)


TOOL = Tool(
    description="Move one of the customer's appointments to a slot that find_slots returned.",
    arguments=Reschedule,
    run=reschedule,
)
