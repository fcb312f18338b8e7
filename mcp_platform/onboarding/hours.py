"""Weekly hours as people write them: `seg-sex 09:00-12:00 13:00-18:00; sáb 9h às 13h`.

Days are read in Portuguese, English and Spanish. The registry refuses spans that overlap.
"""

import re
import unicodedata
from collections.abc import Iterator

from mcp_platform.registry.hours import Span, opening_spans

_DAYS = (
    ("seg", "segunda", "mon", "monday", "lun", "lunes"),
    ("ter", "terca", "tue", "tues", "tuesday", "mar", "martes"),
    ("qua", "quarta", "wed", "wednesday", "mie", "miercoles"),
    ("qui", "quinta", "thu", "thur", "thurs", "thursday", "jue", "jueves"),
    ("sex", "sexta", "fri", "friday", "vie", "viernes"),
    ("sab", "sabado", "sat", "saturday"),
    ("dom", "domingo", "sun", "sunday"),
)
WEEKDAYS = {name: number for number, names in enumerate(_DAYS) for name in names}
_ALL = re.compile(r"\b(todos os dias|todo dia|every day|daily|todos los dias)\b")
_TO = re.compile(r"(?:(?<!\s)\s+)?(?:-|\b(?:as|a|ate|to|until|till|hasta)\b)\s*")
_FILLING = re.compile(r"\b(?:das?|de|del?|from|e|and|y)\b|[,;\n]")
_DAY = r"[a-z]+"
_CLOCK = r"(\d{1,2})(?:(?::|h)(\d{2})|h)?"
_DAYS_PIECE = re.compile(rf"({_DAY})(?:-({_DAY}))?")
_SPAN_PIECE = re.compile(rf"{_CLOCK}-{_CLOCK}")


class HoursUnreadable(ValueError):
    """Some of it is neither a day nor a span, or cannot be. `piece` is what."""

    def __init__(self, piece: str) -> None:
        super().__init__(piece)
        self.piece = piece


def read_hours(text: str) -> tuple[Span, ...]:
    """Return the spans of a week.

    Days go before their spans; days after a span begin anew. 00:00 and 24:00 are midnight at the end.

    Raises:
        HoursUnreadable: a piece is neither a day nor a span, or days and spans do not go together.
        Invalid: spans overlap, or close before they open.
    """
    spans: list[Span] = []
    days: list[int] = []
    spanned = False
    for piece in _plain(text).split():
        found = _SPAN_PIECE.fullmatch(piece)
        if found is None:
            days = [*([] if spanned else days), *_days(piece)]
            spanned = False
            continue
        if not days:
            raise HoursUnreadable(piece)
        opens, closes = _clock(found[1], found[2], piece), _clock(found[3], found[4], piece)
        spans += [
            Span.of({"weekday": day, "opens": opens, "closes": closes})
            for day in dict.fromkeys(days)
        ]
        spanned = True
    if not spans or not spanned:
        raise HoursUnreadable(text.strip())
    opening_spans(spans)
    return tuple(spans)


def clock_time(text: str) -> str:
    """Return a time as HH:MM; what is none as it is, for the registry to refuse."""
    found = re.fullmatch(_CLOCK, text.strip().lower())
    try:
        return text if found is None else _clock(found[1], found[2], text)
    except HoursUnreadable:
        return text


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    plain = _ALL.sub("seg-dom", re.sub("[–—−]", "-", plain)).replace("-feira", "")
    plain = re.sub(r"(?:(?<!\s)\s+)?:\s*(?!\d)", " ", plain)  # "seg: 9h-18h"
    return _FILLING.sub(" ", _TO.sub("-", plain)).replace(".", " ")


def _days(piece: str) -> Iterator[int]:
    found = _DAYS_PIECE.fullmatch(piece)
    names = [name for name in found.groups() if name is not None] if found else []
    if not names or any(name not in WEEKDAYS for name in names):
        raise HoursUnreadable(piece)
    first, last = WEEKDAYS[names[0]], WEEKDAYS[names[-1]]
    for away in range((last - first) % 7 + 1):
        yield (first + away) % 7


def _clock(hour: str, minute: str | None, piece: str) -> str:
    written = f"{int(hour) % 24 if hour == '24' else int(hour):02}:{minute or '00'}"
    if written > "23:59" or written[3:] > "59" or (hour == "24" and (minute or "00") != "00"):
        raise HoursUnreadable(piece)
    return written
