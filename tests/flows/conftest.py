"""One world for a test: simulators shared, database its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.flows.world import Simulators, World, world


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    started = Simulators.start()
    yield started
    started.stop()


@pytest.fixture
async def here(
    request: pytest.FixtureRequest, simulators: Simulators, migrated_url: str, tmp_path: Path
) -> AsyncIterator[World]:
    """A world with one barbershop. `@pytest.mark.parametrize("here", [{...}], indirect=True)`
    changes settings.
    """
    changes = getattr(request, "param", {})
    async with world(simulators, migrated_url, tmp_path, **changes) as made:
        await made.add_tenant()
        yield made
