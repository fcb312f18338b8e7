"""The palette and the keys in Chromium."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Demonstration
from tests.browser.test_console import fits, opened, sign_in

pytestmark = pytest.mark.timeout(200)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
async def test_places_are_gone_to_by_keys_alone(
    browser: Browser, demonstration: Demonstration, theme: str, width: int
) -> None:
    options = {"viewport": {"width": width, "height": 844}, "color_scheme": theme}
    async with opened(browser, **options) as page:
        await sign_in(page, demonstration)
        await page.wait_for_load_state()  # the modules are there
        await page.keyboard.press("Control+k")
        palette = page.get_by_role("dialog")
        await expect(palette.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("barbearia")
        entry = palette.get_by_role("link", name=re.compile("Barbearia do Zé")).first
        await expect(entry).to_be_visible()
        await fits(page, width)
        await entry.focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Barbearia do Zé", level=1).wait_for()
        await page.keyboard.press("g")
        await page.keyboard.press("a")
        await page.get_by_role("heading", name="Atenção", level=1).wait_for()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog").get_by_text("abre esta lista")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.goto(f"{demonstration.console}palette")
        await fits(page, width)
