"""List the contact's own appointments."""

from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import Toolbox


async def mine(toolbox: Toolbox, step: str, _arguments: Arguments, _language: str) -> Done:
    """List what is still to come."""
    return await toolbox.mine(step)


TOOL = Tool(description="List the customer's own appointments.", arguments=Arguments, run=mine)
