"""One office over one database; each test registers clients of its own in it."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.kit.database import Sessions, create_engine
from tests.admin.registry.office import Office


@pytest.fixture(scope="session")
def registry_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"registry_{uuid.uuid4().hex}"
    yield postgres.create_database(name, template=template)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
async def shared_office(registry_url: str) -> AsyncIterator[Office]:
    engine = create_engine(registry_url, pool_size=5, application_name="tests")
    yield Office(Sessions(engine))
    await engine.dispose()


@pytest.fixture
def office(shared_office: Office) -> Office:
    shared_office.begin_again()
    return shared_office
