"""One turn answered: by a tap's meaning, by the model with its tools, or by the menu.

The model has a bounded number of rounds and a deadline. If anything goes wrong with it, the menu
answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.beside_person import beside_person, help_in_danger
from mcp_platform.assistant.choosing.danger import SAFETY
from mcp_platform.assistant.choosing.data_wishes import data_wish
from mcp_platform.assistant.choosing.reminding import Wish, bare_stop, reminders_wish
from mcp_platform.assistant.context import TurnContext
from mcp_platform.assistant.journal import Journal
from mcp_platform.assistant.language import detect, detect_first, doubtful
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
from mcp_platform.assistant.obliged import ends_nowhere
from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.prompt import (
    REPLY,
)
from mcp_platform.assistant.speaking.composer import Composer
from mcp_platform.assistant.speaking.consequences import PhraseEffects, PhraseOptions
from mcp_platform.assistant.speaking.facts import Facts
from mcp_platform.assistant.speaking.own_voice import WORDINGS_APART, OwnVoice
from mcp_platform.assistant.speaking.saying import ChosenPhrase, read_reply
from mcp_platform.assistant.speech import Speech
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.assistant.tools import OUTCOMES, declarations
from mcp_platform.assistant.turn_at_work import (
    HISTORY_MOST,
    HISTORY_SINCE,
    WORDLESS,
    TurnAtWork,
    TurnReply,
    answered_call,
    names_of,
)
from mcp_platform.conversations.contacts import Contact, Contacts
from mcp_platform.conversations.heard import InboundMessage
from mcp_platform.conversations.lease import Leases
from mcp_platform.conversations.messages import Messages
from mcp_platform.errors import CredentialRefused
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.standstill import OverBudget
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.agenda import AgendaSource
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.tenants.cards import BusinessCards
from mcp_platform.tenants.credentials import CredentialSource, CredentialsUnreadable
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.forms import with_article

log = structlog.get_logger(__name__)


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
        if kinds == {"text"}:
            wish = reminders_wish(texts)
            if wish is None and bare_stop(texts) and await turn.answers_reminder():
                wish = "stop"
            if wish is not None:
                return _reminding(turn, wish)
        if context.with_person:
            tap = taps[-1].tap if taps else None
            return await beside_person(turn, tap=tap, texts=texts)
        said = await self._said(turn, taps, texts)
        return said and turn.naming(said)

    async def _said(
        self, turn: TurnAtWork, taps: Sequence[InboundMessage], texts: Sequence[str]
    ) -> TurnReply | None:
        context, kinds = turn.context, {each.kind for each in turn.context.heard}
        if taps:
            # Of several taps the last is what the contact wants now.
            action = await turn.menu.meaning(taps[-1].tap or "")
            if action is None or action["do"] != "words":
                return TurnReply(await turn.menu.do(action), "menu")
            texts = [*texts, action["text"]]
        elif wish := data_wish(texts):
            return TurnReply(await turn.menu.do({"do": wish}), "menu")
        phrases = turn.speech.phrases
        unreadable = "unreadable" in kinds
        if not texts:
            kind = None if unreadable else await turn.saying("media", texts)
            return kind or TurnReply(Reply(phrases.unreadable), "menu")
        said = await self._converse(turn, texts)
        if said is None:
            return None
        if unreadable:
            return _and(said, phrases.one_unreadable)
        if any(each.kind == "unsupported" and each.type not in WORDLESS for each in context.heard):
            return _and(said, phrases.one_not_text)
        grave = SAFETY & {each.partition(":")[0] for each in said.said}
        if any(each.is_file for each in context.heard) and not grave:
            return _and(said, turn.composer.file_unseen())
        return said

    async def _prepare(self, context: TurnContext, texts: Sequence[str]) -> TurnAtWork:
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
        speech = Speech(language=language, catalogue=catalogue, now=context.now)
        whose = with_article("of", tenant.business_name, article=tenant.article, language=language)
        voice = OwnVoice(toolbox, language=language)
        menu = Menu(toolbox=toolbox, speech=speech, voice=voice, of_business=whose)
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
            showing=PhraseOptions(menu=menu, times=facts.times, language=language),
            doing=PhraseEffects(toolbox=toolbox, language=language),
            turn_number=context.turn.id.int % WORDINGS_APART,
        )
        return TurnAtWork(
            context=context,
            journal=journal,
            toolbox=toolbox,
            speech=speech,
            menu=menu,
            voice=voice,
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
            messages = Messages(session, tenant.id)
            before = await messages.latest(
                contact.id, most=HISTORY_MOST, since=context.now - HISTORY_SINCE
            )
            last = [each.text for each in before if each.inbound][-1:]
            names = names_of(context, catalogue)
            language = detect([*last, *texts], now=spoken, names=names)
            stranger = contact.language is None and language == spoken
            if stranger and await messages.last_spoken(contact.id) is None:
                language = detect_first(texts, now=spoken, names=names)
            if language != spoken:
                await Contacts(session, tenant.id).speaks(contact.id, language)
        return supported(language)

    async def _converse(self, turn: TurnAtWork, texts: Sequence[str]) -> TurnReply | None:
        done: list[Done] = []
        said: tuple[ChosenPhrase, ...] = ()
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
        if not done and not any(each.phrase.id in SAFETY for each in said):
            # The model saw no danger where the closed lists see one, and did nothing else.
            helped = await help_in_danger(turn, texts)
            if helped is not None:
                return helped
        composed = await turn.compose(said, done, texts) if said or done else None
        if composed is None:
            MENU_TURNS.labels(why=why).inc()
            return TurnReply(await turn.by_menu(texts), "menu")
        if composed.reply is None:
            return None
        reply = composed.reply
        if ends_nowhere(done) and not reply.choices:
            reply = await turn.menu.way_on(reply.text)
        return TurnReply(
            reply, "model", said=composed.said, named=composed.named, beside=composed.beside
        )

    async def _ask(
        self, turn: TurnAtWork, texts: Sequence[str], done: list[Done], model: Model
    ) -> tuple[ChosenPhrase, ...]:
        """Let the model work with its tools; return what it chose to say. `done` grows on the way."""
        tenant = turn.context.tenant
        credentials = await self._credentials.of(tenant)
        prompt = await turn.prompt(texts)
        if turn.chosen is not None:
            return ()
        conversation: list[dict[str, Any]] = list(prompt["contents"])
        until = self._timer() + self._limits.deadline.total_seconds()
        said: tuple[ChosenPhrase, ...] = ()
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
            replies = [each for each in answer.calls if each.name == REPLY["name"]]
            if not answer.calls:
                return said
            if replies:
                choice = read_reply(replies[-1].args, turn.known())
                said = choice.parts
                if not choice.problems or told_back or last:
                    return said
                told_back = True
                parts += [
                    answered_call(each, {"problems": list(choice.problems)}) for each in replies
                ]
            conversation.append({"role": "user", "parts": parts})
        return said


def _and(said: TurnReply, also: str) -> TurnReply:
    return replace(said, reply=replace(said.reply, text=f"{said.reply.text}\n\n{also}"))


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


def _reminding(turn: TurnAtWork, wish: Wish) -> TurnReply:
    """Return the reply to whoever wants no reminders, or wants them again; its record notes it."""
    contact, now = turn.context.contact, turn.context.now
    phrases = turn.speech.phrases

    async def note(session: AsyncSession) -> None:
        contacts = Contacts(session, contact.tenant_id)
        await contacts.remind(contact.id, wanted=wish == "start", now=now)

    said = phrases.reminders_on if wish == "start" else phrases.reminders_off
    return TurnReply(Reply(said), "menu", beside=(note,), meanwhile=turn.context.with_person)
