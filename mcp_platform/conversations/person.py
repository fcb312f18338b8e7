"""A person in a conversation: takes it, answers inside WhatsApp's window, and gives it back.

A person who takes a conversation ends the turn that is under way. Its worker loses the lease, and the
worker that takes the turn up again says nothing, unless the turn has acted. A person who writes
nothing for a while has given the conversation back.

Locks are taken in the order that turns take them: the contact's lease, then the contact.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.canned import unfilled
from mcp_platform.conversations.contacts import Contact, Contacts
from mcp_platform.conversations.conversations import (
    Conversation,
    Conversations,
    ThreadMessage,
    trail_target,
)
from mcp_platform.conversations.lease import revoke
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.conversations.metrics import ACTIONS
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.queue import INBOX, WakeUp, wake
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.outbox import Outbox, contact_lane
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.messages import Recipient, whole_text
from mcp_platform.whatsapp.reply import Reply

Obstacle = Literal["suspended", "offboarded", "untaken", "somebody", "api", "window"]
"""What keeps a person from writing: `untaken`, nobody has the conversation; `somebody` else has it;
`window`, WhatsApp takes nothing now."""
# Names of replies: two are one if person, contact and Idempotency-Key are the same.
REPLIES = UUID("7a6f9f0e-1a57-4c55-9a2c-6f0f5b1a9d3e")
LOCK = Sql("SELECT 1 FROM contacts WHERE tenant_id = :tenant AND id = :contact FOR NO KEY UPDATE")
HAVE = Sql("""
    UPDATE contacts
    SET answered_by = 'human', human_by = :who, human_until = :until,
        human_since = CASE WHEN human_by = :who AND human_until > :now THEN human_since
                      ELSE :now END
    WHERE tenant_id = :tenant AND id = :contact
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """A conversation that a person has now. `under_way`: a reply was, and is held back.

    Unless it had booked, moved or cancelled already: then it still says so.
    """

    conversation: Conversation
    under_way: bool


