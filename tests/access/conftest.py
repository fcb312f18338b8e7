"""The platform's own API, and the clock it goes by."""

import pytest

from tests.platform_api import Api, Clock


@pytest.fixture
def clock(api: Api) -> Clock:
    return api.clock
