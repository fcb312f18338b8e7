"""From an empty installation to a business that is served, in Chromium, as its first operator goes."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from mcp_platform.embedded import EmbeddedValkey
from mcp_platform.simulators.google import app as google_calendar
from mcp_platform.tenants.tenant import TenantId
from tests.browser.test_console import opened
from tests.browser.test_new_client import REFUSED, go_on
from tests.cli.processes import serving, wait_for
from tests.platform_api import PASSWORD
from tests.publishing.test_publishing import git
from tests.world import (
    ServedTenant,
    Simulators,
    World,
    choice,
    text_of,
    tomorrow,
    unstarted_world,
)

pytestmark = pytest.mark.timeout(280)
ADMINISTRATOR = "ana@agencia.example"
TOKEN = "EAA" + "t" * 60
WABA, APP = "102030405060708", "403020105060708"
ACCOUNT = "agenda@studio-bela.iam.gserviceaccount.com"
ANSWER_MS = 30_000  # a reply of the whole platform on a busy machine
AT = "/console/t/studio-bela/production"


class Installation(World):
    """A service that nobody has configured, and the vendors it will meet."""

    def command(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "mcp_platform.cli", *arguments],
            env={**os.environ, "DATABASE_URL": self.database_url, "COLUMNS": "100"},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return ran.stdout

    async def have_number(self, *, verify_token: str = "none yet") -> None:
        """Have the business's number at Meta, or change what is held of it."""
        number = {
            "phone_number_id": self.tenant.phone_number_id,
            "display_phone_number": "551140000001",
            "waba_id": WABA,
            "token": TOKEN,
            "app_id": APP,
            "app_secret": self.tenant.app_secret,
            "verify_token": verify_token,
        }
        answer = await self.meta.post("/_control/numbers", json=number)
        assert answer.is_success, answer.text

    async def open_calendar(self) -> dict[str, str]:
        """Have the business's calendar at Google; return the file of its service account."""
        private, public = google_calendar.new_service_account(ACCOUNT)
        await self._google_account(self.tenant, ACCOUNT, public)
        return {
            "type": "service_account",
            "project_id": "studio-bela",
            "private_key_id": "k1",
            "private_key": private,
            "client_email": ACCOUNT,
        }


@pytest.fixture
async def installation(
    migrated_url: str, simulators: Simulators, valkey: EmbeddedValkey, tmp_path: Path
) -> AsyncIterator[Installation]:
    bare = tmp_path / "manifests.git"
    bare.mkdir()
    git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    settings = {
        "REDIS_URL": valkey.url,
        "DATA_DIR": str(tmp_path / "data"),
        "CREDENTIALS_DIR": str(tmp_path / "credentials"),
        "DEBOUNCE_S": "0.2",
        "MANIFESTS_REPOSITORY": str(bare),
        **{name.upper(): value for name, value in simulators.settings.items()},
    }
    async with unstarted_world(simulators, migrated_url, tmp_path / "credentials") as made:
        with serving(migrated_url, announced=True, **settings) as (process, url, _):
            wait_for(f"{url}/health", process)
            yield Installation(
                made.settings,
                migrated_url,
                made.meta,
                made.gemini,
                made.google,
                made.credentials,
                [studio()],
                url=url,
            )


async def test_an_empty_installation_becomes_a_business_that_is_served(
    installation: Installation, chromium: Browser, tmp_path: Path
) -> None:
    password = installation.command("users", "create", ADMINISTRATOR, "--generate").strip()
    async with opened(chromium, tolerated=REFUSED) as page:
        page.set_default_timeout(ANSWER_MS)
        await first_sign_in(page, installation.url, password)
        await make_client(page)
        # Where manifests are published, a tenant has pods of its own unless somebody says otherwise.
        installation.command("tenants", "update", installation.tenant.path, "--topology", "shared")
        await enter_credentials(page, installation)
        await go_live(page, installation)
        await book_and_move(page, installation)
        await take_over_and_hand_back(page, installation)
        await suspend_and_resume(page, installation)
        await publish(
            page, installation, repository=tmp_path / "manifests.git", keys=tmp_path / "keys"
        )


