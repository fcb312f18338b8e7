"""Book a slot that was found."""

from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.tool import Tool, VisitArguments
from mcp_platform.assistant.toolbox import UNKNOWN_SLOT, Toolbox


class Book(VisitArguments):
    """A slot by its id, and what was said of the visit."""

    slot_id: str


async def book(toolbox: Toolbox, step: str, arguments: Book, _language: str) -> Done:
    """Propose the slot; or show it among others, where words may mean another one."""
    slot = await toolbox.slot(arguments.slot_id)
    if slot is None:
        return await toolbox.note(step, UNKNOWN_SLOT)
    slot = toolbox.for_visit(slot, arguments.person, arguments.note)
    return await toolbox.shown_first(step, slot) or await toolbox.propose(step, slot)


TOOL = Tool(
    description="Book a slot that find_slots returned, by its id.", arguments=Book, run=book
)
