"""Leases are kept up whatever else the process is busy with, and only as long as they are ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import CapturingLogger

from mcp_platform.conversations import lease as lease_module
from mcp_platform.conversations.contacts import Contacts, Identity
from mcp_platform.conversations.lease import Lease, LeaseLost, Leases
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId
from tests.factories import add_tenant
from tests.world import PATIENCE_S, eventually

LASTS = timedelta(seconds=0.3)  # so often is a lease kept up
FORGIVEN = timedelta(minutes=1)  # and so long do others leave it: a busy machine is never late
SILENT = (
    "SELECT heartbeat_at < clock_timestamp() - interval '1 hour'"
    " FROM contact_leases WHERE contact_id = :contact"
)


class Post:
    """One worker's pool of two connections, its leases, and others who would take them."""

    def __init__(self, turns: AsyncEngine, beats: AsyncEngine, *, lasts: timedelta) -> None:
        self.sessions = create_sessions(turns)
        self.leases = Leases(self.sessions, beats=create_sessions(beats), lasts=lasts)
        self.others = Leases(self.sessions, beats=create_sessions(beats), lasts=FORGIVEN)
        self.watch = create_sessions(beats)
        self.tenant = TenantId(0)

    async def open(self) -> None:
        async with self.sessions.everywhere.begin() as session:
            await session.execute(text("SET LOCAL ROLE mcp_admin"))
            self.tenant = (await add_tenant(session)).id

    async def meet(self, alias: str) -> ContactId:
        async with self.sessions.of(self.tenant).begin() as session:
            return await Contacts(session, self.tenant).ensure(Identity.of(alias))

    async def take(self, contact: ContactId) -> Lease | None:
        async with self.sessions.of(self.tenant).begin() as session:
            return await self.others.take(session, tenant_id=self.tenant, contact_id=contact)

    async def silence(self, *contacts: ContactId) -> None:
        """Let a day pass over leases, as if nobody had kept them up."""
        async with self.watch.everywhere.begin() as session:
            await session.execute(
                text(
                    "UPDATE contact_leases SET heartbeat_at = heartbeat_at - interval '1 day'"
                    " WHERE contact_id = ANY(:contacts)"
                ),
                {"contacts": list(contacts)},
            )

    async def silent(self, contact: ContactId) -> bool:
        async with self.watch.everywhere.begin() as session:
            return bool(await session.scalar(text(SILENT), {"contact": contact}))

    async def kept_up(self, contact: ContactId) -> None:
        """Let a day pass over a lease, and wait until it is kept up again."""
        await self.silence(contact)

        async def kept_up() -> bool:
            return not await self.silent(contact)

        await eventually(kept_up, why="a lease that is kept up")


@pytest.fixture
async def connections(migrated_url: str) -> Connections:
    return Connections(url=migrated_url, most=2, pinned=False)


@pytest.fixture
async def post(connections: Connections) -> AsyncIterator[Post]:
    turns = connections.engine(DatabaseRole.WORKER)
    beats = connections.occasional(DatabaseRole.WORKER, name="leases")
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
            await post.kept_up(contact)
        assert await post.take(contact) is None

    await post.silence(contact)
    assert await post.take(contact) is not None


async def test_one_that_is_written_under_does_not_hold_up_the_others(post: Post) -> None:
    stuck, other = [await post.meet(f"w:551199999000{number}") for number in range(2)]
    first, second = await post.take(stuck), await post.take(other)
    assert first is not None
    assert second is not None

    async with post.leases.kept(first), post.leases.kept(second):
        async with post.leases.fenced(first):
            await post.kept_up(other)
            assert await post.take(other) is None
        async with post.leases.fenced(second):
            pass
        await post.kept_up(stuck)  # once nobody writes under it


