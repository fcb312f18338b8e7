"""The live stream in Chromium: one for all tabs, handed on when its tab is closed."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Demonstration
from tests.browser.test_console import ANSWER_MS, TALKS, opened, phone, sign_in

pytestmark = pytest.mark.timeout(280)
TABS = 8
RAFAEL = "5511999990003"


async def write(customer: Page, text: str) -> None:
    await customer.get_by_label("Mensagem").fill(text)
    await customer.keyboard.press("Enter")


async def test_eight_tabs_share_one_stream_and_go_on_when_its_tab_is_closed(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with (
        phone(browser, demonstration, who=RAFAEL) as customer,
        opened(browser) as first,
    ):
        streams: list[str] = []
        context = first.context
        context.on(
            "request",
            lambda request: (
                streams.append(request.url) if "/console/live?" in request.url else None
            ),
        )
        await write(customer, "Oi, tudo bem?")
        await sign_in(first, demonstration)
        await first.goto(demonstration.console.removesuffix("/console/") + TALKS)
        await first.get_by_role("link", name="Rafael Dias").click(timeout=ANSWER_MS)
        await first.locator("#thread").wait_for()
        tabs = [first, *[await context.new_page() for _ in range(TABS - 1)]]
        for tab in tabs[1:]:
            await tab.goto(first.url)
        for tab in tabs:
            await expect(tab.locator("html[data-live=on]")).to_be_attached()
        before = len(streams)

        await write(customer, "Vocês abrem no sábado?")
        for tab in tabs:  # with a stream they ask by themselves after a minute only
            await expect(tab.locator("#thread")).to_contain_text("no sábado?", timeout=ANSWER_MS)
        assert len(streams) == before <= 2, "the list's, and the thread's of all"

        await first.close()
        while len(streams) == before:  # another tab opens it
            await tabs[1].wait_for_timeout(50)
        await write(customer, "E abrem no domingo?")
        for tab in tabs[1:]:
            await expect(tab.locator("#thread")).to_contain_text("no domingo?", timeout=ANSWER_MS)
