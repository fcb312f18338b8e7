"""Weekly hours as they are wished and told: spans by the clock on the wall, which do not overlap."""

import re
from collections.abc import Sequence
from datetime import time
from itertools import pairwise
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from mcp_platform.errors import Invalid
from mcp_platform.kit.forms import WHOLE, Form, VersionedOut
from mcp_platform.scheduling.catalogue import MIDNIGHT, OpeningSpan

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
MOST_SPANS = 70  # ten a day


def _clock(value: object) -> object:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or _CLOCK.fullmatch(value) is None:
        raise PydanticCustomError("clock", "must be a time as HH:MM")
    return time.fromisoformat(value)


ClockTime = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda clock: f"{clock:%H:%M}", return_type=str, when_used="json-unless-none"),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$"}),
]


class Span(Form):
    """`closes` 00:00 is midnight at the end of the day; hours past midnight are two spans."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday."), WHOLE]
    opens: ClockTime
    closes: ClockTime


Spans = Annotated[tuple[Span, ...], Field(max_length=MOST_SPANS, strict=False)]


class HoursWish(Form):
    hours: Annotated[Spans, Field(description="The whole week.")]


class HoursOut(VersionedOut):
    """The version is the professional's."""

    hours: list[Span]


def opening_spans(wished: Sequence[Span]) -> list[OpeningSpan]:
    """Return the spans, earliest first.

    Raises:
        Invalid: one is none, or two overlap; `fields` names them by their index.
    """
    fields: dict[str, str] = {}
    made: list[tuple[OpeningSpan, int]] = []
    for index, each in enumerate(wished):
        try:
            span = OpeningSpan(weekday=each.weekday, opens=each.opens, closes=each.closes)
            made.append((span, index))
        except Invalid as error:
            fields |= {f"hours.{index}.{field}": why for field, why in error.fields.items()}
    made.sort()
    for (one, _), (other, index) in pairwise(made):
        ends_later = one.closes == MIDNIGHT or other.opens < one.closes
        if one.weekday == other.weekday and ends_later:
            fields[f"hours.{index}.opens"] = f"overlaps the span that opens at {one.opens:%H:%M}"
    if fields:
        raise Invalid("These hours cannot be.", fields=fields)
    return [span for span, _ in made]
