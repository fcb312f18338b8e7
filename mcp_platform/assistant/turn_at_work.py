"""What one turn of one contact works with: what it is told, what it may choose from, what it says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.known import KnownAnswer, KnownAnswers
from mcp_platform.answers.questions import OpenQuestions
from mcp_platform.answers.wordings import own_wordings
from mcp_platform.assistant.calling import ToolCalls
from mcp_platform.assistant.choosing.choice import choice_of
from mcp_platform.assistant.context import TurnContext
from mcp_platform.assistant.journal import Journal
from mcp_platform.assistant.menu import Menu
from mcp_platform.assistant.model import FunctionCall
from mcp_platform.assistant.named_days import day_changed
from mcp_platform.assistant.offers import Action, Offers
from mcp_platform.assistant.outcomes import Done, Listed, result_for_model
from mcp_platform.assistant.prompt import (
    contents,
    describe_business,
    describe_turn,
    system_instruction,
)
from mcp_platform.assistant.speaking.composer import ComposedReply, Composer, EarlierReplies
from mcp_platform.assistant.speaking.conditions import TurnState
from mcp_platform.assistant.speaking.consequences import ReplyEffect
from mcp_platform.assistant.speaking.facts import About
from mcp_platform.assistant.speaking.own_voice import OwnVoice
from mcp_platform.assistant.speaking.saying import ChosenPhrase, KnownIds
from mcp_platform.assistant.speech import Speech
from mcp_platform.assistant.toolbox import MOST_SLOTS, Toolbox
from mcp_platform.conversations.handover import HandOver, hand_over_of
from mcp_platform.conversations.heard import InboundMessage
from mcp_platform.conversations.messages import Author, Message, Messages
from mcp_platform.outbox.outbox import REMINDER
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.tenants.languages import supported
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.book import BOOK
from mcp_platform.words.joining import GREETINGS

# What the model is reminded of: about a screenful, of the last day.
HISTORY_MOST = 20
HISTORY_SINCE = timedelta(hours=24)
# Who has not heard from us for so long is told again who is writing.
STRANGER_AFTER = timedelta(days=30)
RETURNING_AFTER = timedelta(days=14)
NOTHING_BEFORE = EarlierReplies(
    said={}, named=False, closed=False, greeted_today=False, first=False, misunderstood=0
)
REMINDED_SINCE = timedelta(days=3)  # the longest time before of which one is reminded
_ABUSED = frozenset({"abuse_1", "abuse_2"})
_UNREAD = {"audio": "audio", "image": "image", "video": "image", "document": "document"}
# What decorates the words beside it, and need not be answered.
WORDLESS = frozenset({"sticker"})


@dataclass(frozen=True, slots=True)
class TurnReply:
    """The reply of a turn, and who found it.

    `names` are the appointments that it tells of, as they were; `instead` writes what is said where
    they are otherwise by now.
    """

    reply: Reply
    author: Author
    names: tuple[Appointment, ...] = ()
    instead: Callable[[Sequence[Appointment]], Reply] | None = None
    said: Mapping[str, int] = field(default_factory=dict)
    """The phrases in it, and which wording of each."""
    named: bool = False
    """It says the contact's name."""
    beside: tuple[ReplyEffect, ...] = ()
    """What is done in the transaction that records it."""
    meanwhile: bool = False
    """It was said while a person has the conversation, and answers nobody."""


