"""The console in Chromium: nothing the policy refuses, nothing from elsewhere, nobody shut out."""

import fcntl
import gzip
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Response, expect

from tests.browser.conftest import Demonstration, locked
from tests.conftest import FOLDER_VARIABLE

FIRST_VISIT_KB = 60  # compressed
FIRST_VISIT_REQUESTS = 6
MOST_NODES = 1_500
TENANT = "/console/t/barbearia-do-ze/production"
PAGES = (
    "/console/fleet",
    "/console/attention",
    TENANT,
    f"{TENANT}/agenda?day=2999-12-03",
    f"{TENANT}/agenda?view=week",
    f"{TENANT}/agenda/new",
    "/console/new",
    "/console/new/config",
    f"{TENANT}/credentials",
    f"{TENANT}/live",
    f"{TENANT}/answers",
    f"{TENANT}/answers/_new",
    f"{TENANT}/wording/greet",
    f"{TENANT}/settings",
    f"{TENANT}/audit",
    "/console/audit",
    "/console/parked",
    "/console/users",
    "/console/me/prove",
    f"{TENANT}/leave",
    "/console/publish",
    f"{TENANT}/deployment",
    f"{TENANT}/questions",
    f"{TENANT}/services",
    f"{TENANT}/services/_new",
    f"{TENANT}/people",
    f"{TENANT}/people/ze",
    f"{TENANT}/hours",
    f"{TENANT}/closed-days",
    "/console/me",
    "/console/design",
)

# Each page as most see it, and as the demanding see it; all combinations where nobody waits.
LOOKS = pytest.mark.parametrize(
    ("width", "theme"),
    [
        (1280, "light"),
        (390, "dark"),
        *(
            pytest.param(width, theme, marks=pytest.mark.full)
            for width, theme in ((1280, "dark"), (390, "light"), (320, "light"), (320, "dark"))
        ),
    ],
)


@asynccontextmanager
async def opened(
    browser: Browser, *, tolerated: str | None = None, **options: Any
) -> AsyncIterator[Page]:
    """A page that fails on what the console of the browser says, and on a request to elsewhere.

    Lines with the text `tolerated` are not complained of.
    """
    context: BrowserContext = await browser.new_context(
        **{"locale": "pt-BR", "viewport": {"width": 1280, "height": 860}, **options}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            None if tolerated and tolerated in message.text else complaints.append(message.text)
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if re.match(r"http://127\.0\.0\.1:", request.url)
            else complaints.append(request.url)
        ),
    )
    yield page
    await context.close()
    assert complaints == []


async def sign_in(page: Page, demonstration: Demonstration) -> None:
    await page.goto(demonstration.console)
    await page.get_by_label("E-mail").fill(demonstration.email)
    await page.get_by_label("Senha").fill(demonstration.password)
    await page.get_by_role("button", name="Entrar").click()
    await page.get_by_role("heading", level=1).wait_for()


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_signing_in_and_out_with_javascript_and_without(
    browser: Browser, demonstration: Demonstration, *, javascript: bool
) -> None:
    async with opened(browser, java_script_enabled=javascript) as page:
        await page.goto(demonstration.console + "me")
        await page.get_by_label("E-mail").fill(demonstration.email)
        await page.get_by_label("Senha").fill(demonstration.password)
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Minha conta").wait_for()
        assert page.url.endswith("/console/me")
        await page.get_by_role("button", name="Escuro").click()
        await page.locator("html[data-theme=dark]").wait_for()
        await page.get_by_role("button", name="Automático").click()
        await page.locator("html[data-theme=auto]").wait_for()
        await page.get_by_role("button", name="Sair", exact=True).last.click()
        await page.get_by_text("Você saiu.").wait_for()
        await page.goto(demonstration.console + "me")
        assert "/console/sign-in" in page.url


