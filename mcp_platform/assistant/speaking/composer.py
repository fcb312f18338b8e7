"""Puts a reply together: what tools did, what the model chose to say, and what can be tapped.

Effects and lists are stated by code, whatever the model chose. Every sentence is the phrase book's, an
answer of the business, or a rendering of an outcome.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from mcp_platform.answers.questions import MOST_OPEN
from mcp_platform.assistant.metrics import PHRASES_DROPPED
from mcp_platform.assistant.obliged import obliged_of, still_to_choose
from mcp_platform.assistant.outcomes import (
    EFFECTS,
    DaysDiffer,
    Done,
    HandedOver,
    ToCancel,
    ToChoose,
)
from mcp_platform.assistant.speaking.conditions import TurnState, met
from mcp_platform.assistant.speaking.consequences import Beside, Doing, Showing
from mcp_platform.assistant.speaking.facts import About, Facts
from mcp_platform.assistant.speaking.saying import Chosen
from mcp_platform.assistant.speech import Speech
from mcp_platform.assistant.toolbox import MOST_SLOTS
from mcp_platform.scheduling.outcome import Proposed, Released, SlotsFound, SlotView, Taken
from mcp_platform.tenants.languages import Language
from mcp_platform.whatsapp.reply import Reply, ReplyOption
from mcp_platform.words.book import BOOK, Outcome
from mcp_platform.words.composing import Blocks, Composed, compose
from mcp_platform.words.joining import GREETINGS, Part, Proposal, Situation

# An outcome under the name that the phrase book knows it by.
_IN_THE_BOOK: Mapping[str, Outcome] = {
    "booked": "booked",
    "moved": "moved",
    "cancelled": "cancelled",
    "handed_over": "handed_over",
    "booked_together": "booked",
    "proposed": "proposed",
}
# What stands above the rows of a list, instead of among what was done.
_ANNOUNCES = (SlotsFound, DaysDiffer, Taken, ToChoose)
# A chain of phrases that stand in for each other is no longer than this.
_LONGEST_CHAIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What this contact was told before this turn."""

    said: Mapping[str, int]
    """The wordings that they were last told, by `said_as`."""
    named: bool
    """Our last message said their name."""
    closed: bool
    """Our last message closed the conversation."""
    greeted_today: bool
    first: bool
    """Nothing was ever said to them, or nothing for a month."""
    misunderstood: int
    """How many of our last messages, one after the other, said that we did not understand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedReply:
    """A reply, the wordings in it, and what is done in the transaction that records it."""

    reply: Reply | None
    """None: nothing is sent, and that is the answer."""
    said: Mapping[str, int]
    beside: tuple[Beside, ...]


class Composer:
    """Composes the replies of one turn."""

    def __init__(
        self,
        *,
        language: Language,
        facts: Facts,
        speech: Speech,
        showing: Showing,
        doing: Doing,
        turn_number: int,
    ) -> None:
        self._language: Language = language
        self._facts = facts
        self._speech = speech
        self._showing = showing
        self._doing = doing
        self._turn_number = turn_number

    async def compose(
        self,
        chosen: Sequence[Chosen],
        done: Sequence[Done],
        *,
        state: TurnState,
        before: Before,
        offered: Mapping[str, SlotView],
        together: int = 1,
        question: bool = False,
    ) -> ComposedReply | None:
        """Return the reply; None: there is nothing to say, and the menu answers.

        `offered` are the times that the contact was shown before and may still choose. `question`:
        the contact asked something, so that nothing closes the conversation.
        """
        obliged = obliged_of(done, together=together)
        blocks = [(each, self._speech.block(each)) for each in obliged]
        if not chosen and not blocks:
            return None
        choices = next((block.choices for _, block in blocks if block.choices), ())
        still = still_to_choose(offered, obliged)
        proposal = _proposal(obliged)
        state = replace(
            state,
            times_shown=bool(choices) or bool(still),
            proposal=proposal,
            proposal_open=state.proposal_open or proposal is not None,
        )
        parts = [
            part
            for each in self._adding(chosen, obliged, state=state, before=before)
            if (part := self._part(each, state, before)) is not None
        ]
        asks = any(part.phrase.id in _ASK_FOR_TIMES for part in parts)
        if not choices and asks:  # what can be chosen stays choosable, whatever was read since
            choices = self._speech.slot_choices(tuple(still.values()), tuple(still))
        if not choices:
            choices = await self._showing.choices(parts)
        composed = self._composed(
            parts, blocks, state=state, before=before, choices=choices, question=question
        )
        kept = {part.phrase for part in composed.kept}
        PHRASES_DROPPED.inc(max(0, len(chosen) - len(kept)))
        stays = [each for each in parts if each.phrase.id in kept]
        if parts and all("send_nothing" in each.phrase.does for each in parts):
            return ComposedReply(reply=None, said={}, beside=self._doing.beside(parts))
        wanted_more = any(each.phrase.id not in GREETINGS for each in chosen)
        if not composed.text or (not obliged and wanted_more and _only_greets(stays)):
            return None
        alone = any(each.phrase.place == "alone" for each in stays)
        label = self._speech.phrases.see_times if blocks else self._speech.phrases.see_options
        reply = Reply(composed.text, () if alone else _evenly(choices), label if choices else "")
        return ComposedReply(reply=reply, said=composed.said, beside=self._doing.beside(stays))

    def _composed(
        self,
        parts: Sequence[Chosen],
        blocks: Sequence[tuple[Done, object]],
        *,
        state: TurnState,
        before: Before,
        choices: Sequence[ReplyOption],
        question: bool,
    ) -> Composed:
        effects: list[str] = []
        headers: list[str] = []
        proposals: list[str] = []
        for done, block in blocks:
            text = getattr(block, "text", "")
            if isinstance(done.outcome, Proposed | ToCancel):
                proposals.append(text)
            elif isinstance(done.outcome, _ANNOUNCES):
                headers.append(text)
            else:
                effects.append(text)
        situation = Situation(
            outcomes=_named(done for done, _ in blocks),
            failed=any(_failed(done) for done, _ in blocks),
            listed=bool(choices),
            proposal=state.proposal,
            greeted_today=before.greeted_today,
            waiting=question,
            has_appointment=bool(state.upcoming),
        )
        return compose(
            [self._filled(each) for each in parts],
            situation,
            blocks=Blocks(
                effects=[text for text in effects if text],
                header=self._header(headers, parts),
                proposal="\n".join(proposals),
            ),
            language=self._language,
            turn_number=self._turn_number,
            last_said=before.said,
            named_last=before.named,
        )

    def _header(self, headers: Sequence[str], parts: Sequence[Chosen]) -> str:
        """Return what stands above a list; nothing where a phrase announces the same times."""
        leads = any(each.phrase.place == "lead" for each in parts)
        told = dict.fromkeys(text for text in headers if text)
        return "\n".join(
            text for text in told if not (leads and text == self._speech.phrases.slots)
        )

    def _filled(self, each: Chosen) -> Part:
        values = {**self._facts.values(each.phrase.id, each.about), **each.values}
        return Part(each.phrase.id, each.about.ids, values)

    def _adding(
        self,
        chosen: Sequence[Chosen],
        obliged: Sequence[Done],
        *,
        state: TurnState,
        before: Before,
    ) -> Iterator[Chosen]:
        """Yield what the model chose, and what code says of its own accord."""
        greets = any(each.phrase.id in GREETINGS for each in chosen)
        if before.first and not greets and not state.with_person:
            yield Chosen(BOOK["greet"], About())
        yield from chosen
        for done in obliged:
            if phrase := getattr(done.outcome, "phrase", None):
                yield Chosen(BOOK[phrase], About(), done.outcome.values())  # type: ignore[union-attr]  # beside it
        if "asked" in _named(obliged) and not any("asked" in each.phrase.of for each in chosen):
            yield Chosen(BOOK["asked_owner"], About())

    def _part(self, each: Chosen, state: TurnState, before: Before) -> Chosen | None:
        """Return the phrase that is really said: code knows some things better than the model."""
        phrase = BOOK[self._picked(each.phrase.id, state, before)]
        for _ in range(_LONGEST_CHAIN):
            if not met(phrase, each.about, state):
                return None
            if "ask_owner" in phrase.does and state.open_questions >= MOST_OPEN:
                return Chosen(BOOK["too_many_asked"], About())
            reason = self._facts.reason(phrase.id, each.about)
            if reason is None and not self._can_say(Chosen(phrase, each.about, each.values)):
                reason = "missing"
            if reason is None:
                return Chosen(phrase, each.about, each.values)
            if reason not in phrase.instead:
                return None
            phrase = BOOK[phrase.instead[reason]]
        return None

    def _picked(self, phrase: str, state: TurnState, before: Before) -> str:
        """Return which of a phrase's picks is said."""
        if phrase in _OF_OWN and not state.upcoming:
            return "no_appointments"
        if phrase == "greet" and before.first:
            return "greet_first"
        if phrase == "not_understood":
            return f"not_understood_{min(before.misunderstood, 2) + 1}"
        picks = BOOK[phrase].picks
        if BOOK[phrase].place == "close" and before.closed:
            return "silence"
        return (
            phrase if phrase in ("greet", "see_below", "already_asked") or not picks else picks[0]
        )

    def _can_say(self, each: Chosen) -> bool:
        filled = self._filled(each)
        # Nothing closes a message that proposes something.
        closes = each.phrase.place == "close"
        alone = compose(
            [filled],
            replace(_ANYTHING, proposal=None) if closes else _ANYTHING,
            blocks=Blocks(),
            language=self._language,
            turn_number=self._turn_number,
            last_said={},
        )
        return bool(alone.text) or "send_nothing" in each.phrase.does


