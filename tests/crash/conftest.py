"""Simulators, a nursery and premises for the whole run; for each test a place of its own."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from mcp_platform.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.crash.place import Place, Premises, place, premises
from tests.crash.processes import Nursery, nursery
from tests.flows.world import Simulators


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    started = Simulators.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
async def births(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nursery]:
    async with nursery(tmp_path_factory.mktemp("logs")) as opened:
        yield opened


@pytest.fixture(scope="session")
async def house(
    simulators: Simulators,
    births: Nursery,
    postgres: EmbeddedPostgres,
    template: str,
    valkey: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Premises]:
    """The premises of all tests that do not need their own."""
    name = f"test_{uuid4().hex}"
    async with premises(
        simulators,
        births,
        database_url=postgres.create_database(name, template=template),
        redis_url=valkey.url,
        credentials=tmp_path_factory.mktemp("credentials"),
    ) as made:
        yield made
    postgres.drop_database(name)


@pytest.fixture
async def here(request: pytest.FixtureRequest, house: Premises) -> AsyncIterator[Place]:
    """A place where no worker runs yet; `indirect` parameters change settings."""
    async with place(house, **getattr(request, "param", {})) as made:
        yield made
