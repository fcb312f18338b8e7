"""The palette: where one may go, by role and by letters; and the keys, which can be switched off."""

import re

import pytest

from tests.console.browser import PlainBrowser
from tests.console.test_conversations import enter
from tests.console.test_pages import CORPUS
from tests.factories import add_tenant
from tests.platform_api import Api

LIST = re.compile(r'<ul id="palette-entries".*?</ul>', re.DOTALL)


async def found(browser: PlainBrowser, **typed: str) -> list[str]:
    page = await browser.post("/palette", **typed)
    assert page.status_code == 200
    return re.findall(r'href="/console(/[^"]+)"', LIST.findall(page.text)[0].replace("/static", ""))


async def test_an_operator_goes_to_places_tenants_and_actions(
    api: Api, browser: PlainBrowser
) -> None:
    tenant = await add_tenant(api.platform.shared.admin_sessions)
    await enter(api, browser)
    assert {"/fleet", "/attention", "/new", "/me"} <= set(await found(browser))
    assert "/attention" in await found(browser, text="atencao"), "accents do not count"
    inside = await found(browser, at=tenant.path, text="agenda")
    assert f"/t/{tenant.path}/agenda" in inside
    assert not [each for each in await found(browser, text="qqqq") if "static" not in each]


async def test_staff_and_viewers_find_only_what_is_theirs(api: Api, browser: PlainBrowser) -> None:
    mine = await add_tenant(api.platform.shared.admin_sessions)
    other = await add_tenant(api.platform.shared.admin_sessions)
    await enter(api, browser, "staff", tenant=mine.path)
    for typed in ({}, {"text": other.client_name}, {"at": other.path}):
        assert not [each for each in await found(browser, **typed) if other.client_name in each]
    assert f"/t/{mine.path}/agenda" in await found(browser)
    assert "/fleet" not in await found(browser)
    viewer = PlainBrowser(api)
    await enter(api, viewer, "viewer")
    assert "/new" not in await found(viewer)


async def test_what_is_looked_for_stands_in_no_address(api: Api, browser: PlainBrowser) -> None:
    await enter(api, browser)
    page = await browser.get("/palette?text=qqqq")
    assert "qqqq" not in page.text
    assert "/attention" in LIST.findall(page.text)[0], "an address looks for nothing"


async def test_single_letters_are_switched_off_for_a_browser(
    api: Api, browser: PlainBrowser
) -> None:
    await enter(api, browser)
    assert "data-keys-off" not in (await browser.get("/fleet")).text
    page = await browser.post("/preferences", page="/palette", keys="off", next="/console/palette")
    assert "data-keys-off" in page.text
    page = await browser.post("/preferences", page="/palette", keys="on", next="/console/palette")
    assert "data-keys-off" not in page.text


@pytest.mark.parametrize("text", CORPUS)
async def test_what_is_typed_is_shown_as_text(api: Api, browser: PlainBrowser, text: str) -> None:
    await enter(api, browser)
    page = await browser.post("/palette", text=text)
    assert page.status_code == 200
    for begun in ("<script>alert", "<img src=x", "<svg/onload"):
        assert begun not in page.text
