"""What arrives and asks for no answer: statuses of our messages, and changes of user ids.

Applied in batches, oldest first. Several workers may do so at once: a batch is locked.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select, update

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.inbox.models import EventRow
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.jsons import loads
from mcp_platform.outbox.statuses import StatusUpdate, apply_statuses
from mcp_platform.tenants.tenant import TenantId

BATCH = 500


async def follow_up(sessions: Sessions) -> int:
    """Apply one batch of what waits; return how many events it held."""
    async with sessions.begin() as session:
        rows = (
            await session.execute(
                select(EventRow.tenant_id, EventRow.id, EventRow.kind, EventRow.body)
                .where(EventRow.state == "waiting", EventRow.kind != "message")
                .order_by(EventRow.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        ).all()
        if not rows:
            return 0
        updates: list[StatusUpdate] = []
        for tenant, _, kind, body in rows:
            tenant_id, content = TenantId(tenant), loads(body)
            if kind == "status":
                status = StatusUpdate.from_webhook(tenant_id, content["status"])
                updates += [status] if status is not None else []
            else:
                for previous, current in _renamed(content):
                    contacts = Contacts(session, tenant_id)
                    contact_id = await contacts.known_as(f"u:{previous}")
                    if contact_id is not None:
                        await contacts.follow(contact_id, [f"u:{current}"])
        await apply_statuses(session, updates)
        await session.execute(
            update(EventRow)
            .where(
                EventRow.id.in_([event_id for _, event_id, _, _ in rows]),
                EventRow.kind != "message",
            )
            .values(state="done")
        )
        failpoint("statuses.before_commit")
        return len(rows)


def _renamed(content: Any) -> Iterator[tuple[str, str]]:
    """Yield previous and current user ids out of a change of field `user_id_update`."""
    if not (isinstance(content, Mapping) and content.get("field") == "user_id_update"):
        return
    pending = [content.get("value")]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, Mapping):
            previous, current = value.get("previous"), value.get("current")
            if isinstance(previous, str) and isinstance(current, str) and previous and current:
                yield previous, current
            pending += value.values()
