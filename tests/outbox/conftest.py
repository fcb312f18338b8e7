"""Databases with our schema, and a world to act on."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.kit.database import create_engine
from mcp_platform.kit.embedded import EmbeddedPostgres
from mcp_platform.schema import migrate
from mcp_platform.simulators.meta import create_app
from mcp_platform.simulators.serving import serving
from tests.outbox.world import Clock, World


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """A migrated database that tests copy; nobody stays connected to it."""
    name = f"outbox_{uuid.uuid4().hex}"
    migrate(postgres.create_database(name))
    return name


@pytest.fixture
def migrated_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    yield postgres.create_database(name, template=template)
    postgres.drop_database(name)


@pytest.fixture
async def engine(migrated_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_engine(migrated_url, pool_size=5, application_name="tests")
    yield made
    await made.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    clock = Clock()
    app = create_app(now=clock.timestamp)
    async with serving(app) as url:
        made = World(engine, app.state.meta, clock, url)
        await made.open()
        yield made
        await made.http.aclose()