async def first_sign_in(page: Page, url: str, password: str) -> None:
    """Sign in with the password that was made, which must be changed first."""
    await page.goto(f"{url}/console/")
    await page.get_by_label("E-mail").fill(ADMINISTRATOR)
    await page.get_by_label("Senha").fill(password)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Minha conta").wait_for()
    await page.locator("#password").fill(password)
    await page.locator("#new_password").fill(PASSWORD)
    await page.locator("#again").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_text("A senha foi trocada").wait_for()


async def make_client(page: Page) -> None:
    """Answer the wizard of a new client."""
    await page.get_by_role("link", name="Negócios").first.click()
    await page.get_by_role("link", name="Novo cliente").first.click()
    await page.get_by_label("Nome do negócio").fill("Studio Bela")
    await go_on(page)
    await page.get_by_label("WhatsApp do dono").fill("(11) 98765-4321")
    await go_on(page)
    await page.locator('[id="row.0.name"]').fill("Corte")
    await page.locator('[id="row.0.minutes"]').fill("30")
    await page.locator('[id="row.0.price"]').fill("80,00")
    await go_on(page)
    await page.locator('[id="row.0.name"]').fill("Bela")
    await page.locator('[id="row.0.hours"]').fill("seg-dom 9h-18h")
    await go_on(page)
    await go_on(page)
    await page.get_by_role("button", name="Criar o cliente").click()
    await page.get_by_text("O cliente foi criado").wait_for()


def studio() -> ServedTenant:
    return ServedTenant(
        id=TenantId(1),
        client_name="studio-bela",
        phone_number_id="109876543210987",
        calendar_id="studio-bela@group.calendar.google.com",
        app_secret="0123456789abcdef" * 2,
        gemini_key="AIza" + "B" * 35,
        owner="5511987654321",
    )


async def enter_credentials(page: Page, installation: Installation) -> None:
    """A token that Meta refuses, with what to do; then all that is right, each proved."""
    tenant = installation.tenant
    file = await installation.open_calendar()
    await installation.have_number()

    await page.locator("#WHATSAPP_PHONE_NUMBER_ID").fill(tenant.phone_number_id)
    await page.locator("#WHATSAPP_BUSINESS_ACCOUNT_ID").fill(WABA)
    await page.locator("#WHATSAPP_APP_ID").fill(APP)
    await page.locator("#WHATSAPP_APP_SECRET").fill(tenant.app_secret)
    await page.locator("#WHATSAPP_API_TOKEN").fill("EAA" + "x" * 60)
    await save(page, "WhatsApp")
    await page.get_by_text("Nada foi salvo: um fornecedor recusou").wait_for()
    await page.locator("#WHATSAPP_API_TOKEN").fill(TOKEN)
    await (await save(page, "WhatsApp")).get_by_text("· conferida").first.wait_for()

    await page.locator("#GOOGLE_PRIVATE_KEY").fill(json.dumps(file))
    await page.locator("#GOOGLE_CALENDAR_ID").fill(tenant.calendar_id)
    await (await save(page, "Google Agenda")).get_by_text("· conferida").first.wait_for()
    await page.locator("#GEMINI_API_KEY").fill(tenant.gemini_key)
    await (await save(page, "Gemini")).get_by_text("· conferida").first.wait_for()


async def save(page: Page, vendor: str) -> Locator:
    """Press the button of one vendor; return its card."""
    heading = page.get_by_role("heading", name=vendor)
    card = page.locator("section.vendor").filter(has=heading)
    await card.get_by_role("button", name="Conferir e salvar").click()
    return card


async def go_live(page: Page, installation: Installation) -> None:
    """The webhook's address and token go to Meta; "oi" on the phone is answered."""
    await page.get_by_role("link", name="Pôr no ar").click()
    await page.get_by_role("button", name="Gerar um token").click()
    address = await page.locator("#webhook").inner_text()
    token = await page.locator("#token").inner_text()
    await installation.have_number(verify_token=token)
    assert address == f"{installation.url}/studio-bela/production/api/v1/webhooks/whatsapp"
    await page.get_by_role("button", name="Assinar e conferir").click()
    await page.get_by_text("Tudo foi examinado").wait_for()
    await expect(page.get_by_text("Em ordem")).to_be_visible()
    await expect(page.get_by_role("img", name="Código QR que abre o WhatsApp")).to_be_visible()
    reply = await installation.ask("oi")
    assert "Studio Bela" in text_of(reply)


