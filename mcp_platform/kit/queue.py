"""The queues of wake-ups: pgqueuer's tables in schemas of our database.

Tenants that share workers share a queue; an isolated tenant has its own. A wake-up only says where to
look: its handler reads the inbox or the outbox, and a sweeper finds what a lost wake-up would have
told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import orjson
from pgqueuer.adapters.persistence import qb
from pgqueuer.domain.settings import DBSettings
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.sql import Driver, Sql

SCHEMA = "queue"  # of the tenants that share workers

ENQUEUE = """
    INSERT INTO {schema}.pgqueuer
        (priority, entrypoint, tenant_id, key, payload, execute_after, status, dedupe_key)
    VALUES (:priority, :entrypoint, :tenant, :key, :payload, clock_timestamp() + :delay, 'queued',
        :once)
    ON CONFLICT DO NOTHING
"""


def own_schema(tenant_id: int) -> str:
    """Return the schema of an isolated tenant's queue."""
    return f"{SCHEMA}_{int(tenant_id)}"


def schema_for(tenant_id: int, topology: str) -> str:
    """Return the schema of the queue by which a tenant's worker is woken."""
    return own_schema(tenant_id) if topology == "isolated" else SCHEMA


def _settings(schema: str) -> DBSettings:
    return DBSettings(db_schema=schema, channel=f"mcp_{schema}")


def install_script(schema: str = SCHEMA) -> str:
    """Return pgqueuer's schema as SQL of many statements."""
    return qb.QueryBuilderEnvironment(settings=_settings(schema)).build_install_query()


def fairness_script(schema: str) -> str:
    """Return what makes pgqueuer's schema one where tenants take turns. Repeatable.

    Its trigger is dropped. It made each change a notification, which every login could hear. It
    serialised commits, and failed them when the server's queue of notifications was full.
    """
    return f"""
        ALTER TABLE {schema}.pgqueuer
            ADD COLUMN IF NOT EXISTS tenant_id bigint NOT NULL DEFAULT 0,
            ADD COLUMN IF NOT EXISTS key text;
        CREATE INDEX IF NOT EXISTS pgqueuer_turns_idx
            ON {schema}.pgqueuer (entrypoint, tenant_id, execute_after, key)
            WHERE status = 'queued';
        DROP INDEX IF EXISTS {schema}.pgqueuer_priority_id_id1_idx;
        DROP TRIGGER IF EXISTS tg_pgqueuer_changed ON {schema}.pgqueuer;
    """


@dataclass(frozen=True, slots=True)
class WakeUp:
    """Where to look: `key` is a contact's alias in the inbox, or a lane of the outbox."""

    tenant_id: int
    key: str
    trace_id: str | None = None

    def pack(self) -> bytes:
        return orjson.dumps({"tenant": self.tenant_id, "key": self.key, "trace": self.trace_id})

    @classmethod
    def unpack(cls, payload: bytes | None) -> "WakeUp":
        fields: dict[str, Any] = orjson.loads(payload or b"{}")
        return cls(fields["tenant"], fields["key"], fields.get("trace"))


INBOX = "inbox"
OUTBOX = "outbox"
# Of one tenant, a reply that is written goes before a message that is not yet answered: in a rush
# nobody would hear anything otherwise until everybody had been heard.
PRIORITY = {INBOX: 0, OUTBOX: 1}


@cache
def _enqueue(schema: str) -> Sql:
    return Sql(ENQUEUE.format(schema=schema))


def queue_of(session: AsyncSession) -> str:
    """Return the schema of the queue that the session's process works off, or fills."""
    return str(session.info.get("queue", SCHEMA))


def wakes(session: AsyncSession, schema: str) -> None:
    """Let what is woken in this session go into the queue of `schema`.

    For a session that is opened for no tenant, and works for one.
    """
    session.info["queue"] = schema


async def wake(
    session: AsyncSession, entrypoint: str, wakeup: WakeUp, *, after: timedelta = timedelta(0)
) -> None:
    """Enqueue `wakeup` in the session's transaction: it is there if and only if that commits."""
    row = _row(entrypoint, wakeup, after=after)
    await Driver(session).execute(_enqueue(queue_of(session)), **row)


async def wake_forgotten(session: AsyncSession, entrypoint: str, wakeups: Iterable[WakeUp]) -> None:
    """Enqueue what a sweeper found, each unless one of an earlier sweep is still to be handled.

    Sweepers look again and again, in every worker. If workers cannot keep up, the queue would else
    fill with wake-ups of the same few contacts, and no other contact would have a turn.
    """
    rows = [
        _row(entrypoint, wakeup, once=f"{entrypoint}/{wakeup.tenant_id}/{wakeup.key}")
        # One order for all sweepers, so that no two of them wait for each other.
        for wakeup in sorted(wakeups, key=lambda each: (each.tenant_id, each.key))
    ]
    if rows:
        await Driver(session).execute_each(_enqueue(queue_of(session)), rows)


def _row(
    entrypoint: str, wakeup: WakeUp, *, after: timedelta = timedelta(0), once: str | None = None
) -> dict[str, Any]:
    return {
        "priority": PRIORITY[entrypoint],
        "entrypoint": entrypoint,
        "tenant": wakeup.tenant_id,
        "key": wakeup.key,
        "payload": wakeup.pack(),
        "delay": after,
        "once": once,
    }