# What tells somebody of their appointments.
_OF_OWN = frozenset({"my_next", "ask_appointment"})
_ASK_FOR_TIMES = frozenset(
    id_ for id_, phrase in BOOK.items() if "times_shown" in phrase.needs and phrase.place == "ask"
)
# A situation in which any phrase may be said, to see whether its facts are known.
_ANYTHING = Situation(outcomes=frozenset(get_args(Outcome)), listed=True, proposal="book")


def _only_greets(said: Iterable[Chosen]) -> bool:
    """Tell whether nothing but a greeting is left, which answers no request."""
    return all(each.phrase.id in GREETINGS for each in said)


def _named(done: Iterable[Done]) -> frozenset[Outcome]:
    """Return the effects of outcomes, as the phrase book names them."""
    named = [
        getattr(each.outcome, "in_book", None) or _IN_THE_BOOK.get(each.outcome.kind)
        for each in done
    ]
    return frozenset(each for each in named if each)


def _failed(done: Done) -> bool:
    effects = (*EFFECTS, HandedOver, *_ANNOUNCES, Proposed, Released, ToCancel)
    if isinstance(done.outcome, Taken):
        return True
    return not isinstance(done.outcome, effects) and getattr(done.outcome, "role", "failure") == (
        "failure"
    )


def _proposal(obliged: Sequence[Done]) -> Proposal | None:
    for each in reversed(obliged):
        match each.outcome:
            case Proposed(moving=moving):
                return "book" if moving is None else "move"
            case ToCancel():
                return "cancel"
    return None


def _evenly(choices: Sequence[ReplyOption]) -> tuple[ReplyOption, ...]:
    """Return at most as many as a list has rows, from all over."""
    if len(choices) <= MOST_SLOTS:
        return tuple(choices)
    step = (len(choices) - 1) / (MOST_SLOTS - 1)
    return tuple(choices[round(number * step)] for number in range(MOST_SLOTS))
