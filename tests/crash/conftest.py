"""Simulators, a fork server and an installation for the whole run; for each test a world of its own."""

from collections.abc import AsyncIterator, Iterator

import pytest

from mcp_platform.embedded import EmbeddedValkey
from tests.crash.processes import ForkServer, open_fork_server
from tests.crash.world import CrashWorld, Installation, open_installation, open_world
from tests.databases import Databases
from tests.world import Simulators


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    started = Simulators.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
async def fork_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForkServer]:
    async with open_fork_server(tmp_path_factory.mktemp("logs")) as opened:
        yield opened


@pytest.fixture(scope="session")
async def installation(
    simulators: Simulators,
    fork_server: ForkServer,
    databases: Databases,
    valkey: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Installation]:
    """The installation of all tests that do not need their own."""
    lent = databases.copied()
    async with open_installation(
        simulators,
        fork_server,
        database_url=lent.url,
        redis_url=valkey.url,
        credentials=tmp_path_factory.mktemp("credentials"),
    ) as made:
        yield made
    databases.drop(lent)


@pytest.fixture
async def here(
    request: pytest.FixtureRequest, installation: Installation
) -> AsyncIterator[CrashWorld]:
    """A world in which no worker runs yet; `indirect` parameters change settings."""
    async with open_world(installation, **getattr(request, "param", {})) as made:
        yield made
