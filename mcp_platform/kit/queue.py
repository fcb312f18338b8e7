"""The queues of wake-ups: pgqueuer's tables in schemas of our database.

Tenants that share workers share a queue; an isolated tenant has its own. Owns names and settings of
queues. A wake-up carries no truth, only where to look: whoever
handles it reads the inbox or the outbox, and a sweeper finds what a lost wake-up would have told.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import asyncpg
import orjson
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence import qb
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.applications import PgQueuer
from pgqueuer.domain.settings import DBSettings
from pgqueuer.ports.driver import Driver
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

SCHEMA = "queue"  # of the tenants that share workers

# pgqueuer's own enqueue statement also writes a log row per job; wake-ups are many and mean
# nothing once handled, so ours writes the job alone.
ENQUEUE = """
    INSERT INTO {schema}.pgqueuer
        (priority, entrypoint, payload, execute_after, status, dedupe_key)
    VALUES (:priority, :entrypoint, :payload, clock_timestamp() + :delay, 'queued', :once)
    ON CONFLICT DO NOTHING
"""


def own_schema(tenant_id: int) -> str:
    """Return the schema of an isolated tenant's queue."""
    return f"{SCHEMA}_{int(tenant_id)}"


def schema_for(tenant_id: int, topology: str) -> str:
    """Return the schema of the queue by which a tenant's worker is woken."""
    return own_schema(tenant_id) if topology == "isolated" else SCHEMA


def queue_settings(schema: str = SCHEMA) -> DBSettings:
    return DBSettings(db_schema=schema, channel=f"mcp_{schema}")


def queue_queries(driver: Driver, schema: str = SCHEMA) -> Queries:
    settings = queue_settings(schema)
    return Queries(
        driver,
        qbe=qb.QueryBuilderEnvironment(settings=settings),
        qbq=qb.QueryQueueBuilder(settings=settings),
        qbs=qb.QuerySchedulerBuilder(settings=settings),
    )


# Opens a consumer of wake-ups; register entry points on it, then `run` it. Opened anew each time
# the last one has failed.
OpenQueue = Callable[[], AbstractAsyncContextManager[PgQueuer]]


def shared_queue(pool: asyncpg.Pool) -> OpenQueue:
    """Return what opens the queue of the tenants that share workers."""

    @asynccontextmanager
    async def open_() -> AsyncIterator[PgQueuer]:
        yield _queue(AsyncpgPoolDriver(pool), SCHEMA)

    return open_


def own_queue(connect: Callable[[], Awaitable[asyncpg.Connection]], schema: str) -> OpenQueue:
    """Return what opens an isolated tenant's queue: it listens and asks on one connection."""

    @asynccontextmanager
    async def open_() -> AsyncIterator[PgQueuer]:
        connection = await connect()
        try:
            yield _queue(AsyncpgDriver(connection), schema)
        finally:
            await connection.close()

    return open_


def _queue(driver: Driver, schema: str) -> PgQueuer:
    channel = queue_settings(schema).channel
    return PgQueuer(driver, channel=channel, queries=queue_queries(driver, schema))


def install_script(schema: str = SCHEMA) -> str:
    """Return pgqueuer's schema as SQL of many statements, for whoever creates it."""
    settings = queue_settings(schema)
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


@cache
def _enqueue(schema: str) -> TextClause:
    return text(ENQUEUE.format(schema=schema))


def queue_of(session: AsyncSession) -> str:
    """Return the schema of the queue that the session's process works off, or fills."""
    return str(session.info.get("queue", SCHEMA))


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
    await session.execute(_enqueue(queue_of(session)), row)


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
        await session.execute(_enqueue(queue_of(session)), rows)
