"""Which of the rows that were shown is meant by what was typed. Pure.

The rows are those of our last message, as they stood on the phone, in their order. The whole turn
must name exactly one: by its place ("o segundo"), its hour ("o das 15h"), its day, or words that
stand on it. Whatever is left over, and every question, names none: "o segundo é com quem?" is for
the model to answer.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mcp_platform.assistant.choosing.typed import folded, words_of

HOURS, MINUTES, NOON = 24, 60, 12  # of a clock


@dataclass(frozen=True)
class ShownRow:
    """A row or a button as it stood on the phone.

    `counted`: it is one of the things to choose from, and so has a place among them. Buttons and
    rows that lead elsewhere ("Mais horários", "Agora não") have none.
    """

    id: str
    title: str
    description: str = ""
    counted: bool = True

    @cached_property
    def words(self) -> frozenset[str]:
        words = frozenset(words_of(f"{self.title} {self.description}"))
        return words | {f"weekday {_WEEKDAYS[each]}" for each in words if each in _WEEKDAYS}

    def is_named_by(self, words: Sequence[str]) -> bool:
        """Tell whether these stand on it; those of its title beside one another and in order.

        "Corte barba" may be two things, and so is no "Corte e barba"; an "e" alone is nothing.
        """
        title = _words_said(self.title)
        of_title = [word for word in words if word in title]
        runs = (title[at : at + len(of_title)] for at in range(len(title)))
        return (
            self.words.issuperset(words)
            and not _CONNECTORS.issuperset(words)
            and (not of_title or of_title in runs)
        )

    @cached_property
    def clocks(self) -> frozenset[tuple[int, int]]:
        """Its times of day: those written with minutes, so that no price and no date is one."""
        written = folded(f"{self.title} {self.description}")
        found = (_clock(each, doubtful=False) for each in _CLOCK.finditer(written))
        return frozenset(each for every in found for each in every)

    @cached_property
    def days(self) -> frozenset[int]:
        """Its days of the month, from its title alone: a description may hold any number."""
        title = folded(self.title)
        if slashed := _DATE.search(title):
            return frozenset({int(slashed["day"])})
        bare = re.findall(r"\b\d{1,2}\b", _CLOCK.sub(" ", title))
        return frozenset(map(int, bare))

    @cached_property
    def date(self) -> tuple[int, int] | None:
        found = _DATE.search(folded(self.title))
        return None if found is None else (int(found["day"]), int(found["month"]))


def pick(rows: Sequence[ShownRow], text: str) -> str | None:
    """Return the id of the one row that the whole of `text` names, or None.

    What leads elsewhere must be named by all that stands on it.
    """
    if "?" in text or "¿" in text:
        return None
    for said_of in (_words_said, _words_left):
        said = said_of(text)
        named = [row for row in rows if said and said_of(row.title) == said]
        if len(named) == 1:
            return named[0].id
    facts = _facts(text, rows)
    left = [row for row in rows if row.counted and all(row.id in fact for fact in facts)]
    return left[0].id if facts and len(left) == 1 else None


def all_meant(text: str, title: str) -> bool:
    """Tell whether `text` is "quero os dois", say, where a choice is titled "Os dois"."""
    said = tuple(words_of(text))
    if tuple(words_of(title)) not in _ALL:
        return False
    return any(
        said[-len(all_) :] == all_ and _FILLERS.issuperset(said[: -len(all_)]) for all_ in _ALL
    )


def _words_said(text: str) -> list[str]:
    return [word.lstrip("0") or "0" for word in words_of(text) if word not in _COURTESIES]


def _words_left(text: str) -> list[str]:
    return [word for word in _words_said(text) if word not in _FILLERS]


_Fact = frozenset[str]
"""The ids of the rows of which something that was said is true."""


def _facts(text: str, rows: Sequence[ShownRow]) -> list[_Fact]:
    """Return of which rows each thing that is said is true."""
    rest, facts = folded(text), list[_Fact]()
    for pattern, reading in _READINGS:

        def read(found: re.Match[str], reading: _Reading = reading) -> str:
            facts.append(reading(found, rows))
            return " hora " if reading in _OF_HOURS else " "  # a filler, that tells of the hour

        rest = pattern.sub(read, rest)
    words = _words_left(rest)
    if words:
        facts.append(_where(rows, lambda row: row.is_named_by(words)))
    return facts


_Reading = Callable[[re.Match[str], Sequence[ShownRow]], _Fact]


def _nth(place: int, rows: Sequence[ShownRow]) -> _Fact:
    counted = [row for row in rows if row.counted]
    return frozenset({counted[place - 1].id}) if 0 < place <= len(counted) else frozenset()


def _where(rows: Sequence[ShownRow], true: Callable[[ShownRow], object]) -> _Fact:
    return frozenset(row.id for row in rows if true(row))


def _at(clocks: Iterable[tuple[int, int]], rows: Sequence[ShownRow]) -> _Fact:
    return _where(rows, lambda row: row.clocks.intersection(clocks))


def _clock(found: re.Match[str], *, doubtful: bool = True) -> frozenset[tuple[int, int]]:
    """Return the times of day that may be meant: 3 is 15:00 too, if `doubtful`."""
    named = found.groupdict()
    hour = int(_NUMBERS.get(named["hour"], named["hour"]))
    minute = 30 if named.get("half") else int(named.get("minute") or 0)
    part = re.sub(r"[\s.]", "", named.get("part") or "")
    if hour >= HOURS or minute >= MINUTES:
        return frozenset()
    early, late = (hour % 12, minute), (hour % 12 + 12, minute)
    if part:
        midnight = hour == NOON and part in _AT_NIGHT
        return frozenset({early if midnight or part in _BEFORE_NOON else late})
    return frozenset({early, late} if doubtful and hour <= NOON else {(hour, minute)})


def _read_clock(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    return _at(_clock(found), rows)


def _read_hour_after(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    """Read "às 3". Where there are three rows it may be "as 3", all of them."""
    hours = {int(_NUMBERS.get(found["hour"], found["hour"]))}
    if found["before"] == "as" and not found["half"] and len(rows) in hours:
        return frozenset()
    return _at(_clock(found), rows)


def _read_noon(_: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    return _at({(12, 0)}, rows)


def _read_date(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    return _where(rows, lambda row: row.date == (int(found["day"]), int(found["month"])))


def _read_day(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    return _where(rows, lambda row: int(found["day"]) in row.days)


def _read_weekday(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    wanted = f"weekday {_WEEKDAYS[found['weekday']]}"
    return _where(rows, lambda row: wanted in row.words)


def _read_ordinal(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    """Read a place. "Segunda" is also a day, and beside an hour only that."""
    word = found["ordinal"]
    if word in _LAST:  # of a list that is cut, the last row is not the last time
        return _nth(len(rows), rows)
    weekday = _WEEKDAYS.get(word)
    day = _where(rows, lambda row: f"weekday {weekday}" in row.words)
    if found["feira"] is not None and weekday is not None:
        return day
    place = _nth(_ORDINALS[word], rows)
    return place if found["option"] else place | day


def _read_place(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    return _nth(int(found["place"]), rows)


def _read_number(found: re.Match[str], rows: Sequence[ShownRow]) -> _Fact:
    """Read a bare number: a place, an hour or a day of the month, whatever rows have it."""
    number = int(found["number"])
    hours = [(number, 0), (number + NOON, 0)] if number <= NOON else [(number, 0)]
    return _nth(number, rows) | _at(hours, rows) | _where(rows, lambda row: number in row.days)


_WEEKDAYS = {
    word: number
    for number, words in enumerate(
        (
            "seg segunda lun lunes mon monday",
            "ter terca mar martes tue tuesday",
            "qua quarta mie miercoles wed wednesday",
            "qui quinta jue jueves thu thursday",
            "sex sexta vie viernes fri friday",
            "sab sabado sat saturday",
            "dom domingo sun sunday",
        )
    )
    for word in words.split()
}
_ORDINALS = {
    word: number
    for number, words in enumerate(
        (
            "primeiro primeira primero primera primer first",
            "segundo segunda second",
            "terceiro terceira tercero tercera tercer third",
            "quarto quarta cuarto cuarta fourth",
            "quinto quinta fifth",
            "sexto sexta sixth",
            "setimo setima septimo septima seventh",
            "oitavo oitava octavo octava eighth",
            "nono nona noveno novena ninth",
            "decimo decima tenth",
        ),
        start=1,
    )
    for word in words.split()
}
_LAST = frozenset({"ultimo", "ultima", "last"})
_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        (
            "uma una one",
            "duas dos two",
            "tres three",
            "quatro cuatro four",
            "cinco five",
            "seis six",
            "sete siete seven",
            "oito ocho eight",
            "nove nueve nine",
            "dez diez ten",
            "onze once eleven",
            "doze doce twelve",
        ),
        start=1,
    )
    for word in words.split()
}
_BEFORE_NOON = frozenset({"am", "damanha", "damadrugada", "delamanana", "inthemorning"})
_AT_NIGHT = frozenset({"danoite", "delanoche", "intheevening"})
_NUMBER = rf"\d{{1,2}}|{'|'.join(_NUMBERS)}"
_PART = (
    r"(?P<part>\s*(?:da manha|da tarde|da noite|da madrugada|de la manana|de la tarde"
    r"|de la noche|in the morning|in the afternoon|in the evening|[ap]\.?\s?m\b\.?))"
)
_HALF = r"(?P<half>\s+e meia|\s+y media)?"
_BEFORE_HOUR = r"(?:as|das|at|a las|de las|las)\s+"
# "15:30", "15h30", "3:30 pm".
_CLOCK = re.compile(
    rf"\b(?:{_BEFORE_HOUR})?(?P<hour>\d{{1,2}})\s?(?:h|:)\s?(?P<minute>\d{{2}})"
    rf"(?:\s?(?:h|hs|hrs|min))?\b{_PART}?"
)
# "15h", "nove horas", "9h e meia".
_HOUR = re.compile(
    rf"\b(?:{_BEFORE_HOUR})?(?P<hour>{_NUMBER})\s?(?:h|hs|hrs?|horas?)\b{_HALF}(?:{_PART})?"
)
# "3pm", "nove e meia da manhã".
_HOUR_PART = re.compile(rf"\b(?:{_BEFORE_HOUR})?(?P<hour>{_NUMBER}){_HALF}{_PART}")
# "às 15", "das nove": here a number is an hour.
_HOUR_AFTER = re.compile(
    rf"\b(?P<before>as|das|at|a las|de las)\s+(?P<hour>{_NUMBER}){_HALF}\b(?![/:\d])"
)
_NOON = re.compile(r"\b(?:meio[ -]dia|mediodia|noon)\b")
_DATE = re.compile(r"\b(?P<day>\d{1,2})/(?P<month>\d{1,2})\b")
_DAY = re.compile(r"\b(?:no dia|el dia|dia|day)\s+(?P<day>\d{1,2})\b(?![/:])")
_WEEKDAY = re.compile(
    r"\b(?P<weekday>terca|sabado|domingo|lunes|martes|miercoles|jueves|viernes"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b(?:[ -]feira\b)?"
)
_ORDINAL = re.compile(
    rf"\b(?P<ordinal>{'|'.join([*_ORDINALS, *_LAST])})\b"
    r"(?:(?P<feira>[ -]feira\b|(?=[\s,]*hora\b))|(?P<option>\s+(?:opcao|opcion|option)\b))?"
)
_PLACE = re.compile(r"\b(?P<place>\d{1,2})(?:o|a|st|nd|rd|th)\b")
_BARE = re.compile(r"\b(?P<number>\d{1,2})\b")

_READINGS: tuple[tuple[re.Pattern[str], _Reading], ...] = (
    (_DATE, _read_date),
    (_CLOCK, _read_clock),
    (_HOUR, _read_clock),
    (_HOUR_PART, _read_clock),
    (_HOUR_AFTER, _read_hour_after),
    (_NOON, _read_noon),
    (_DAY, _read_day),
    (_WEEKDAY, _read_weekday),
    (_ORDINAL, _read_ordinal),
    (_PLACE, _read_place),
    (_BARE, _read_number),
)

_CONNECTORS = frozenset({"e", "ou", "and", "or", "y", "o", "u"})
_OF_HOURS = (_read_clock, _read_hour_after, _read_noon)
_COURTESIES = frozenset(
    words_of("por favor pf pfv obrigado obrigada obg valeu vlw please pls thanks gracias")
)
# All that may stand beside what names a row: any other word may turn it into something else.
_FILLERS = _COURTESIES | frozenset(
    words_of(
        "sim s ok okay blz beleza eu quero queria gostaria prefiro pode ser marca marque marcar"
        " agenda agende agendar escolho fico vou ficar de do da das o a as na com pra para em"
        " esse este essa esta mesmo mesma opcao numero horario dia hora entao ao"
        " yes i want would like take ill prefer book the at on with one option number for me it"
        " si yo quiero quisiera prefiero agende tomo el la las del en con ese esa mismo misma"
        " hora horario opcion numero entonces"
    )
)
_ALL = frozenset(
    tuple(written.split())
    for written in (
        *("os dois", "as duas", "ambos", "ambas", "todos", "todas", "both", "both of them"),
        *("all", "all of them", "los dos", "las dos"),
    )
)
