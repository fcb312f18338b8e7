"""One migrated database for the tests of the inbox; each uses tenant ids of its own in it."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.databases import Databases


@pytest.fixture(scope="session")
def inbox_url(databases: Databases) -> Iterator[str]:
    made = databases.copied()
    yield made.url
    databases.drop(made)


@pytest.fixture
async def pool(inbox_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(inbox_url, min_size=1, max_size=4) as made:
        yield made
