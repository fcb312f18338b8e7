"""One service over one database; each test opens businesses of its own in it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from mcp_platform.kit.database import Sessions
from tests.api.world import NOW, Business, World


@pytest.fixture(scope="session")
async def shared_world(
    shared_url: str, shared_sessions: Sessions, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    pool = await asyncpg.create_pool(shared_url, min_size=1, max_size=3)
    made = World(shared_sessions, pool, tmp_path_factory.mktemp("keys"))
    await made.ingest.start()
    yield made
    await made.ingest.stop()
    await pool.close()


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
