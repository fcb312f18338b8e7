"""One turn answered: by a tap's meaning, by the model with its tools, or by the menu.

The model has a bounded number of rounds and a deadline. If anything goes wrong with it, the menu
answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.known import KnownAnswer, KnownAnswers
from mcp_platform.answers.questions import OpenQuestions
from mcp_platform.assistant.calling import ToolCalls
from mcp_platform.assistant.choosing.choice import choice_of
from mcp_platform.assistant.context import TurnContext
from mcp_platform.assistant.journal import Journal
from mcp_platform.assistant.language import detect, doubtful
from mcp_platform.assistant.menu import STEP, Menu
from mcp_platform.assistant.metrics import MENU_TURNS, UNREAD_TEXT
from mcp_platform.assistant.model import (
    Answer,
    FunctionCall,
    Model,
    ModelAway,
    ModelSpoiled,
    Question,
)
from mcp_platform.assistant.named_days import day_changed
from mcp_platform.assistant.obliged import ends_nowhere
from mcp_platform.assistant.offers import Offers
from mcp_platform.assistant.outcomes import Done, HandedOver, Listed, result_for_model
from mcp_platform.assistant.phrases import of_business
from mcp_platform.assistant.prompt import (
    REPLY,
    contents,
    describe_business,
    describe_turn,
    system_instruction,
)
from mcp_platform.assistant.speaking.composer import Before, ComposedReply, Composer
from mcp_platform.assistant.speaking.conditions import TurnState
from mcp_platform.assistant.speaking.consequences import Beside, Doing, Showing
from mcp_platform.assistant.speaking.facts import Facts
from mcp_platform.assistant.speaking.saying import Chosen, Known, chosen
from mcp_platform.assistant.speech import Speech
from mcp_platform.assistant.toolbox import MOST_SLOTS, Toolbox
from mcp_platform.assistant.tools import OUTCOMES, declarations
from mcp_platform.conversations.contacts import Contact, Contacts
from mcp_platform.conversations.heard import InboundMessage
from mcp_platform.conversations.lease import Leases
from mcp_platform.conversations.messages import Author, Message, Messages
from mcp_platform.errors import CredentialRefused
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.standstill import OverBudget
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.agenda import AgendaSource
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.tenants.cards import BusinessCards
from mcp_platform.tenants.credentials import CredentialSource, CredentialsUnreadable
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.book import BOOK
from mcp_platform.words.joining import GREETINGS

log = structlog.get_logger(__name__)

# What the model is reminded of: about a screenful, of the last day.
HISTORY_MOST = 20
HISTORY_SINCE = timedelta(hours=24)
# Wordings alternate from turn to turn; which turn it is, its id says.
WORDINGS_APART = 997
# Who has not heard from us for so long is told again who is writing.
STRANGER_AFTER = timedelta(days=30)
NOTHING_BEFORE = Before(
    said={}, named=False, closed=False, greeted_today=False, first=False, misunderstood=0
)
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
    beside: tuple[Beside, ...] = ()
    """What is done in the transaction that records it."""


async def as_it_stands(
    session: AsyncSession, said: TurnReply, *, contact: Contact, now: datetime
) -> TurnReply:
    """Return the reply, or what stands where somebody has changed meanwhile what it names.

    In the transaction that records it: whoever changes an appointment later tells of it later.
    """
    if said.instead is None:
        return said
    appointments = Appointments(session, contact.tenant_id)
    for view in sorted(said.names, key=lambda each: (each.starts_at, each.id)):
        current = await appointments.find(view.id, for_update=True)
        if current is None or not _is_as(current, view):
            ahead = await appointments.upcoming(contact.id, now=now)
            return replace(said, reply=said.instead(ahead), author="menu", said={})
    return said


def _is_as(current: Appointment, view: Appointment) -> bool:
    return _where(current) == _where(view)


def _where(appointment: Appointment) -> tuple[object, ...]:
    return (
        appointment.starts_at.astimezone(UTC),
        appointment.service_id,
        appointment.professional_id,
        appointment.status == "cancelled",
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the model one turn may use, and how long a handoff lasts."""

    rounds: int
    deadline: timedelta
    human_for: timedelta


