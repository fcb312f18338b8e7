"""Works off a queue of wake-ups, one tenant after another.

It decides which wake-up is next, how many are handled at a time, and what becomes of those of a
worker that died. Handlers decide what to do. It does not listen: every login can send notifications,
so it looks for itself (decision 0019).
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog

from mcp_platform.kit.queue import WakeUp

log = structlog.get_logger(__name__)

# A tap is due at once, and comes while its contact's conversation is under way: it waits for half of
# this on average.
LOOK_EVERY_S = 0.05
# While nobody has been heard for a while. What is debounced is seen before it is due.
LOOK_SELDOM_S = 0.5
LIVELY_FOR_S = 300.0  # a conversation with longer pauses waits half a second after each
# What ends at almost the same moment is written down together, and its places filled together.
GATHER_S = 0.005
# Of what a tenant has due, so much is looked through for wake-ups that say the same.
REPEATS = 1_000
BEATS = 4  # in the time after which a worker that is silent has lost its wake-ups

# The tenants with something queued, by one look at the index each, however much waits there; and
# when each one's first is due.
WAITING = """
        SELECT each.entrypoint, first.tenant_id, first.due
        FROM unnest($1::text[]) AS each (entrypoint)
        CROSS JOIN LATERAL (
            SELECT tenant_id, execute_after AS due FROM {table} job
            WHERE job.status = 'queued' AND job.entrypoint = each.entrypoint
            ORDER BY tenant_id, execute_after LIMIT 1
        ) first
        UNION ALL
        SELECT waiting.entrypoint, following.tenant_id, following.due
        FROM waiting CROSS JOIN LATERAL (
            SELECT tenant_id, execute_after AS due FROM {table} job
            WHERE job.status = 'queued' AND job.entrypoint = waiting.entrypoint
              AND job.tenant_id > waiting.tenant_id
            ORDER BY tenant_id, execute_after LIMIT 1
        ) following
"""
# The places that each tenant's wake-ups take up here now, by entry point and together.
BUSY = """
        SELECT entrypoint, tenant_id, places, sum(places) OVER (PARTITION BY tenant_id) AS together
        FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS busy (entrypoint, tenant_id, places)
"""
# Of each tenant as many as it may have handled at a time, the longest due first; a contact or lane
# counts once. They are ranked: a tenant's n-th, what it has under way included, comes before any
# other's n+1-th.
CANDIDATE = """
        SELECT job.id, job.priority, job.execute_after, job.nth,
            row_number() OVER (
                PARTITION BY tenant_id, job.nth ORDER BY job.priority DESC, job.execute_after)
            + coalesce((SELECT max(together) FROM busy b WHERE b.tenant_id = waiting.tenant_id), 0)
            AS share
        FROM waiting
        LEFT JOIN busy USING (entrypoint, tenant_id)
        CROSS JOIN LATERAL (
            SELECT id, priority, execute_after,
                row_number() OVER (PARTITION BY coalesce(key, id::text) ORDER BY execute_after) AS nth
            FROM (
                SELECT id, priority, execute_after, key FROM {table} job
                WHERE job.status = 'queued' AND job.entrypoint = waiting.entrypoint
                  AND job.tenant_id = waiting.tenant_id AND job.execute_after <= now()
                ORDER BY execute_after
                LIMIT least($5, greatest($6 - coalesce(busy.places, 0), 0))
            ) due
        ) job
        WHERE waiting.due <= now()
"""
# Rows are locked in the order of their rank, so that of several workers each gets the next.
TAKEN = """
        UPDATE {table}
        SET status = 'picked', queue_manager_id = $7, heartbeat = now(), updated = now()
        WHERE id IN (
            SELECT job.id FROM candidate JOIN {table} job ON job.id = candidate.id
            WHERE job.status = 'queued' AND candidate.nth = 1
            ORDER BY candidate.share, candidate.priority DESC, candidate.execute_after
            LIMIT $5
            FOR UPDATE OF job SKIP LOCKED)
        RETURNING id, entrypoint, tenant_id, key, payload
