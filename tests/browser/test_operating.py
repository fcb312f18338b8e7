"""Who operates, in Chromium: a file taken in, many businesses examined, somebody invited, one leaving."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import Demonstration
from tests.browser.test_console import TENANT, opened, sign_in


def where(demonstration: Demonstration, path: str) -> str:
    return demonstration.console.removesuffix("/console/") + path


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_a_file_is_read_before_it_is_taken_in(
    browser: Browser, demonstration: Demonstration, tmp_path: Path, *, javascript: bool
) -> None:
    name = f"imported-{'with' if javascript else 'without'}"
    client = {"client_name": name, "environments": {"staging": True, "production": False}}
    content = json.dumps({"clients": [client]}, indent=2)
    async with opened(browser, java_script_enabled=javascript) as page:
        await sign_in(page, demonstration)
        await page.goto(where(demonstration, "/console/new"))
        await page.get_by_role("link", name="Importar config.json").click()
        if javascript:
            file = tmp_path / "config.json"
            file.write_text(content)
            await page.get_by_label("Ou escolha o arquivo").set_input_files(file)
            await expect(page.get_by_label("Conteúdo do config.json")).to_have_value(content)
        else:
            assert not await page.get_by_label("Ou escolha o arquivo").is_visible()
            await page.get_by_label("Conteúdo do config.json").fill(content)
        await page.get_by_role("button", name="Ver o que ele faria").click()
        await page.get_by_text(f"Ambiente novo {name}/staging").wait_for()
        await page.get_by_role("button", name="Importar").click()
        await page.get_by_text("Importado.").wait_for()
        await page.get_by_role("link", name=f"{name}/staging").click()
        await page.get_by_role("link", name="Credenciais", exact=True).wait_for()


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_many_are_examined_and_the_job_is_watched(
    browser: Browser, demonstration: Demonstration, *, javascript: bool
) -> None:
    async with opened(browser, java_script_enabled=javascript) as page:
        await sign_in(page, demonstration)
        await page.goto(where(demonstration, "/console/fleet?text=barbearia"))
        await page.get_by_role("checkbox", name="Marcar, Barbearia do Zé").check()
        await page.get_by_role("button", name="Ver o plano").click()
        await page.get_by_text("1 negócio entra").wait_for()
        await page.get_by_role("button", name="Examinar").click()
        done = page.get_by_text("Feito", exact=True)
        progress = page.get_by_text("de 1 feitos")
        await progress.wait_for()
        while not javascript and not await done.is_visible():
            await page.get_by_role("link", name="Olhar de novo").or_(done).first.wait_for()
            if await done.is_visible():
                break
            await page.get_by_role("link", name="Olhar de novo").click()
            await progress.wait_for()
        await done.wait_for()
        assert await page.get_by_text("1 de 1 feitos").is_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with", "without"])
async def test_somebody_is_invited_and_changes_the_password_first(
    browser: Browser, demonstration: Demonstration, *, javascript: bool
) -> None:
    email = f"new-{'with' if javascript else 'without'}@example.com"
    async with opened(browser, java_script_enabled=javascript) as page:
        await sign_in(page, demonstration)
        await page.goto(where(demonstration, "/console/users"))
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_label("Papel").select_option("viewer")
        await page.get_by_role("button", name="Convidar").click()
        password = await page.locator("#made").inner_text()
    async with opened(browser, java_script_enabled=javascript) as page:
        await page.goto(demonstration.console)
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_label("Senha").fill(password)
        await page.get_by_role("button", name="Entrar").click()
        await page.get_by_text("Esta senha foi criada por outra pessoa").wait_for()


async def test_leaving_is_read_step_by_step_and_its_data_taken_along(
    browser: Browser, demonstration: Demonstration
) -> None:
    async with opened(browser) as page:
        await sign_in(page, demonstration)
        await page.goto(where(demonstration, f"{TENANT}/leave"))
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Baixar todos os dados").click()
        taken = await downloading.value
        assert taken.suggested_filename == "barbearia-do-ze-production.jsonl"
        content = await asyncio.to_thread(Path(await taken.path()).read_text)
        first = json.loads(content.splitlines()[0])
        assert first["type"] == "tenant"
