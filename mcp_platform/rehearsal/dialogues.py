"""Dialogues as data: who writes what, and what a good reply must do. See docs/dialogues.md."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from typing_extensions import TypedDict  # pydantic reads it on 3.11

from mcp_platform.errors import Invalid
from mcp_platform.tenants.languages import Language

WEEKDAYS = {
    "pt-BR": ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_DAY = re.compile(r"\{(wd|d|dm)(\d+)\}")
_STRICT = ConfigDict(extra="forbid", frozen=True)
Hour = Annotated[
    str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
]  # quoted: YAML counts 09:30 as 570


class WantedTimes(TypedDict, total=False):
    """What a list of times is like. Days are counted from today."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    least: int
    day: int
    within: tuple[str, str]
    includes: list[str]
    people: list[str]


class WantedEffect(TypedDict, total=False):
    """What is booked, moved or cancelled, as far as it matters."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    service: str
    who: str
    day: int
    at: Hour
    row: int  # of the list before, from 1


class WantedEffects(TypedDict, total=False):
    """The effects of a turn, by kind."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    booked: WantedEffect
    moved: WantedEffect
    cancelled: WantedEffect


class DialogueTurn(BaseModel):
    """What the customer does, and what the reply must do. What is left out is not asked for."""

    model_config = _STRICT

    they: str = ""  # the text as it is typed
    taps: Annotated[int | None, Field(ge=1)] = None  # or the row of our last message, from 1
    language: Language = "pt-BR"
    says: tuple[str, ...] = ()  # facts; `|` stands between ways of saying one
    never: tuple[str, ...] = ()
    brief: bool = False
    asks: bool = False  # it ends in a question, or in something to tap
    buttons: tuple[str, ...] = ()
    times: WantedTimes = Field(default_factory=WantedTimes)
    untapped: bool = False  # no times and no offers: this is no moment for them
    proposes: tuple[str, ...] = ()  # facts of an effect that waits for a yes
    does: WantedEffects = Field(default_factory=WantedEffects)  # there are no other effects
    closes: bool = False
    silent: bool = False
    grave: bool = False  # no emoji, nothing cheerful
    called: bool = False  # a person has the conversation now
    owner: tuple[str, ...] | bool = False  # the owner was told, with these words


class BookedBefore(TypedDict):
    """An appointment that stands when the dialogue begins."""

    __pydantic_config__ = _STRICT  # type: ignore[misc]

    service: str
    who: str
    day: int
    at: Hour


BusyBefore = TypedDict("BusyBefore", {"who": str, "day": int, "from": Hour, "to": Hour})
BusyBefore.__pydantic_config__ = _STRICT  # type: ignore[attr-defined]


class Before(BaseModel):
    """What is so already when a dialogue begins."""

    model_config = _STRICT

    booked: tuple[BookedBefore, ...] = ()
    busy: tuple[BusyBefore, ...] = ()  # somebody else has booked it
    person: bool = False  # the conversation waits for a person

    @property
    def known(self) -> bool:
        """Whether the customer has written before."""
        return self.person or bool(self.booked)


class Dialogue(BaseModel):
    """A conversation with one business."""

    model_config = _STRICT

    id: Annotated[str, Field(min_length=1)]
    language: Language
    turns: Annotated[tuple[DialogueTurn, ...], Field(min_length=1)]
    before: Before = Before()

    @model_validator(mode="before")
    @classmethod
    def _in_its_language(cls, given: Any) -> Any:
        """A turn that names no language is in the dialogue's."""
        if isinstance(given, dict) and isinstance(given.get("turns"), list):
            turns = [
                {"language": given.get("language"), **each} if isinstance(each, dict) else each
                for each in given["turns"]
            ]
            return {**given, "turns": turns}
        return given

    @model_validator(mode="after")
    def _each_does_one_thing(self) -> Self:
        if any((turn.taps is None) == (not turn.they) for turn in self.turns):
            raise ValueError("each turn has `they` or `taps`")
        return self


def listed(text: str) -> list[dict[str, Any]]:
    """Return the dialogues of a file as they are written, each with an id of its own.

    Raises:
        Invalid: it holds no list of dialogues.
    """
    try:
        read = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise Invalid(f"The file of dialogues is no YAML{line}.") from error
    if not (isinstance(read, list) and read and all(isinstance(each, dict) for each in read)):
        raise Invalid("The file holds no list of dialogues: each begins with `- id:`.")
    ids = [str(each.get("id")) for each in read]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise Invalid(f"The dialogue {twice} stands twice in the file.")
    return read


def dialogue(given: Mapping[str, Any], *, language: Language) -> Dialogue:
    """Return a dialogue of `listed`.

    Raises:
        Invalid: a field is unknown or has another form; `fields` says which.
    """
    try:
        return Dialogue.model_validate({**given, "language": language})
    except ValidationError as error:
        fields = {
            ".".join(map(str, each["loc"])) or "turns": each["msg"] for each in error.errors()
        }
        raise Invalid(f"The dialogue {given.get('id')} cannot be played.", fields=fields) from None


def written(text: str, *, today: date, language: str) -> str:
    """Fill in days as a customer writes them: `{wd2}`, `{d2}` and `{dm2}` are in two days."""

    def day(match: re.Match[str]) -> str:
        on = today + timedelta(days=int(match[2]))
        if match[1] == "wd":
            return WEEKDAYS[language][on.weekday()]
        return str(on.day) if match[1] == "d" else f"{on.day}/{on.month}"

    return _DAY.sub(day, text)