"""
# Other wake-ups of the same contact that are due go: who handles one looks at all that waits.
REPEATED = """
        DELETE FROM {table}
        WHERE id IN (
            SELECT job.id
            FROM (SELECT DISTINCT entrypoint, tenant_id FROM taken) each
            CROSS JOIN LATERAL (
                SELECT id, key FROM {table} job
                WHERE job.status = 'queued' AND job.entrypoint = each.entrypoint
                  AND job.tenant_id = each.tenant_id AND job.execute_after <= now()
                ORDER BY execute_after
                LIMIT {repeats}
            ) again
            JOIN taken ON taken.entrypoint = each.entrypoint AND taken.tenant_id = each.tenant_id
                AND taken.key = again.key AND taken.id <> again.id
            JOIN {table} job ON job.id = again.id
            WHERE job.status = 'queued'
            FOR UPDATE OF job SKIP LOCKED)
        RETURNING id
"""
# One row where nothing was taken: it says how soon there is something to take.
TAKE = f"""
    WITH RECURSIVE waiting AS ({WAITING}), busy AS ({BUSY}), candidate AS ({CANDIDATE}),
        taken AS ({TAKEN}), repeated AS ({REPEATED})
    SELECT taken.id, taken.entrypoint, taken.payload,
        (SELECT count(*) FROM repeated) AS repeated,
        (SELECT min(due) FROM waiting WHERE due > now()) - now() AS soonest
    FROM (VALUES (1)) AS always LEFT JOIN taken ON true
"""  # noqa: S608  # constants of this module
SETTLE = """
    WITH later AS (
        UPDATE {table} job
        SET status = 'queued', queue_manager_id = NULL, updated = now(),
            attempts = attempts + 1, execute_after = clock_timestamp() + again.pause
        FROM unnest($2::bigint[], $3::interval[]) AS again (id, pause)
        WHERE job.id = again.id AND job.queue_manager_id = $4
    )
    DELETE FROM {table} WHERE id = ANY($1::bigint[]) AND queue_manager_id = $4
"""
BEAT = "UPDATE {table} SET heartbeat = now() WHERE id = ANY($1::bigint[]) AND queue_manager_id = $2"
GIVE_BACK = """
    UPDATE {table} SET status = 'queued', queue_manager_id = NULL, updated = now()
    WHERE status = 'picked' AND heartbeat < now() - $1::interval
"""

Handle = Callable[[WakeUp], Awaitable[timedelta | None]]
"""Does what a wake-up asks for; returns when to come back, or None."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many wake-ups one worker handles at a time."""

    all: int
    of_a_tenant: int
    """For each entry point."""


class Queue:
    """The wake-ups in one schema, as one worker takes them."""

    def __init__(self, pool: asyncpg.Pool, *, schema: str) -> None:
        self._pool = pool
        self._me = uuid.uuid4()
        table = f"{schema}.pgqueuer"
        self._take, self._settle, self._beat, self._give_back = (
            statement.format(table=table, repeats=REPEATS)
            for statement in (TAKE, SETTLE, BEAT, GIVE_BACK)
        )

    async def take(
        self,
        entrypoints: list[str],
        *,
        free: int,
        of_a_tenant: int,
        busy: Mapping[tuple[str, int], int],
    ) -> "TakenJobs":
        """Take the next wake-ups, at most `free`; `busy` counts what is under way here."""
        rows = await self._pool.fetch(
            self._take,
            entrypoints,
            [entrypoint for entrypoint, _ in busy],
            [tenant_id for _, tenant_id in busy],
            list(busy.values()),
            free,
            of_a_tenant,
            self._me,
        )
        jobs = [
            Job(row["id"], row["entrypoint"], WakeUp.unpack(row["payload"]))
            for row in rows
            if row["id"] is not None
        ]
        return TakenJobs(jobs, repeated=rows[0]["repeated"], soonest=rows[0]["soonest"])

    async def settle(self, done: list[int], later: Mapping[int, timedelta]) -> None:
        """Take away what is done, and put back what is to be looked at later."""
        await self._pool.execute(self._settle, done, list(later), list(later.values()), self._me)

    async def beat(self, ids: list[int], *, silent_for: timedelta) -> None:
        """Say that `ids` are being handled, and give back what somebody has long not said so of."""
        await self._pool.execute(self._beat, ids, self._me)
        await self._pool.execute(self._give_back, silent_for)


