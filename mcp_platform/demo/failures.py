"""How a demonstration can fail that has begun."""

from mcp_platform.errors import Unavailable


class ScriptFailed(Unavailable):
    """The conversation took another course than the script, or did not bring about what it should."""
