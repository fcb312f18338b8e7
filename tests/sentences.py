"""All that a customer may be told, and nothing else: reads a sent text back into sentences.

It takes the files of words as data and turns each wording into a pattern. Names, prices, times and
answers are those of a `Truth`, written here by code that shares nothing with the platform's. A text is
good if sentences cover it from the first character to the last.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import yaml

import mcp_platform

FOLDER = Path(mcp_platform.__file__).parent / "words"
LANGUAGES = ("pt-BR", "en", "es")
WEEKDAYS = {
    language: names.split()
    for language, names in (
        ("pt-BR", "segunda terça quarta quinta sexta sábado domingo"),
        ("en", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
        ("es", "lunes martes miércoles jueves viernes sábado domingo"),
    )
}
MONTHS = {
    language: names.split()
    for language, names in (
        ("pt-BR", "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
        ("en", "January February March April May June July August September October November December"),
        ("es", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    )
}  # fmt: skip
NEAR = {"pt-BR": ("hoje", "amanhã"), "en": ("today", "tomorrow"), "es": ("hoy", "mañana")}
GREETINGS = {
    "pt-BR": ("Bom dia", "Boa tarde", "Boa noite"),
    "en": ("Good morning", "Good afternoon", "Good evening"),
    "es": ("Buenos días", "Buenas tardes", "Buenas noches"),
}
WITH = {"pt-BR": "com", "en": "with", "es": "con"}
OF = {"pt-BR": "(?:d[oa]s?|de)", "en": "of", "es": "(?:del|de las?|de los|de)"}
AT = {"pt-BR": "(?:n[oa]s?|em)", "en": "at", "es": "en(?: el| las?| los)?"}
THE = {"pt-BR": "(?:[oa]s? )?", "en": "", "es": "(?:(?:el|las?|los) )?"}
# What states that an appointment was made, moved or cancelled.
CLAIMS = frozenset({"booked", "moved", "cancelled"})
# What asks for a yes to a booking or a move: every value in it is of one proposal.
PROPOSES = frozenset({"outcomes.propose_book", "outcomes.propose_move"})
# What states a change that the customer wanted: every value in it is of one visit.
STATES = frozenset(f"outcomes.{each}_is" for each in CLAIMS)
PARTS = {
    "pt-BR": ("de manhã", "à tarde", "à noite"),
    "en": ("in the morning", "in the afternoon", "in the evening"),
    "es": ("por la mañana", "por la tarde", "por la noche"),
}
IN_TOTAL = {"pt-BR": "no total {}", "en": "{} in total", "es": "en total {}"}
FOR = {"pt-BR": "para", "en": "for", "es": "para"}
ASKS_TO_CANCEL = frozenset({"menu.sure_cancel", "outcomes.propose_cancel"})
# Of the sections of code, what stands on rows and buttons, or between two words.
_LABELS = re.compile(r"button_.*|see_.*|more_.*|any_professional|both_of_them|all_of_them|or_")
_MARKS = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]")
_PIECE = re.compile(r"(\{\w+\}|\[|\])")


def plain(text: str) -> str:
    """Return a text without emojis, with single spaces for all that separates words."""
    return " ".join(_MARKS.sub("", unicodedata.normalize("NFC", text)).split())


@lru_cache
def _file(language: str) -> Mapping[str, Any]:
    return dict(yaml.safe_load((FOLDER / f"{language}.yaml").read_text("utf-8")))


@lru_cache
def _book() -> Mapping[str, Any]:
    return dict(yaml.safe_load((FOLDER / "book.yaml").read_text("utf-8")))


@lru_cache
def wordings(language: str) -> tuple[tuple[str, str], ...]:
    """Return (id, wording) of all that is a sentence of its own."""
    held = _file(language)
    found = [(id_, each) for id_, several in held["phrases"].items() for each in several]
    found += [
        (f"{section}.{name}", text)
        for section in ("outcomes", "menu", "telling")
        for name, text in held[section].items()
        if not _LABELS.fullmatch(name)
    ]
    return tuple((id_, plain(each.replace("{icon} ", ""))) for id_, each in found)


@dataclass(frozen=True)
class Visit:
    """An appointment as it stands in the database; the start is by the business's clock."""

    service: str
    professional: str
    start: datetime
    stands: bool = True
    person: str | None = None
    """For whom it is, as the customer reads it back."""
    note: bool = False


