"""Tell what the business says of itself."""

from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import Toolbox


async def inform(toolbox: Toolbox, step: str, _arguments: Arguments, language: str) -> Done:
    """Tell it in the turn's language."""
    return await toolbox.inform(step, language=language)


TOOL = Tool(
    description="The business's address, phone, opening hours, services, prices and notes.",
    arguments=Arguments,
    run=inform,
)
