"""Which day a contact's words plainly name, to be held against the dates that a model searched.

Models miscount weekdays. Owns the reading of "sexta", "6ª feira", "sáb", "dia 5", "5 de dezembro",
"hoje", "amanhã" and their like in our three languages; says nothing where words may mean more than
one day, or none. Names of days and months are Unicode's CLDR, through Babel.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import get_day_names, get_month_names

from mcp_platform.answers.folding import fold


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LOCALES = ("pt_BR", "en", "es")
# Short names that are more often another word: "vai ter vaga?", "o mar", "I sat", "the sun".
_WORDS_TOO = _set_of("ter mar sat sun")
_SHORT = re.compile(r"[\W_]+")


def _names(of: Callable[..., Mapping[int, str]]) -> dict[str, int]:
    """Return the long and short names of days or months, folded, and "segunda" for its whole name."""
    return {
        name: number
        for locale in _LOCALES
        for width in ("wide", "abbreviated")
        for number, written in of(width, "format", locale).items()
        if (name := _SHORT.split(fold(str(written)))[0]) not in _WORDS_TOO
    }


_WEEKDAY = {**_names(get_day_names), "tues": 1, "thurs": 3, "thur": 3}
_MONTHS = _names(get_month_names)
# "2ª feira" is a Monday; a number alone that is a rank is one only after "na" or the like.
_RANKED = re.compile(r"(?:\b(na|nesta|pra|proxima)\s+)?\b([2-6])\s?[aª]\b(\.?[\s-]*feira\b)?")
_RANKS = {"2": "segunda", "3": "terca", "4": "quarta", "5": "quinta", "6": "sexta"}
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
_ROWS = _set_of("opcao alternativa vez linha one option choice slot hora horas hour")
# Right before a day: any but this one is wanted, or more than this one.
_BEYOND = _set_of("partir desde ate antes depois apos since from until before after hasta despues")
# Anywhere: the day may be the one that is not wanted, or not the only one.
_NOT_PLAIN = _set_of(
    "nao n nunca sem sin not don't dont can't cant cannot menos exceto fora tirando except"
    " semana semanas mes meses week weeks month months feriado natal"
)
# "No" is "in the" in Portuguese: it refuses only beside a verb.
_REFUSED = re.compile(r"\bno (?:puedo|voy|vamos|me|se|es|podre|podemos|quiero|tengo)\b")
_WORD = re.compile(r"\d{1,2}/\d{1,2}|\d+(?:(?:st|nd|rd|th)\b)?|[^\W\d_]+(?:'[a-z]+)?")
_LINKS = frozenset(("de", "of", "the", "del"))
_JOINTS = _set_of("ou or o e and y a ao ate to al")
_DATE = re.compile(r"(\d{1,2})(?:(st|nd|rd|th)|/(\d{1,2}))?")
LONGEST_MONTH = 31
MONTHS_A_YEAR = 12
_OR = frozenset(("ou", "or", "o", "e", "and", "y"))
_MONTH = [timedelta(days=ahead) for ahead in range(31)]
_YEAR = [timedelta(days=ahead) for ahead in range(366)]


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day as it was named: a date, or one with this weekday and perhaps this number."""

    exact: date | None = None
    weekday: int | None = None
    number: int | None = None
    month: int | None = None

    def fits(self, day: date) -> bool:
        if self.exact is not None:
            return day == self.exact
        said = (self.weekday, self.number, self.month)
        is_ = (day.weekday(), day.day, day.month)
        return all(one in (None, other) for one, other in zip(said, is_, strict=True))

    def nearest(self, today: date) -> set[date]:
        """Return what may be meant: two days, where weekday and number contradict each other."""
        if self.exact is not None:
            return {self.exact}
        days = [today + ahead for ahead in (_MONTH if self.month is None else _YEAR)]
        by_weekday = [day for day in days if day.weekday() == self.weekday]
        by_number = [
            day for day in days if day.day == self.number and self.month in (None, day.month)
        ]
        return {*by_weekday[:1], *by_number[:1]}


