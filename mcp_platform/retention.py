"""Deletes what nobody will ask for again, of every room's tables."""

from datetime import timedelta

from mcp_platform.conversations.contacts import forgetting
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import SCHEMA
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import Topology

# What nobody will ask for, by table: Meta redelivers for seven days, so keys are kept longer.
OLD = {
    "inbox_events": "state = 'done' AND received_at < now() - CAST(:keep AS interval)",
    "quarantined_events": "received_at < now() - CAST(:keep AS interval)",
    "turns": "state = 'done' AND opened_at < now() - CAST(:keep AS interval)",  # and their steps
    "messages": '"at" < now() - CAST(:keep AS interval)',
    "outbox": "created_at < now() - CAST(:keep AS interval)"
    " AND state IN ('sent', 'delivered', 'read', 'done', 'failed')",
    "offers": "expires_at < now()",
    "tellings": "until < now() - CAST(:keep AS interval)",
}
OURS = " AND tenant_id IN (SELECT id FROM tenants WHERE topology = :topology)"
OLD_LOG = "created < now() - CAST(:log AS interval)"
# So few at once that nobody waits long for a lock or for the disk.
PRUNE_BATCH = 5_000


async def prune(
    sessions: Sessions, *, keep: timedelta, log: timedelta, topology: Topology = "shared"
) -> int:
    """Delete finished work older than `keep`, contacts without any, and the queue's old log.

    In small transactions; what another worker is deleting is left to it. No advisory lock keeps
    workers apart: any login could hold it. Return how many rows went.
    """
    queue = sessions.queue or SCHEMA
    pruned = 0
    for written in (
        *(_delete(table, old + OURS) for table, old in OLD.items()),
        forgetting(batch=PRUNE_BATCH),  # when all that was said with them is gone
        _delete(f"{queue}.pgqueuer_log", OLD_LOG),
    ):
        statement = Sql(written)
        deleted = PRUNE_BATCH
        while deleted == PRUNE_BATCH:
            async with sessions.everywhere.begin() as session:
                deleted = await Driver(session).execute(
                    statement, keep=keep, log=log, topology=topology
                )
                pruned += deleted
    return pruned


def _delete(table: str, old: str) -> str:
    return (
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608  # constants of ours
        f"SELECT ctid FROM {table} WHERE {old} LIMIT {PRUNE_BATCH} FOR UPDATE SKIP LOCKED))"
    )
