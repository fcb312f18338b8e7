"""One migrated database; each test opens a shop of its own in it, as tenants do."""

from collections.abc import Awaitable, Callable

import pytest

from mcp_platform.kit.database import Sessions
from mcp_platform.scheduling.catalogue import Catalogue
from tests.scheduling.shop import Shop, catalogue

OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
def open_shop(shared_sessions: Sessions) -> OpenShop:
    async def opened(offering: Catalogue | None = None, **more: str | None) -> Shop:
        return await Shop.open(shared_sessions, offering=offering or catalogue(), **more)

    return opened


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()
