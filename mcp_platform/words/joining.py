"""Which parts of a message go together, and in which order they stand.

A part is a phrase with what it is about. The rules look at ids, places and moods, never at wordings.
They know nothing of the database: what they must know of the turn is in `Situation`. Conditions of a
phrase (`needs`) are judged by the caller, before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from mcp_platform.words.book import BOOK, Mood, Outcome, Phrase, Place

Proposal = Literal["book", "move", "cancel"]

# Sorting by place means that a pair of phrases needs to be judged in one order only.
ORDER: tuple[Place, ...] = ("alone", "open", "react", "inform", "lead", "ask", "close")
MOST_OF_A_PLACE: Mapping[Place, int] = {"inform": 2}  # one of every other

GREETINGS = frozenset({"greet", "greet_first", "greet_returning", "greet_plain"})
# Beside these a cancellation is proposed with `propose_cancel_soft`.
GRIEVOUS = frozenset({"death", "ill", "accident", "hard_time"})


class Refusal(StrEnum):
    """Why a part is not said, as the model is told."""

    ALONE = "something in this message must stand alone"
    NOT_DONE = "what it says was not done in this turn"
    GREETED = "the customer was already greeted today"
    INTRODUCED = "another part already says who is writing"
    TOO_GRAVE = "it is too cheerful beside a grave part"
    PLACE_TAKEN = "another part stands in its place"
    CONTRADICTS = "another part says otherwise, or says it better"
    NOT_CLOSED = "the customer still waits for something"
    NOTHING_FOLLOWS = "nothing to answer or to tap follows it"
    CANCELS = "a cancellation is proposed without an announcement"
    HAS_APPOINTMENT = "the customer has an appointment"
    NO_FACTS = "what it needs to say is not known"
    TOO_LONG = "the message would be too long"
    SAID = "the same is said already"


@dataclass(frozen=True, slots=True)
class Part:
    """A phrase of a message. `values` fill its wording; `about` are the ids it is about."""

    phrase: str
    about: tuple[str, ...] = ()
    values: Mapping[str, str | None] = field(default_factory=dict, hash=False)

    @property
    def entry(self) -> Phrase:
        """The phrase of the book."""
        return BOOK[self.phrase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the rules must know of the turn."""

    outcomes: frozenset[Outcome] = frozenset()
    """The effects that were done in this turn."""
    failed: bool = False
    """Something that the customer asked for could not be done."""
    listed: bool = False
    """The message ends in a list or in buttons of its own, such as times or services."""
    explained: bool = False
    """What stands above the list says why these times are shown, and not those asked for."""
    proposal: Proposal | None = None
    """What the message proposes."""
    greeted_today: bool = False
    """We greeted this contact today, in a reply."""
    waiting: bool = False
    """The customer asked or wished for something that this message does not serve."""
    has_appointment: bool = False
    """The contact has an appointment to come."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part that is not said, and why."""

    part: Part
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Joined:
    """The parts of a message in their order, and those that are not said."""

    kept: tuple[Part, ...]
    dropped: tuple[Dropped, ...]


def join(parts: Sequence[Part], situation: Situation) -> Joined:
    """Return the parts that may stand in one message, in the order in which they are said.

    Of two that exclude each other by their place, the one that came first stays. A greeting that is
    too cheerful, or that introduces us twice, becomes a plainer one.
    """
    kept, dropped = list(parts), list[Dropped]()
    for rule in _RULES:
        refused = dict(rule(kept, situation))
        dropped += [Dropped(kept[number], reason) for number, reason in sorted(refused.items())]
        kept = [
            replaced
            for number, part in enumerate(kept)
            if (replaced := _instead(part, refused.get(number))) is not None
        ]
    kept.sort(key=lambda part: ORDER.index(part.entry.place))
    return Joined(tuple(kept), tuple(dropped))


def _instead(part: Part, reason: Refusal | None) -> Part | None:
    """Return what is said in place of a part; nothing, but for a greeting."""
    if reason is None:
        return part
    if part.phrase in GREETINGS and reason is Refusal.TOO_GRAVE:
        return replace(part, phrase="greet_plain")
    if part.phrase == "greet_first" and reason is Refusal.INTRODUCED:
        return replace(part, phrase="greet")
    return None


_Refused = Iterable[tuple[int, Refusal]]  # by the number of the part
_Rule = Callable[[Sequence[Part], Situation], _Refused]


def _said_once(parts: Sequence[Part], _: Situation) -> _Refused:
    seen = set[tuple[str, tuple[str, ...]]]()
    for number, part in enumerate(parts):
        if (part.phrase, part.about) in seen:
            yield number, Refusal.SAID
        seen.add((part.phrase, part.about))


def _done(parts: Sequence[Part], situation: Situation) -> _Refused:
    for number, part in enumerate(parts):
        if part.entry.force == "effect" and not part.entry.of & situation.outcomes:
            yield number, Refusal.NOT_DONE


def _alone(parts: Sequence[Part], _: Situation) -> _Refused:
    alone = [number for number, part in enumerate(parts) if part.entry.place == "alone"]
    if not alone:
        return
    stays = min(alone, key=lambda number: (not _is(parts[number], "grave"), number))
    for number in range(len(parts)):
        if number != stays:
            yield number, Refusal.ALONE


