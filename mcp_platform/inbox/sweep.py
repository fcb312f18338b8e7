"""Finding what every wake-up missed, and forgetting what nobody will ask for again."""

from datetime import timedelta

from sqlalchemy import Interval, Text, bindparam, text

from mcp_platform.conversations.contacts import forgetting
from mcp_platform.conversations.metrics import HANDED_OVER
from mcp_platform.inbox.metrics import QUEUE_LAG
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import INBOX, SCHEMA, WakeUp, wake_forgotten
from mcp_platform.tenants.tenant import TenantId, Topology

MOST = 500

# Messages that nobody waits for any more, and turns whose worker is gone. A contact whose lease
# is kept up is being answered. Each tenant's oldest come before any tenant's second oldest.
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

LAG = text("""
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(event.received_at)), 0)
    FROM inbox_events event
    JOIN tenants tenant ON tenant.id = event.tenant_id AND tenant.status = 'active'
        AND tenant.topology = :topology
    WHERE event.state = 'waiting' AND event.kind = 'message'
""")

# Taken by nobody; the index holds those alone that a person has, or had.
WAITING_FOR_PEOPLE = text("""
    SELECT count(*) FROM contacts c
    JOIN tenants tenant ON tenant.id = c.tenant_id AND tenant.status = 'active'
        AND tenant.topology = :topology
    WHERE c.answered_by = 'human' AND c.human_by IS NULL
      AND (c.human_until IS NULL OR c.human_until > clock_timestamp())
""")

# What nobody will ask for, by table: Meta redelivers for seven days, so keys are kept longer.
OLD = {
    "inbox_events": "state = 'done' AND received_at < now() - :keep",
    "quarantined_events": "received_at < now() - :keep",
    "turns": "state = 'done' AND opened_at < now() - :keep",  # and their steps
    "messages": '"at" < now() - :keep',
    "outbox": "created_at < now() - :keep"
    " AND state IN ('sent', 'delivered', 'read', 'done', 'failed')",
    "offers": "expires_at < now()",
    "tellings": "until < now() - :keep",
}
OURS = " AND tenant_id IN (SELECT id FROM tenants WHERE topology = :topology)"
OLD_LOG = "created < now() - :log"
# So few at once that nobody waits long for a lock or for the disk.
PRUNE_BATCH = 5_000


async def sweep(
    sessions: Sessions,
    *,
    patience: timedelta,
    lease: timedelta,
    topology: Topology = "shared",
) -> int:
    """Wake the contacts that wait longer than `patience` and are not being answered."""
    async with sessions.everywhere.begin() as session:
        QUEUE_LAG.set(float(await session.scalar(LAG, {"topology": topology}) or 0))
        HANDED_OVER.set(
            float(await session.scalar(WAITING_FOR_PEOPLE, {"topology": topology}) or 0)
        )
        found = await session.execute(
            FORGOTTEN,
            {"patience": patience, "lease": lease, "most": MOST, "topology": topology},
        )
        rows = found.all()
        stuck = [WakeUp(TenantId(tenant_id), alias) for tenant_id, alias, _ in rows]
        await wake_forgotten(session, INBOX, stuck)
    return len(rows)


async def prune(
    sessions: Sessions, *, keep: timedelta, log: timedelta, topology: Topology = "shared"
) -> int:
    """Delete finished work older than `keep`, contacts without any, and the queue's old log.

    In small transactions; what another worker is deleting is left to it. No advisory lock keeps
    workers apart: any login could hold it. Return how many rows went.
    """
    queue = sessions.queue or SCHEMA
    given = {"keep": keep, "log": log, "topology": topology}
    types = {"keep": Interval, "log": Interval, "topology": Text}
    pruned = 0
    for statement in (
        *(_delete(table, old + OURS) for table, old in OLD.items()),
        forgetting(batch=PRUNE_BATCH),  # when all that was said with them is gone
        _delete(f"{queue}.pgqueuer_log", OLD_LOG),
    ):
        named = {name: value for name, value in given.items() if f":{name}" in statement}
        batch = text(statement).bindparams(*(bindparam(name, type_=types[name]) for name in named))
        deleted = PRUNE_BATCH
        while deleted == PRUNE_BATCH:
            async with sessions.everywhere.begin() as session:
                connection = await session.connection()
                deleted = (await connection.execute(batch, named)).rowcount
                pruned += deleted
    return pruned


def _delete(table: str, old: str) -> str:
    return (
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608  # constants of ours
        f"SELECT ctid FROM {table} WHERE {old} LIMIT {PRUNE_BATCH} FOR UPDATE SKIP LOCKED))"
    )
