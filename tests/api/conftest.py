"""One service over one database; each test opens businesses of its own in it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from mcp_platform.kit.database import create_engine, create_sessions
from tests.api.world import NOW, Business, World


@pytest.fixture(scope="session")
async def shared_world(
    shared_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    engine = create_engine(shared_url, pool_size=10, application_name="tests")
    pool = await asyncpg.create_pool(shared_url, min_size=1, max_size=3)
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
