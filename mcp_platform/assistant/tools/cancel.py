"""Cancel an appointment of the contact's."""

from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import UNKNOWN_APPOINTMENT, Toolbox


class Cancel(Arguments):
    """An appointment by its id."""

    appointment_id: str


async def cancel(toolbox: Toolbox, step: str, arguments: Cancel, _language: str) -> Done:
    """Ask whether it is to be cancelled."""
    appointment = await toolbox.appointment(arguments.appointment_id)
    if appointment is None:
        return await toolbox.note(step, UNKNOWN_APPOINTMENT)
    return await toolbox.asked_first(step, appointment)


TOOL = Tool(
    description="Cancel one of the customer's appointments, by its id.",
    arguments=Cancel,
    run=cancel,
)
