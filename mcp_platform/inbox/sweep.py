"""Finds what every wake-up missed, and wakes it."""

from datetime import timedelta

from mcp_platform.inbox.metrics import QUEUE_LAG
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import INBOX, WakeUp, wake_forgotten
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId, Topology

MOST = 500

# Messages that nobody waits for any more, and turns whose worker is gone. A contact whose lease
# is kept up is being answered. Each tenant's oldest come before any tenant's second oldest.
FORGOTTEN = Sql("""
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
        AND tenant.topology = :topology
    LEFT JOIN contact_aliases alias
        ON alias.tenant_id = stuck.tenant_id AND alias.alias = stuck.alias
    LEFT JOIN contact_leases lease
        ON lease.tenant_id = alias.tenant_id AND lease.contact_id = alias.contact_id
    WHERE lease.holder IS NULL
       OR lease.heartbeat_at < clock_timestamp() - CAST(:lease AS interval)
    GROUP BY stuck.tenant_id, coalesce(alias.contact_id::text, stuck.alias)
    ORDER BY row_number() OVER (PARTITION BY stuck.tenant_id ORDER BY min(stuck.since)), 3
    LIMIT :most
""")

LAG = Sql("""
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(event.received_at)), 0)
    FROM inbox_events event
    JOIN tenants tenant ON tenant.id = event.tenant_id AND tenant.status = 'active'
        AND tenant.topology = :topology
    WHERE event.state = 'waiting' AND event.kind = 'message'
""")


async def sweep(
    sessions: Sessions,
    *,
    patience: timedelta,
    lease: timedelta,
    topology: Topology = "shared",
) -> int:
    """Wake the contacts that wait longer than `patience` and are not being answered."""
    async with sessions.everywhere.begin() as session:
        driver = Driver(session)
        QUEUE_LAG.set(float(await driver.value(LAG, topology=topology) or 0))
        rows = await driver.rows(
            FORGOTTEN, patience=patience, lease=lease, most=MOST, topology=topology
        )
        stuck = [WakeUp(TenantId(tenant_id), alias) for tenant_id, alias, _ in rows]
        await wake_forgotten(session, INBOX, stuck)
    return len(rows)
