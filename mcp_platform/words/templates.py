"""Fills the placeholders of a wording.

`{name}` stands for a value. `[…]` is left out whole where a value inside it is missing. Values are
text and never templates: braces and brackets in them stay as they are.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

PLACEHOLDERS = frozenset(
    (
        "address",
        "answer",
        "appointment",
        "appointment_short",
        "appointment_short_cap",
        "asked_when",
        "back",
        "business",
        "costs",
        "data_place",
        "day",
        "day2",
        "days",
        "de_business",
        "description",
        "duration",
        "em_business",
        "good_day",
        "good_day_low",
        "hour",
        "hours",
        "items",
        "map",
        "n",
        "name",
        "new",
        "next_open",
        "note_goes",
        "o_business",
        "old",
        "on_day",
        "on_day_cap",
        "part",
        "people",
        "person",
        "phone",
        "price",
        "privacy_link",
        "professional",
        "question",
        "receipt",
        "service",
        "service2",
        "sum",
        "sum_cap",
        "team_told",
        "unit_price",
        "until",
        "week",
        "when_short",
    )
)
"""All that code can fill. `…_cap` begins a sentence; the others stand as they are within one."""

# Wordings of two languages may use different members of a group: Portuguese contracts articles, and
# a price stands alone or after its verb.
_AS_ONE = (
    ("business", ("o_business", "de_business", "em_business")),
    ("good_day", ("good_day_low",)),
    ("price", ("costs",)),
)
_GROUP = {member: group for group, members in _AS_ONE for member in members}

_PIECE = re.compile(r"\{([a-z0-9_]+)\}|\[([^\[\]]*)\]|([^{}\[\]]+)")
_WORDINGS = 4096  # templates kept parsed: more than there are


class BadTemplate(ValueError):
    """A template has a brace or bracket without its partner, or brackets within brackets."""


def fill(template: str, values: Mapping[str, str | None]) -> str | None:
    """Return the wording with its values; `None` where one outside `[…]` is missing or empty."""
    written = []
    for kind, text in _pieces(template):
        if kind == "text":
            written.append(text)
        elif kind == "optional":
            written.append(fill(text, values) or "")
        elif value := values.get(text):
            written.append(value)
        else:
            return None
    return "".join(written)


def placeholders(template: str) -> frozenset[str]:
    """Return the names of all placeholders, those within `[…]` too.

    Raises:
        BadTemplate: the template cannot be read.
    """
    return frozenset(_names(template))


def always_needed(template: str) -> frozenset[str]:
    """Return the names of the placeholders outside `[…]`: without one, the wording cannot be said.

    Raises:
        BadTemplate: the template cannot be read.
    """
    return frozenset(text for kind, text in _pieces(template) if kind == "value")


def grouped(names: frozenset[str]) -> frozenset[str]:
    """Return the names with those of one group as one, to compare wordings of two languages."""
    plain = (name.removesuffix("_cap") for name in names)
    return frozenset(_GROUP.get(name, name) for name in plain)


def _names(template: str) -> Iterator[str]:
    for kind, text in _pieces(template):
        if kind == "value":
            yield text
        elif kind == "optional":
            yield from _names(text)


@lru_cache(maxsize=_WORDINGS)
def _pieces(template: str) -> tuple[tuple[str, str], ...]:
    pieces = []
    at = 0
    while at < len(template):
        found = _PIECE.match(template, at)
        if found is None:
            raise BadTemplate(f"{template!r} cannot be read from character {at} on")
        value, optional, text = found.groups()
        if value is not None:
            pieces.append(("value", value))
        elif optional is not None:
            pieces.append(("optional", optional))
        else:
            pieces.append(("text", text))
        at = found.end()
    return tuple(pieces)
