"""Records what arrives: the requests of one moment are committed together.

While one commit is on its way to disk, the events of other requests gather; then they go as one
statement. Each request is answered after its own commit. Rows that Postgres refuses are set aside
alone and harm no other request.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import asyncpg
import structlog

from mcp_platform.errors import Unavailable
from mcp_platform.inbox.event import NewEvent
from mcp_platform.inbox.metrics import BATCH, EVENTS, QUARANTINED
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.queue import INBOX, SCHEMA

log = structlog.get_logger(__name__)

# Events are recorded and their wake-ups enqueued by one statement. A key that is there already
# records nothing and wakes nobody; statuses wake nobody either. The role that runs it may read back
# of an event no more than its key, so that what it wakes for is what it was given. The CASE keeps
# what is fresh a hash that is looked up: a join might be made row by row.
STORE = """
    WITH given AS (
        SELECT * FROM unnest(
            $1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[],
            $6::timestamptz[], $7::boolean[], $8::text[])
        AS event (tenant_id, key, kind, contact_key, body, sent_at, instant, trace_id)
    ), fresh AS (
        INSERT INTO inbox_events
            (tenant_id, key, kind, contact_key, body, sent_at, instant, trace_id)
        SELECT * FROM given
        ON CONFLICT (tenant_id, key) DO NOTHING
        RETURNING tenant_id, key
    ), woken AS (
        INSERT INTO {schema}.pgqueuer
            (priority, entrypoint, tenant_id, key, payload, execute_after, status)
        SELECT 0, '{inbox}', tenant_id, contact_key,
               convert_to(json_build_object(
                   'tenant', tenant_id, 'key', contact_key, 'trace', trace_id)::text, 'UTF8'),
               clock_timestamp() + CASE WHEN instant THEN interval '0' ELSE $9 END,
               'queued'
        FROM given
        WHERE kind = 'message'
          AND CASE WHEN (tenant_id, key) IN (SELECT tenant_id, key FROM fresh) THEN true END
    )
    SELECT count(*) FROM fresh