@dataclass(frozen=True)
class Proposal:
    """What is held for a customer until they answer; times are by the business's clock."""

    slots: tuple[Visit, ...]
    """In the order in which they are told."""
    until: datetime
    moving: Visit | None = None
    """The appointment that a yes moves; None: a yes books."""
    person: str | None = None
    note: bool = False
    """A message to the business goes with it."""


@dataclass(frozen=True)
class Truth:
    """What one customer of a business may be told; its hours are from 8 to 18 on every day."""

    today: date
    business: str
    services: Mapping[str, tuple[int, int]]
    """Price in cents and minutes of each, by name."""
    people: tuple[str, ...]
    visits: tuple[Visit, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    offered: tuple[datetime, ...] = ()
    answers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    address: str = ""
    phone: str = ""
    own: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """The wordings that the business put in place of ours, by language and phrase."""

    def unsaid(self, text: str, *languages: str) -> str:
        """Return what no sentence covers: in the language, of all three, that covers most."""
        read = [self._of(each).read(text)[1] for each in languages or LANGUAGES]
        return min(read, key=len)

    def said(self, text: str, *languages: str) -> tuple[str, ...]:
        """Return the ids of the sentences of a text that is covered."""
        readings = (self._of(each).read(text) for each in languages or LANGUAGES)
        return next((ids for ids, rest in readings if not rest), ())

    def claims(self, text: str, *languages: str) -> list[str]:
        """Return the sentences of a text which state that an appointment was changed."""
        return [
            id_
            for id_ in self.said(text, *languages)
            if _only_of_changes(_book().get(id_, {}).get("of", ()))
            or id_.partition(".")[2].removesuffix("_is") in CLAIMS
        ]

    def unknown_labels(self, titles: Iterable[str]) -> list[str]:
        """Return which rows and buttons show what is neither ours nor the business's nor free."""
        return [
            title
            for title in titles
            if not any(re.fullmatch(self._of(each).label, plain(title)) for each in LANGUAGES)
        ]

    def _of(self, language: str) -> "_Sentences":
        return self._by_language.setdefault(language, _Sentences(language, self))

    @cached_property
    def _by_language(self) -> dict[str, "_Sentences"]:
        return {}


class _Sentences:
    """All sentences of one language with the values of one truth."""

    def __init__(self, language: str, truth: Truth) -> None:
        self._language, self._truth = language, truth
        self._patterns: dict[str, re.Pattern[str]] = {}

    def read(self, text: str) -> tuple[tuple[str, ...], str]:
        """Return the ids of the sentences from the start, and the rest that none begins."""
        text, best = plain(text), 0
        reached: dict[int, tuple[str, ...]] = {0: ()}
        waiting = [0]
        likely = [each for each in self._all if all(piece in text for piece in each[2])]
        while waiting:
            at = waiting.pop()
            best = max(best, at)
            for id_, wording, _ in likely:
                if found := self._pattern(id_, wording).match(text, at):
                    end = min(found.end() + 1, len(text))
                    if end not in reached:
                        reached[end] = (*reached[at], id_)
                        waiting.append(end)
        return reached[best], text[best:]

    @cached_property
    def _all(self) -> list[tuple[str, str, list[str]]]:
        """Each wording with the pieces that a text with it has: cheap to look for."""
        own = self._truth.own.get(self._language, {})
        found = [each for each in wordings(self._language) if each[0] not in own]
        found += [(id_, plain(each)) for id_, several in own.items() for each in several]
        found += [("listed", "• {appointment}")]
        return [
            (id_, each, re.split(r"\{\w+\}", re.sub(r"\[.*?\]", "{x}", each)))
            for id_, each in found
        ]

    def _pattern(self, id_: str, wording: str) -> re.Pattern[str]:
        key = f"{id_} {wording}"
        if key not in self._patterns:
            if id_ in PROPOSES:
                written = _any(self._proposed(id_, wording))
            elif id_ in STATES:
                written = _any(self._stated(id_, wording))
            else:
                written = "".join(
                    {"[": "(?:", "]": ")?"}.get(piece)
                    or (self._value(id_, piece[1:-1]) if piece[:1] == "{" else re.escape(piece))
                    for piece in _PIECE.split(wording)
                    if piece
                )
            self._patterns[key] = re.compile(f"(?:{written})(?= |$)")
        return self._patterns[key]

    def _proposed(self, id_: str, wording: str) -> Iterable[str]:
        """Write what asks for a yes, once for each proposal: all its values belong to that one."""
        language, truth = self._language, self._truth
        moves = id_ == "outcomes.propose_move"
        for each in truth.proposals:
            if moves != (each.moving is not None):
                continue
            slots = "; ".join(_appointment(slot, language, truth) for slot in each.slots)
            price = _price(sum(truth.services[slot.service][0] for slot in each.slots), language)
            values = {
                "appointment": slots,
                "new": slots,
                "old": each.moving and _appointment(each.moving, language, truth),
                "person": each.person,
                "note_goes": _file(language)["outcomes"]["note_goes"] if each.note else None,
                "price": IN_TOTAL[language].format(price) if each.slots[1:] else price,
            }
            yield _shown(wording, values)

    def _stated(self, id_: str, wording: str) -> Iterable[str]:
        """Write what states a change, once for each visit: all its values belong to that one."""
        language, truth = self._language, self._truth
        note_goes = _file(language)["outcomes"]["note_goes"]
        for each in truth.visits:
            if each.stands == (id_ != "outcomes.cancelled_is"):
                # Of several that are booked together, the note is told of once.
                for note in {each.note and note_goes, None}:
                    values = {
                        "appointment": _appointment(each, language, truth),
                        "person": each.person,
                        "note_goes": note or None,
                        "price": _price(truth.services[each.service][0], language),
                    }
                    yield _shown(wording, values)

    def _value(self, id_: str, name: str) -> str:
        """Return the pattern of a placeholder; one that nothing fills matches nothing."""
        if name == "value":  # a line of the business's card
            return self._values.get({"menu.hours": "week"}.get(id_, id_.partition(".")[2]), "(?!)")
        if (id_, name) == ("menu.which_of_days", "days"):
            day = _any(
                _long_day(each.date(), self._language, self._truth.today)
                for each in self._truth.offered
            )
            return f"{day}(?:{re.escape(_file(self._language)['menu']['or_'])}{day})*"
        if name == "appointment" and id_.partition(".")[2] in CLAIMS:  # the business did it
            stands = not id_.partition(".")[2].startswith("cancelled")
            return self._appointments(each for each in self._truth.visits if each.stands == stands)
        if name == "appointment" and id_ in ASKS_TO_CANCEL:
            mine = self._appointments(each for each in self._truth.visits if each.stands)
            return f"{mine}(?:; {mine})*"
        if name.endswith("_cap"):
            return f"(?i:{self._value(id_, name.removesuffix('_cap'))})"
        if name == "sum":
            return self._values["sum_of_times" if id_ == "duration_sum" else "sum"]
        if name == "service" and id_ == "ask_day":  # of one visit that is for several
            last = {"pt-BR": " e ", "en": ",? and ", "es": " (?:y|e) "}[self._language]
            one = self._values["service"]
            return f"{one}(?:(?:, {one})*{last}{one})?"
        return self._values.get(name, "(?!)")

    def _appointments(self, visits: Iterable[Visit]) -> str:
        return _any(_appointment(each, self._language, self._truth) for each in visits)

    @cached_property
    def _values(self) -> Mapping[str, str]:
        language, truth = self._language, self._truth
        several = [
            each
            for size in range(1, 5)
            for each in combinations_with_replacement(truth.services.values(), size)
        ]
        price = _any(_price(cents, language) for cents, _ in truth.services.values())
        time = _any(_length(minutes, language) for _, minutes in truth.services.values())
        item = _any(
            f"{name} {value}"
            for name, (cents, minutes) in truth.services.items()
            for value in (_price(cents, language), _length(minutes, language))
        )
        service, person, business = (
            _any(truth.services),
            _any(truth.people),
            re.escape(truth.business),
        )
        costs = {"pt-BR": "sai por", "en": "costs", "es": "cuesta"}[language]
        weekday = _any(WEEKDAYS[language])
        in_figures = (
            rf"(?:{'|'.join(each[:3] for each in MONTHS['en'])}) \d\d?"
            if language == "en"
            else r"\d\d?/\d\d?"
        )
        near = _any(NEAR[language])
        day = rf"(?:{weekday}|{near}) \({in_figures}\)"
        again = {
            "pt-BR": rf"(?:{near}|n[ao] {weekday}|no dia {in_figures}) às 8h",
            "en": rf"(?:{near}|on {weekday}|on {in_figures}) at 8 AM",
            "es": rf"(?:{near}|el {weekday}|el {in_figures}) a las 8:00",
        }[language]
        every_day, from_to, hours = {
            "pt-BR": ("todos os dias", "08:00–18:00", "das 8h às 18h"),
            "en": ("every day", "8:00 AM–6:00 PM", "from 8 AM to 6 PM"),
            "es": ("todos los días", "08:00–18:00", "de 8:00 a 18:00"),
        }[language]
        on = {"pt-BR": "n[ao]", "en": "on", "es": "el"}[language]
        return {
            "name": _any(truth.names), "business": business, "o_business": f"{THE[language]}{business}",
            "de_business": f"{OF[language]} {business}", "of_business": f"{OF[language]} {business}",
            "em_business": f"{AT[language]} {business}",
            "good_day": _any(GREETINGS[language]),
            "good_day_low": _any(each[0].lower() + each[1:] for each in GREETINGS[language]),
            "service": service, "service2": service, "professional": person,
            "people": f"{person}(?:, {person})*", "price": price, "costs": f"{costs} {price}",
            "duration": time, "items": rf"{item}(?: \+ {item}){{0,3}}",
            "sum": _any(_price(sum(cents for cents, _ in each), language) for each in several),
            "sum_of_times": _any(_length(sum(long for _, long in each), language) for each in several),
            "address": _any([truth.address]), "phone": _any([truth.phone]), "answer": _any(truth.answers),
            "days": every_day, "week": f"{every_day}: {from_to}", "hours": hours,
            "day": day, "day2": day, "on_day": f"(?:{near}|{on} {day})", "next_open": again, "back": again,
            "part": _any(PARTS[language]),
            "hour": r"\d\d?(?:h(?:\d\d)?|(?::\d\d)?(?: [AP]M)?)", "n": r"\d{1,3}", "limit": r"\d",
            "appointment": self._appointments(truth.visits), "before": self._appointments(truth.visits),
            "until": _any(_clock(each.until, language) for each in truth.proposals),
            "appointment_short": _any(_its(each, language, truth.today) for each in truth.visits),
            "team_told": _any(
                _file(language)["outcomes"][each] for each in ("team_told", "team_reminded")
            ),
            "when_short": _any(_when(each.start.date(), language, truth.today) for each in truth.visits),
        }  # fmt: skip

    @cached_property
    def label(self) -> str:
        """The pattern of what may stand on a row or button, or below its title."""
        held, language, truth = _file(self._language), self._language, self._truth
        ours = [*held["buttons"].values(), *held["rows"].values()]
        ours += [text for name, text in held["menu"].items() if _LABELS.fullmatch(name)]
        ours += [
            _long_day(truth.today + timedelta(ahead), language, truth.today) for ahead in range(100)
        ]
        starts = [*truth.offered, *(each.start for each in truth.visits)]
        ours += [f"{_short_day(each, language)} {_clock(each, language)}" for each in starts]
        ours += [_short_day(truth.today + timedelta(ahead), language) for ahead in range(100)]
        ours += [
            f"{a} · {b}" for s in truth.services for p in truth.people for a, b in ((s, p), (p, s))
        ]
        for whom in {each.person for each in (*truth.visits, *truth.proposals) if each.person}:
            ours += [
                f"{s} · {p} · {FOR[language]} {whom}" for s in truth.services for p in truth.people
            ]
        for cents, minutes in truth.services.values():
            ours.append(f"{_length(minutes, language)} · {_price(cents, language)}")
        values = self._values
        # Of two things one after the other, the second begins when the first ends.
        what = _any(f"{s} · {p}" for s in truth.services for p in truth.people)
        ends = _any(
            _clock(start + timedelta(minutes=minutes), language)
            for start in truth.offered
            for _, minutes in truth.services.values()
        )
        run = rf"{what} \+ {ends} {what}"
        return (
            _any([*ours, *truth.services, *truth.people])
            + f"|{run}|{values['day']}|{values['hour']}"
        )


def _shown(wording: str, values: Mapping[str, str | None]) -> str:
    """Fill a wording; what stands in brackets is left out where nothing fills it."""
    kept = re.sub(
        r"\[(.*?)\]",
        lambda found: found[1] if values[found[1].split("{")[1].split("}")[0]] else "",
        wording,
    )
    return kept.format_map(values)


def _only_of_changes(outcomes: Iterable[str]) -> bool:
    """Tell whether a phrase is said beside changes alone: beside a proposal too, it states none."""
    found = frozenset(outcomes)
    return bool(found) and found <= CLAIMS


def _any(texts: Iterable[str]) -> str:
    found = sorted({plain(each) for each in texts if each}, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, found))})" if found else "(?!)"


