"""One API over one database; each test registers clients of its own in it."""

import pytest

from mcp_platform.kit.database import Sessions
from tests.registry.world import RegistryWorld


@pytest.fixture(scope="session")
def shared_registry(shared_sessions: Sessions) -> RegistryWorld:
    return RegistryWorld(shared_sessions)


@pytest.fixture
def registry(shared_registry: RegistryWorld) -> RegistryWorld:
    shared_registry.reset()
    return shared_registry
