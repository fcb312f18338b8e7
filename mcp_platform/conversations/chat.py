"""A message that comes by the tenant API: recorded and answered by the worker as any other.

Nothing is answered here. A `user_id` names nobody outside the API's own space.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.conversations.phones import spellings
from mcp_platform.conversations.replies import Replies, SettledEvent
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.inbox.event import API, ContactId, NewEvent
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.jsons import dumps
from mcp_platform.kit.queue import schema_for
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.outbox import Outbox, contact_lane
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.reply import Reply, ReplyOption

log = structlog.get_logger(__name__)

# What an HTTP client and the proxies between wait for by default.
PATIENCE = timedelta(seconds=30)
COPIED = "copied"  # in the content of a reply's message: whether its copy was queued
# Names of event keys: two messages have one key if contact and Idempotency-Key are the same.
KEYS = uuid.UUID("6f1ab4a0-94d5-4f0c-8f0e-0d6b6f0a7c51")
RECORDED = Sql("SELECT body FROM inbox_events WHERE tenant_id = :tenant AND key = :key")


class Recorder(Protocol):
    async def store(self, events: Sequence[NewEvent], *, queue: str) -> None:
        """Return when the events are committed, and who answers is woken by `queue`. Raises Unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """What a caller says, for whom: `text`, or the id of a choice offered before.

    `whatsapp_number`, if set, is who says it, instead of `user_id`; `copy_to` is where on WhatsApp
    the reply is sent besides. `request_key` makes saying it twice saying it once.
    """

    user_id: str
    text: str | None = None
    choice_id: str | None = None
    whatsapp_number: str | None = None
    copy_to: str | None = None
    request_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAnswer:
    """The turn is done. No text: a person has this conversation, and the assistant is silent."""

    text: str | None
    author: str
    choices: tuple[ReplyOption, ...]
    conversation_id: uuid.UUID
    turn_id: uuid.UUID
    copied: bool
    outside_window: bool
    """A copy was asked for, and not sent: WhatsApp takes none outside of the 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUnanswered:
    """It is recorded and not answered yet. Saying it again with this key waits for the answer."""

    request_key: str
    parked: bool
    """It failed too often: a person must look at it first."""


class Chat:
    """Conversations by API. One for the process."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        recorder: Recorder,
        replies: Replies,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._sessions = sessions
        self._recorder = recorder
        self._replies = replies
        self._patience = patience

    async def say(
        self, tenant: Tenant, words: ChatMessage, *, trace_id: str
    ) -> ChatAnswer | ChatUnanswered:
        """Record what is said and wait for the answer.

        Raises:
            NotFound: no such WhatsApp contact.
            Invalid: the request key was used for something else.
            Unavailable: nothing is recorded; or it is, and the answer cannot be read now.
        """
        contact_key = await self._contact_key(tenant, words)
        request_key = words.request_key or str(uuid.uuid4())
        key = f"{API}{uuid.uuid5(KEYS, json.dumps([tenant.id, contact_key, request_key]))}"
        event = NewEvent(
            tenant_id=tenant.id,
            key=key,
            kind="message",
            contact_key=contact_key,
            body=dumps(_body(words, key=key, contact_key=contact_key)),
            sent_at=None,
            instant=True,
            trace_id=trace_id,
        )
        queue = schema_for(tenant.id, tenant.topology)
        await self._recorder.store([event], queue=queue)
        await self._check_same(event)
        settled = await self._replies.of(tenant.id, key, within=self._patience)
        if settled is None or settled.parked:
            log.info("conversations.chat.pending", tenant=tenant.path, parked=settled is not None)
            return ChatUnanswered(request_key=request_key, parked=settled is not None)
        if settled.turn_id is None or settled.contact_id is None:
            raise Conflict("This message was withdrawn before it was answered.")
        return self._answered(words, settled)

    async def _contact_key(self, tenant: Tenant, words: ChatMessage) -> str:
        if words.whatsapp_number is None:
            return f"a:{words.user_id}"
        async with self._sessions.of(tenant.id)() as session:
            known = await _on_whatsapp(session, tenant, words.whatsapp_number)
        if known is None:
            raise NotFound("No contact has written from this WhatsApp number.")
        return f"w:{known[1]}"

    async def _check_same(self, event: NewEvent) -> None:
        """Check that the key has not recorded another message. Raises Invalid."""
        async with self._sessions.of(event.tenant_id)() as session:
            recorded = await Driver(session).value(RECORDED, tenant=event.tenant_id, key=event.key)
        if recorded is None:
            raise Invalid("This message cannot be recorded.")
        if recorded != event.body:
            raise Invalid(
                "This Idempotency-Key was used for another message.",
                fields={"Idempotency-Key": "was used for another message"},
            )

    def _answered(self, words: ChatMessage, settled: SettledEvent) -> ChatAnswer:
        turn_id, contact_id = settled.turn_id, settled.contact_id
        if turn_id is None or contact_id is None:  # never: `say` has looked
            raise Conflict("This message was withdrawn before it was answered.")
        content = settled.content or {}
        choices = tuple(ReplyOption(**each) for each in content.get("choices", ()))
        asked = words.copy_to is not None and settled.text is not None
        return ChatAnswer(
            text=settled.text,
            author=settled.author or "human",
            choices=choices,
            conversation_id=contact_id,
            turn_id=turn_id,
            copied=asked and content.get(COPIED, True),
            outside_window=asked and not content.get(COPIED, True),
        )


