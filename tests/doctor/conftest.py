"""Vendors for a whole run, and a tenant in good order for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.doctor.examined_tenant import ExaminedTenant, Vendors, simulated_vendors
from tests.doctor.world import DoctorWorld, doctor_world


@pytest.fixture(scope="session")
async def vendors() -> AsyncIterator[Vendors]:
    async with simulated_vendors() as made:
        yield made


@pytest.fixture
async def here(vendors: Vendors) -> ExaminedTenant:
    return await vendors.new_tenant()


@pytest.fixture
async def world(
    here: ExaminedTenant, migrated_url: str, tmp_path: Path
) -> AsyncIterator[DoctorWorld]:
    async with doctor_world(here, migrated_url, tmp_path) as made:
        yield made
