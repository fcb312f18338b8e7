"""The queue of wake-ups: pgqueuer's tables in a schema of our database.

Owns names and settings of the queue. A wake-up carries no truth, only where to look: whoever
handles it reads the inbox or the outbox, and a sweeper finds what a lost wake-up would have told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence import qb
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.applications import PgQueuer
from pgqueuer.domain.settings import DBSettings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SCHEMA = "queue"

# pgqueuer's own enqueue statement also writes a log row per job; wake-ups are many and mean
# nothing once handled, so ours writes the job alone.
ENQUEUE = f"""
    INSERT INTO {SCHEMA}.pgqueuer
        (priority, entrypoint, payload, execute_after, status, dedupe_key)
    VALUES (:priority, :entrypoint, :payload, clock_timestamp() + :delay, 'queued', :once)
    ON CONFLICT DO NOTHING
"""  # noqa: S608  # the schema is a constant of this module


def queue_settings() -> DBSettings:
    return DBSettings(db_schema=SCHEMA, channel="mcp_queue")


def queue_queries(pool: asyncpg.Pool) -> Queries:
    settings = queue_settings()
    return Queries(
        AsyncpgPoolDriver(pool),
        qbe=qb.QueryBuilderEnvironment(settings=settings),
        qbq=qb.QueryQueueBuilder(settings=settings),
        qbs=qb.QuerySchedulerBuilder(settings=settings),
    )


def create_queue(pool: asyncpg.Pool) -> PgQueuer:
    """Create the consumer of wake-ups; register entry points on it, then `run` it."""
    queries = queue_queries(pool)
    return PgQueuer(queries.driver, channel=queue_settings().channel, queries=queries)


def install_script() -> str:
    """Return pgqueuer's schema as SQL of many statements, for the migration that creates it."""
    settings = queue_settings()
    return qb.QueryBuilderEnvironment(settings=settings).build_install_query()


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
# A reply that is written goes before a message that is not yet answered: in a rush nobody would
# hear anything otherwise until everybody had been heard.
PRIORITY = {INBOX: 0, OUTBOX: 1}


async def wake(
    session: AsyncSession, entrypoint: str, wakeup: WakeUp, *, after: timedelta = timedelta(0)
) -> None:
    """Enqueue `wakeup` in the session's transaction: it is there if and only if that commits."""
    row = {
        "priority": PRIORITY[entrypoint],
        "entrypoint": entrypoint,
        "payload": wakeup.pack(),
        "delay": after,
        "once": None,
    }
    await session.execute(text(ENQUEUE), row)


async def wake_forgotten(session: AsyncSession, entrypoint: str, wakeups: Iterable[WakeUp]) -> None:
    """Enqueue what a sweeper found, each unless one of an earlier sweep is still to be handled.

    Sweepers look again and again, in every worker: where there is more to do than workers can do,
    the queue would otherwise fill with wake-ups of the same few contacts, and nobody else's turn
    would come.
    """
    rows = [
        {
            "priority": PRIORITY[entrypoint],
            "entrypoint": entrypoint,
            "payload": wakeup.pack(),
            "delay": timedelta(0),
            "once": f"{entrypoint}/{wakeup.tenant_id}/{wakeup.key}",
        }
        # One order for all sweepers, so that no two of them wait for each other.
        for wakeup in sorted(wakeups, key=lambda each: (each.tenant_id, each.key))
    ]
    if rows:
        await session.execute(text(ENQUEUE), rows)
