"""One service over one database; each test opens businesses of its own in it."""

import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.kit.database import create_engine, create_sessions
from tests.api.world import NOW, Business, World


@pytest.fixture(scope="session")
def api_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"api_{uuid.uuid4().hex}"
    yield postgres.create_database(name, template=template)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
async def shared_world(
    api_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    engine = create_engine(api_url, pool_size=10, application_name="tests")
    pool = await asyncpg.create_pool(api_url, min_size=1, max_size=3)
    made = World(create_sessions(engine), pool, tmp_path_factory.mktemp("keys"))
    await made.ingest.start()
    yield made
    await made.ingest.stop()
    await pool.close()
    await engine.dispose()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.now = NOW
    return shared_world


@pytest.fixture
async def shop(world: World) -> Business:
    return await world.open()


@pytest.fixture
async def other(world: World) -> Business:
    return await world.open()
