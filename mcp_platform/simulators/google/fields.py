"""Google's partial responses: the `fields` parameter, `a,b/c,d(e,f)`.

Source: https://developers.google.com/workspace/calendar/api/guides/performance
"""

import re
from typing import Any

from mcp_platform.simulators.google.errors import invalid

_TOKEN = re.compile(r"[A-Za-z0-9_*]+|[(),/]")


def select(body: dict[str, Any], mask: str) -> dict[str, Any]:
    """Return the part of `body` that `mask` names.

    Raises:
        GoogleError: 400, the mask is no mask.
    """
    tokens = _TOKEN.findall(mask)
    if "".join(tokens) != mask:
        raise invalid(f"Invalid field selection {mask}", parameter="fields")
    try:
        wanted = _selection(tokens)
    except IndexError:
        tokens = ["incomplete"]
    if tokens:
        raise invalid(f"Invalid field selection {mask}", parameter="fields")
    picked: dict[str, Any] = _pick(body, wanted)
    return picked


def _selection(tokens: list[str]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    while True:
        name = tokens.pop(0)
        inner: dict[str, Any] = {}
        if tokens and tokens[0] == "/":
            tokens.pop(0)
            inner = _path(tokens)
        elif tokens and tokens[0] == "(":
            tokens.pop(0)
            inner = _selection(tokens)
            if tokens.pop(0) != ")":
                raise IndexError
        wanted[name] = inner
        if not tokens or tokens[0] != ",":
            return wanted
        tokens.pop(0)


def _path(tokens: list[str]) -> dict[str, Any]:
    name = tokens.pop(0)
    if tokens and tokens[0] == "/":
        tokens.pop(0)
        return {name: _path(tokens)}
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        inner = _selection(tokens)
        tokens.pop(0)
        return {name: inner}
    return {name: {}}


def _pick(value: Any, wanted: dict[str, Any]) -> Any:
    if not wanted or "*" in wanted:
        return value
    if isinstance(value, list):
        return [_pick(item, wanted) for item in value]
    if isinstance(value, dict):
        return {key: _pick(value[key], wanted[key]) for key in value if key in wanted}
    return value