def _greeting(parts: Sequence[Part], situation: Situation) -> _Refused:
    said = {part.phrase for part in parts}
    for number, part in enumerate(parts):
        if part.phrase in GREETINGS and situation.greeted_today:
            yield number, Refusal.GREETED
        elif part.phrase == "greet_first" and "not_a_person" in said:
            yield number, Refusal.INTRODUCED


def _mood(parts: Sequence[Part], situation: Situation) -> _Refused:
    grave = any(_is(part, "grave") for part in parts)
    for number, part in enumerate(parts):
        greets_in_trouble = part.phrase in GREETINGS and situation.failed
        if _is(part, "warm") and (grave or greets_in_trouble):
            yield number, Refusal.TOO_GRAVE


# A phrase is dropped where one of those it gives way to is said too.
_GIVES_WAY: Mapping[str, frozenset[str]] = {
    "complaint": frozenset({"refund"}),
    "frustrated": frozenset({"complaint", "refund"}),
    "ask_move_or_cancel": frozenset({"stays_for_now"}),
    "price_sum": frozenset({"discount"}),
    "ask_else": frozenset({"complaint", "refund", "death"}),
}
_NOT_UNDERSTOOD = frozenset(
    {"not_understood", "not_understood_1", "not_understood_2", "not_understood_3"}
)
_ANNOUNCES_TIMES = frozenset({"look_at_times", "no_such_time_nearest"})
# Of several questions passed on, the one that names its topic says most.
_WITHOUT_TOPIC = ("asked_rest", "asked_owner")


def _pairs(parts: Sequence[Part], situation: Situation) -> _Refused:
    said = {part.phrase for part in parts}
    passed_on = [
        number for number, part in enumerate(parts) if part.entry.of == frozenset({"asked"})
    ]
    clearest = min(passed_on, key=lambda n: (_topic(parts[n]), n), default=None)
    lost = bool(said & _NOT_UNDERSTOOD)
    priced = {part.about for part in parts if part.phrase == "price"}
    for number, part in enumerate(parts):
        priced_already = part.phrase == "price_not_set" and part.about in priced
        # "Tudo ótimo" beside what was done or passed on would be a yes to what was asked.
        agrees = part.phrase == "how_are_you" and situation.outcomes
        untrue = part.phrase == "nothing_booked" and situation.outcomes & {"booked", "moved"}
        if agrees or untrue or priced_already or said & _GIVES_WAY.get(part.phrase, frozenset()):
            yield number, Refusal.CONTRADICTS
        elif part.entry.of == frozenset({"asked"}) and number != clearest:
            yield number, Refusal.SAID
        elif lost and part.entry.place == "inform" and part.phrase not in _NOT_UNDERSTOOD:
            yield number, Refusal.CONTRADICTS
        elif part.phrase == "ask_else" and situation.listed:
            yield number, Refusal.NOT_CLOSED
        elif part.phrase == "take_your_time" and situation.has_appointment:
            yield number, Refusal.HAS_APPOINTMENT


def _proposed(parts: Sequence[Part], situation: Situation) -> _Refused:
    """A proposal is the question, and what is tapped below it is its own."""
    for number, part in enumerate(parts):
        taps = part.entry.does or part.entry.needs or part.phrase in ("ask_help", "ask_else")
        if situation.proposal and part.entry.place == "ask" and taps:
            yield number, Refusal.CONTRADICTS


def _places(parts: Sequence[Part], _: Situation) -> _Refused:
    taken = dict[Place, int]()
    # What was done must be said, and what is grave goes before what is not.
    first = sorted(
        range(len(parts)),
        key=lambda n: (parts[n].entry.force != "effect", not _is(parts[n], "grave"), n),
    )
    for number in first:
        place = parts[number].entry.place
        taken[place] = taken.get(place, 0) + 1
        if taken[place] > MOST_OF_A_PLACE.get(place, 1):
            yield number, Refusal.PLACE_TAKEN


def _closing(parts: Sequence[Part], situation: Situation) -> _Refused:
    asks = any(part.entry.place == "ask" for part in parts) or situation.proposal is not None
    for number, part in enumerate(parts):
        if part.entry.place == "close" and (asks or situation.waiting):
            yield number, Refusal.NOT_CLOSED


def _announced(parts: Sequence[Part], situation: Situation) -> _Refused:
    shown = situation.listed or situation.proposal is not None
    asks = any(part.entry.place == "ask" for part in parts)
    for number, part in enumerate(parts):
        if part.entry.place == "lead":
            if not shown:
                yield number, Refusal.NOTHING_FOLLOWS
            elif situation.proposal == "cancel":
                yield number, Refusal.CANCELS
            elif situation.explained and part.phrase in _ANNOUNCES_TIMES:
                yield number, Refusal.SAID
        elif part.entry.force == "question" and not (shown or asks):
            yield number, Refusal.NOTHING_FOLLOWS


_RULES: tuple[_Rule, ...] = (
    _said_once,
    _done,
    _alone,
    _greeting,
    _mood,
    _pairs,
    _proposed,
    _places,
    _closing,
    _announced,
)


def _is(part: Part, mood: Mood) -> bool:
    return part.entry.mood == mood


def _topic(part: Part) -> int:
    return _WITHOUT_TOPIC.index(part.phrase) + 1 if part.phrase in _WITHOUT_TOPIC else 0
