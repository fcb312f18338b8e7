"""Simulators, a nursery and premises for the whole run; for each test a place of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from mcp_platform.embedded import EmbeddedValkey
from tests.crash.place import Place, Premises, place, premises
from tests.crash.processes import Nursery, nursery
from tests.databases import Databases
from tests.world import Simulators


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
    databases: Databases,
    valkey: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Premises]:
    """The premises of all tests that do not need their own."""
    lent = databases.copied()
    async with premises(
        simulators,
        births,
        database_url=lent.url,
        redis_url=valkey.url,
        credentials=tmp_path_factory.mktemp("credentials"),
    ) as made:
        yield made
    databases.drop(lent)


@pytest.fixture
async def here(request: pytest.FixtureRequest, house: Premises) -> AsyncIterator[Place]:
    """A place where no worker runs yet; `indirect` parameters change settings."""
    async with place(house, **getattr(request, "param", {})) as made:
        yield made
