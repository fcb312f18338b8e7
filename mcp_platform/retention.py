"""Deletes what nobody will ask for again, of every room's tables."""

from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from mcp_platform.conversations.contacts import forgetting
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.kit.queue import SCHEMA
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import Topology

_log = structlog.get_logger(__name__)

# What nobody will ask for, by table: Meta redelivers for seven days, so keys are kept longer.
OLD = {
    "inbox_events": "state = 'done' AND received_at < now() - CAST(:keep AS interval)",
    "quarantined_events": "received_at < now() - CAST(:keep AS interval)",
    "turns": "state = 'done' AND opened_at < now() - CAST(:keep AS interval)",  # and their steps
    "messages": '"at" < now() - CAST(:keep AS interval)',
    "outbox": "created_at < now() - CAST(:keep AS interval)"
    " AND state IN ('sent', 'delivered', 'read', 'done', 'failed', 'dropped')",
    # With those who asked, once the last of them did so long ago.
    "open_questions": "asked_at < now() - CAST(:keep AS interval) AND NOT EXISTS ("
    "SELECT FROM question_askers a WHERE a.tenant_id = open_questions.tenant_id"
    " AND a.question_id = open_questions.id AND a.asked_at >= now() - CAST(:keep AS interval))",
    "waitlist_wishes": "day < (now() - CAST(:keep AS interval))::date",
    "offers": "expires_at < now()",
    # Whoever taps a proposal after its hold has ended still has it at the price they saw.
    "appointments": "status = 'held' AND hold_expires_at < now() - interval '2 days'",
    "reminders": "until < now() - CAST(:keep AS interval)",
    "tellings": "until < now() - CAST(:keep AS interval)",
    # With what was said and booked: a note alone says what nobody knows about whom.
    "contact_notes": '"at" < now() - CAST(:keep AS interval) AND NOT EXISTS ('
    "SELECT FROM messages m WHERE m.tenant_id = contact_notes.tenant_id"
    " AND m.contact_id = contact_notes.contact_id) AND NOT EXISTS ("
    "SELECT FROM appointments a WHERE a.tenant_id = contact_notes.tenant_id"
    " AND a.contact_id = contact_notes.contact_id)",
    "undos": "changed_at < now() - interval '1 hour'",  # long after they were of use
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
    pruned, refused = 0, list[Exception]()
    for written in (
        *(_delete(table, old + OURS) for table, old in OLD.items()),
        forgetting(batch=PRUNE_BATCH),  # when all that was said with them is gone
        _delete(f"{queue}.pgqueuer_log", OLD_LOG),
    ):
        try:
            pruned += await _in_batches(
                sessions, Sql(written), keep=keep, log=log, topology=topology
            )
        except SQLAlchemyError as error:
            if is_away(error):
                raise
            refused.append(error)
            # What one table keeps, another need not.
            _log.error("retention.prune.refused", statement=written[:60], error=repr(error))
    if refused:
        raise ExceptionGroup("Some of what is old was not deleted.", refused)
    return pruned


async def _in_batches(sessions: Sessions, statement: Sql, **values: object) -> int:
    pruned, deleted = 0, PRUNE_BATCH
    while deleted == PRUNE_BATCH:
        async with sessions.everywhere.begin() as session:
            deleted = await Driver(session).execute(statement, **values)
            pruned += deleted
    return pruned


def _delete(table: str, old: str) -> str:
    return (
        f"DELETE FROM {table} WHERE ctid = ANY (ARRAY("  # noqa: S608  # constants of ours
        f"SELECT ctid FROM {table} WHERE {old} LIMIT {PRUNE_BATCH} FOR UPDATE SKIP LOCKED))"
    )