class TurnAtWork:
    """What one turn works with, put together once."""

    def __init__(
        self,
        *,
        context: TurnContext,
        journal: Journal,
        toolbox: Toolbox,
        speech: Speech,
        menu: Menu,
        voice: OwnVoice,
        composer: Composer,
    ) -> None:
        self.context = context
        self.journal = journal
        self.toolbox = toolbox
        self._calls = ToolCalls(toolbox)
        self.speech = speech
        self.menu = menu
        self._voice = voice
        self.composer = composer
        self._before: EarlierReplies | None = None
        self._answers: dict[str, KnownAnswer] = {}
        self._open_questions = 0
        self._proposed = False
        self.appointments: dict[str, Appointment] = {}
        self.offered: dict[str, SlotView] = {}
        self._more: str | None = None
        """The row that shows more than those, where the list of them has one."""
        self.together = 1
        """How many calls the model made at once, when it last made any."""
        self.chosen: str | None = None
        """The offer of our last message that the words choose, if they choose one."""

    def naming(self, said: TurnReply) -> TurnReply:
        """Return the reply with the appointments that it tells of."""
        seen = self.toolbox.seen.values()
        named = tuple(view for view in seen if self.speech.tells_of(view, said.reply))
        return replace(said, names=named, instead=self._changed) if named else said

    def _changed(self, ahead: Sequence[Appointment]) -> Reply:
        views = tuple(each.local(self.toolbox.catalogue.rules) for each in ahead)
        what = self.speech.block(Done(Listed(views))).text
        return Reply(f"{self.speech.phrases.changed_meanwhile}\n\n{what}")

    def known(self) -> KnownIds:
        """Return the ids that the model may use in this turn, those of what its tools found too."""
        return KnownIds(
            catalogue=self.toolbox.catalogue,
            appointments=self.appointments | self.toolbox.offered_appointments,
            slots=self.offered | self.toolbox.offered_slots,
            answers={each.id: each.text for each in self._answers.values()},
        )

    async def compose(
        self, said: Sequence[ChosenPhrase], done: Sequence[Done], texts: Sequence[str]
    ) -> ComposedReply | None:
        rules = self.toolbox.catalogue.rules
        return await self.composer.compose(
            said,
            done,
            state=TurnState(
                upcoming=tuple(each for each in self.toolbox.seen.values() if each.active),
                today=rules.local(self.context.now).date(),
                open_questions=self._open_questions,
                proposal_open=self._proposed,
                with_person=self.context.with_person,
                unread=_unread(self.context.heard),
            ),
            before=self._before or NOTHING_BEFORE,
            offered=self.offered,
            more=self._more,
            together=self.together,
            question="?" in " ".join(texts),
            own=await self._voice.own(),
        )

    async def saying(self, phrase: str, texts: Sequence[str]) -> TurnReply | None:
        """Return a phrase that code says of its own accord; None: it cannot be said."""
        composed = await self.compose([ChosenPhrase(BOOK[phrase], About())], [], texts)
        if composed is None or composed.reply is None:
            return None
        return TurnReply(
            composed.reply,
            "menu",
            said=composed.said,
            named=composed.named,
            beside=composed.beside,
            meanwhile=self.context.with_person,
        )

    async def prompt(self, texts: Sequence[str]) -> dict[str, Any]:
        """Return what the model is told, frozen with the turn's first start.

        Looking and writing down are one transaction: two fewer in each turn.
        """
        contact, now = self.context.contact, self.context.now
        async with self.journal.begin() as session:
            views = await self.toolbox.agenda.upcoming(
                contact_id=contact.id, now=now, session=session
            )
            self.toolbox.see(*views)
            offers = self.toolbox.offer_appointments(views)
            self.appointments = dict(zip(offers, views, strict=True))
            mine = Offers(session, contact.tenant_id, contact.id)
            self.offered = {
                offer: slot
                for offer, action in await mine.latest(does="slot", now=now, most=MOST_SLOTS)
                if (slot := self.toolbox.slot_view(action)) is not None
            }
            messages = Messages(session, contact.tenant_id)
            history = await messages.latest(
                contact.id, most=HISTORY_MOST, since=now - HISTORY_SINCE
            )
            self.toolbox.wrote_before = [each.text for each in history if each.inbound]
            own = await own_wordings(
                session, self.context.tenant.id, supported(self.speech.language)
            )
            self._voice.keep(own)
            recorded = self.journal.get("prompt")
            if recorded is not None:
                self.toolbox.day_changed = bool(recorded.get("day_changed"))
                self.chosen = recorded.get("chosen")
                self._more = recorded.get("more")
                self._before = (
                    EarlierReplies(**recorded["before"]) if "before" in recorded else None
                )
                self._answers = await self._likely(session, texts)
                if "own" in recorded:  # not in journals of the release before
                    self._voice.keep({id_: tuple(each) for id_, each in recorded["own"].items()})
                self.speech.conditions = recorded.get("conditions", ())
                return recorded
            self._answers = await self._likely(session, texts)
            ours = [each.at for each in history if not each.inbound]
            spoken = ours[-1] if ours else await messages.last_spoken(contact.id)
            waits = await OpenQuestions(session, contact.tenant_id).of_contact(contact.id)
            self._open_questions = len(waits)
            self._proposed = await Appointments(session, contact.tenant_id).proposed(
                contact.id, now=now
            )
            self._before = self._told(history, spoken=spoken)
            known = KnownAnswers(
                session, contact.tenant_id, language=supported(self.speech.language)
            )
            self.speech.conditions = await known.conditions()
            self.toolbox.day_changed = self._day_changed(history)
            self.chosen = await self._choice(history, texts, mine)
            self._more = self._leads_on(history)
            prompt = {
                "day_changed": self.toolbox.day_changed,
                "chosen": self.chosen,
                "more": self._more,
                "before": asdict(self._before),
                "own": dict(own),
                "conditions": self.speech.conditions,
                "system": system_instruction(self._business()),
                "contents": contents(history, texts=texts, facts=self._facts(history)),
            }
            await mine.issue(offers, now=now)
            await self.journal.write(session, "prompt", prompt)
        return prompt

    def _day_changed(self, history: Sequence[Message]) -> bool:
        """Tell whether midnight has passed since "tomorrow", and nothing was shown since."""
        local = self.toolbox.catalogue.rules.local
        today = local(self.context.now).date()
        if any(local(each.at).date() == today for each in history if not each.inbound):
            return False
        earlier = [(each.text, local(each.at).date()) for each in history if each.inbound]
        return day_changed(earlier, today=today)

    async def _choice(
        self, history: Sequence[Message], texts: Sequence[str], offers: Offers
    ) -> str | None:
        """Return the offer of our last message that all that was typed chooses.

        What came beside the words may be the half of what is meant, a voice note say.
        """
        shown, just_now = self._shown(history)
        wordy = all(each.kind == "text" or each.type in WORDLESS for each in self.context.heard)
        if not shown or not wordy:
            return None
        actions = await offers.meaning([each["id"] for each in shown], now=self.context.now)
        return choice_of(shown, actions, "\n".join(texts), just_now=just_now)

    def _shown(self, history: Sequence[Message]) -> tuple[Sequence[Mapping[str, str]], bool]:
        """Return what was last shown to choose from, and whether our last message shows it.

        What was shown before something was booked, moved or cancelled is done with.
        """
        just_now = bool(history) and not history[-1].inbound
        for message in reversed([each for each in history if not each.inbound]):
            if choices := (message.content or {}).get("choices", ()):
                return choices, just_now
            if self.speech.tells_of_an_effect(message.text):
                break
            just_now = False
        return (), False

    def _leads_on(self, history: Sequence[Message]) -> str | None:
        """Return the row that shows more times, of the list with the times that were offered."""
        shown, _ = self._shown(history)
        if not any(each["id"] in self.offered for each in shown):
            return None
        title = self.speech.phrases.more_times
        return next((each["id"] for each in shown if each["title"] == title), None)

    def _business(self) -> dict[str, Any]:
        return describe_business(
            business=self.context.tenant.business_name,
            kind=self.context.tenant.kind,
            language=supported(self.speech.language),
            catalogue=self.toolbox.catalogue,
            answers={
                each.id: "; ".join((each.title, *each.questions)) for each in self._answers.values()
            },
        )

    def _facts(self, history: Sequence[Message]) -> dict[str, Any]:
        contact, before = self.context.contact, self._before or NOTHING_BEFORE
        return describe_turn(
            language=supported(self.speech.language),
            catalogue=self.toolbox.catalogue,
            now=self.context.now,
            contact={
                "name": contact.name,
                "first_message": before.first,
                "greeted_today": before.greeted_today,
            },
            appointments=self.appointments,
            offered=self.offered,
            written=[each.at for each in self.context.heard if each.kind == "text"],
            earlier=[each.at for each in history if each.inbound],
        )

    async def _likely(self, session: AsyncSession, texts: Sequence[str]) -> dict[str, KnownAnswer]:
        language = supported(self.speech.language)
        answers = KnownAnswers(session, self.context.tenant.id, language=language)
        return {each.id: each for each in await answers.likely(" ".join(texts))}

    def _told(self, history: Sequence[Message], *, spoken: datetime | None) -> EarlierReplies:
        """Return what the contact was told before, as far as it changes what is said now."""
        rules = self.toolbox.catalogue.rules
        ours = [each for each in history if not each.inbound]
        said: dict[str, int] = {}
        for each in ours:
            said |= (each.content or {}).get("said", {})
        last = _phrases_of(ours[-1]) if ours else set()
        today = rules.local(self.context.now).date()
        lost = 0
        for each in reversed(ours):
            if not any(phrase.startswith("not_understood") for phrase in _phrases_of(each)):
                break
            lost += 1
        return EarlierReplies(
            said=said,
            named=bool(ours and (ours[-1].content or {}).get("named")),
            closed=any(BOOK[phrase].place == "close" for phrase in last),
            greeted_today=any(
                _phrases_of(each) & GREETINGS
                for each in ours
                if rules.local(each.at).date() == today
            ),
            first=spoken is None or self.context.now - spoken > STRANGER_AFTER,
            returning=spoken is not None
            and RETURNING_AFTER < self.context.now - spoken <= STRANGER_AFTER,
            abused=sum(bool(_phrases_of(each) & _ABUSED) for each in ours),
            misunderstood=lost,
        )

    async def hand_over(self) -> HandOver:
        """Return what the contact was told since the conversation went to a person, and lately."""
        contact = self.context.contact
        async with self.journal.begin() as session:
            return await hand_over_of(
                session, tenant_id=contact.tenant_id, contact_id=contact.id, now=self.context.now
            )

    async def answers_reminder(self) -> bool:
        """Tell whether our last message was a reminder, and nothing was said since."""
        contact = self.context.contact
        async with self.journal.begin() as session:
            last = await Messages(session, contact.tenant_id).latest(
                contact.id, most=1, since=self.context.now - REMINDED_SINCE
            )
        return bool(last) and last[0].key.startswith(REMINDER)

    async def typed_choice(self, texts: Sequence[str]) -> Action | None:
        """Return what the typed words choose of our last message, if they choose anything."""
        _, offer = await self._typed(texts)
        return None if offer is None else await self.menu.meaning(offer)

    async def _typed(self, texts: Sequence[str]) -> tuple[Sequence[Message], str | None]:
        """Return what was said before, and the offer that the typed words choose of it."""
        contact = self.context.contact
        async with self.journal.begin() as session:
            said = await Messages(session, contact.tenant_id).latest(
                contact.id, most=HISTORY_MOST, since=self.context.now - HISTORY_SINCE
            )
            offers = Offers(session, contact.tenant_id, contact.id)
            return said, await self._choice(said, texts, offers)

    async def by_menu(self, texts: Sequence[str]) -> Reply:
        """Answer without the model; what was typed may be what stands on something to tap."""
        said, offer = await self._typed(texts)
        if offer is not None:
            return await self.menu.tap(offer)
        shown, just_now = self._shown(said)
        if just_now and await self.menu.asks([each["id"] for each in shown]):
            return await self.menu.ask_team(texts[-1])
        keys = [each.key for each in self.context.heard if each.text == texts[-1]]
        greet = all(each.inbound for each in said)
        return await self.menu.typed(texts[-1], key=keys[-1] if keys else None, greet=greet)

    async def call(
        self, round_: int, calls: Sequence[FunctionCall], done: list[Done]
    ) -> list[dict[str, Any]]:
        """Do what the model asks; return the answers in the calls' order."""
        parts: list[dict[str, Any]] = []
        if calls:
            self.together = len(calls)
        await self.toolbox.foresee(calls)
        for index, call in enumerate(calls):
            self.context.processor.check()
            each = await self._calls.perform(
                f"tool:{round_}.{index}", call, language=self.speech.language
            )
            done.append(each)
            parts.append(answered_call(call, result_for_model(each)))
        return parts


def _unread(heard: Sequence[InboundMessage]) -> str:
    """Return the phrase of the last message's kind that cannot be read."""
    kinds = [_UNREAD[each.type] for each in heard if each.type in _UNREAD]
    return kinds[-1] if kinds else "unsupported"


def answered_call(call: FunctionCall, response: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": call.name, "response": response}
    if call.id is not None:
        answer["id"] = call.id
    return {"function_response": answer}


def _phrases_of(message: Message) -> set[str]:
    """Return the phrases of a message of ours that the book still has."""
    said = {key.partition(":")[0] for key in (message.content or {}).get("said", {})}
    return said & BOOK.keys()


def names_of(context: TurnContext, catalogue: Catalogue) -> list[str]:
    """Names that the business gave: its own, and those of its services and people."""
    services = [each.name for each in catalogue.services]
    return [
        context.tenant.business_name,
        *services,
        *(each.name for each in catalogue.professionals),
    ]