"""

QUARANTINE = "INSERT INTO quarantined_events (tenant_id, body, error) VALUES ($1, $2, $3)"

# One commit on its way to disk while the next batch is built. Of 1, 2, 3 and 4 none is faster, or has
# the shorter tail, by more than runs of the same number differ: where a tail is long, it was the
# disk, and all wait.
WRITERS = 2
MOST_ROWS = 5_000
TIMEOUT_S = 5.0
# To get a connection, and to give up one that does not even answer that it cancels: where a network
# swallows packets, the pool alone would wait for minutes.
CONNECTED_S = 2.0
DEADLOCKS = 3  # in a row that one batch gets over
AWAY = timedelta(seconds=5)
EARLIEST = datetime.min.replace(tzinfo=UTC)

Batch = list[tuple[Sequence[NewEvent], str, asyncio.Future[None]]]
# Faults of one row's values, as opposed to faults of the server or the connection.
REFUSED = (
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.exceptions.UntranslatableCharacterError,
    UnicodeEncodeError,
)


@cache
def _store_into(schema: str) -> str:
    return STORE.format(schema=schema, inbox=INBOX)


class Ingest:
    """Stores events durably. `start` before use; `stop` finishes what waits."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        debounce: timedelta,
        own_queue: str | None = None,
        news: asyncio.Event | None = None,
    ) -> None:
        """`own_queue` is the only one that this process's login may fill, if there is but one.

        `news` is set once a message is committed, for a worker in the same process.
        """
        self._own_queue = own_queue
        self._news = news
        self._pool = pool
        self._debounce = debounce
        self._waiting: Batch = []
        self._arrived = asyncio.Event()
        self._writers: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        self._writers = [asyncio.create_task(self._write()) for _ in range(WRITERS)]

    async def stop(self) -> None:
        self._stopping = True
        self._arrived.set()
        await asyncio.gather(*self._writers)

    async def store(self, events: Sequence[NewEvent], *, queue: str = SCHEMA) -> None:
        """Return when `events` are committed; those recorded before are left as they are.

        `queue` wakes the worker that answers them.

        Raises:
            Unavailable: Postgres is away; nothing is promised, the sender must send again.
        """
        if not events:
            return
        if self._stopping:
            raise Unavailable("This process is stopping.", retry_after=AWAY)
        done = asyncio.get_running_loop().create_future()
        # Of a tenant that has moved meanwhile, others' workers find what nobody is woken for.
        self._waiting.append((events, self._own_queue or queue, done))
        self._arrived.set()
        await done

    async def quarantine(self, *, tenant_id: int, body: bytes, error: str) -> None:
        """Keep whole what could not become events. Raises Unavailable as `store` does."""
        try:
            async with self._pool.acquire(timeout=CONNECTED_S) as connection:
                await connection.execute(QUARANTINE, tenant_id, body, error, timeout=TIMEOUT_S)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as failure:
            raise Unavailable("The database is away.", retry_after=AWAY) from failure
        QUARANTINED.inc()
        log.error("inbox.event.quarantined", tenant_id=tenant_id, error=error)

    async def _write(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            batch = self._take()
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001  # handed to those who wait for the commit
                failure = Unavailable("The database is away.", retry_after=AWAY)
                failure.__cause__ = error
                _settle(batch, failure)
                log.warning("inbox.commit.failed", error=repr(error), requests=len(batch))

    def _take(self) -> Batch:
        """Take what is committed together: of one queue, so that its absence is nobody else's."""
        rows, queue = 0, self._waiting[0][1]
        for count, (events, other, _) in enumerate(self._waiting):
            rows += len(events)
            if count and (rows > MOST_ROWS or other != queue):
                batch, self._waiting = self._waiting[:count], self._waiting[count:]
                return batch
        batch, self._waiting = self._waiting, []
        return batch

    async def _commit(self, batch: Batch) -> None:
        events = _in_order(batch)
        once: dict[tuple[int, str], NewEvent] = {}
        for event in events:
            once.setdefault((event.tenant_id, event.key), event)
        await self._store_around(list(once.values()), queue=batch[0][1])
        EVENTS.labels(outcome="repeated").inc(len(events) - len(once))
        BATCH.observe(len(batch))
        _settle(batch)

    async def _store_around(self, events: list[NewEvent], *, queue: str) -> None:
        """Store what Postgres takes; what it refuses is found by halving, and set aside alone."""
        try:
            await self._store(events, queue=queue)
        except REFUSED as error:
            if len(events) == 1:
                (event,) = events
                await self.quarantine(
                    tenant_id=event.tenant_id, body=event.body, error=repr(error)[:500]
                )
                return
            half = len(events) // 2
            await self._store_around(events[:half], queue=queue)
            await self._store_around(events[half:], queue=queue)

    async def _store(self, events: list[NewEvent], *, queue: str) -> None:
        failpoint("ingest.before_commit")
        fresh = await self._insert_again(events, queue=queue)
        failpoint("ingest.after_commit")
        if self._news is not None and any(event.kind == "message" for event in events):
            self._news.set()
        EVENTS.labels(outcome="stored").inc(fresh)
        EVENTS.labels(outcome="repeated").inc(len(events) - fresh)

    async def _insert_again(self, events: list[NewEvent], *, queue: str) -> int:
        for _ in range(DEADLOCKS):
            try:
                return await self._insert(events, queue=queue)
            except asyncpg.DeadlockDetectedError:
                # Meta groups differently what it repeats, and the other batch had the same keys in another
                # order. It has gone on; a third may come.
                await asyncio.sleep(random.uniform(0, 0.02))
        return await self._insert(events, queue=queue)

    async def _insert(self, events: list[NewEvent], *, queue: str) -> int:
        async with self._pool.acquire(timeout=CONNECTED_S) as connection:
            return int(
                await connection.fetchval(
                    _store_into(queue), *_columns(events), self._debounce, timeout=TIMEOUT_S
                )
            )


def _in_order(batch: Batch) -> list[NewEvent]:
    """Return a batch's events so that ids follow what was written first, by Meta's clock.

    It is one order for all writers too: a request that is repeated as it was while it is being
    stored is locked key by key in the same order.
    """
    placed = [
        (event.tenant_id, event.sent_at or EARLIEST, events[0].key, place, event)
        for events, _, _ in batch
        for place, event in enumerate(events)
    ]
    placed.sort(key=lambda each: each[:-1])
    return [each[-1] for each in placed]


def _columns(events: list[NewEvent]) -> tuple[list[Any], ...]:
    return (
        [event.tenant_id for event in events],
        [event.key for event in events],
        [event.kind for event in events],
        [event.contact_key for event in events],
        [event.body for event in events],
        [event.sent_at for event in events],
        [event.instant for event in events],
        [event.trace_id for event in events],
    )


def _settle(batch: Batch, failure: Exception | None = None) -> None:
    for _, _, done in batch:
        if done.done():  # the request gave up waiting
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)
