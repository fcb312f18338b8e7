"""Leases are kept up whatever else the process is busy with, and only as long as they are ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from mcp_platform.conversations.contacts import ContactId, Contacts, Identity
from mcp_platform.conversations.lease import Lease, LeaseLost, Leases
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.kit.row_security import Role
from mcp_platform.tenants.tenant import TenantId

LASTS = timedelta(seconds=1.5)


class Post:
    """One worker's pool of two connections, and its leases."""

    def __init__(self, turns: AsyncEngine, beats: AsyncEngine, *, lasts: timedelta) -> None:
        self.sessions = create_sessions(turns)
        self.leases = Leases(self.sessions, beats=create_sessions(beats), lasts=lasts)
        self.tenant = TenantId(0)

    async def open(self) -> None:
        async with self.sessions.everywhere.begin() as session:
            await session.execute(text("SET LOCAL ROLE mcp_admin"))
            await session.execute(
                text("INSERT INTO clients (name, business_name) VALUES ('shop', 'Shop')")
            )
            made = await session.scalar(
                text(
                    "INSERT INTO tenants (client_name, environment)"
                    " VALUES ('shop', 'production') RETURNING id"
                )
            )
        self.tenant = TenantId(made)

    async def meet(self, alias: str) -> ContactId:
        async with self.sessions.of(self.tenant).begin() as session:
            return await Contacts(session, self.tenant).ensure(Identity.of(alias))

    async def take(self, contact: ContactId) -> Lease | None:
        async with self.sessions.of(self.tenant).begin() as session:
            return await self.leases.take(session, tenant_id=self.tenant, contact_id=contact)


@pytest.fixture
async def connections(migrated_url: str) -> Connections:
    return Connections(url=migrated_url, most=2, pinned=False)


@pytest.fixture
async def post(connections: Connections) -> AsyncIterator[Post]:
    turns = connections.engine(Role.WORKER)
    beats = connections.occasional(Role.WORKER, name="leases")
    made = Post(turns, beats, lasts=LASTS)
    await made.open()
    yield made
    await turns.dispose()
    await beats.dispose()


async def test_a_lease_is_kept_up_while_every_connection_is_taken(post: Post) -> None:
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None

    async with post.leases.kept(lease):
        async with AsyncExitStack() as busy:
            for _ in range(2):
                session = await busy.enter_async_context(post.sessions.of(post.tenant).begin())
                await session.execute(text("SELECT 1"))
            await asyncio.sleep(2 * LASTS.total_seconds())
        assert await post.take(contact) is None

    await asyncio.sleep(LASTS.total_seconds())
    assert await post.take(contact) is not None


async def test_one_that_is_written_under_does_not_hold_up_the_others(post: Post) -> None:
    stuck, other = [await post.meet(f"w:551199999000{number}") for number in range(2)]
    first, second = await post.take(stuck), await post.take(other)
    assert first is not None
    assert second is not None

    async with post.leases.kept(first), post.leases.kept(second):
        async with post.leases.fenced(first):
            await asyncio.sleep(2 * LASTS.total_seconds())
            assert await post.take(other) is None
        async with post.leases.fenced(second):
            pass


async def test_what_somebody_else_took_is_not_kept_up(post: Post) -> None:
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None
    await asyncio.sleep(LASTS.total_seconds())
    heir = await post.take(contact)
    assert heir is not None

    async with post.leases.kept(lease):
        await asyncio.sleep(2 * LASTS.total_seconds())

    assert await post.take(contact) is not None  # nobody kept the heir's up
    with pytest.raises(LeaseLost):
        async with post.leases.fenced(lease):
            pass


async def test_nobody_takes_a_lease_that_ran_out_while_its_holder_writes(post: Post) -> None:
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None

    async with post.leases.fenced(lease):
        await asyncio.sleep(LASTS.total_seconds())
        async with post.sessions.of(post.tenant).begin() as session:
            await session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                await post.leases.take(session, tenant_id=post.tenant, contact_id=contact)
            await session.rollback()

    assert await post.take(contact) is not None


async def test_a_lease_outlives_a_beat_that_fails(post: Post, migrated_url: str) -> None:
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None
    owner = create_engine(migrated_url, pool_size=1, application_name="owner")

    async with post.leases.kept(lease):
        async with owner.begin() as connection:
            await connection.execute(text("ALTER TABLE contact_leases RENAME TO put_away"))
        with capture_logs() as logged:
            while not logged:  # noqa: ASYNC110  # a line in a log wakes nobody
                await asyncio.sleep(0.01)
        async with owner.begin() as connection:
            await connection.execute(text("ALTER TABLE put_away RENAME TO contact_leases"))
        await asyncio.sleep(2 * LASTS.total_seconds())
        assert await post.take(contact) is None

    assert {each["event"] for each in logged} == {"conversations.lease.beat_failed"}
    await owner.dispose()


async def test_nothing_stays_open_for_it(post: Post, connections: Connections) -> None:
    lease = await post.take(await post.meet("w:5511999998888"))
    assert lease is not None
    async with post.leases.kept(lease):
        await asyncio.sleep(LASTS.total_seconds())

    async with post.sessions.everywhere() as session:
        open_ = await session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'leases' AND datname = current_database()"
            )
        )
    assert open_ == 0
