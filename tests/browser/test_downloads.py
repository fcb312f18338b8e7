"""A file that a form is answered with, in Chromium."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Demonstration
from tests.browser.test_console import TENANT, opened, sign_in

pytestmark = pytest.mark.timeout(200)


async def test_a_button_for_a_file_can_be_pressed_again(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with opened(browser) as page:
        await sign_in(page, demonstration)
        await page.goto(demonstration.console.removesuffix("/console/") + f"{TENANT}/leave")
        button = page.locator('form[action$="/leave/export"] button')
        await page.clock.install()
        for _ in range(2):
            async with page.expect_download():
                await button.click()
            await page.clock.run_for(1_000)  # beyond the moment at which others are busy
            await expect(button).not_to_have_attribute("aria-busy", "true")
