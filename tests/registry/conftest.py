"""One office over one database; each test registers clients of its own in it."""

from collections.abc import AsyncIterator

import pytest

from mcp_platform.kit.database import Sessions, create_engine
from tests.registry.office import Office


@pytest.fixture(scope="session")
async def shared_office(shared_url: str) -> AsyncIterator[Office]:
    engine = create_engine(shared_url, pool_size=5, application_name="tests")
    yield Office(Sessions(engine))
    await engine.dispose()


@pytest.fixture
def office(shared_office: Office) -> Office:
    shared_office.begin_again()
    return shared_office