async def queue_copy(
    session: AsyncSession,
    tenant: Tenant,
    reply: Reply,
    *,
    number: str,
    turn_id: uuid.UUID,
    window_from: datetime,
) -> bool:
    """Queue a reply for WhatsApp too, in the transaction that commits it; return whether it was.

    It is not for a number from which nobody has written since `window_from`. The text alone goes
    there: its choices were offered to the caller, not to that phone.
    """
    known = await _on_whatsapp(session, tenant, number)
    if known is None:
        return False
    contact_id, wa_id = known
    wrote = await Contacts(session, tenant.id).last_wrote(contact_id)
    if wrote is None or wrote <= window_from:
        return False
    await Outbox(session, tenant.id).send(
        key=f"chat:{turn_id}",
        lane=contact_lane(contact_id),
        recipient=Recipient(wa_id=wa_id),
        content=Reply(_in_full(reply.text, reply.choices)),
        contact_id=contact_id,
    )
    return True


async def _on_whatsapp(
    session: AsyncSession, tenant: Tenant, number: str
) -> tuple[ContactId, str] | None:
    """Return the contact who writes from `number`, and the number as Meta writes it."""
    for digits in spellings(number, time_zone=tenant.time_zone):
        found = await Contacts(session, tenant.id).known_as(f"w:{digits}")
        if found is not None:
            return found, digits
    return None


def _body(words: ChatMessage, *, key: str, contact_key: str) -> dict[str, Any]:
    """Return the event's content in WhatsApp's shape, which is what `heard.py` reads."""
    message: dict[str, Any] = {"id": key}
    if contact_key.startswith("w:"):
        message["from"] = contact_key[2:]
    if words.choice_id is None:
        message |= {"type": "text", "text": {"body": words.text or ""}}
    else:
        tapped = {"type": "list_reply", "list_reply": {"id": words.choice_id, "title": ""}}
        message |= {"type": "interactive", "interactive": tapped}
    return {"message": message, "contact": {}, "copy_to": words.copy_to}


def _in_full(text: str, choices: Sequence[ReplyOption]) -> str:
    """Return the reply as text alone: the choices were offered to the caller, not to that phone."""
    lines = [
        f"• {each.title}" + (f" — {each.description}" if each.description else "")
        for each in choices
    ]
    return "\n".join([text, "", *lines] if lines else [text])
