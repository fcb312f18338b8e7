"""Puts a reply together: what tools did, what the model chose to say, and what can be tapped.

Effects and lists are stated by code, whatever the model chose. Every sentence is the phrase book's, an
answer of the business, or a rendering of an outcome.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mcp_platform.answers.questions import MOST_OPEN
from mcp_platform.assistant.metrics import PHRASES_DROPPED
from mcp_platform.assistant.obliged import obliged_of, still_to_choose
from mcp_platform.assistant.outcomes import (
    FAILURES,
    DaysDiffer,
    Done,
    ToCancel,
    ToChoose,
    ToolOutcome,
    WhichService,
)
from mcp_platform.assistant.speaking.conditions import TurnState, met
from mcp_platform.assistant.speaking.consequences import PhraseEffects, PhraseOptions, ReplyEffect
from mcp_platform.assistant.speaking.facts import About, Facts
from mcp_platform.assistant.speaking.saying import ChosenPhrase
from mcp_platform.assistant.speech import Block, Speech
from mcp_platform.assistant.toolbox import MOST_SLOTS
from mcp_platform.scheduling.outcome import Proposed, SlotsFound, SlotView, Taken
from mcp_platform.tenants.languages import Language
from mcp_platform.whatsapp.reply import Reply, ReplyOption
from mcp_platform.words.book import BOOK, Outcome
from mcp_platform.words.composing import Blocks, Composed, compose
from mcp_platform.words.joining import GREETINGS, Part, Proposal, Situation
from mcp_platform.words.own import NO_OWN_WORDINGS, OwnWordings
from mcp_platform.words.templates import fill
from mcp_platform.words.texts import TEXTS

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
_ANNOUNCES = (SlotsFound, DaysDiffer, Taken, ToChoose, WhichService)
# A chain of phrases that stand in for each other is no longer than this.
_LONGEST_CHAIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierReplies:
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
    returning: bool = False  # not in journals of the release before
    """Nothing was said to them for two weeks, but for less than a month."""
    abused: int = 0
    """How many of our last messages answered insults."""
    misunderstood: int
    """How many of our last messages, one after the other, said that we did not understand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedReply:
    """A reply, the wordings in it, and what is done in the transaction that records it."""

    reply: Reply | None
    """None: nothing is sent, and that is the answer."""
    said: Mapping[str, int]
    named: bool
    """It says the contact's name."""
    beside: tuple[ReplyEffect, ...]