async def test_codes_are_enrolled_by_what_the_page_shows(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with opened(browser) as page:
        await sign_in(page, demonstration)
        await page.goto(demonstration.console + "me")
        await page.locator("#codes_password").fill(demonstration.password)
        await page.get_by_role("button", name="Ligar os códigos").click()
        assert await page.get_by_role("img", name="Código QR").is_visible()
        await page.get_by_role("button", name="Copiar").wait_for()
        await page.get_by_role("link", name="Agora não").click()
        assert await page.get_by_text("Desligados").is_visible(), "nothing was confirmed"


async def test_the_first_visit_is_small(browser: Browser, demonstration: Demonstration) -> None:
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    async with opened(browser) as page:
        page.on("response", note)
        await page.goto(demonstration.console + "sign-in", wait_until="networkidle")
        assert len(answers) <= FIRST_VISIT_REQUESTS, [answer.url for answer in answers]
        sent = sum([len(gzip.compress(await answer.body(), 9)) for answer in answers])
        assert sent <= FIRST_VISIT_KB * 1024
        names = [answer.url for answer in answers if "/static/" in answer.url]
        assert all(
            [
                (await answer.header_value("content-encoding")) == "gzip"
                for answer in answers
                if answer.url in names
            ]
        )


@LOOKS
async def test_every_page_is_usable_by_everybody(
    browser: Browser, demonstration: Demonstration, theme: str, width: int
) -> None:
    """No finding of axe, of any impact; nothing wider than the screen; not too many nodes."""
    options = {"viewport": {"width": width, "height": 860}, "color_scheme": theme}
    async with opened(browser, **options) as page:
        await page.goto(demonstration.console + "sign-in")
        await fits(page, width)
        await sign_in(page, demonstration)
        for path in PAGES:
            await page.goto(demonstration.console.removesuffix("/console/") + path)
            await fits(page, width)


async def fits(page: Page, width: int) -> None:
    found = await Axe().run(page)
    told = [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]]
    assert told == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    assert await page.evaluate("document.querySelectorAll('*').length") <= MOST_NODES


