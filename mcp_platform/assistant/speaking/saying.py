"""Reads what the model chose to say: phrases by id, and what each is about.

Nothing of it is trusted. An id is worth something only if this turn's facts hold it; a phrase, only if
the book offers it. What cannot be taken is told back to the model once, and left out after that.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from mcp_platform.assistant.speaking.facts import About
from mcp_platform.assistant.speaking.repertoire import phrase_near
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.words.book import Kind, Phrase

MOST_PARTS = 4
LONGEST_ID = 80
_SEPARATOR = re.compile(r"[\s,;]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Within them a day has days before and after it, for what looks for the next one.
_YEARS = range(2000, 3000)
_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIds:
    """The ids of one turn: the contact's, and those of the business."""

    catalogue: Catalogue
    appointments: Mapping[str, Appointment]
    slots: Mapping[str, SlotView]
    answers: Mapping[str, str]
    """The text of each answer that the model was given, by id."""


@dataclass(frozen=True, slots=True)
class ChosenPhrase:
    """A phrase that the model chose, with what it is about."""

    phrase: Phrase
    about: About
    values: Mapping[str, str | None] = field(default_factory=dict)
    """Values that an outcome brings with it."""


@dataclass(frozen=True, slots=True)
class ReplyChoices:
    """What could be taken of a reply, and what could not, for the model to read."""

    parts: tuple[ChosenPhrase, ...]
    problems: tuple[str, ...]


def read_reply(args: Mapping[str, Any], known: KnownIds) -> ReplyChoices:
    """Read the arguments of `reply`. Never raises for what the model sent."""
    said = args.get("say")
    parts = list(said) if isinstance(said, Sequence) and not isinstance(said, str) else [said]
    problems = []
    if len(parts) > MOST_PARTS:
        problems.append(f"say: at most {MOST_PARTS} parts")
    found = []
    for number, part in enumerate(parts[:MOST_PARTS]):
        each = _chosen_phrase(part, known)
        if isinstance(each, ChosenPhrase):
            found.append(each)
        else:
            problems.append(f"say[{number}]: {each}")
    return ReplyChoices(tuple(found), tuple(problems))


def _chosen_phrase(part: object, known: KnownIds) -> ChosenPhrase | str:
    """Return the part, or what is wrong with it."""
    name, about = part, None
    if isinstance(part, Mapping):
        name, about = part.get("phrase"), part.get("about")
    if not isinstance(name, str) or len(name) > LONGEST_ID:
        return "phrase must be the id of a phrase"
    phrase = phrase_near(name.strip().casefold())
    if phrase is None:
        return "there is no such phrase"
    ids = list(_ids(about, known))
    # Once each: "Corte e Corte" is one service, by whichever of its names it is named.
    found = list(dict.fromkeys(_found(ids, phrase, known)))
    if not ids:
        found = list(_implied(phrase, known))
    owns_none = not known.appointments and not found
    for subject in phrase.takes:
        if owns_none and "appointment" in subject.kinds:
            continue  # there is none to name, which is said instead
        number = len([kind for kind, _ in found if kind in subject.kinds])
        if not subject.least <= number <= subject.most:
            kinds = " or ".join(subject.kinds)
            return f"{phrase.id} needs {subject.least} to {subject.most} ids of {kinds} as `about`"
    return ChosenPhrase(phrase, _about(found, known))


def _ids(about: object, known: KnownIds) -> Iterator[str]:
    """Return the ids of an `about`: a text with one or several, or a list of texts."""
    each_of = about if isinstance(about, list) else [about]
    for each in each_of[:MOST_PARTS]:
        if isinstance(each, str) and len(each) <= LONGEST_ID * MOST_PARTS:
            whole = each.strip()
            # "Corte e barba" may be the name of a service
            services, people = known.catalogue.services, known.catalogue.professionals
            named = _named(whole, services) or _named(whole, people)
            yield from [whole] if named else _SEPARATOR.split(whole)


_Of = tuple[Kind, str]


def _found(ids: Sequence[str], phrase: Phrase, known: KnownIds) -> Iterator[_Of]:
    """Yield which of the ids the phrase takes, services and professionals by their own id."""
    for id_ in ids:
        kind = _kind(id_, phrase, known)
        of = {"service": known.catalogue.services, "professional": known.catalogue.professionals}
        if kind is not None:
            yield kind, _named(id_, of[kind]).id if kind in of else id_


def _kind(id_: str, phrase: Phrase, known: KnownIds) -> Kind | None:
    """Return which kind of id this is, of those that the phrase takes."""
    taken = {kind for subject in phrase.takes for kind in subject.kinds}
    is_: Mapping[Kind, bool] = {
        "appointment": id_ in known.appointments,
        "slot": id_ in known.slots,
        "answer": id_ in known.answers,
        "service": _named(id_, known.catalogue.services) is not None,
        "professional": _named(id_, known.catalogue.professionals) is not None,
        "day": _day(id_) is not None,
        "hour": _hour(id_) is not None,
    }
    return next((kind for kind, is_one in is_.items() if is_one and kind in taken), None)


def _implied(phrase: Phrase, known: KnownIds) -> Iterator[_Of]:
    """Return what can only be meant: the contact's one appointment."""
    if len(known.appointments) == 1 and len(phrase.takes) == 1:
        (subject,) = phrase.takes
        if "appointment" in subject.kinds and subject.least == 1:
            yield "appointment", next(iter(known.appointments))


def _about(found: Sequence[_Of], known: KnownIds) -> About:
    def of(kind: Kind) -> list[str]:
        return [id_ for each, id_ in found if each == kind]

    catalogue = known.catalogue
    services = (_named(each, catalogue.services) for each in of("service"))
    professionals = (_named(each, catalogue.professionals) for each in of("professional"))
    return About(
        ids=tuple(id_ for _, id_ in found),
        services=tuple(each for each in services if each is not None),
        professionals=tuple(each for each in professionals if each is not None),
        appointments=tuple(known.appointments[each] for each in of("appointment")),
        slots=tuple(known.slots[each] for each in of("slot")),
        days=tuple(day for each in of("day") if (day := _day(each)) is not None),
        hours=tuple(hour for each in of("hour") if (hour := _hour(each)) is not None),
        answers=tuple(known.answers[each] for each in of("answer")),
    )


def _named(said: str, named: Sequence[Any]) -> Any:
    """Return the service or professional of this id; of this name, if only one bears it."""
    by_id = [each for each in named if each.id == said]
    by_name = [each for each in named if each.name.casefold() == said.casefold()]
    found = by_id or by_name
    return found[0] if len(found) == 1 else None


def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _hour(text: str) -> time | None:
    found = _HOUR.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found else None
