"""Which day a contact's words plainly name, to be held against the dates that a model searched.

Models miscount weekdays. Owns the reading of "sexta", "sexta, dia 5", "hoje", "amanhã" and their
like in our three languages; says nothing where words may mean more than one day, or none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from mcp_platform.assistant.lexicon import fold


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WEEKDAYS = (
    "segunda monday lunes",
    "terca tuesday martes",
    "quarta wednesday miercoles",
    "quinta thursday jueves",
    "sexta friday viernes",
    "sabado saturday",
    "domingo sunday",
)
_WEEKDAY = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_AFTER_TOMORROW = re.compile(r"\b(?:depois de amanha|day after tomorrow|pasado manana)\b")
_RELATIVE = {
    **dict.fromkeys(("hoje", "hj", "today", "hoy"), 0),
    **dict.fromkeys(("amanha", "tomorrow", "manana"), 1),
    "overmorrow": 2,
}
# "Por la mañana" is a part of a day, "a segunda" a row of a list, and so is "segunda opção".
_NO_DAY_AFTER = {
    "manana": {"la"},
    "segunda": {"a", "uma"},
}
_ROWS = frozenset(("opcao", "alternativa", "vez", "linha"))
# Right before a day: any but this one is wanted, or more than this one.
_BEYOND = _set_of("partir desde ate antes depois apos since from until before after hasta despues")
# Anywhere: the day may be the one that is not wanted, or not the only one.
_NOT_PLAIN = _set_of(
    "nao n nunca sem sin not don't dont can't cant cannot menos exceto fora tirando except"
    " semana semanas mes meses week weeks month months feriado natal"
)
# "No" is "in the" in Portuguese: it refuses only beside a verb.
_REFUSED = re.compile(r"\bno (?:puedo|voy|vamos|me|se|es|podre|podemos|quiero|tengo)\b")
_WORD = re.compile(r"\d{1,2}/\d{1,2}|\d+|[^\W\d_]+(?:'[a-z]+)?")
_OR = frozenset(("ou", "or", "o", "e", "and", "y"))
_MONTH = [timedelta(days=ahead) for ahead in range(31)]


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day as it was named: a date, or one with this weekday and perhaps this number."""

    exact: date | None = None
    weekday: int | None = None
    number: int | None = None

    def fits(self, day: date) -> bool:
        if self.exact is not None:
            return day == self.exact
        return day.weekday() == self.weekday and self.number in (None, day.day)

    def nearest(self, today: date) -> set[date]:
        """Return what may be meant: two days, where weekday and number contradict each other."""
        if self.exact is not None:
            return {self.exact}
        days = [today + ahead for ahead in _MONTH]
        by_weekday = [day for day in days if day.weekday() == self.weekday]
        by_number = [day for day in days if day.day == self.number]
        return {*by_weekday[:1], *by_number[:1]}


def named_day(texts: Iterable[tuple[str, date]]) -> NamedDay | None:
    """Return the one day that texts name, each with the day it was written on; None if not plain."""
    found: set[NamedDay] = set()
    for text, written in texts:
        folded = " ".join(fold(word) for word in text.split())
        words = _WORD.findall(_AFTER_TOMORROW.sub("overmorrow", folded))
        if _REFUSED.search(folded) or not _NOT_PLAIN.isdisjoint(words):
            return None
        for at in range(len(words)):
            day = _named(words, at, written=written)
            if day is None:
                continue
            if not _BEYOND.isdisjoint(words[max(0, at - 2) : at]):
                return None
            if day.number is None and _dated(words):  # "vi hoje o anúncio, tem dia 10?"
                return None
            found.add(day)
    return found.pop() if len(found) == 1 else None


def _named(words: list[str], at: int, *, written: date) -> NamedDay | None:
    word, before, following = words[at], words[:at][-1:], words[at + 1 : at + 4]
    if not _NO_DAY_AFTER.get(word, set()).isdisjoint(before) or not _ROWS.isdisjoint(following[:1]):
        return None
    if word in _RELATIVE:
        return NamedDay(exact=written + timedelta(days=_RELATIVE[word]))
    if word in _WEEKDAY:
        return NamedDay(weekday=_WEEKDAY[word], number=_number(following))
    return None


def _dated(words: list[str]) -> bool:
    return any(_number(words[at : at + 2]) is not None for at in range(len(words)))


def _number(words: list[str]) -> int | None:
    """Return the day of the month in "feira, dia 5" or "5/12"; a number alone may be an hour."""
    for before, word in zip(["", *words], words, strict=False):
        if word in _OR:
            return None
        if "/" in word:
            return int(word.partition("/")[0])
        if word.isdigit():
            return int(word) if before == "dia" else None
    return None