def _price(cents: int, language: str) -> str:
    whole, part = f"{cents // 100:,}", f"{cents % 100:02}"
    return f"R${whole}.{part}" if language == "en" else f"R$ {whole.replace(',', '.')},{part}"


def _length(minutes: int, language: str) -> str:
    hours, rest = divmod(minutes, 60)
    long = [f"{hours} {'hr' if language == 'en' else 'h'}"] * bool(hours)
    return " ".join([*long, *([f"{rest} min"] if rest or not hours else [])])


def _clock(at: datetime, language: str) -> str:
    return (
        f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"
        if language == "en"
        else f"{at:%H:%M}"
    )


def _figures(day: date, language: str) -> str:
    return (
        f"{MONTHS['en'][day.month - 1][:3]} {day.day}"
        if language == "en"
        else f"{day.day}/{day.month}"
    )


def _short_day(at: date, language: str) -> str:
    name = WEEKDAYS[language][at.weekday()][:3]
    return f"{name} {_figures(at, language)}" if language == "en" else f"{name} {at:%d/%m}"


def _long_day(day: date, language: str, today: date) -> str:
    weekday, month = WEEKDAYS[language][day.weekday()], MONTHS[language][day.month - 1]
    if language == "en":
        written = f"{weekday}, {month} {day.day}" + (
            f", {day.year}" if day.year != today.year else ""
        )
    else:
        weekday += "-feira" if language == "pt-BR" and day.weekday() < 5 else ""
        number = "1º" if language == "pt-BR" and day.day == 1 else day.day
        written = f"{weekday}, {number} de {month}" + (
            f" de {day.year}" if day.year != today.year else ""
        )
    ahead = (day - today).days
    return f"{NEAR[language][ahead]}, {written}" if ahead in (0, 1) else written