@dataclass(frozen=True, slots=True)
class Job:
    """A wake-up that this worker has taken."""

    id: int
    entrypoint: str
    wakeup: WakeUp


@dataclass(frozen=True, slots=True)
class TakenJobs:
    jobs: list[Job]
    repeated: int
    """Wake-ups that said the same, and are gone."""
    soonest: timedelta | None
    """When a tenant that has nothing due has something."""


class Consumer:
    """Handles wake-ups until stopped; what is under way when the database is away goes on."""

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handle],
        *,
        places: Places,
        silent_for: timedelta,
        news: asyncio.Event,
    ) -> None:
        """`news` is set when this process has enqueued something: one need not wait to look."""
        self._queue = queue
        self._handlers = handlers
        self._places = places
        self._silent_for = silent_for
        self._news = news
        self._busy: Counter[tuple[str, int]] = Counter()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._done: list[int] = []
        self._later: dict[int, timedelta] = {}
        self._lively_until = 0.0
        self._stopping = False

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        """Take and handle wake-ups until stopped, or until the database is away."""
        beating = asyncio.create_task(self._beat())
        try:
            while not self._stopping:
                self._news.clear()
                pause = await self._look()
                if beating.done():
                    beating.result()
                await self._wait(pause)
            await self.drain()
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def drain(self) -> None:
        """Wait for what is under way, and write down what came of it."""
        if self._running:
            await asyncio.wait(self._running.values())
        await self._settle()

    async def _look(self) -> float:
        """Take what there are places for; return how long there is nothing to look for."""
        await self._settle()
        while free := self._places.all - len(self._running):
            taken = await self._queue.take(
                list(self._handlers),
                free=free,
                of_a_tenant=self._places.of_a_tenant,
                busy=self._busy,
            )
            for job in taken.jobs:
                self._start(job)
            if not taken.repeated:
                return self._pause(taken)
        return LOOK_EVERY_S

    def _pause(self, taken: TakenJobs) -> float:
        now = asyncio.get_running_loop().time()
        if taken.jobs:
            self._lively_until = now + LIVELY_FOR_S
        often = self._running or now < self._lively_until
        pause = LOOK_EVERY_S if often else LOOK_SELDOM_S
        return pause if taken.soonest is None else min(pause, taken.soonest.total_seconds())

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)

    def _start(self, job: Job) -> None:
        # After a standstill our own may have been given back, and come to us once more.
        if job.id in self._running:
            return
        self._busy[job.entrypoint, job.wakeup.tenant_id] += 1
        self._running[job.id] = asyncio.create_task(self._handle(job))

    async def _handle(self, job: Job) -> None:
        place = job.entrypoint, job.wakeup.tenant_id
        try:
            later = await self._handlers[job.entrypoint](job.wakeup)
            if later is None:
                self._done.append(job.id)
            else:
                self._later[job.id] = later
        finally:
            del self._running[job.id]
            self._busy[place] -= 1
            if not self._busy[place]:
                del self._busy[place]
            self._news.set()

    async def _settle(self) -> None:
        """Write down what came of what was handled; what cannot be is tried again next time."""
        done, later = self._done, self._later
        if done or later:
            self._done, self._later = [], {}
            try:
                await self._queue.settle(done, later)
            except BaseException:
                self._done += done
                self._later = later | self._later
                raise

    async def _beat(self) -> None:
        while True:
            await self._queue.beat(list(self._running), silent_for=self._silent_for)
            await asyncio.sleep(self._silent_for.total_seconds() / BEATS)