async def test_nothing_of_a_page_stays_in_the_browser(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with opened(browser) as page:
        await sign_in(page, demonstration)
        await page.goto(demonstration.console + "me")
        kept = await page.evaluate("Object.keys({...localStorage, ...sessionStorage})")
        assert set(kept) <= {"htmx-current-path-for-history"}  # a path, and no name is in paths
        await page.get_by_role("button", name="Sair", exact=True).last.click()
        await page.go_back()
        assert demonstration.email not in await page.content()


async def test_the_fleet_is_searched_as_one_types(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with opened(browser) as page:
        await sign_in(page, demonstration)
        await page.get_by_role("link", name="Comercial Guanabara").wait_for()
        await page.keyboard.press("/")
        await page.keyboard.type("barb")
        await page.get_by_role("link", name="Comercial Guanabara").wait_for(state="detached")
        assert "text=barb" in page.url
        assert await page.get_by_role("link", name="Barbearia do Zé").is_visible()
        await page.reload()
        assert await page.get_by_label("Procurar por nome").input_value() == "barb"
        assert await page.get_by_role("link", name="Comercial Guanabara").count() == 0


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_a_tenant_is_found_suspended_and_resumed(
    browser: Browser, demonstration: Demonstration, *, javascript: bool
) -> None:
    async with opened(browser, java_script_enabled=javascript) as page:
        await sign_in(page, demonstration)
        await page.get_by_role("link", name="Barbearia do Zé").click()
        await page.get_by_role("button", name="Suspender").click()
        await page.get_by_text("Suspenso: o que os clientes escrevem").wait_for()
        await page.get_by_role("button", name="Retomar").click()
        await page.get_by_text("Retomado: o assistente responde de novo").wait_for()


TALKS = f"{TENANT}/conversations"
ANSWER_MS = 30_000  # a reply of the whole platform on a busy machine


@asynccontextmanager
async def phone(browser: Browser, demonstration: Demonstration, *, who: str) -> AsyncIterator[Page]:
    """The simulated phone of a customer of the first business, one at a time."""
    turn = Path(os.environ[FOLDER_VARIABLE]) / "browser" / "turn"
    with locked(turn, fcntl.LOCK_EX):
        async with opened(browser, reduced_motion="reduce") as page:
            await page.goto(demonstration.page)
            await page.get_by_label("Você é", exact=True).select_option(who)
            await expect(page.locator("#presence")).to_have_text(re.compile("online|digitando…"))
            yield page


@pytest.mark.timeout(240)
async def test_a_person_takes_a_conversation_answers_and_hands_it_back(
    browser: Browser, demonstration: Demonstration
) -> None:
    """Written on the simulated phone, answered in the console, and read on the phone."""
    async with (
        phone(browser, demonstration, who="5511999990003") as customer,
        opened(browser) as page,
    ):
        said = customer.locator(".bubble:not(.mine)")
        before = await said.count()
        await customer.get_by_label("Mensagem").fill("Oi! Quanto custa a barba?")
        await customer.keyboard.press("Enter")
        await expect(said.nth(before)).to_be_visible(timeout=ANSWER_MS)

        await sign_in(page, demonstration)
        await page.goto(demonstration.console.removesuffix("/console/") + TALKS)
        await page.get_by_role("link", name="Rafael Dias").click()
        await page.get_by_role("button", name="Assumir").click()
        await page.get_by_text("A conversa é sua").wait_for()
        await expect(page.get_by_label("Escreva a resposta")).to_be_focused()
        await page.keyboard.type("Oi Rafael, aqui é o Zé")
        await page.keyboard.press("Enter")
        await expect(said.last).to_contain_text("Oi Rafael, aqui é o Zé", timeout=ANSWER_MS)
        # It looks for news by itself: the ticks come, then what the customer writes.
        await expect(page.locator(".tick").last).to_have_text("lida", timeout=ANSWER_MS)

        await page.get_by_label("Escreva a resposta").fill("Estava escrevendo")
        await customer.get_by_label("Mensagem").fill("Oi Zé, pode ser amanhã?")
        await customer.keyboard.press("Enter")
        await expect(page.locator(".words").last).to_have_text(
            "Oi Zé, pode ser amanhã?", timeout=ANSWER_MS
        )
        await expect(page.get_by_label("Escreva a resposta")).to_have_value("Estava escrevendo")

        await page.get_by_role("button", name="Devolver ao assistente").click()
        await page.get_by_text("O assistente responde de novo").wait_for()
        before = await said.count()
        await customer.get_by_label("Mensagem").fill("Quanto custa o corte?")
        await customer.keyboard.press("Enter")
        await expect(said.nth(before)).to_contain_text("R$", timeout=ANSWER_MS)


@pytest.mark.timeout(240)
async def test_who_waits_is_found_and_answered_without_javascript(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with (
        phone(browser, demonstration, who="5511999990004") as customer,
        opened(browser, java_script_enabled=False) as page,
    ):
        said = customer.locator(".bubble:not(.mine)")
        before = await said.count()
        await customer.get_by_label("Mensagem").fill("Oi, quero falar com uma pessoa")
        await customer.keyboard.press("Enter")
        await expect(said.nth(before)).to_be_visible(timeout=ANSWER_MS)
        await sign_in(page, demonstration)
        await page.goto(demonstration.console + "attention")
        await page.get_by_role("link", name="Um cliente espera por uma pessoa").first.click()
        await page.get_by_role("button", name="Assumir").click()
        await page.get_by_label("Escreva a resposta").fill("Já vejo isso para você")
        await page.get_by_role("button", name="Enviar").click()
        await expect(page.locator(".words").last).to_have_text("Já vejo isso para você")
        await page.get_by_role("button", name="Devolver ao assistente").click()
        await page.get_by_text("O assistente responde de novo").wait_for()


@LOOKS
async def test_a_conversation_is_usable_by_everybody(
    browser: Browser, demonstration: Demonstration, theme: str, width: int
) -> None:
    options = {"viewport": {"width": width, "height": 860}, "color_scheme": theme}
    async with phone(browser, demonstration, who="5511999990003") as customer:
        said = customer.locator(".bubble:not(.mine)")
        if await said.count() == 0:
            await customer.get_by_label("Mensagem").fill("Tem horário para corte na sexta?")
            await customer.keyboard.press("Enter")
            await expect(said.first).to_be_visible(timeout=ANSWER_MS)
    async with opened(browser, **options) as page:
        await sign_in(page, demonstration)
        await page.goto(demonstration.console.removesuffix("/console/") + TALKS)
        await fits(page, width)
        await page.locator(".talk-who a").first.click()
        await page.locator("#thread").wait_for()
        await fits(page, width)