class Composer:
    """Composes the replies of one turn."""

    def __init__(
        self,
        *,
        language: Language,
        facts: Facts,
        speech: Speech,
        showing: PhraseOptions,
        doing: PhraseEffects,
        turn_number: int,
    ) -> None:
        self._language: Language = language
        self._facts = facts
        self._speech = speech
        self._showing = showing
        self._doing = doing
        self._turn_number = turn_number

    def file_unseen(self) -> str:
        """Say that of a file only the words below it were read, and whether the team hears of it."""
        return self._doing.file_unseen()

    async def compose(
        self,
        chosen: Sequence[ChosenPhrase],
        done: Sequence[Done],
        *,
        state: TurnState,
        before: EarlierReplies,
        offered: Mapping[str, SlotView],
        more: str | None = None,
        together: int = 1,
        question: bool = False,
        own: OwnWordings = NO_OWN_WORDINGS,
    ) -> ComposedReply | None:
        """Return the reply; None: there is nothing to say, and the menu answers.

        `offered` are the times that the contact was shown before and may still choose, `more` the
        row that shows others. `question`: the contact asked something, so that nothing closes the
        conversation. `own` has the wordings that the business put in place of ours, by phrase.
        """
        obliged = obliged_of(done, together=together)
        blocks = [(each, self._speech.block(each)) for each in obliged]
        if not chosen and not blocks:
            return None
        choices = next((block.choices for _, block in blocks if block.choices), ())
        still = still_to_choose(offered, obliged)
        proposal = _proposal(obliged)
        asks_which = any(isinstance(each.outcome, WhichService) for each in obliged)
        state = replace(
            state,
            times_shown=(bool(choices) or bool(still)) and not asks_which,
            proposal=proposal,
            proposal_open=state.proposal_open or proposal is not None,
        )
        parts = [
            part
            for each in self._adding(chosen, obliged, before=before)
            if (part := self._part(each, state, before)) is not None
        ]
        asks = any(part.phrase.id in _ASK_FOR_TIMES for part in parts)
        if not choices and asks:  # what can be chosen stays choosable, whatever was read since
            choices = self._speech.still_free(still, more=more)
        if not choices:
            choices = await self._showing.choices(parts)
        elif proposal is None:  # a person who is offered can be called beside any list
            person = await self._showing.person(parts)
            choices = (*_evenly(choices, MOST_SLOTS - len(person)), *person)
        composed = self._composed(
            parts,
            blocks,
            state=state,
            before=before,
            choices=choices,
            question=question,
            own=own,
        )
        kept = {part.phrase for part in composed.kept}
        PHRASES_DROPPED.inc(max(0, len(chosen) - len(kept)))
        stays = [each for each in parts if each.phrase.id in kept]
        if parts and all("send_nothing" in each.phrase.does for each in parts):
            return ComposedReply(reply=None, said={}, named=False, beside=self._doing.beside(parts))
        wanted_more = any(each.phrase.id not in GREETINGS for each in chosen)
        if not composed.text or (not obliged and wanted_more and _only_greets(stays)):
            return None
        alone = any(each.phrase.place == "alone" for each in stays)
        label = self._speech.phrases.see_times if blocks else self._speech.phrases.see_options
        reply = Reply(
            composed.text, () if alone else _evenly(choices, MOST_SLOTS), label if choices else ""
        )
        return ComposedReply(
            reply=reply,
            said=composed.said,
            named=composed.named,
            beside=self._doing.beside(stays),
        )

    def _composed(
        self,
        parts: Sequence[ChosenPhrase],
        blocks: Sequence[tuple[Done, Block]],
        *,
        state: TurnState,
        before: EarlierReplies,
        choices: Sequence[ReplyOption],
        question: bool,
        own: OwnWordings,
    ) -> Composed:
        effects: list[str] = []
        headers: list[str] = []
        proposals: list[str] = []
        for done, block in blocks:
            text = block.text
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
            explained=any(_explains(done) for done, _ in blocks),
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
            phrases={**TEXTS[self._language].phrases, **own},
            turn_number=self._turn_number,
            last_said=before.said,
            named_last=before.named,
        )

    def _header(self, headers: Sequence[str], parts: Sequence[ChosenPhrase]) -> str:
        """Return what stands above a list; nothing where a phrase announces the same times."""
        leads = any(each.phrase.place == "lead" for each in parts)
        told = dict.fromkeys(text for text in headers if text)
        return "\n".join(
            text for text in told if not (leads and text == self._speech.phrases.slots)
        )

    def _filled(self, each: ChosenPhrase) -> Part:
        values = {
            **self._facts.values(each.phrase.id, each.about),
            "team_told": self._doing.told(each.phrase),
            **each.values,
        }
        return Part(each.phrase.id, each.about.ids, values)

    def _adding(
        self,
        chosen: Sequence[ChosenPhrase],
        obliged: Sequence[Done],
        *,
        before: EarlierReplies,
    ) -> Iterator[ChosenPhrase]:
        """Yield what the model chose, and what code says of its own accord."""
        greets = any(each.phrase.id in GREETINGS for each in chosen)
        if before.first and not greets:
            yield ChosenPhrase(BOOK["greet"], About())
        yield from chosen
        for done in obliged:
            if isinstance(done.outcome, ToolOutcome) and (phrase := done.outcome.phrase):
                yield ChosenPhrase(BOOK[phrase], done.outcome.about, done.outcome.values)
        if "asked" in _named(obliged) and not any("asked" in each.phrase.of for each in chosen):
            yield ChosenPhrase(BOOK["asked_owner"], About())

    def _part(
        self, each: ChosenPhrase, state: TurnState, before: EarlierReplies
    ) -> ChosenPhrase | None:
        """Return the phrase that is really said: code knows some things better than the model."""
        phrase = BOOK[self._picked(each.phrase.id, state, before)]
        for _ in range(_LONGEST_CHAIN):
            if not met(phrase, each.about, state):
                return None
            if not self._doing.can(phrase):
                if "unreached" not in phrase.instead:
                    return None
                phrase = BOOK[phrase.instead["unreached"]]
                continue
            if "ask_owner" in phrase.does and state.open_questions >= MOST_OPEN:
                return ChosenPhrase(BOOK["too_many_asked"], About())
            reason = self._facts.reason(phrase.id, each.about)
            if reason is None and not self._can_say(ChosenPhrase(phrase, each.about, each.values)):
                reason = "missing"
            if reason is None and not self._doing.asks(phrase):
                noted = replace(BOOK["question_noted"], does=phrase.does)
                return ChosenPhrase(noted, About())
            if reason is None:
                return ChosenPhrase(phrase, each.about, each.values)
            if reason not in phrase.instead:
                return None
            phrase = BOOK[phrase.instead[reason]]
        return None

    def _picked(self, phrase: str, state: TurnState, before: EarlierReplies) -> str:
        """Return which of a phrase's picks is said."""
        if phrase in _OF_OWN and not state.upcoming:
            return "no_appointments"
        if phrase == "greet" and (before.first or before.returning):
            return "greet_first" if before.first else "greet_returning"
        if phrase == "see_below" and state.proposal == "move":
            return "see_change"
        if phrase == "media":
            return state.unread
        if phrase == "abuse":
            return ("abuse_1", "abuse_2", "silence")[min(before.abused, 2)]
        if phrase == "not_understood":
            return f"not_understood_{min(before.misunderstood, 2) + 1}"
        if BOOK[phrase].place == "close" and before.closed:
            return "silence"
        if phrase == "human_called" and not self._facts.is_open:
            return "human_closed"
        # A phrase without words of its own is one of its picks.
        has_words = phrase in TEXTS[self._language].phrases
        return phrase if has_words or not BOOK[phrase].picks else BOOK[phrase].picks[0]

    def _can_say(self, each: ChosenPhrase) -> bool:
        """Tell whether all that one of its wordings needs is known."""
        wordings = TEXTS[self._language].phrases.get(each.phrase.id, ())
        values = self._filled(each).values
        return "send_nothing" in each.phrase.does or any(fill(one, values) for one in wordings)


