"""Finding what every wake-up missed, and forgetting what nobody will ask for again."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.inbox.metrics import QUEUE_LAG
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import INBOX, SCHEMA, WakeUp, wake_forgotten
from mcp_platform.tenants.tenant import TenantId

MOST = 500

# Messages that nobody waits for any more, and turns whose worker is gone. A contact whose lease
# is kept up is being answered.
FORGOTTEN = text("""
    WITH stuck AS (
        SELECT event.tenant_id, event.contact_key AS alias, min(event.received_at) AS since
        FROM inbox_events event
        WHERE event.state = 'waiting' AND event.kind = 'message'
          AND event.received_at < clock_timestamp() - CAST(:patience AS interval)
        GROUP BY 1, 2
        UNION ALL
        SELECT turn.tenant_id, alias.alias, turn.opened_at
        FROM turns turn
        JOIN contact_aliases alias USING (tenant_id, contact_id)
        WHERE turn.state = 'open'
          AND turn.opened_at < clock_timestamp() - CAST(:patience AS interval)
    )
    SELECT stuck.tenant_id, min(stuck.alias), min(stuck.since)
    FROM stuck
    JOIN tenants tenant ON tenant.id = stuck.tenant_id AND tenant.status = 'active'
    LEFT JOIN contact_aliases alias
        ON alias.tenant_id = stuck.tenant_id AND alias.alias = stuck.alias
    LEFT JOIN contact_leases lease
        ON lease.tenant_id = alias.tenant_id AND lease.contact_id = alias.contact_id
    WHERE lease.holder IS NULL
       OR lease.heartbeat_at < clock_timestamp() - CAST(:lease AS interval)
    GROUP BY stuck.tenant_id, coalesce(alias.contact_id::text, stuck.alias)
    ORDER BY 3
    LIMIT :most
""")

LAG = text("""
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(event.received_at)), 0)
    FROM inbox_events event
    JOIN tenants tenant ON tenant.id = event.tenant_id AND tenant.status = 'active'
    WHERE event.state = 'waiting' AND event.kind = 'message'
""")

# What nobody will ask for: Meta redelivers for seven days, so keys are kept longer than that.
OLD = (
    "DELETE FROM inbox_events WHERE state = 'done' AND received_at < :before",
    "DELETE FROM quarantined_events WHERE received_at < :before",
    "DELETE FROM turns WHERE state = 'done' AND opened_at < :before",  # and their steps
    "DELETE FROM messages WHERE at < :before",
    "DELETE FROM outbox WHERE created_at < :before"
    " AND state IN ('sent', 'delivered', 'read', 'done', 'failed')",
    "DELETE FROM offers WHERE expires_at < now()",
)
QUEUE_LOG = text(f"DELETE FROM {SCHEMA}.pgqueuer_log WHERE created < :before")  # noqa: S608  # a constant


async def sweep(sessions: Sessions, *, patience: timedelta, lease: timedelta) -> int:
    """Wake the contacts that wait longer than `patience` and are not being answered."""
    async with sessions.begin() as session:
        QUEUE_LAG.set(float(await session.scalar(LAG) or 0))
        found = await session.execute(
            FORGOTTEN, {"patience": patience, "lease": lease, "most": MOST}
        )
        rows = found.all()
        stuck = [WakeUp(TenantId(tenant_id), alias) for tenant_id, alias, _ in rows]
        await wake_forgotten(session, INBOX, stuck)
    return len(rows)


async def prune(session: AsyncSession, *, keep: timedelta, log: timedelta) -> None:
    """Delete finished work older than `keep`, and the queue's log older than `log`."""
    now = await session.scalar(text("SELECT now()"))
    for statement in OLD:
        await session.execute(text(statement), {"before": now - keep})
    await session.execute(QUEUE_LOG, {"before": now - log})
