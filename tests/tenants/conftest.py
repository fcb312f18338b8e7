"""One migrated database for the tests of tenants; each makes clients of its own in it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from mcp_platform.kit.embedded import EmbeddedPostgres


@pytest.fixture(scope="session")
def tenants_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"tenants_{uuid4().hex}"
    yield postgres.create_database(name, template=template)
    postgres.drop_database(name)
