"""The platform in containers: the image as it is shipped, PostgreSQL and Valkey, simulated vendors.

`make integration` runs these tests. They talk to the containers through their ports, as anybody
would. INTEGRATION=required makes a missing container engine a failure and not a reason to skip.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.fleet import Fleet, unusable_engine

WANTED = os.environ.get("INTEGRATION", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    if not ours:
        return
    why = None if WANTED else "`make integration` runs these, in containers"
    if WANTED and (broken := unusable_engine()):
        if WANTED == "required":
            pytest.exit(f"INTEGRATION=required, and {broken}", returncode=1)
        why = broken
    for item in ours:
        # An image may have to start on a machine that has much to do.
        item.add_marker(pytest.mark.timeout(300))
        if why is not None:
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with Fleet(tmp_path_factory.mktemp("fleet")) as started:
        yield started


@pytest.fixture
async def fleet_world(fleet: Fleet) -> AsyncIterator[Fleet]:
    yield fleet
    await fleet.forgive()
