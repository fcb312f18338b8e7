"""Reads and writes JSON that others wrote, with anything that it can hold.

orjson refuses what JSON allows and vendors send (lone surrogates, integers beyond 64 bits); the
standard library takes them, more slowly, and is asked only then.
"""

import base64
import json
from typing import Any

import orjson

# No vendor nests deeper than ten. orjson reads 1,024 levels and writes 254; in Python each costs
# stack, of which the reader may have less left.
DEEPEST = 100


def loads(body: bytes) -> Any:
    """Read JSON. Raises ValueError or RecursionError for what is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def dumps(content: Any, *, sort: bool = False) -> bytes:
    """Write JSON that `loads` reads back; of what nests absurdly deep the depths become null."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS if sort else None)
    except orjson.JSONEncodeError:
        shallow = _cut(content, DEEPEST)
        return json.dumps(shallow, separators=(",", ":"), sort_keys=sort).encode("ascii")


def json_or_base64(body: bytes) -> Any:
    """Return JSON read, if `dumps` can write it again; anything else as `{"base64": …}`."""
    try:
        read = orjson.loads(body)
        orjson.dumps(read)  # it reads what is nested more deeply than it writes
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return {"base64": base64.b64encode(body).decode()}
    return read


def _cut(content: Any, levels: int) -> Any:
    if not isinstance(content, dict | list):
        return content
    if not levels:
        return None
    if isinstance(content, list):
        return [_cut(each, levels - 1) for each in content]
    return {key: _cut(each, levels - 1) for key, each in content.items()}


def storable(text: str) -> str:
    """Return `text` without what Postgres cannot keep: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