def named_day(texts: Iterable[tuple[str, date]], *, day_first: bool = True) -> NamedDay | None:
    """Return the one day that texts name, each with the day it was written on; None if not plain.

    `day_first`: "5/12" is in December, as Portuguese and Spanish write it; else it is not plain.
    """
    found: set[NamedDay] = set()
    for text, written in texts:
        folded = _folded(text)
        words = _WORD.findall(folded)
        if _REFUSED.search(folded) or not _NOT_PLAIN.isdisjoint(words):
            return None
        for at in range(len(words)):
            day = _named(words, at, written=written)
            back = 2
            if day is None:
                day, back = _dated_day(words, at, day_first=day_first), 3
            if day is None:
                continue
            if not _BEYOND.isdisjoint(words[max(0, at - back) : at]):
                return None
            if day.number is None and _dated(words):  # "vi hoje o anúncio, tem dia 10?"
                return None
            found.add(day)
    return found.pop() if len(found) == 1 else None


def day_changed(earlier: Sequence[tuple[str, date]], *, today: date) -> bool:
    """Return whether the newest text that names a day says "tomorrow" or the like, and not today.

    Of texts that a contact wrote in earlier turns, oldest first, each with its day.
    """
    for text, written in reversed(earlier):
        words = _WORD.findall(_folded(text))
        if not _RELATIVE.keys().isdisjoint(words):
            return written != today
        if not _WEEKDAY.keys().isdisjoint(words) or _dated(words):
            return False
    return False


def _folded(text: str) -> str:
    """Return a text in plain letters, what stands for a day in one word."""
    folded = " ".join(fold(word) for word in text.split())
    return _RANKED.sub(_weekday_of_rank, _AFTER_TOMORROW.sub("overmorrow", folded))


def _weekday_of_rank(found: re.Match[str]) -> str:
    before, rank, feira = found.groups()
    return f"{before or ''} {_RANKS[rank]}" if before or feira else found[0]


def _named(words: list[str], at: int, *, written: date) -> NamedDay | None:
    word, before, following = words[at], words[:at][-1:], words[at + 1 : at + 4]
    if not _NO_DAY_AFTER.get(word, set()).isdisjoint(before) or not _ROWS.isdisjoint(following[:1]):
        return None
    if word in _RELATIVE:
        return NamedDay(exact=written + timedelta(days=_RELATIVE[word]))
    if word in _WEEKDAY:
        return NamedDay(weekday=_WEEKDAY[word], number=_number(following))
    return None


def _dated_day(words: list[str], at: int, *, day_first: bool) -> NamedDay | None:
    """Return the day that stands here as "dia 5", "5/12", "the 5th", "5 de dezembro", "Dec 5"."""
    before, following = words[max(0, at - 3) : at], words[at + 1 : at + 3]
    read = _DATE.fullmatch(words[at])
    if (
        read is None
        or not _WEEKDAY.keys().isdisjoint(before)  # its number, or an hour
        or not _ROWS.isdisjoint(following[:1])
        or _one_of_several(before[-2:], following)
    ):
        return None
    number, rank, month = int(read[1]), read[2], int(read[3] or 0) or None
    if month is not None and not day_first:
        return None
    near = (*_without_links(before)[-1:], *_without_links(following)[:1])
    month = next((_MONTHS[each] for each in near if each in _MONTHS), month)
    plain = rank or month or before[-1:] == ["dia"]
    if not plain or not 1 <= number <= LONGEST_MONTH or (month or 1) > MONTHS_A_YEAR:
        return None
    return NamedDay(number=number, month=month)


def _one_of_several(before: list[str], following: list[str]) -> bool:
    """Return whether a number stands beside another: "5 ou 6", "5 a 10"."""
    return any(
        pair[joint] in _JOINTS and pair[1 - joint].isdigit()
        for pair, joint in ((before, 1), (following, 0))
        if len(pair) == 2  # noqa: PLR2004  # the word between, and the other number
    )


def _without_links(words: list[str]) -> list[str]:
    return [each for each in words if each not in _LINKS]


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