class Assistant:
    """Answers turns. One for the process; everything of a tenant comes with the turn."""

    def __init__(
        self,
        *,
        leases: Leases,
        catalogues: Catalogues,
        agendas: AgendaSource,
        cards: BusinessCards,
        credentials: CredentialSource,
        model: Model | None,
        notices: Notices,
        health: TenantHealth,
        limits: Limits,
        timer: Callable[[], float],
    ) -> None:
        self._leases = leases
        self._catalogues = catalogues
        self._agendas = agendas
        self._cards = cards
        self._credentials = credentials
        self._model = model
        self._notices = notices
        self._health = health
        self._limits = limits
        self._timer = timer
        self._tools = [*declarations(), REPLY]

    async def answer(self, context: TurnContext) -> TurnReply | None:
        """Answer a turn, or return None where nothing asks for an answer."""
        taps = [each for each in context.heard if each.kind == "tap" and each.tap]
        texts = [each.text for each in context.heard if each.kind == "text"]
        kinds = {each.kind for each in context.heard}
        if not (taps or texts or kinds & {"unsupported", "unreadable"}):
            return None
        turn = await self._prepare(context, texts)
        said = await self._said(turn, taps, texts)
        return said and turn.naming(said)

    async def _said(
        self, turn: "_TurnAtWork", taps: Sequence[InboundMessage], texts: Sequence[str]
    ) -> TurnReply | None:
        context, kinds = turn.context, {each.kind for each in turn.context.heard}
        if taps:
            # Of several taps the last is what the contact wants now.
            tap = taps[-1].tap or ""
            words = await turn.menu.words_of(tap)
            if words is None:
                return TurnReply(await turn.menu.tap(tap), "menu")
            texts = [*texts, words]
        phrases = turn.speech.phrases
        unreadable = "unreadable" in kinds
        if not texts:
            return TurnReply(Reply(phrases.unreadable if unreadable else phrases.text_only), "menu")
        said = await self._converse(turn, texts)
        if said is None:
            return None
        if unreadable:
            return _and(said, phrases.one_unreadable)
        if any(each.kind == "unsupported" and each.type not in WORDLESS for each in context.heard):
            return _and(said, phrases.one_not_text)
        return said

    async def _prepare(self, context: TurnContext, texts: Sequence[str]) -> "_TurnAtWork":
        tenant = context.tenant
        journal = Journal(leases=self._leases, lease=context.lease, turn=context.turn)
        await journal.read()
        catalogue = await self._catalogues.of(tenant.id)
        language = await self._language(context, journal, texts, catalogue)
        card = await self._cards.of(tenant)
        toolbox = Toolbox(
            context=context,
            journal=journal,
            catalogue=catalogue,
            agenda=await self._agendas.of(tenant, catalogue),
            notices=self._notices,
            human_for=self._limits.human_for,
            json=OUTCOMES,
        )
        speech = Speech(language=language, catalogue=catalogue, now=context.now, kind=tenant.kind)
        whose = of_business(tenant.business_name, article=tenant.article, language=language)
        menu = Menu(toolbox=toolbox, speech=speech, of_business=whose)
        facts = Facts(
            tenant=tenant,
            catalogue=catalogue,
            language=language,
            now=context.now,
            card=card,
            contact_name=context.contact.name,
        )
        composer = Composer(
            language=language,
            facts=facts,
            speech=speech,
            showing=Showing(menu=menu, times=facts.times, language=language),
            doing=Doing(
                toolbox=toolbox,
                notices=self._notices,
                human_for=self._limits.human_for,
                language=language,
                words=" ".join(texts),
            ),
            turn_number=context.turn.id.int % WORDINGS_APART,
        )
        return _TurnAtWork(
            context=context,
            journal=journal,
            toolbox=toolbox,
            speech=speech,
            menu=menu,
            composer=composer,
        )

    async def _language(
        self, context: TurnContext, journal: Journal, texts: Sequence[str], catalogue: Catalogue
    ) -> Language:
        """Return the language to answer in, and remember it where it changes."""
        tenant, contact = context.tenant, context.contact
        spoken = supported(contact.language or tenant.language)
        if not doubtful(texts, now=spoken):
            return spoken
        async with journal.begin() as session:
            before = await Messages(session, tenant.id).latest(
                contact.id, most=HISTORY_MOST, since=context.now - HISTORY_SINCE
            )
            last = [each.text for each in before if each.inbound][-1:]
            names = _names(context, catalogue)
            language = detect([*last, *texts], now=spoken, names=names)
            if language != spoken:
                await Contacts(session, tenant.id).speaks(contact.id, language)
        return supported(language)

    async def _converse(self, turn: "_TurnAtWork", texts: Sequence[str]) -> TurnReply | None:
        done: list[Done] = []
        said: tuple[Chosen, ...] = ()
        why = "switched_off"
        tenant = turn.context.tenant
        # What the menu has done for typed words stays the menu's when the turn is begun again.
        typed = turn.journal.get(STEP) is not None
        if self._model is not None and tenant.model_enabled and not typed:
            try:
                said = await self._ask(turn, texts, done, self._model)
                why = "nothing_to_say"
                await self._health.accepted(tenant.id, "gemini")
            except ModelAway as error:
                why = "away"
                log.warning("assistant.model.away", tenant=tenant.path, error=str(error))
            except ModelSpoiled as error:
                why = "spoiled"
                log.warning("assistant.model.spoiled", tenant=tenant.path, error=str(error))
            except OverBudget as error:
                why = "over_budget"
                log.warning(
                    "assistant.turn.over_budget",
                    tenant=tenant.path,
                    turn=str(turn.context.turn.id),
                    error=str(error),
                )
            except CredentialRefused as error:
                why = "refused"
                log.warning("assistant.model.refused", tenant=tenant.path, error=str(error))
                await self._health.refused(tenant.id, "gemini", str(error))
                await self._notices.trouble(tenant, "model_refused", now=turn.context.now)
            except CredentialsUnreadable as error:
                why = "no_credentials"
                log.warning("assistant.model.no_key", tenant=tenant.path, error=str(error))
        if turn.chosen is not None:
            return TurnReply(await turn.menu.tap(turn.chosen), "menu")
        composed = await turn.compose(said, done, texts) if said or done else None
        if composed is None:
            MENU_TURNS.labels(why=why).inc()
            return TurnReply(await turn.by_menu(texts), "menu")
        if composed.reply is None:
            return None
        reply = composed.reply
        if ends_nowhere(done) and not reply.choices:
            reply = await turn.menu.way_on(reply.text)
        return TurnReply(reply, "model", said=composed.said, beside=composed.beside)

    async def _ask(
        self, turn: "_TurnAtWork", texts: Sequence[str], done: list[Done], model: Model
    ) -> tuple[Chosen, ...]:
        """Let the model work with its tools; return what it chose to say. `done` grows on the way."""
        tenant = turn.context.tenant
        credentials = await self._credentials.of(tenant)
        prompt = await turn.prompt(texts)
        if turn.chosen is not None:
            return ()
        conversation: list[dict[str, Any]] = list(prompt["contents"])
        until = self._timer() + self._limits.deadline.total_seconds()
        said: tuple[Chosen, ...] = ()
        told_back = False
        for round_ in range(self._limits.rounds):
            turn.context.processor.check()
            last = round_ + 1 == self._limits.rounds
            step = f"model:{round_}"
            recorded = turn.journal.get(step)
            if recorded is None:
                question = Question(
                    system=prompt["system"],
                    contents=conversation,
                    tools=self._tools,
                    only=(REPLY["name"],) if last else (),
                    deadline=timedelta(seconds=until - self._timer()),
                )
                answer = await model.ask(question, tenant=tenant, credentials=credentials)
                failpoint("turn.after_model")
                recorded = _to_json(answer)
                await turn.journal.record(step, recorded)
                failpoint("turn.after_model_recorded")
            answer = _from_json(recorded)
            if answer.text.strip():
                UNREAD_TEXT.inc()
            conversation.append(answer.content)
            calls = [each for each in answer.calls if each.name != REPLY["name"]]
            parts = await turn.call(round_, calls, done)
            if any(isinstance(each.outcome, HandedOver) for each in done):
                return said
            replies = [each for each in answer.calls if each.name == REPLY["name"]]
            if not answer.calls:
                return said
            if replies:
                choice = chosen(replies[-1].args, turn.known())
                said = choice.parts
                if not choice.problems or told_back or last:
                    return said
                told_back = True
                parts += [_answered(each, {"problems": list(choice.problems)}) for each in replies]
            conversation.append({"role": "user", "parts": parts})
        return said


