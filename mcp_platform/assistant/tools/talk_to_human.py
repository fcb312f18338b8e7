"""Call a person of the business."""

from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import Toolbox


class TalkToHuman(Arguments):
    """Why, if the model says so; nobody reads it."""

    reason: str | None = None


async def hand_over(toolbox: Toolbox, step: str, _arguments: TalkToHuman, _language: str) -> Done:
    """Silence the assistant for a time, and tell the owner."""
    return await toolbox.hand_over(step)


TOOL = Tool(
    description="Call a person of the business, when the customer wants one or nothing else helps.",
    arguments=TalkToHuman,
    run=hand_over,
)
