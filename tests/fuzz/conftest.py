"""A service whose parts are started one after the other, over one database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import structlog

from mcp_platform.settings import Settings
from tests.flows.world import Simulators, World


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    started = Simulators.start()
    yield started
    started.stop()


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
    settings = Settings(
        credentials_dir=tmp_path,
        meta_graph_url=simulators.meta.url,
        gemini_url=simulators.gemini.url,
        google_calendar_url=f"{simulators.google.url}/calendar/v3/",
        google_token_url=f"{simulators.google.url}/token",
        debounce_s=0,
        debounce_cap_s=0,
        sweep_s=1,
        forgotten_s=0.5,
        tenant_concurrency=32,
        gemini_enabled=False,
    )
    async with (
        httpx.AsyncClient(base_url=simulators.meta.url) as meta,
        httpx.AsyncClient(base_url=simulators.gemini.url) as gemini,
        httpx.AsyncClient(base_url=simulators.google.url) as google,
    ):
        yield World(settings, migrated_url, meta, gemini, google, tmp_path)
