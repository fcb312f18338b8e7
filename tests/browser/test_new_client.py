"""A new client in Chromium: step by step, one key that is refused and then the right one."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.conftest import Demonstration
from tests.browser.test_console import sign_in
from tests.conftest import FOLDER_VARIABLE

REFUSED = "422 (Unprocessable Entity)"  # Chromium notes each answer of this kind


def a_key_that_works() -> str:
    """Return the key of another business of the demonstration, which the simulated Gemini knows."""
    (file,) = (Path(os.environ[FOLDER_VARIABLE]) / "browser").rglob(
        "barbearia-do-ze-production.env"
    )
    found = re.search(r"^GEMINI_API_KEY=\"?([\w-]+)", file.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_a_client_is_made_and_a_refused_key_is_mended(
    browser: Browser, demonstration: Demonstration, *, javascript: bool
) -> None:
    context: BrowserContext = await browser.new_context(
        locale="pt-BR", java_script_enabled=javascript
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: None if REFUSED in said.text else complaints.append(said.text),
    )
    await sign_in(page, demonstration)
    name = "Com script" if javascript else "Sem script"
    await page.get_by_role("link", name="Novo cliente").first.click()
    await page.get_by_label("Nome do negócio").fill(name)
    await go_on(page)
    await page.get_by_label("WhatsApp do dono").fill("123")
    await go_on(page)
    await page.get_by_text("Não é um número de telefone").wait_for()
    await page.get_by_label("WhatsApp do dono").fill("(11) 98765-4321")
    await go_on(page)
    await page.locator('[id="row.0.name"]').fill("Corte")
    await go_on(page)
    await page.locator('[id="row.0.name"]').fill("Ana")
    await go_on(page)
    await go_on(page)
    await page.get_by_role("button", name="Criar o cliente").click()
    await page.get_by_text("O cliente foi criado").wait_for()

    key = page.locator("#GEMINI_API_KEY")
    await key.fill("AIza" + "x" * 35)
    await key.press("Enter")
    await page.get_by_text("Nada foi salvo: um fornecedor recusou").wait_for()
    assert (await key.input_value() != "") is javascript, "a page that stays keeps what was typed"
    await key.fill(a_key_that_works())
    await key.press("Enter")
    await page.get_by_text("Salvo. Os fornecedores aceitam.").wait_for()
    await page.get_by_role("link", name="Visão geral").click()
    await page.get_by_text("Definir as credenciais: WhatsApp").wait_for()
    assert await page.get_by_text("Definir as credenciais: Gemini").count() == 0
    await context.close()
    assert complaints == []


async def go_on(page: Page) -> None:
    await page.get_by_role("button", name="Guardar e continuar").click()
