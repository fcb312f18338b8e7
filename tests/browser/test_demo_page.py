"""The demonstration's page: a visitor writes, taps, breaks things, and sees what happens."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

pytestmark = pytest.mark.timeout(240)
ANSWER_MS = 30_000  # a reply of the whole platform on a busy machine
CUSTOMERS = {"Rafael": "5511999990003", "Bia": "5511999990004", "owner": "5511998887002"}


async def _become(page: Page, who: str) -> None:
    await page.get_by_label("Você é", exact=True).select_option(CUSTOMERS[who])
    await expect(page.locator("#presence")).to_have_text(re.compile("online|digitando…"))


async def _write(page: Page, text: str) -> Locator:
    """Write as the customer and return the reply's bubble."""
    before = await page.locator(".bubble:not(.mine)").count()
    await page.get_by_label("Mensagem").fill(text)
    await page.keyboard.press("Enter")
    return await _reply(page, after=before)


async def _tap(page: Page, name: str) -> Locator:
    before = await page.locator(".bubble:not(.mine)").count()
    await page.get_by_role("button", name=name, exact=True).last.click()
    return await _reply(page, after=before)


async def _reply(page: Page, *, after: int) -> Locator:
    reply = page.locator(".bubble:not(.mine)").nth(after)
    await expect(reply).to_be_visible(timeout=ANSWER_MS)
    return reply


async def test_a_visitor_books_by_writing_and_tapping_and_sees_it_in_the_calendar(
    page: Page,
) -> None:
    await _become(page, "Rafael")
    offered = await _write(page, "Tem horário para corte com o Beto na sexta à tarde?")
    await expect(page.locator(".bubble.mine .ticks.read").first).to_be_visible()

    await offered.get_by_role("button", name="Ver horários").click()
    sheet = page.get_by_role("dialog")
    row = sheet.locator(".rows button").nth(1)
    day, at = re.search(r"(\d\d)/\d\d (\d\d:\d\d)", await row.inner_text()).groups()  # type: ignore[union-attr]
    before = await page.locator(".bubble:not(.mine)").count()
    await row.click()

    booked = await _reply(page, after=before)
    await expect(booked).to_contain_text("✅ Agendado: Corte com Beto")
    await expect(booked).to_contain_text(at)
    shown = page.locator(".day-name b")
    # Said on a Friday, it is the Friday after the week that is shown.
    if str(int(day)) not in await shown.all_inner_texts():
        await page.get_by_role("button", name="Próximos dias").click()
    event = page.locator(".event:not(.own)").filter(has_text=at)
    await expect(event).to_contain_text("Corte — Rafael Dias", timeout=ANSWER_MS)
    column = await event.evaluate(
        "e => [...e.closest('.week').querySelectorAll('.day')].indexOf(e.parentElement)"
    )
    await expect(shown.nth(column)).to_have_text(str(int(day)))
    # What was tapped cannot be tapped again.
    await expect(offered.get_by_role("button", name="Ver horários")).to_be_disabled()


async def test_with_gemini_down_buttons_book_and_the_switch_says_so(page: Page) -> None:
    await _become(page, "Bia")
    switch = page.get_by_role("switch", name=re.compile("Gemini fora do ar"))
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    try:
        menu = await _write(page, "Oi, quero cortar o cabelo")
        await expect(menu.get_by_role("button", name="Agendar")).to_be_enabled()
        services = await _tap(page, "Agendar")
        await services.get_by_role("button").click()
        await expect(page.get_by_role("dialog")).to_contain_text("R$ 45,00")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
    finally:
        await switch.click()
        await expect(switch).to_have_attribute("aria-checked", "false")


async def test_with_the_calendar_unreadable_nothing_is_offered_and_the_owner_is_told(
    page: Page,
) -> None:
    await _become(page, "Bia")
    switch = page.get_by_role("switch", name=re.compile("Agenda ilegível"))
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    try:
        reply = await _write(page, "Quais horários tem para barba com o Zé na sexta?")
        await expect(reply).to_contain_text("não consigo ver a agenda")
        await expect(reply.get_by_role("button", name=re.compile(r"\d:\d\d"))).to_have_count(0)
    finally:
        await switch.click()
    await _become(page, "owner")
    await expect(page.locator(".chat")).to_contain_text(
        "A agenda do Google não responde", timeout=ANSWER_MS
    )


async def test_what_is_written_is_shown_as_text_whatever_it_holds(page: Page) -> None:
    await _become(page, "Rafael")
    written = "<img src=x onerror=document.title='broken'><b>oi</b>"
    await _write(page, written)

    await expect(page.locator(".bubble.mine .words").last).to_have_text(written)
    await expect(page).not_to_have_title("broken")


async def test_the_page_speaks_english_too_and_remembers_it(page: Page) -> None:
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="What if something fails?")).to_be_visible()
    await page.reload()

    await expect(page.get_by_label("Message")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_each_business_has_its_own_calendars_and_customers(page: Page) -> None:
    await page.get_by_label("Empresa", exact=True).select_option("comercial-guanabara")

    await expect(page.locator(".legend")).to_contain_text("Marina")
    await expect(page.get_by_label("Você é", exact=True)).to_contain_text("Ana Souza")
    await expect(page.locator(".event.own").first).to_be_visible()
    await expect(page.locator(".event")).not_to_contain_text(["Escola da Júlia"])


async def test_a_narrow_screen_scrolls_only_what_is_wide(page: Page) -> None:
    await page.set_viewport_size({"width": 360, "height": 780})
    await expect(page.locator(".event").first).to_be_attached()

    wider = await page.locator("body").evaluate("e => e.ownerDocument.documentElement.scrollWidth")
    assert wider == 360
    await expect(page.get_by_label("Mensagem")).to_be_visible()
