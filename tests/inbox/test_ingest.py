"""Requests of one moment are committed together, and none of them pays for another's bad row."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from mcp_platform.errors import Unavailable
from mcp_platform.inbox.event import NewEvent
from mcp_platform.inbox.ingest import MOST_ROWS, Ingest
from mcp_platform.tenants.tenant import TenantId

TENANTS = itertools.count(1_000_000)
AT = datetime(2026, 12, 1, 10, tzinfo=UTC)


class Watched:
    """A pool that can be held, broken, and asked what it was told."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.open = asyncio.Event()
        self.open.set()
        self.under_way = asyncio.Event()
        self.failures: list[Exception] = []
        self.statements: list[int] = []

    @contextlib.asynccontextmanager
    async def acquire(self, **_: float) -> AsyncIterator["Watched"]:
        yield self

    async def fetchval(self, statement: str, *columns: Any, **limits: float) -> Any:
        self.statements.append(len(columns[0]))
        self.under_way.set()
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        return await self._pool.fetchval(statement, *columns, **limits)

    async def execute(self, *args: Any, **limits: float) -> Any:
        if self.failures:
            raise self.failures.pop(0)
        return await self._pool.execute(*args, **limits)


@dataclass(slots=True)
class Place:
    """One ingest over a real database."""

    pool: asyncpg.Pool
    watched: Watched
    ingest: Ingest
    tenant: TenantId = field(default_factory=lambda: TenantId(next(TENANTS)))

    def event(self, key: str, *, tenant: TenantId | None = None, **changes: Any) -> NewEvent:
        values: dict[str, Any] = {
            "kind": "message",
            "contact_key": f"w:{key}",
            "body": b"{}",
            "sent_at": AT,
            "trace_id": "t",
        }
        return NewEvent(tenant_id=tenant or self.tenant, key=f"m:{key}", **{**values, **changes})

    async def keys(self, tenant: TenantId | None = None) -> list[str]:
        rows = await self.pool.fetch(
            "SELECT key FROM inbox_events WHERE tenant_id = $1 ORDER BY id", tenant or self.tenant
        )
        return [row["key"].removeprefix("m:") for row in rows]

    async def quarantined(self, tenant: TenantId | None = None) -> list[bytes]:
        rows = await self.pool.fetch(
            "SELECT body FROM quarantined_events WHERE tenant_id = $1 ORDER BY id",
            tenant or self.tenant,
        )
        return [row["body"] for row in rows]

    async def woken(self) -> int:
        found = await self.pool.fetchval(
            "SELECT count(*) FROM queue.pgqueuer"
            " WHERE (convert_from(payload, 'UTF8')::json ->> 'tenant')::bigint = $1",
            self.tenant,
        )
        return int(found)


@pytest.fixture
async def here(pool: asyncpg.Pool) -> AsyncIterator[Place]:
    watched = Watched(pool)
    ingest = Ingest(watched, debounce=timedelta(seconds=1))
    await ingest.start()
    yield Place(pool, watched, ingest)
    watched.open.set()
    await ingest.stop()


