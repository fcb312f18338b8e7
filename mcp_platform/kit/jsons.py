"""JSON that others wrote: read and written whatever it holds.

orjson refuses what JSON allows and vendors send (lone surrogates, integers beyond 64 bits); the
standard library takes them, more slowly, and is asked only then.
"""

import json
from typing import Any

import orjson


def loads(body: bytes) -> Any:
    """Read JSON. Raises ValueError or RecursionError for what is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def dumps(content: Any) -> bytes:
    """Write JSON that `loads` reads back."""
    try:
        return orjson.dumps(content)
    except orjson.JSONEncodeError:
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def storable(text: str) -> str:
    """Return `text` without what Postgres cannot keep: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