# What tells somebody of their appointments.
_OF_OWN = frozenset({"my_next", "ask_appointment"})
_ASK_FOR_TIMES = frozenset(
    id_ for id_, phrase in BOOK.items() if "times_shown" in phrase.needs and phrase.place == "ask"
)


def _only_greets(said: Iterable[ChosenPhrase]) -> bool:
    """Tell whether nothing but a greeting is left, which answers no request."""
    return all(each.phrase.id in GREETINGS for each in said)


def _named(done: Iterable[Done]) -> frozenset[Outcome]:
    """Return the effects of outcomes, as the phrase book names them."""
    outcomes = [each.outcome for each in done]
    own = [each.in_book for each in outcomes if isinstance(each, ToolOutcome)]
    named = [*own, *(_IN_THE_BOOK.get(each.kind) for each in outcomes)]
    return frozenset(each for each in named if each)


def _failed(done: Done) -> bool:
    own = isinstance(done.outcome, ToolOutcome) and done.outcome.role == "failure"
    return own or isinstance(done.outcome, FAILURES)


def _explains(done: Done) -> bool:
    match done.outcome:
        case SlotsFound(status=status, slots=slots):
            return bool(slots) and status != "ok"
        case Taken(alternatives=slots):
            return bool(slots)
    return False


def _proposal(obliged: Sequence[Done]) -> Proposal | None:
    for each in reversed(obliged):
        match each.outcome:
            case Proposed(moving=moving):
                return "book" if moving is None else "move"
            case ToCancel():
                return "cancel"
    return None


def _evenly(choices: Sequence[ReplyOption], most: int) -> tuple[ReplyOption, ...]:
    """Return at most as many as a list has rows, from all over; the last one is kept."""
    if len(choices) <= most:
        return tuple(choices)
    step = (len(choices) - 1) / (most - 1)
    return tuple(choices[round(number * step)] for number in range(most))