class _TurnAtWork:
    """What one turn works with, put together once."""

    def __init__(
        self,
        *,
        context: TurnContext,
        journal: Journal,
        toolbox: Toolbox,
        speech: Speech,
        menu: Menu,
        composer: Composer,
    ) -> None:
        self.context = context
        self.journal = journal
        self.toolbox = toolbox
        self._calls = ToolCalls(toolbox)
        self.speech = speech
        self.menu = menu
        self._composer = composer
        self._before: Before | None = None
        self._answers: dict[str, KnownAnswer] = {}
        self._open_questions = 0
        self._proposed = False
        self.appointments: dict[str, Appointment] = {}
        self.offered: dict[str, SlotView] = {}
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

    def known(self) -> Known:
        """Return the ids that the model may use in this turn, those of what its tools found too."""
        return Known(
            catalogue=self.toolbox.catalogue,
            appointments=self.appointments | self.toolbox.offered_appointments,
            slots=self.offered | self.toolbox.offered_slots,
            answers={each.id: each.text for each in self._answers.values()},
        )

    async def compose(
        self, said: Sequence[Chosen], done: Sequence[Done], texts: Sequence[str]
    ) -> ComposedReply | None:
        rules = self.toolbox.catalogue.rules
        return await self._composer.compose(
            said,
            done,
            state=TurnState(
                upcoming=tuple(self.toolbox.seen.values()),
                today=rules.local(self.context.now).date(),
                open_questions=self._open_questions,
                proposal_open=self._proposed,
            ),
            before=self._before or NOTHING_BEFORE,
            offered=self.offered,
            together=self.together,
            question="?" in " ".join(texts),
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
            recorded = self.journal.get("prompt")
            if recorded is not None:
                self.toolbox.day_changed = bool(recorded.get("day_changed"))
                self.chosen = recorded.get("chosen")
                self._before = Before(**recorded["before"]) if "before" in recorded else None
                self._answers = await self._likely(session, texts)
                return recorded
            messages = Messages(session, contact.tenant_id)
            history = await messages.latest(
                contact.id, most=HISTORY_MOST, since=now - HISTORY_SINCE
            )
            self._answers = await self._likely(session, texts)
            spoken = await messages.last_spoken(contact.id)
            waits = await OpenQuestions(session, contact.tenant_id).of_contact(contact.id)
            self._open_questions = len(waits)
            self._proposed = await Appointments(session, contact.tenant_id).proposed(
                contact.id, now=now
            )
            self._before = self._told(history, spoken=spoken)
            self.toolbox.day_changed = self._day_changed(history)
            self.chosen = await self._choice(history, texts, mine)
            prompt = {
                "day_changed": self.toolbox.day_changed,
                "chosen": self.chosen,
                "before": asdict(self._before),
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

    def _business(self) -> dict[str, Any]:
        return describe_business(
            business=self.context.tenant.business_name,
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

    def _told(self, history: Sequence[Message], *, spoken: datetime | None) -> Before:
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
        return Before(
            said=said,
            named=bool(ours and (ours[-1].content or {}).get("named")),
            closed=any(BOOK[phrase].place == "close" for phrase in last),
            greeted_today=any(
                _phrases_of(each) & GREETINGS
                for each in ours
                if rules.local(each.at).date() == today
            ),
            first=spoken is None or self.context.now - spoken > STRANGER_AFTER,
            misunderstood=lost,
        )

    async def by_menu(self, texts: Sequence[str]) -> Reply:
        """Answer without the model; what was typed may be what stands on something to tap."""
        contact = self.context.contact
        async with self.journal.begin() as session:
            said = await Messages(session, contact.tenant_id).latest(
                contact.id, most=HISTORY_MOST, since=self.context.now - HISTORY_SINCE
            )
            offers = Offers(session, contact.tenant_id, contact.id)
            offer = await self._choice(said, texts, offers)
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
            parts.append(_answered(call, result_for_model(each)))
        return parts


def _answered(call: FunctionCall, response: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": call.name, "response": response}
    if call.id is not None:
        answer["id"] = call.id
    return {"function_response": answer}


def _phrases_of(message: Message) -> set[str]:
    """Return the phrases of a message of ours that the book still has."""
    said = {key.partition(":")[0] for key in (message.content or {}).get("said", {})}
    return said & BOOK.keys()


def _and(said: TurnReply, also: str) -> TurnReply:
    return replace(said, reply=replace(said.reply, text=f"{said.reply.text}\n\n{also}"))


def _names(context: TurnContext, catalogue: Catalogue) -> list[str]:
    """Names that the business gave: its own, and those of its services and people."""
    services = [each.name for each in catalogue.services]
    return [
        context.tenant.business_name,
        *services,
        *(each.name for each in catalogue.professionals),
    ]


def _to_json(answer: Answer) -> dict[str, Any]:
    return {
        "content": answer.content,
        "text": answer.text,
        "calls": [{"id": each.id, "name": each.name, "args": each.args} for each in answer.calls],
    }


def _from_json(recorded: Mapping[str, Any]) -> Answer:
    return Answer(
        content=recorded["content"],
        text=recorded["text"],
        calls=tuple(
            FunctionCall(each["id"], each["name"], each["args"]) for each in recorded["calls"]
        ),
    )
