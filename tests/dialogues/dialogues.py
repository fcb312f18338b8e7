"""The dialogues as data: who writes what, and what a good reply must do. See docs/dialogues.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
LANGUAGES = ("pt-BR", "en", "es")
WEEKDAYS = {
    "pt-BR": ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_DAY = re.compile(r"\{(wd|d|dm)(\d+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the customer does, and what the reply must do. What is left out is not asked for."""

    they: str = ""  # the text as it is typed
    taps: int | None = None  # or the row of our last message that is tapped, from 1
    language: str = "pt-BR"
    says: tuple[str, ...] = ()  # facts; `|` stands between ways of saying one
    never: tuple[str, ...] = ()
    brief: bool = False
    asks: bool = False  # it ends in a question, or in something to tap
    buttons: tuple[str, ...] = ()
    times: Mapping[str, Any] = field(default_factory=dict)  # what the list of times is like
    untapped: bool = False  # no times and no offers: this is no moment for them
    proposes: tuple[str, ...] = ()  # facts of an effect that waits for a yes
    does: Mapping[str, Any] = field(default_factory=dict)  # the effects; there are no others
    closes: bool = False
    silent: bool = False
    grave: bool = False  # no emoji, nothing cheerful
    called: bool = False  # a person has the conversation now
    owner: tuple[str, ...] | bool = False  # the owner was told, with these words
    script: tuple[Any, ...] = ()  # what the model answers; such a dialogue is counted apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A conversation in one business. `before` is what is so already when it begins."""

    id: str
    business: str
    language: str
    turns: tuple[Turn, ...]
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def scripted(self) -> bool:
        """Whether the model's choices are given and not its own."""
        return any(turn.script for turn in self.turns)


def load(language: str) -> list[Dialogue]:
    """Read the dialogues of one language.

    Raises:
        ValueError: a field is not known, or two dialogues have one id.
    """
    read = yaml.safe_load((HERE / f"{language}.yaml").read_text())
    found = [_dialogue(each, language=language) for each in read]
    twice = len(found) - len({each.id for each in found})
    if twice:
        raise ValueError(f"{twice} ids of {language} occur twice")
    return found


def everything() -> list[Dialogue]:
    return [each for language in LANGUAGES for each in load(language)]


def written(text: str, *, today: date, language: str) -> str:
    """Fill in days as a customer writes them: `{wd2}`, `{d2}` and `{dm2}` are in two days."""

    def day(match: re.Match[str]) -> str:
        on = today + timedelta(days=int(match[2]))
        if match[1] == "wd":
            return WEEKDAYS[language][on.weekday()]
        return str(on.day) if match[1] == "d" else f"{on.day}/{on.month}"

    return _DAY.sub(day, text)


def _dialogue(given: Mapping[str, Any], *, language: str) -> Dialogue:
    turns = tuple(_turn({"language": language, **turn}) for turn in given["turns"])
    return Dialogue(**{**_known(Dialogue, given), "language": language, "turns": turns})


def _turn(given: Mapping[str, Any]) -> Turn:
    return Turn(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in _known(Turn, given).items()
        }
    )


def _known(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = given.keys() - {each.name for each in fields(kind)}
    if unknown:
        raise ValueError(f"{given.get('id', given)}: {sorted(unknown)} is no field")
    return dict(given)