POISON: dict[str, dict[str, Any]] = {
    "nul in the key": {"key": "m:a\x00b"},
    "nul in the sender": {"contact_key": "w:5511\x00"},
    "surrogate in the key": {"key": "m:\ud83d"},
    "surrogate in the sender": {"contact_key": "w:\udc00"},
    "key of 10 kB": {"key": "m:" + "".join(chr(0x4E00 + n * 37 % 20_000) for n in range(3_400))},
    "sender of 10 kB": {
        "contact_key": "".join(chr(0x4E00 + n * 37 % 20_000) for n in range(3_400))
    },
    "no such kind": {"kind": "rumour"},
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_of_a_batch_of_many_tenants_only_the_row_that_postgres_refuses_is_set_aside(
    here: Place, poison: dict[str, Any]
) -> None:
    tenants = [here.tenant, *(TenantId(next(TENANTS)) for _ in range(30))]
    bad = here.event("bad", body=b'{"bad":1}')
    bad = NewEvent(**{**{each: getattr(bad, each) for each in bad.__slots__}, **poison})
    here.watched.open.clear()
    requests = [
        asyncio.create_task(
            here.ingest.store(
                [
                    here.event("1", tenant=tenant),
                    *([bad] if at == 0 else []),
                    here.event("2", tenant=tenant),
                ]
            )
        )
        for at, tenant in enumerate(tenants)
    ]
    await asyncio.sleep(0)
    here.watched.open.set()

    await asyncio.gather(*requests)  # each is answered 200

    for tenant in tenants:
        assert sorted(await here.keys(tenant)) == ["1", "2"]
    assert await here.quarantined() == [b'{"bad":1}']
    assert await here.quarantined(tenants[1]) == []
    assert await here.woken() == 2


async def test_one_bad_row_among_a_thousand_costs_few_statements(here: Place) -> None:
    events = [here.event(f"{at:04}") for at in range(1_000)]
    events[617] = here.event("bad\x00", body=b'"617"')
    events[40] = here.event("\ud800", body=b'"40"')

    await here.ingest.store(events)

    assert len(await here.keys()) == 998
    assert sorted(await here.quarantined()) == [b'"40"', b'"617"']
    assert len(here.watched.statements) <= 2 * 2 * 11


async def test_what_is_there_already_is_left_as_it_is_and_wakes_nobody(here: Place) -> None:
    first = here.event("a", body=b'{"first":1}')

    await here.ingest.store([first])
    await here.ingest.store([here.event("a", body=b"{}"), here.event("b"), here.event("b")])

    assert await here.keys() == ["a", "b"]
    assert await here.woken() == 2
    body = await here.pool.fetchval(
        "SELECT body FROM inbox_events WHERE tenant_id = $1 AND key = 'm:a'", here.tenant
    )
    assert body == b'{"first":1}'


async def test_one_key_of_two_tenants_is_two_events(here: Place) -> None:
    other = TenantId(next(TENANTS))

    await asyncio.gather(
        here.ingest.store([here.event("a")]), here.ingest.store([here.event("a", tenant=other)])
    )

    assert (await here.keys(), await here.keys(other)) == (["a"], ["a"])


async def test_statuses_and_what_is_not_understood_wake_nobody(here: Place) -> None:
    await here.ingest.store(
        [
            here.event("s", kind="status", contact_key=None),
            here.event("o", kind="other", contact_key=None, sent_at=None, trace_id=None),
        ]
    )

    assert sorted(await here.keys()) == ["o", "s"]
    assert await here.woken() == 0


async def test_requests_that_come_while_a_commit_is_under_way_are_committed_together(
    here: Place,
) -> None:
    here.watched.open.clear()
    early = [asyncio.create_task(here.ingest.store([here.event(f"early-{at}")])) for at in range(2)]
    await here.watched.under_way.wait()
    late = [asyncio.create_task(here.ingest.store([here.event(f"late-{at}")])) for at in range(50)]
    await asyncio.sleep(0.01)
    assert not any(each.done() for each in early + late)
    here.watched.open.set()
    await asyncio.gather(*early, *late)

    assert len(await here.keys()) == 52
    assert len(here.watched.statements) <= 4


async def test_nobody_is_answered_before_the_commit(here: Place) -> None:
    here.watched.open.clear()
    request = asyncio.create_task(here.ingest.store([here.event("a")]))
    await here.watched.under_way.wait()
    await asyncio.sleep(0.02)

    assert not request.done()
    assert await here.keys() == []
    here.watched.open.set()
    await request
    assert await here.keys() == ["a"]


async def test_a_request_that_gives_up_during_its_commit_harms_nobody_and_loses_nothing(
    here: Place,
) -> None:
    here.watched.open.clear()
    impatient = asyncio.create_task(here.ingest.store([here.event("impatient")]))
    patient = asyncio.create_task(here.ingest.store([here.event("patient")]))
    await here.watched.under_way.wait()
    impatient.cancel()
    await asyncio.sleep(0)
    here.watched.open.set()
    await patient

    assert impatient.cancelled()
    await here.ingest.store([here.event("next")])
    assert sorted(await here.keys()) == ["impatient", "next", "patient"]


async def test_one_batch_of_many_requests_does_not_grow_without_end(here: Place) -> None:
    here.watched.open.clear()
    first = [asyncio.create_task(here.ingest.store([here.event(f"first-{at}")])) for at in range(2)]
    await here.watched.under_way.wait()
    flood = [
        asyncio.create_task(
            here.ingest.store([here.event(f"{request}-{at}") for at in range(1_500)])
        )
        for request in range(6)
    ]
    await asyncio.sleep(0.01)
    here.watched.open.set()
    await asyncio.gather(*first, *flood)

    assert max(here.watched.statements) <= MOST_ROWS
    assert len(await here.keys()) == 9_002


async def test_one_request_larger_than_a_batch_is_stored_all_the_same(here: Place) -> None:
    await here.ingest.store([here.event(f"{at}") for at in range(MOST_ROWS + 1)])

    assert len(await here.keys()) == MOST_ROWS + 1


async def test_nothing_to_store_is_done_at_once(here: Place) -> None:
    await here.ingest.store([])
    assert here.watched.statements == []


async def test_ids_follow_what_was_written_first(here: Place) -> None:
    def minute(at: int) -> datetime:
        return AT + timedelta(minutes=at)

    await here.ingest.store(
        [
            here.event("third", sent_at=minute(3)),
            here.event("first", sent_at=minute(1)),
            here.event("second-a", sent_at=minute(2)),
            here.event("second-b", sent_at=minute(2)),
            here.event("no time", sent_at=None),
        ]
    )

    assert await here.keys() == ["no time", "first", "second-a", "second-b", "third"]


AWAY: Sequence[Exception] = (
    ConnectionRefusedError(),
    TimeoutError(),
    asyncpg.InterfaceError("pool is closed"),
    asyncpg.ConnectionDoesNotExistError(),
    asyncpg.CannotConnectNowError(),
    asyncpg.TooManyConnectionsError(),
    asyncpg.ReadOnlySQLTransactionError(),
    asyncpg.DiskFullError(),
)


@pytest.mark.parametrize("failure", AWAY, ids=lambda each: type(each).__name__)
async def test_while_postgres_is_away_the_sender_is_told_to_come_again_and_then_all_is_well(
    here: Place, failure: Exception
) -> None:
    here.watched.failures = [failure]

    with pytest.raises(Unavailable) as refused:
        await here.ingest.store([here.event("a")])
    assert refused.value.retry_after is not None
    await here.ingest.store([here.event("a")])

    assert await here.keys() == ["a"]
    assert await here.quarantined() == []


async def test_a_quarantine_that_cannot_be_written_is_not_answered_with_success(
    here: Place,
) -> None:
    bad = here.event("bad\x00", body=b"bad")
    here.watched.failures = [asyncpg.DataError("refused"), OSError("away")]

    with pytest.raises(Unavailable):
        await here.ingest.store([bad])
    assert await here.quarantined() == []
    await here.ingest.store([bad])
    assert await here.quarantined() == [b"bad"]


async def test_what_is_no_json_is_kept_whole(here: Place) -> None:
    await here.ingest.quarantine(tenant_id=here.tenant, body=b"\x00\xff{", error="no JSON")

    assert await here.quarantined() == [b"\x00\xff{"]


async def test_stopping_finishes_what_waits_and_takes_nothing_more(here: Place) -> None:
    here.watched.open.clear()
    requests = [asyncio.create_task(here.ingest.store([here.event(f"{at}")])) for at in range(20)]
    await here.watched.under_way.wait()
    stopping = asyncio.create_task(here.ingest.stop())
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await here.ingest.store([here.event("too late")])
    assert not stopping.done()
    here.watched.open.set()
    await stopping
    await asyncio.gather(*requests)

    assert len(await here.keys()) == 20


async def test_the_same_events_grouped_otherwise_and_stored_at_once_are_stored_once(
    here: Place, pool: asyncpg.Pool
) -> None:
    """Meta groups anew what it sends again; two processes may store both at the same moment."""
    there = Ingest(pool, debounce=timedelta(seconds=1))
    await there.start()
    keys = [f"{at:03}" for at in range(200)]
    try:
        for round_ in range(4):
            named = [here.event(f"{round_}-{key}", sent_at=AT) for key in keys]
            backwards = named[::-1]
            await asyncio.gather(here.ingest.store(named), there.store(backwards))
    finally:
        await there.stop()

    assert len(await here.keys()) == 800
    assert await here.woken() == 800