class PersonInConversation:
    """One person at work in the conversations of one tenant, in one transaction."""

    def __init__(
        self,
        session: AsyncSession,
        tenant: Tenant,
        *,
        trail: Trail,
        idle: timedelta,
        now: datetime,
    ) -> None:
        """`idle` is how long a conversation stays with a person who writes nothing."""
        self._session = session
        self._tenant = tenant
        self._trail = trail
        self._until = now + idle
        self.now = now
        self._conversations = Conversations(session, tenant.id)

    async def take(self, contact_id: UUID, *, over: bool = False) -> TakenOver:
        """Take a conversation from the assistant, or keep it for longer. Repeatable.

        `over`: from the person, too, who has it.

        Raises:
            NotFound: there is no such conversation.
            Conflict: somebody else has it, or the tenant is off-boarded.
        """
        if self._tenant.status == "offboarded":
            raise Conflict(f"{self._tenant.path} is off-boarded: nobody writes to it any more.")
        under_way = await revoke(self._session, self._tenant.id, ContactId(contact_id))
        await self._lock(contact_id)
        before = await self._conversations.get(contact_id, now=self.now)
        others = before.taken_by not in (None, self._trail.who)
        if others and not over:
            raise Conflict(_has_it(before))
        await self._keep(contact_id)
        if under_way:
            # The worker that takes the turn up ends it, and tells only what it has done.
            aliases = await Contacts(self._session, self._tenant.id).aliases(ContactId(contact_id))
            await wake(self._session, INBOX, WakeUp(self._tenant.id, aliases[0]))
        if before.taken_by != self._trail.who:
            await self._record("take_over" if others else "take", contact_id)
        now_ = await self._conversations.get(contact_id, now=self.now)
        return TakenOver(conversation=now_, under_way=under_way)

    async def reply(
        self, contact_id: UUID, words: str, *, request_key: str | None = None
    ) -> ThreadMessage:
        """Write to the contact of a conversation that one has. Once, for one `request_key`.

        Raises:
            NotFound: there is no such conversation.
            Conflict: one does not have it, or WhatsApp would not take it now.
            Invalid: the text is empty, too long, or has a variable left, or the key was used for another.
        """
        said = whole_text(words)
        if left := unfilled(said):
            raise Invalid("A variable was not filled in.", fields={"text": ", ".join(left)})
        await self._lock(contact_id)
        name = [str(contact_id), self._trail.who, request_key or str(uuid.uuid4())]
        key = f"h:{uuid.uuid5(REPLIES, json.dumps(name))}"
        known = await self._conversations.said_under(contact_id, key)
        if known is not None:
            return _same(known, said)
        conversation = await self._conversations.get(contact_id, now=self.now)
        self._check_may_write(conversation)
        contact = await Contacts(self._session, self._tenant.id).get(ContactId(contact_id))
        await self._send(contact, said, key=key)
        await self._keep(contact_id)
        await self._record("reply", contact_id)
        sent = await self._conversations.said_under(contact_id, key)
        if sent is None:  # never: it was written just now
            raise NotFound("There is no such message.")
        return sent

    async def give_back(self, contact_id: UUID) -> Conversation:
        """Let the assistant answer again, from the contact's next message on. Repeatable.

        Raises:
            NotFound: there is no such conversation.
        """
        await self._lock(contact_id)
        before = await self._conversations.get(contact_id, now=self.now)
        await Contacts(self._session, self._tenant.id).answered_by(
            ContactId(contact_id), "assistant"
        )
        if before.handling != "assistant":
            await self._record("return", contact_id)
        return await self._conversations.get(contact_id, now=self.now)

    def _check_may_write(self, conversation: Conversation) -> None:
        match obstacle(conversation, self._tenant, who=self._trail.who):
            case "suspended" | "offboarded" as status:
                raise Conflict(f"{self._tenant.path} is {status}: nothing is sent for it.")
            case "untaken":
                raise Conflict("The assistant answers this conversation: take it first.")
            case "somebody":
                raise Conflict(_has_it(conversation))
            case "api":
                raise Conflict("This contact writes by the API, where nobody can be written to.")
            case "window":
                raise Conflict(
                    "They last wrote more than 24 hours ago, or never: WhatsApp takes no message"
                    " now. Call them, or wait until they write."
                )

    async def _send(self, contact: Contact, said: str, *, key: str) -> None:
        message = Message("human", said, self.now, key, {"by": self._trail.who})
        await Messages(self._session, self._tenant.id).write(contact.id, [message], turn_id=None)
        await Outbox(self._session, self._tenant.id).send(
            key=key,
            lane=contact_lane(contact.id),
            recipient=Recipient(bsuid=contact.bsuid, wa_id=contact.wa_id),
            content=Reply(said),
            contact_id=contact.id,
        )

    async def _lock(self, contact_id: UUID) -> None:
        driver = Driver(self._session)
        if await driver.value(LOCK, tenant=self._tenant.id, contact=contact_id) is None:
            raise NotFound("There is no such conversation.")

    async def _keep(self, contact_id: UUID) -> None:
        await Driver(self._session).execute(
            HAVE,
            tenant=self._tenant.id,
            contact=contact_id,
            who=self._trail.who,
            until=self._until,
            now=self.now,
        )

    async def _record(self, what: str, contact_id: UUID) -> None:
        """Count and write down what was done; never what was written."""
        ACTIONS.labels(what=what).inc()
        await self._trail.write(
            self._session,
            action=f"conversation.{what}",
            target=trail_target(self._tenant, contact_id),
            tenant_id=self._tenant.id,
        )


def obstacle(conversation: Conversation, tenant: Tenant, *, who: str) -> Obstacle | None:
    """Return why this person cannot write to the contact now; None: they can."""
    if tenant.status != "active":
        return tenant.status
    if conversation.taken_by != who:
        return "untaken" if conversation.taken_by is None else "somebody"
    if conversation.space != "whatsapp":
        return "api"
    return "window" if conversation.window_until is None else None


def _has_it(conversation: Conversation) -> str:
    until = f" until {conversation.until:%Y-%m-%d %H:%M}Z" if conversation.until else ""
    return f"{conversation.taken_by} has this conversation{until}: take it over, or leave it."


def _same(known: ThreadMessage, said: str) -> ThreadMessage:
    if known.text != said:
        told = "was used for another message"
        raise Invalid(f"Idempotency-Key {told}.", fields={"Idempotency-Key": told})
    return known
