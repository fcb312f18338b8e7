"""One office over one database; each test registers clients of its own in it."""

import pytest

from mcp_platform.kit.database import Sessions
from tests.registry.office import Office


@pytest.fixture(scope="session")
def shared_office(shared_sessions: Sessions) -> Office:
    return Office(shared_sessions)


@pytest.fixture
def office(shared_office: Office) -> Office:
    shared_office.begin_again()
    return shared_office
