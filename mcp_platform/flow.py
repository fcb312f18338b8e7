"""Answer a contact: the whole story on one page.

A wake-up names a contact. Its handler waits until the contact has stopped typing, takes the contact's
lease and freezes what waits into a turn. It has the turn answered, and commits what was heard, what is
said and its outbox row together. Then it looks again, and gives the lease back.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.taken_back import forget_quotes
from mcp_platform.assistant.assistant import Assistant, as_it_stands
from mcp_platform.assistant.context import TurnContext
from mcp_platform.assistant.journal import Journal, acted, begin_again, forget_steps
from mcp_platform.assistant.turn_at_work import TurnReply
from mcp_platform.conversations.chat import COPIED, queue_copy
from mcp_platform.conversations.contacts import Contact, Contacts, Identity
from mcp_platform.conversations.heard import REVOKED, InboundMessage, corrected, hear
from mcp_platform.conversations.lease import Lease, LeaseLost, Leases, release
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.conversations.replies import REPLY
from mcp_platform.errors import Unavailable
from mcp_platform.inbox.event import API
from mcp_platform.inbox.metrics import TURN_SECONDS, turn_ended
from mcp_platform.inbox.turns import Turn, Turns, WaitingMessages
from mcp_platform.kit.database import Sessions, is_passing
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.queue import INBOX, WakeUp, wake
from mcp_platform.kit.standstill import ProcessorTime
from mcp_platform.outbox.delivery import WINDOW
from mcp_platform.outbox.notices import Notices
from mcp_platform.outbox.outbox import Outbox, contact_lane
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.receipts import Receipts

log = structlog.get_logger(__name__)

# A lease that is taken is given back within a turn; looking again sooner finds it taken still.
LEASE_TAKEN = timedelta(seconds=1)
# Each process goes on with one at a time of the turns begun so often: one that ends the process
# would have the starts of all the others counted too, until they are parked with it.
SUSPECTED_AFTER = 2
EXCUSED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a contact may go on typing before being answered."""

    quiet: timedelta
    cap: timedelta
    park_after: int

    def left(self, waiting: WaitingMessages) -> timedelta:
        """Return how much longer to wait; nothing for a tap, or once the cap is reached."""
        if waiting.instant:
            return timedelta(0)
        ready = min(waiting.last + self.quiet, waiting.first + self.cap)
        return max(ready - waiting.now, timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedContact:
    """A contact whose lease was taken, and its turn; None: nothing waited any more."""

    lease: Lease
    turn: Turn | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNow:
    """It is too early, or somebody else has the lease. None: nothing waits."""

    again_in: timedelta | None


class InboxHandler:
    """Handles wake-ups of the inbox."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        leases: Leases,
        assistant: Assistant,
        catalogues: Catalogues,
        receipts: Receipts,
        notices: Notices,
        patience: Patience,
        processor: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._leases = leases
        self._assistant = assistant
        self._catalogues = catalogues
        self._receipts = receipts
        self._notices = notices
        self._patience = patience
        self._processor = processor
        self._suspect = asyncio.Lock()
        self._clock = clock

    async def handle(self, wakeup: WakeUp) -> timedelta | None:
        """Answer what waits from one contact. Return when to come back, or None."""
        tenant = await self._tenants.by_id(TenantId(wakeup.tenant_id))
        if tenant.status != "active":
            return None
        async with AsyncExitStack() as alone:
            match await self._begin(tenant, wakeup.key, alone):
                case NotNow(again_in=again_in):
                    return again_in
                case LeasedContact(lease=lease, turn=turn) if turn is not None:
                    await self._go_on(tenant, wakeup, lease, turn)
        return None

    async def _go_on(self, tenant: Tenant, wakeup: WakeUp, lease: Lease, begun: Turn) -> None:
        """Answer a turn that was begun, and those that follow it."""
        turn: Turn | None = begun
        failpoint("turn.after_claim")
        try:
            async with self._leases.kept(lease):
                while turn is not None:
                    # The wake-up may be another message's: what is logged and recorded from here
                    # on bears the id of the turn's own.
                    with structlog.contextvars.bound_contextvars(trace_id=turn.trace_id):
                        turn = await self._measured(tenant, lease, turn)
                    failpoint("turn.after_close")
        except LeaseLost:
            log.warning("flow.lease.lost", tenant=tenant.path, trace_id=wakeup.trace_id)
            turn_ended(tenant.path, "fenced")
        except BaseException as error:
            # That what we depend on is away is not this turn's fault, and must not park it, unless
            # it lasts so long that somebody must know.
            away = isinstance(error, Unavailable | OSError | TimeoutError) or is_passing(error)
            fresh = turn is not None and self._clock() - turn.opened_at < EXCUSED_FOR
            await self._give_back(lease, excused=turn if away and fresh else None)
            raise

    async def _begin(
        self, tenant: Tenant, alias: str, alone: AsyncExitStack
    ) -> LeasedContact | NotNow:
        """Take the lease of a contact for whom something waits, and freeze it into a turn."""
        async with self._sessions.of(tenant.id).begin() as session:
            contacts = Contacts(session, tenant.id)
            turns = Turns(session, tenant.id)
            contact_id = await contacts.known_as(alias)
            if contact_id is None:
                if not await turns.wrote(alias):
                    return NotNow(again_in=None)  # a wake-up that outlived its contact
                contact_id = await contacts.ensure(Identity.of(alias))
            waiting = await turns.waiting(contact_id)
            if waiting is None:
                return NotNow(again_in=None)
            if left := self._patience.left(waiting):
                return NotNow(again_in=left)
            if waiting.starts >= SUSPECTED_AFTER:
                if self._suspect.locked():
                    return NotNow(again_in=LEASE_TAKEN)
                await alone.enter_async_context(self._suspect)
            lease = await self._leases.take(session, tenant_id=tenant.id, contact_id=contact_id)
            if lease is None:
                return NotNow(again_in=LEASE_TAKEN)
            return LeasedContact(lease=lease, turn=await self._next(session, tenant, lease))

    async def _next(self, session: AsyncSession, tenant: Tenant, lease: Lease) -> Turn | None:
        """Begin the contact's next turn, or give the lease back where there is none.

        Looking and giving back are one transaction: a message that comes now has its own wake-up,
        and finds the lease free.
        """
        turns = Turns(session, tenant.id)
        while (waiting := await turns.waiting(lease.contact_id)) is not None:
            if left := self._patience.left(waiting):
                aliases = await Contacts(session, tenant.id).aliases(lease.contact_id)
                await wake(session, INBOX, WakeUp(tenant.id, aliases[0]), after=left)
                break
            turn = await turns.begin(lease.contact_id, now=self._clock())
            if turn is None:
                return None
            if turn.starts <= self._patience.park_after:
                return await self._as_corrected(session, turns, turn)
            error = f"begun {self._patience.park_after} times, never finished"
            await turns.park(turn, now=self._clock(), error=error)
            await self._notices.parked(session, tenant, key=str(turn.id))
            turn_ended(tenant.path, "parked")
            log.error("flow.turn.parked", tenant=tenant.path, turn=str(turn.id), error=error)
        await release(session, lease)
        return None

    async def _as_corrected(self, session: AsyncSession, turns: Turns, turn: Turn) -> Turn:
        """Take in what corrects a turn that was begun before, unless it has acted already."""
        if not turn.resumed or await acted(session, turn):
            return turn
        fuller = await turns.take_corrections(turn)
        if fuller is not turn:
            await begin_again(session, turn)
        return fuller

    async def _measured(self, tenant: Tenant, lease: Lease, turn: Turn) -> Turn | None:
        processor = ProcessorTime(most=self._processor, tenant=tenant.path, turn=str(turn.id))
        return await processor.of(self._answer(tenant, lease, turn, processor))

    async def _answer(
        self, tenant: Tenant, lease: Lease, turn: Turn, processor: ProcessorTime
    ) -> Turn | None:
        """Answer one turn; return the next one, already begun, or None with the lease returned."""
        began = time.perf_counter()
        heard = corrected([hear(event) for event in turn.events])
        contact = await self._get_to_know(tenant, lease, heard)
        said: TurnReply | None = None
        answerable, with_person = await self._answerable(
            tenant, lease, turn, contact=contact, heard=heard
        )
        if answerable:
            context = TurnContext(
                tenant=tenant,
                contact=contact,
                turn=turn,
                lease=lease,
                heard=answerable,
                now=self._clock(),
                processor=processor,
                with_person=with_person,
            )
            async with self._receipt(tenant, context):
                said = await self._assistant.answer(context)
        failpoint("turn.before_close")
        following = await self._close(tenant, lease, turn, contact=contact, heard=heard, said=said)
        turn_ended(tenant.path, said.author if said else "silent")
        TURN_SECONDS.observe(time.perf_counter() - began)
        log.info(
            "flow.turn.closed",
            tenant=tenant.path,
            turn=str(turn.id),
            heard=len(heard),
            author=said.author if said else None,
        )
        return following

    def _receipt(self, tenant: Tenant, context: TurnContext) -> AbstractAsyncContextManager[None]:
        """Show that an answer is being written; once, where one is, and WhatsApp can show it."""
        newest, resumed = context.heard[-1], context.turn.resumed
        silent = context.with_person or newest.kind == "silent"
        if resumed or silent or newest.key.startswith(API):
            return nullcontext()
        return self._receipts.shown(tenant, newest.message_id)

    async def _answerable(
        self,
        tenant: Tenant,
        lease: Lease,
        turn: Turn,
        *,
        contact: Contact,
        heard: tuple[InboundMessage, ...],
    ) -> tuple[tuple[InboundMessage, ...], bool]:
        """Return what is to be answered, nothing that is too old, and whether a person answers it.

        Each message is read by its own clock: what was written more than a day ago could not be
        answered, and "tomorrow" in it was another day. But a turn that has acted already finishes,
        even if what it did was to call a person.
        """
        now = self._clock()
        late = {
            each.key
            for each in heard
            if not each.key.startswith(API) and each.kind != "silent" and now - each.at >= WINDOW
        }
        human = contact.human_answers(turn.opened_at)
        if not (late or human):
            return heard, False
        journal = Journal(leases=self._leases, lease=lease, turn=turn)
        await journal.read()
        if journal.acted:
            return heard, False
        if late:
            await self._notices.trouble(tenant, "too_late", now=now)
        return tuple(each for each in heard if each.key not in late), human

    async def _get_to_know(
        self, tenant: Tenant, lease: Lease, heard: tuple[InboundMessage, ...]
    ) -> Contact:
        rules = None
        if any(each.type == REVOKED for each in heard):
            rules = (await self._catalogues.of(tenant.id)).rules
        async with self._leases.fenced(lease) as session:
            contacts = Contacts(session, tenant.id)
            # In a burst everybody is the same: what is told once need not be learnt again.
            for identity in dict.fromkeys(each.identity for each in heard):
                await contacts.learn(lease.contact_id, identity)
            for each in heard:
                await contacts.follow(lease.contact_id, each.renamed)
            for each in heard:
                if each.corrects:  # before anybody reads the conversation
                    said = await Messages(session, tenant.id).correct(
                        lease.contact_id, key=each.corrects, text=f"[{each.type}]"
                    )
                    if rules is not None and each.type == REVOKED:
                        await forget_quotes(
                            session,
                            tenant,
                            lease.contact_id,
                            key=each.corrects,
                            message=said,
                            rules=rules,
                            now=self._clock(),
                        )
            # An API caller's words do not open Meta's window, whoever they are said for.
            written = [each.at for each in heard if not each.key.startswith(API)]
            if written:
                await contacts.note_inbound(lease.contact_id, max(written))
            return await contacts.get(lease.contact_id)

    async def _close(
        self,
        tenant: Tenant,
        lease: Lease,
        turn: Turn,
        *,
        contact: Contact,
        heard: tuple[InboundMessage, ...],
        said: TurnReply | None,
    ) -> Turn | None:
        """Commit what was heard, what is said, and that the turn is done: all or nothing.

        The next turn is begun, or the lease given back, in the same transaction.
        """
        now = self._clock()
        messages = [
            Message("contact", each.text or f"[{each.type}]", each.at, each.key, _kind_of(each))
            for each in heard
            if each.kind in ("text", "tap", "unsupported", "unreadable")
        ]
        async with self._leases.fenced(lease) as session:
            if said is not None:
                said = await as_it_stands(session, said, contact=contact, now=now)
                copied = await self._send(session, tenant, contact, turn, said, now=now)
                messages.append(_spoken(said, turn, at=now, copied=copied))
                for effect in said.beside:
                    await effect(session)
            if files := [each for each in heard if each.is_file]:
                await self._notices.file_came(
                    session,
                    tenant,
                    contact,
                    kinds=[each.type for each in files],
                    words=" ".join(each.text for each in files),
                    key=str(turn.id),
                )
            await Messages(session, tenant.id).write(lease.contact_id, messages, turn_id=turn.id)
            turns = Turns(session, tenant.id)
            for each, event in zip(heard, turn.events, strict=True):
                if each.corrects:
                    await turns.forget(lease.contact_id, key=each.corrects, alias=event.contact_key)
            if any(each.corrects for each in heard):
                await forget_steps(session, tenant_id=tenant.id, contact_id=lease.contact_id)
            await turns.close(turn, now=now)
            return await self._next(session, tenant, lease)

    async def _send(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: Contact,
        turn: Turn,
        said: TurnReply,
        *,
        now: datetime,
    ) -> bool | None:
        """Queue the reply once; an API caller reads it from the conversation instead.

        Return whether the copy that it asked for is queued too; None: it asked for none.
        """
        copied: bool | None = None
        numbers = {copy for event in turn.events if (copy := event.content.get("copy_to"))}
        for number in sorted(numbers):
            copied = await queue_copy(
                session,
                tenant,
                said.reply,
                number=number,
                turn_id=turn.id,
                window_from=now - WINDOW,
            )
        if contact.space == "api":
            return copied
        await Outbox(session, tenant.id).send(
            key=reply_key(turn),
            lane=contact_lane(contact.id),
            recipient=Recipient(bsuid=contact.bsuid, wa_id=contact.wa_id),
            content=said.reply,
            contact_id=contact.id,
            trace_id=turn.trace_id,
        )
        return copied

    async def _give_back(self, lease: Lease, *, excused: Turn | None = None) -> None:
        """Give the lease back after a failure, so that the next try need not wait it out."""
        try:
            async with asyncio.timeout(2), self._leases.fenced(lease) as session:
                if excused is not None:
                    await Turns(session, lease.tenant_id).excuse(excused)
                await release(session, lease)
        except Exception as error:  # noqa: BLE001  # the failure that led here is what matters
            log.warning("flow.lease.not_returned", error=repr(error))


def reply_key(turn: Turn) -> str:
    """The key under which a turn's reply is queued, sent and followed: one turn, one reply."""
    return f"{REPLY}{turn.id}"


def _kind_of(heard: InboundMessage) -> dict[str, Any] | None:
    """Return what tells a tap, a file, or what has no text, from words that were typed."""
    if heard.kind == "tap":
        return {"kind": "tap"}
    return {"kind": heard.type} if heard.is_file or not heard.text else None


def _spoken(said: TurnReply, turn: Turn, *, at: datetime, copied: bool | None) -> Message:
    choices = [
        {"id": each.id, "title": each.title, "description": each.description}
        for each in said.reply.choices
    ]
    content: dict[str, Any] = {"choices": choices} if choices else {}
    if choices and said.reply.list_label:
        content["list_label"] = said.reply.list_label
    if said.said:
        content |= {"said": dict(said.said), "named": said.named}
    if said.meanwhile:
        content["meanwhile"] = True
    if copied is not None:
        content[COPIED] = copied
    return Message(said.author, said.reply.text, at, reply_key(turn), content or None)
