"""A service whose parts are started one after the other, over one database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.world import Simulators, World, unstarted_world


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Write warnings alone: a line for each of ten thousand requests would be most of the work."""
    made = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    yield
    structlog.configure(**made)


@pytest.fixture
async def unstarted(
    simulators: Simulators, migrated_url: str, tmp_path: Path
) -> AsyncIterator[World]:
    """A world in which nothing runs yet. It answers by the menu, so that turns are quick."""
    async with unstarted_world(
        simulators,
        migrated_url,
        tmp_path,
        debounce_s=0,
        debounce_cap_s=0,
        sweep_s=1,
        forgotten_s=0.5,
        tenant_concurrency=32,
        gemini_enabled=False,
    ) as made:
        yield made
