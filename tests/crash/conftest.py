"""Simulators and a nursery for the whole run; for each test a place of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mcp_platform.kit.embedded import EmbeddedValkey
from tests.crash.place import Place, place
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


@pytest.fixture
async def here(
    request: pytest.FixtureRequest,
    simulators: Simulators,
    births: Nursery,
    migrated_url: str,
    valkey: EmbeddedValkey,
    tmp_path: Path,
) -> AsyncIterator[Place]:
    """A place where nothing runs yet; `indirect` parameters change settings."""
    async with place(
        simulators,
        births,
        database_url=migrated_url,
        redis_url=valkey.url,
        credentials=tmp_path,
        **getattr(request, "param", {}),
    ) as made:
        yield made
