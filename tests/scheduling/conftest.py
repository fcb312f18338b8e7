"""One migrated database; each test opens a shop of its own in it, as tenants do."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from mcp_platform.kit.database import Sessions, create_engine, create_sessions
from mcp_platform.scheduling.catalogue import Catalogue
from tests.scheduling.shop import Shop, catalogue

OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture(scope="session")
async def sessions(shared_url: str) -> AsyncIterator[Sessions]:
    engine = create_engine(shared_url, pool_size=12, application_name="tests")
    yield create_sessions(engine)
    await engine.dispose()


@pytest.fixture
def open_shop(sessions: Sessions) -> OpenShop:
    async def opened(offering: Catalogue | None = None, **more: str | None) -> Shop:
        return await Shop.open(sessions, offering=offering or catalogue(), **more)

    return opened


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()
