"""Webhooks as Meta records them, spoilt on purpose: by structure, by value, by byte."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent.parent / "contracts" / "fixtures" / "whatsapp"
RECORDED = [json.loads(each.read_text()) for each in sorted(FIXTURES.glob("webhook_*.json"))]
# Each tap is a turn of its own, and ends the one before: more of them would test patience.
OFTEN = [
    0.1 if '_reply"' in text or '"button"' in text else 1 for text in map(json.dumps, RECORDED)
]

STRINGS = [
    "",
    " ",
    "\x00",
    "5511\x0099998888",
    "\ud83d",
    "a\udfffb",
    "\u202e\u2066evil\u2069\ufeff",
    "شكرا לך",
    "x" * 3_000,
    "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=3_000)),
    "🙈" * 700,
    "'; DROP TABLE inbox_events; --",
    "{slot:s_1} {{x}} %s %(a)s",
    "null",
    "-1",
    "99999999999999999999",
    "\r\nX-Injected: 1",
]
# Not to be had from json.dumps: put in as they stand, in place of a marker.
RAW = [
    "NaN",
    "-Infinity",
    "1e999",
    "-0",
    "123456789012345678901234567890",
    "9" * 400,
    "[" * 60 + "]" * 60,
    '{"a":' * 300 + "1" + "}" * 300,
    "[" * 1_000 + "]" * 1_000,
    "[" * 20_000 + "]" * 20_000,
    '{"id":"a","id":"b"}',
    '"\\ud800\\ud800"',
    '"\\u0000"',
]
VALUES: list[Any] = [None, True, False, 0, -1, 2**63, 2**31, 0.5, [], {}, [[]], [None], {"": ""}]
MARK = "@@raw%d@@"


class Mutator:
    """Makes mutated webhooks of one number, the same for the same seed."""

    def __init__(self, *, seed: int, number: str, at: int, senders: list[str]) -> None:
        self._chance = random.Random(seed)
        self._number = number
        self._at = at
        self._senders = senders
        self._made = 0

    def body(self) -> bytes:
        """Return the next one: nine in ten still JSON, most still with a message in it."""
        document = self._fresh()
        for _ in range(self._chance.choice((1, 1, 1, 2, 3, 8))):
            self._spoil(document)
        written = json.dumps(document)
        for at, raw in enumerate(RAW):
            written = written.replace(f'"{MARK % at}"', raw)
        body = written.encode()
        return self._bytes(body) if self._chance.random() < 0.1 else body

    def _fresh(self) -> Any:
        """Return a recorded webhook as if it came now, with ids of its own."""
        self._made += 1
        (recorded,) = self._chance.choices(RECORDED, OFTEN)
        document = copy.deepcopy(recorded)
        sender = self._chance.choice(self._senders)
        for parent, name in list(_places(document)):
            value = parent[name]
            if name == "phone_number_id":
                parent[name] = self._number
            elif name in ("from", "wa_id") and isinstance(value, str):
                parent[name] = sender
            elif name in ("from_user_id", "user_id") and isinstance(value, str):
                parent[name] = f"BR.{sender}"
            elif name == "timestamp":
                parent[name] = str(self._at)
            elif isinstance(value, str) and value.startswith("wamid."):
                parent[name] = f"{value[:20]}{self._made}"
        return document

    def _spoil(self, document: Any) -> None:
        places = list(_places(document))
        if not places:
            return
        parent, name = self._chance.choice(places)
        change = self._chance.choice(self._changes(places))
        change(parent, name)

    def _changes(self, places: list[tuple[Any, Any]]) -> list[Callable[[Any, Any], None]]:
        chance = self._chance

        def delete(parent: Any, name: Any) -> None:
            del parent[name]

        def value(parent: Any, name: Any) -> None:
            parent[name] = copy.deepcopy(chance.choice(VALUES))

        def string(parent: Any, name: Any) -> None:
            parent[name] = chance.choice(STRINGS)

        def raw(parent: Any, name: Any) -> None:
            parent[name] = MARK % chance.randrange(len(RAW))

        def wrap(parent: Any, name: Any) -> None:
            parent[name] = chance.choice(([parent[name]], {"0": parent[name]}))

        def unwrap(parent: Any, name: Any) -> None:
            inside = parent[name]
            if isinstance(inside, list) and inside:
                parent[name] = inside[0]
            elif isinstance(inside, dict) and inside:
                parent[name] = list(inside.values())

        def repeat(parent: Any, name: Any) -> None:
            if isinstance(parent[name], list):
                parent[name] = parent[name] * chance.choice((2, 3, 40))

        def swap(parent: Any, name: Any) -> None:
            other, its = chance.choice(places)
            taken = copy.deepcopy(other[its]) if _has(other, its) else None
            parent[name] = taken

        def rename(parent: Any, name: Any) -> None:
            if isinstance(parent, dict):
                parent[chance.choice([*STRINGS, "type", "text", "id", "from"])] = parent.pop(name)

        return [delete, value, value, string, string, raw, wrap, unwrap, repeat, swap, rename]

    def _bytes(self, body: bytes) -> bytes:
        changed = bytearray(body)
        match self._chance.randrange(4):
            case 0:
                for _ in range(self._chance.randrange(1, 6)):
                    at = self._chance.randrange(len(changed))
                    changed[at] ^= 1 << self._chance.randrange(8)
            case 1:
                del changed[self._chance.randrange(len(changed)) :]
            case 2:
                at = self._chance.randrange(len(changed))
                changed[at:at] = self._chance.randbytes(8)
            case _:
                changed = bytearray(b"\xef\xbb\xbf" + body)
        return bytes(changed)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key or index) of a document."""
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from _places(value[key])


def _has(parent: Any, name: Any) -> bool:
    return name in parent if isinstance(parent, dict) else name < len(parent)
