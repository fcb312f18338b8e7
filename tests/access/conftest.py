"""The platform's own API, and the clock it goes by."""

import pytest

from tests.clocks import ClockAhead
from tests.platform_api import Api


@pytest.fixture
def clock(api: Api) -> ClockAhead:
    return api.clock
