import pytest

from tests.console.browser import PlainBrowser
from tests.platform_api import Api


@pytest.fixture
def browser(api: Api) -> PlainBrowser:
    return PlainBrowser(api)
