"""Whose wake-up is next, by the statements themselves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

import asyncpg
import pytest

from mcp_platform.kit.consumer import Consumer, Job, Places, Queue
from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.kit.queue import (
    INBOX,
    OUTBOX,
    SCHEMA,
    WakeUp,
    fairness_script,
    install_script,
    own_schema,
    wake,
    wake_forgotten,
)

A, B, C = 1, 2, 3
NOW = timedelta(0)
DAY = timedelta(days=1)
SILENT = timedelta(seconds=10)
OWN = own_schema(A)


class Place:
    """A queue, and what fills it as the product does."""

    def __init__(self, url: str, pool: asyncpg.Pool, schema: str) -> None:
        self._engine = create_engine(url, pool_size=1, application_name="test")
        self._sessions = create_sessions(self._engine, queue=schema)
        self.pool = pool
        self.schema = schema
        self.queue = Queue(pool, schema=schema)

    async def wake(
        self, tenant_id: int, keys: Iterable[str], *, what: str = INBOX, after: timedelta = NOW
    ) -> None:
        async with self._sessions.everywhere.begin() as session:
            for key in keys:
                await wake(session, what, WakeUp(tenant_id, key), after=after)

    async def flood(self, tenant_id: int, count: int, *, key: str = "", what: str = INBOX) -> None:
        """Let `count` contacts of a tenant wait, or one of them with as many messages."""
        await self.pool.execute(
            f"INSERT INTO {self.schema}.pgqueuer"  # names of ours
            " (priority, entrypoint, tenant_id, key, payload, execute_after, status)"
            " SELECT 0, $4, $1::bigint, key, convert_to(json_build_object("
            "'tenant', $1::bigint, 'key', key)::text, 'UTF8'), now() - interval '1 hour', 'queued'"
            " FROM (SELECT coalesce(nullif($3::text, ''), n::text) AS key FROM generate_series(1, $2::bigint) n) x",
            tenant_id, count, key, what,
        )  # fmt: skip

    async def take(
        self, free: int, *, of_a_tenant: int = 8, busy: dict[tuple[str, int], int] | None = None
    ) -> list[Job]:
        taken = await self.queue.take(
            [INBOX, OUTBOX], free=free, of_a_tenant=of_a_tenant, busy=busy or {}
        )
        return taken.jobs

    async def waiting(self) -> int:
        statement = f"SELECT count(*) FROM {self.schema}.pgqueuer WHERE status = 'queued'"
        return int(await self.pool.fetchval(statement))

    async def close(self) -> None:
        await self._engine.dispose()


@pytest.fixture(params=[SCHEMA, OWN])
async def place(request: pytest.FixtureRequest, migrated_url: str) -> AsyncIterator[Place]:
    """The shared queue, and one of an isolated tenant."""
    async with asyncpg.create_pool(migrated_url, min_size=1, max_size=4) as pool:
        if request.param == OWN:
            await pool.execute(install_script(OWN))
            await pool.execute(fairness_script(OWN))
        made = Place(migrated_url, pool, request.param)
        yield made
        await made.close()


def whose(jobs: Iterable[Job]) -> Counter[int]:
    return Counter(job.wakeup.tenant_id for job in jobs)


async def test_one_that_waits_goes_before_anothers_second(place: Place) -> None:
    await place.flood(A, 5_000)
    await place.wake(B, ["late"])
    await place.wake(C, ["later"])

    assert whose(await place.take(3)) == {A: 1, B: 1, C: 1}


async def test_what_a_tenant_has_under_way_counts(place: Place) -> None:
    await place.flood(A, 10)
    await place.wake(B, ["one", "two", "three"])

    # A has two under way: B's first two go before A's third, and A's third before B's fourth.
    assert whose(await place.take(2, busy={(INBOX, A): 1, (OUTBOX, A): 1})) == {B: 2}


async def test_a_tenant_that_has_all_its_places_is_not_looked_at_again(place: Place) -> None:
    await place.flood(A, 5_000)
    full = {(INBOX, A): 8}

    assert await place.take(24, busy=full) == []
    await place.wake(B, ["late"])
    assert whose(await place.take(24, busy=full)) == {B: 1}
    assert whose(await place.take(24, busy={(INBOX, A): 7})) == {A: 1}
    assert await place.waiting() == 4_999  # nothing was taken that could not be handled


@pytest.mark.parametrize("what", [INBOX, OUTBOX])
async def test_of_each_kind_of_work_a_tenant_has_no_more_than_its_places(
    place: Place, what: str
) -> None:
    await place.flood(A, 100, what=what)

    assert whose(await place.take(32)) == {A: 8}


async def test_a_reply_goes_before_a_message_of_the_same_tenant(place: Place) -> None:
    await place.flood(A, 5)
    await place.wake(A, ["lane"], what=OUTBOX)

    assert [job.entrypoint for job in await place.take(1)] == [OUTBOX]


async def test_anothers_message_goes_before_a_tenants_second_reply(place: Place) -> None:
    await place.flood(A, 5_000, what=OUTBOX)
    await place.wake(B, ["asks"])

    taken = await place.take(2)
    assert {(job.entrypoint, job.wakeup.tenant_id) for job in taken} == {(OUTBOX, A), (INBOX, B)}


async def test_a_contact_who_writes_much_goes_once_and_then_the_others(place: Place) -> None:
    await place.flood(A, 900, key="loud")
    await place.wake(A, ["quiet"])

    assert [job.wakeup.key for job in await place.take(8)] == ["loud"]
    assert [job.wakeup.key for job in await place.take(8)] == ["quiet"]
    assert await place.waiting() == 0


async def test_what_is_not_due_yet_is_left_and_told_of(place: Place) -> None:
    await place.wake(A, ["typing"], after=DAY)

    taken = await place.queue.take([INBOX], free=8, of_a_tenant=8, busy={})
    assert taken.jobs == []
    assert taken.soonest is not None
    assert timedelta(hours=23) < taken.soonest <= DAY


async def test_within_a_tenant_who_waits_longest_is_next(place: Place) -> None:
    await place.wake(A, ["first", "second", "third"])
    (first,) = await place.take(1)
    await place.queue.settle([], {first.id: NOW})

    assert [job.wakeup.key for job in await place.take(1)] == ["second"]


async def test_two_workers_take_different_wake_ups(place: Place) -> None:
    await place.flood(A, 8)
    others = Queue(place.pool, schema=place.schema)

    mine, theirs = await asyncio.gather(
        place.take(4), others.take([INBOX], free=4, of_a_tenant=8, busy={})
    )
    ids = [job.id for job in mine] + [job.id for job in theirs.jobs]
    assert len(ids) == len(set(ids))


async def test_what_a_silent_worker_had_is_anothers_and_no_longer_its_own(place: Place) -> None:
    await place.wake(A, ["ana"])
    (job,) = await place.take(1)
    others = Queue(place.pool, schema=place.schema)

    await others.beat([], silent_for=SILENT)
    assert (await others.take([INBOX], free=1, of_a_tenant=1, busy={})).jobs == []
    await others.beat([], silent_for=-SILENT)  # as if ten seconds had passed
    (again,) = (await others.take([INBOX], free=1, of_a_tenant=1, busy={})).jobs
    assert again.id == job.id
    await place.queue.settle([job.id], {})  # the first one comes back to itself
    await others.settle([], {again.id: NOW})
    assert await place.waiting() == 1


async def test_a_sweeper_that_found_the_same_again_wakes_once(place: Place) -> None:
    for _ in range(3):
        async with place._sessions.everywhere.begin() as session:
            await wake_forgotten(session, INBOX, [WakeUp(A, "ana"), WakeUp(B, "bia")])

    assert await place.waiting() == 2


async def test_what_the_previous_release_enqueued_is_taken(place: Place) -> None:
    await place.pool.execute(
        f"INSERT INTO {place.schema}.pgqueuer (priority, entrypoint, payload, status)"
        " VALUES (0, 'inbox', $1, 'queued')",
        WakeUp(A, "ana").pack(),
    )

    assert [job.wakeup for job in await place.take(8)] == [WakeUp(A, "ana")]


async def test_no_change_of_a_queue_is_announced(place: Place) -> None:
    heard: list[object] = []
    channel = f"mcp_{place.schema}"

    def hear(*told: object) -> None:
        heard.append(told)

    async with place.pool.acquire() as listening:
        await listening.add_listener(channel, hear)
        await place.wake(A, ["ana", "bia"])
        done, later = await place.take(2)
        await place.queue.settle([done.id], {later.id: NOW})
        await listening.execute("SELECT 1")
        await listening.remove_listener(channel, hear)
    assert heard == []
    triggers = (
        "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = $1::regnamespace"
    )
    assert await place.pool.fetchval(triggers, place.schema) == 0


async def test_a_consumer_answers_a_quiet_tenant_while_a_busy_one_has_all_its_places(
    place: Place,
) -> None:
    await place.flood(A, 400)
    crowded, answered, release = asyncio.Event(), asyncio.Event(), asyncio.Event()
    under_way: Counter[int] = Counter()
    most: Counter[int] = Counter()

    async def handle(wakeup: WakeUp) -> None:
        under_way[wakeup.tenant_id] += 1
        most[wakeup.tenant_id] = max(most[wakeup.tenant_id], under_way[wakeup.tenant_id])
        if under_way[A] == 8:
            crowded.set()
        if wakeup.tenant_id == B:
            answered.set()
        else:
            await release.wait()
        under_way[wakeup.tenant_id] -= 1

    consumer = Consumer(
        place.queue,
        {INBOX: handle},
        places=Places(32, 8),
        silent_for=SILENT,
        news=asyncio.Event(),
    )
    running = asyncio.create_task(consumer.run())
    async with asyncio.timeout(30):
        await crowded.wait()
        await place.wake(B, ["bia"])
        await answered.wait()
    consumer.stop()
    release.set()
    await running

    assert most[A] == 8
    assert await place.waiting() == 392  # those under way were finished, the others left
