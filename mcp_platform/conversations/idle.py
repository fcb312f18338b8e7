"""Gives conversations back to the assistant when the person who took them writes nothing more.

The owner hears of a contact without an answer: the assistant was silent to their words, and answers
only when they write again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.conversations.conversations import Conversations
from mcp_platform.conversations.metrics import HANDED_OVER
from mcp_platform.errors import NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.notices import Notices
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant, TenantId, Topology

log = structlog.get_logger(__name__)

MOST = 100  # at a time
LEFT = Sql("""
    SELECT c.tenant_id, c.id, c.human_until FROM contacts c
    JOIN tenants t ON t.id = c.tenant_id AND t.status = 'active' AND t.topology = :topology
    WHERE c.answered_by = 'human' AND c.human_by IS NOT NULL AND c.human_until <= :now
    ORDER BY c.human_until
    LIMIT :most
""")
# Taken by nobody; the index holds those alone that a person has, or had.
WAITING_FOR_PEOPLE = Sql("""
    SELECT count(*) FROM contacts c
    JOIN tenants tenant ON tenant.id = c.tenant_id AND tenant.status = 'active'
        AND tenant.topology = :topology
    WHERE c.answered_by = 'human' AND c.human_by IS NULL
      AND (c.human_until IS NULL OR c.human_until > clock_timestamp())
""")

# Whoever takes it at this moment has it: then nothing is found.
STILL = Sql("""
    SELECT 1 FROM contacts
    WHERE tenant_id = :tenant AND id = :contact AND answered_by = 'human'
      AND human_by IS NOT NULL AND human_until <= :now
    FOR NO KEY UPDATE SKIP LOCKED
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleConversations:
    """Gives back what people left, of the tenants of one topology."""

    sessions: Sessions
    tenants: TenantDirectory
    notices: Notices
    topology: Topology
    clock: Callable[[], datetime]

    async def count_waiting(self) -> None:
        """Measure how many conversations wait for a person."""
        async with self.sessions.everywhere() as session:
            waiting = await Driver(session).value(WAITING_FOR_PEOPLE, topology=self.topology)
        HANDED_OVER.set(float(waiting or 0))

    async def give_back(self) -> int:
        """Give back what is due; return how many conversations it was.

        One that fails is logged, and keeps no other from being given back.
        """
        now = self.clock()
        async with self.sessions.everywhere() as session:
            left = await Driver(session).rows(LEFT, topology=self.topology, now=now, most=MOST)
        for tenant_id, contact_id, until in left:
            try:
                tenant = await self.tenants.by_id(TenantId(tenant_id))
            except NotFound:  # purged since
                continue
            key = f"{contact_id}:{until:%Y%m%d%H%M%S}"
            try:
                await self._one(tenant, ContactId(contact_id), key=key, now=now)
            except Exception as error:
                if is_away(error):
                    raise
                log.exception("conversations.idle.kept", tenant=tenant.path, key=key)
        return len(left)

    async def _one(self, tenant: Tenant, contact_id: ContactId, *, key: str, now: datetime) -> None:
        async with self.sessions.of(tenant.id).begin() as session:
            still = await Driver(session).value(
                STILL, tenant=tenant.id, contact=contact_id, now=now
            )
            if still is None:
                return
            contacts = Contacts(session, tenant.id)
            await contacts.answered_by(contact_id, "assistant")
            shown = await Conversations(session, tenant.id).get(contact_id, now=now)
            if shown.unanswered_since is not None:
                contact = await contacts.get(contact_id)
                await self.notices.left_alone(session, tenant, contact, key=key)
