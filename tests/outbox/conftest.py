"""Databases with our schema, and a world to act on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.kit.database import create_engine
from mcp_platform.simulators.meta.app import create_app
from mcp_platform.simulators.serving import serving
from tests.clocks import Clock
from tests.outbox.world import World


@pytest.fixture
async def engine(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_engine(migrated_url, pool_size=5, application_name="tests")
    yield made
    await made.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    # A minute ahead of Postgres, so that what was just recorded is due.
    clock = Clock(datetime.now(UTC) + timedelta(minutes=1))
    app = create_app(now=clock.timestamp)
    async with serving(app) as url:
        made = World(engine, app.state.meta, clock, url)
        await made.open()
        yield made
        await made.http.aclose()
