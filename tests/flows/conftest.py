"""Worlds for tests: one service for many of them, each with a barbershop of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from mcp_platform.embedded import EmbeddedPostgres
from tests.flows.world import Simulators, World, a_day_of, world


@pytest.fixture(scope="session")
def simulators() -> Iterator[Simulators]:
    started = Simulators.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
async def service(
    simulators: Simulators,
    postgres: EmbeddedPostgres,
    template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[World]:
    """The service with the usual settings, started once for each process of the run."""
    name = f"test_{uuid4().hex}"
    url = postgres.create_database(name, template=template)
    credentials = tmp_path_factory.mktemp("credentials")
    async with world(
        simulators, url, credentials, debounce_s=0, debounce_cap_s=0, tenant_concurrency=32
    ) as made:
        yield made
    postgres.drop_database(name)


@pytest.fixture
async def here(service: World) -> AsyncIterator[World]:
    """A new barbershop in the service that many tests share. Faults are ended afterwards."""
    made = a_day_of(service)
    await made.add_tenant()
    yield made
    await made.forgive()


@pytest.fixture
async def alone(
    request: pytest.FixtureRequest, simulators: Simulators, migrated_url: str, tmp_path: Path
) -> AsyncIterator[World]:
    """A barbershop in a service of its own.

    `@pytest.mark.parametrize("alone", [{...}], indirect=True)` changes settings.
    """
    async with world(simulators, migrated_url, tmp_path, **getattr(request, "param", {})) as made:
        await made.add_tenant()
        yield made
        await made.forgive()