async def book_and_move(page: Page, installation: Installation) -> None:
    """What the customer books appears by itself; it is dragged, and the phone says so."""
    day = tomorrow(days=2)
    await page.goto(f"{installation.url}{AT}/agenda?day={day:%Y-%m-%d}")
    entry = page.locator(".col[data-who=bela] .entry")
    assert await entry.count() == 0
    asked = await installation.ask(f"Quero cortar o cabelo dia {day:%d/%m} às 10h")
    booked = await installation.choose(choice(asked, "Confirmar"))
    assert "Agendado: Corte" in text_of(booked)
    await expect(entry).to_contain_text("Ana", timeout=ANSWER_MS)  # by itself
    await page.set_viewport_size({"width": 1280, "height": 1500})
    cell = page.locator('.col[data-who=bela] a.cell[data-at="15:00"]')
    taken, free = await entry.bounding_box(), await cell.bounding_box()
    assert taken is not None
    assert free is not None
    await page.mouse.move(taken["x"] + 60, taken["y"] + 8)
    await page.mouse.down()
    await page.mouse.move(free["x"] + 60, free["y"] + 9, steps=6)
    await page.mouse.up()
    await page.get_by_text("Mover este horário?").wait_for()
    before = len(await installation.sent())
    await page.get_by_role("button", name="Mover").click()
    await page.get_by_text("Movido:").wait_for()
    told = (await installation.replies(before + 1))[-1]
    assert "15:00" in text_of(told)


async def take_over_and_hand_back(page: Page, installation: Installation) -> None:
    await page.get_by_role("link", name="Conversas", exact=True).click()
    await page.get_by_role("link", name="Ana", exact=True).click()
    await page.get_by_role("button", name="Assumir").click()
    await page.get_by_text("A conversa é sua").wait_for()
    before = len(await installation.sent())
    await page.get_by_label("Escreva a resposta").fill("Oi Ana, aqui é a Bela")
    await page.keyboard.press("Enter")
    assert text_of((await installation.replies(before + 1))[-1]) == "Oi Ana, aqui é a Bela"
    await page.get_by_role("button", name="Devolver ao assistente").click()
    await page.get_by_text("O assistente responde de novo").wait_for()
    assert "80,00" in text_of(await installation.ask("Quanto custa o corte?"))


async def suspend_and_resume(page: Page, installation: Installation) -> None:
    """What is written meanwhile is answered afterwards."""
    await page.get_by_role("link", name="Visão geral").click()
    await page.get_by_role("button", name="Suspender").click()
    await page.get_by_text("Suspenso: o que os clientes escrevem").wait_for()
    before = len(await installation.sent())
    await installation.say("E no sábado, até que horas?")
    await page.get_by_role("button", name="Retomar").click()
    await page.get_by_text("Retomado: o assistente responde de novo").wait_for()
    await installation.replies(before + 1)


async def publish(page: Page, installation: Installation, *, repository: Path, keys: Path) -> None:
    """What the fleet lacks is said with the command that gives it; the difference is read, then sent."""
    await page.get_by_role("link", name="Publicar").click()
    await page.get_by_role("link", name="Ver o que mudaria").click()
    await page.get_by_text("O que falta para a frota rodar").wait_for()
    installation.command(
        "platform", "set", "image=registry.example.com/mcp-platform:1", "host=wa.example.com",
        "api_server_ranges=203.0.113.10/32", "--token-keys", str(keys),
    )  # fmt: skip
    await page.reload()
    await page.get_by_text("studio-bela/production é novo").wait_for()
    assert git(repository, "branch", "--list") == ""
    await page.get_by_role("button", name="Publicar").click()
    await page.get_by_text("Enviado. O Argo CD aplica").wait_for()
    sent = git(repository, "ls-tree", "-r", "--name-only", "main").split()
    assert any(each.startswith("clients/studio-bela/production/") for each in sent)
