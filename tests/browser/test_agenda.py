"""The agenda in Chromium: what a customer books on the phone appears, and is moved by hand and by keys."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import Demonstration
from tests.browser.test_console import opened, sign_in

pytestmark = pytest.mark.timeout(280)
ANSWER_MS = 30_000  # a reply of the whole platform on a busy machine
RAFAEL = "5511999990003"


async def booked_on_the_phone(phone: Page) -> tuple[str, str]:
    """Book a haircut with Beto as Rafael; return day and month, and the time."""
    await phone.get_by_label("Você é", exact=True).select_option(RAFAEL)
    await expect(phone.locator("#presence")).to_have_text(re.compile("online|digitando…"))
    await phone.get_by_label("Mensagem").fill("Tem horário para corte com o Beto na sexta à tarde?")
    await phone.keyboard.press("Enter")
    offered = phone.locator(".bubble:not(.mine)").filter(has_text="Ver horários").last
    await offered.get_by_role("button", name="Ver horários").click(timeout=ANSWER_MS)
    row = phone.get_by_role("dialog").locator(".rows button").first
    found = re.search(r"(\d\d/\d\d) (\d\d:\d\d)", await row.inner_text())
    assert found is not None
    await row.click()
    said = phone.locator(".bubble:not(.mine)").filter(has_text="Agendado: Corte com Beto").last
    await expect(said).to_be_visible(timeout=ANSWER_MS)
    return found[1], found[2]


async def sheet_of(page: Page, demonstration: Demonstration, day: str) -> None:
    """Open the agenda of the next `day/month` there is."""
    await page.goto(f"{demonstration.console}t/barbearia-do-ze/production/agenda")
    today = await page.locator("input[name=day]").input_value()
    date, month = day.split("/")
    year = int(today[:4]) + (f"{month}-{date}" < today[5:])
    await page.goto(f"{page.url}?day={year}-{month}-{date}")


def entry(page: Page, at: str) -> Locator:
    return page.locator(".col[data-who=beto] .entry").filter(has_text="Rafael").filter(has_text=at)


async def test_what_is_booked_on_the_phone_is_dragged_and_shifted_by_keys_and_the_phone_says_so(
    page: Page, browser: Browser, demonstration: Demonstration
) -> None:
    day, at = await booked_on_the_phone(page)
    async with opened(browser) as console:
        await sign_in(console, demonstration)
        await sheet_of(console, demonstration, day)
        cell = console.locator(".col[data-who=beto] a.cell").last
        to = await cell.get_attribute("data-at")
        await entry(console, at).scroll_into_view_if_needed()
        await console.set_viewport_size({"width": 1280, "height": 1500})
        taken, free = await entry(console, at).bounding_box(), await cell.bounding_box()
        assert taken is not None
        assert free is not None
        await console.mouse.move(taken["x"] + 60, taken["y"] + 8)
        await console.mouse.down()
        await console.mouse.move(free["x"] + 60, free["y"] + 9, steps=6)
        await console.mouse.up()
        await console.get_by_text("Mover este horário?").wait_for()
        text = await console.locator("blockquote").inner_text()
        assert f"às {to}" in text, "the drop asks first, with the words"
        await console.get_by_role("button", name="Mover").click()
        await console.get_by_text("Movido:").wait_for()
        told = page.locator(".bubble:not(.mine)").filter(has_text="mudou: era").last
        await expect(told).to_contain_text(f"às {to}", timeout=ANSWER_MS)

        await entry(console, to or "").get_by_role("link").focus()
        await console.keyboard.press("m")
        await console.keyboard.press("ArrowUp")
        assert await console.locator(".ghost").count() == 1
        await console.keyboard.press("Escape")
        assert await console.locator(".ghost").count() == 0
        await console.keyboard.press("m")
        for _ in range(6):
            await console.keyboard.press("ArrowUp")
        await console.keyboard.press("Enter")
        await console.get_by_text("Mover este horário?").wait_for()
        assert f"às {to}" in await console.locator("blockquote").inner_text(), "the old time"

        said = page.locator(".bubble:not(.mine)").filter(has_text="mudou: era")
        before = await said.count()
        await console.get_by_role("button", name="Mover").click()
        await console.get_by_role("button", name="Desfazer").click()
        await console.get_by_text("Desfeito:").wait_for()
        await expect(entry(console, to or "")).to_be_visible()
        assert await console.get_by_role("button", name="Desfazer").count() == 0
        assert await said.count() == before, "the phone heard nothing of it"
