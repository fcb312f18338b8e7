"""Vendors for a whole run, and a tenant in good order for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doctor.practice import Practice, practice
from tests.doctor.surgery import Rooms, Surgery, rooms


@pytest.fixture(scope="session")
async def shared_rooms() -> AsyncIterator[Rooms]:
    async with rooms() as made:
        yield made


@pytest.fixture
async def here(shared_rooms: Rooms) -> Surgery:
    return await shared_rooms.surgery()


@pytest.fixture
async def office(here: Surgery, migrated_url: str, tmp_path: Path) -> AsyncIterator[Practice]:
    async with practice(here, migrated_url, tmp_path) as made:
        yield made
