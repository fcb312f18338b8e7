"""The tools that the model may call, one module each, named as the model names it. Nothing else."""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

from mcp_platform.assistant.outcomes import SHARED, OutcomeJson
from mcp_platform.assistant.tool import Tool


def _found() -> dict[str, Tool]:
    """Return the tool of each module here. Raises TypeError for a module without one."""
    tools = {}
    for module in pkgutil.iter_modules(__path__):
        tool = getattr(importlib.import_module(f"{__name__}.{module.name}"), "TOOL", None)
        if not isinstance(tool, Tool):
            raise TypeError(f"{__name__}.{module.name} has no TOOL")
        tools[module.name] = tool
    return tools


TOOLS: Mapping[str, Tool] = _found()
OUTCOMES = OutcomeJson([*SHARED, *(each for tool in TOOLS.values() for each in tool.outcomes)])


def declarations() -> list[dict[str, Any]]:
    """Return the tools as function declarations with JSON Schema, as Gemini takes them."""
    return [tool.declaration(name) for name, tool in TOOLS.items()]
