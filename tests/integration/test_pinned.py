"""Two containers pinned to a tenant each, as their own database logins; neither sees the other."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass

import asyncpg
import httpx
import pytest

from mcp_platform.kit.database import create_engine
from mcp_platform.tenants.database_roles import DatabaseLogin, ensure
from tests.factories import tenant as made
from tests.integration.fleet import ContainerWorld, Fleet
from tests.world import ServedTenant, eventually, text_of, tomorrow

BOOK = "Oi! Quero marcar um corte amanhã às 15h com o Zé"


@dataclass(frozen=True, slots=True)
class Pinned:
    tenant: ServedTenant
    login: DatabaseLogin
    url: str


@dataclass(frozen=True, slots=True)
class Two:
    world: ContainerWorld
    fleet: Fleet
    first: Pinned
    second: Pinned


@pytest.fixture(scope="module")
async def two(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    owner = create_engine(fleet.database_url, pool_size=1, application_name="owner")
    with ExitStack() as stack:
        async with fleet.world(tmp_path_factory.mktemp("pinned")) as world:
            started = []
            for name in ("first", "second"):
                client_name = f"salao-{name}"
                registered = await world.register(client_name, topology="isolated")
                async with owner.begin() as connection:
                    login = await ensure(
                        connection,
                        made(id=registered.id, client_name=client_name, topology="isolated"),
                    )
                assert login is not None
                files = world.files(registered) | {
                    "DATABASE_USER": login.user,
                    "DATABASE_PASSWORD": login.password,
                }
                url, _ = stack.enter_context(
                    fleet.serving(
                        name,
                        credentials=files,
                        CLIENT_NAME=client_name,
                        ENVIRONMENT="production",
                        DATABASE_URL="postgresql://postgres:5432/mcp",
                        REDIS_URL="",
                        DATA_DIR="/tmp/data",  # noqa: S108  # a tmpfs of the container
                    )
                )
                await world.announce(registered, serve_at=f"http://{name}:8000")
                started.append(Pinned(registered, login, url))
            yield Two(world, fleet, *started)
    await owner.dispose()


async def test_each_books_for_its_own_tenant(two: Two) -> None:
    for each in (two.first, two.second):
        reply = await two.world.ask_and_agree(BOOK, to=each.tenant)
        assert "✅ Agendado: Corte com Zé" in text_of(reply)
        assert await two.world.statuses(to=each.tenant) == ["booked"]

        async def there(calendar: str = each.tenant.calendar_id) -> bool:
            events = await two.world.events(of=calendar)
            return [event["start"]["dateTime"][:16] for event in events] == [
                tomorrow(15).isoformat()[:16]
            ]

        await eventually(there, why="the calendar's event")


async def test_neither_answers_on_the_others_path(two: Two) -> None:
    async with httpx.AsyncClient(base_url=two.first.url) as client:
        others = await client.get(f"/{two.second.tenant.path}/api/v1/webhooks/whatsapp")
        own = await client.get("/api/v1/webhooks/whatsapp")
    assert others.status_code == 404
    assert own.status_code != 404


async def test_neither_login_sees_the_others_rows_or_queue(two: Two) -> None:
    place = two.fleet.database_url.partition("@")[2]
    for mine, others in ((two.first, two.second), (two.second, two.first)):
        connection = await asyncpg.connect(
            f"postgresql://{mine.login.user}:{mine.login.password}@{place}"
        )
        try:
            assert await connection.fetchval(
                "SELECT array_agg(DISTINCT tenant_id) FROM contacts"
            ) == [mine.tenant.id]
            for table in ("queue.pgqueuer", f"queue_{others.tenant.id}.pgqueuer", "users"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(f"SELECT * FROM {table}")
        finally:
            await connection.close()