async def test_what_somebody_else_took_is_not_kept_up(post: Post) -> None:
    contact, ours = await post.meet("w:5511999998888"), await post.meet("w:5511999997777")
    lease, kept = await post.take(contact), await post.take(ours)
    assert lease is not None
    assert kept is not None
    await post.silence(contact)
    heir = await post.take(contact)
    assert heir is not None

    async with post.leases.kept(lease), post.leases.kept(kept):
        await post.silence(contact)
        await post.kept_up(ours)
        await post.kept_up(ours)

    assert await post.take(contact) is not None  # nobody kept the heir's up
    with pytest.raises(LeaseLost):
        async with post.leases.fenced(lease):
            pass


async def test_nobody_takes_a_lease_that_ran_out_while_its_holder_writes(post: Post) -> None:
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None

    await post.silence(contact)

    async with post.leases.fenced(lease), post.sessions.of(post.tenant).begin() as session:
        await session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await post.others.take(session, tenant_id=post.tenant, contact_id=contact)
        await session.rollback()

    assert await post.take(contact) is not None


async def test_a_lease_outlives_a_beat_that_fails(
    post: Post, migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test of this process may have configured logging, and kept the module's logger.
    told = CapturingLogger()
    monkeypatch.setattr("mcp_platform.conversations.lease.log", told)
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None
    owner = create_engine(migrated_url, pool_size=1, application_name="owner")

    async with post.leases.kept(lease):
        async with owner.begin() as connection:
            await connection.execute(text("ALTER TABLE contact_leases RENAME TO put_away"))
        await eventually(lambda: told.calls, why="a beat that fails")
        async with owner.begin() as connection:
            await connection.execute(text("ALTER TABLE put_away RENAME TO contact_leases"))
        await post.kept_up(contact)
        assert await post.take(contact) is None

    assert {each.args for each in told.calls} == {("conversations.lease.beat_failed",)}
    await owner.dispose()


class Hasty:
    """asyncio, but for time: a pause takes none, and the loop's clock goes on by it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    def get_running_loop(self) -> "Hasty":
        return self

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += seconds


async def test_a_lease_is_kept_up_three_times_before_it_would_run_out(
    connections: Connections, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = await post.take(await post.meet("w:5511999998888"))
    assert lease is not None
    time = Hasty()
    monkeypatch.setattr(lease_module, "asyncio", time)
    beats = connections.occasional(DatabaseRole.WORKER, name="leases")
    beaten: list[float] = []
    enough = asyncio.Event()

    class Noting(Driver):
        async def column(self, statement: Sql, **values: Any) -> list[Any]:
            if statement is lease_module.BEAT:
                beaten.append(time.now)
                if len(beaten) == 6:
                    enough.set()
            return await super().column(statement, **values)

    monkeypatch.setattr(lease_module, "Driver", Noting)
    leases = Leases(post.sessions, beats=create_sessions(beats), lasts=timedelta(seconds=12))
    async with leases.kept(lease), asyncio.timeout(PATIENCE_S):
        await enough.wait()

    await beats.dispose()
    assert beaten[:6] == [4, 8, 12, 16, 20, 24]


async def test_nothing_stays_open_for_it(post: Post, connections: Connections) -> None:
    contact = await post.meet("w:5511999998888")
    lease = await post.take(contact)
    assert lease is not None
    async with post.leases.kept(lease):
        await post.kept_up(contact)

    opened = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'leases' AND datname = current_database()"
    )

    async def none() -> bool:
        async with post.sessions.everywhere() as session:
            return not await session.scalar(text(opened))

    await eventually(none, why="an end of all connections")  # Postgres hears of it a moment later


async def test_who_is_revoked_has_lost_this_contact_and_no_other(post: Post) -> None:
    ana, bia = await post.meet("w:5511987654321"), await post.meet("w:5511987654322")
    of_ana, of_bia = await post.take(ana), await post.take(bia)
    assert of_ana is not None
    assert of_bia is not None
    async with post.sessions.of(post.tenant).begin() as session:
        # No turn was under way; the lease is gone all the same.
        assert not await lease_module.revoke(session, post.tenant, ana)
    with pytest.raises(LeaseLost):
        async with post.sessions.of(post.tenant).begin() as session:
            await lease_module.check(session, of_ana)
    async with post.sessions.of(post.tenant).begin() as session:
        await lease_module.check(session, of_bia)
