"""One migrated database for the tests of the inbox; each uses tenant ids of its own in it."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import asyncpg
import pytest

from mcp_platform.embedded import EmbeddedPostgres


@pytest.fixture(scope="session")
def inbox_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"inbox_{uuid4().hex}"
    yield postgres.create_database(name, template=template)
    postgres.drop_database(name)


@pytest.fixture
async def pool(inbox_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(inbox_url, min_size=1, max_size=4) as made:
        yield made