def _at(day: str, at: datetime, language: str, clock: str, comma: str = "") -> str:
    one = at.hour == 1
    word = {"pt-BR": "à" if one else "às", "en": "at", "es": "a la" if one else "a las"}[language]
    return f"{day}{'' if language == 'en' else comma} {word} {clock}"


def _appointment(visit: Visit, language: str, truth: Truth) -> str:
    person = f" {WITH[language]} {visit.professional}" if len(truth.people) > 1 else ""
    day = _long_day(visit.start.date(), language, truth.today)
    moment = _at(day, visit.start, language, _clock(visit.start, language), ",")
    return f"{visit.service}{person}, {moment}"


def _when(day: date, language: str, today: date) -> str:
    ahead, weekday, figures = (
        (day - today).days,
        WEEKDAYS[language][day.weekday()],
        _figures(day, language),
    )
    if ahead in (0, 1):
        return NEAR[language][ahead]
    near, far = {"pt-BR": ("", "dia "), "en": ("on ", "on "), "es": ("el ", "el ")}[language]
    return f"{near}{weekday}" if 0 <= ahead <= 6 else f"{far}{figures}"


def _its(visit: Visit, language: str, today: date) -> str:
    when, at = _when(visit.start.date(), language, today), visit.start
    whose = {
        "pt-BR": f"o horário {'do' if when.startswith('dia ') else 'de'} {when}",
        "en": f"your appointment {when}",
        "es": f"la cita {when.replace('el ', 'del ', 1) if when.startswith('el ') else f'de {when}'}",
    }[language]
    short = (
        f"{at.hour}:{at:%M}" if language == "es" else f"{at.hour}h{f'{at:%M}' if at.minute else ''}"
    )
    if language == "en":
        short = f"{at.hour % 12 or 12}{f':{at:%M}' if at.minute else ''} {'AM' if at.hour < 12 else 'PM'}"
    return _at(whose, at, language, short)
