"""`onboard` at a real terminal, against vendors that answer as the real ones do."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import KEYS, Credentials
from mcp_platform.tenants.env_file import write_env_file
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.tenants.tenant import TenantId
from tests.cli.conftest import Mcp, Ran
from tests.cli.terminal import CTRL_C, DOWN, ENTER, Terminal
from tests.doctor.examined_tenant import (
    APP,
    APP_SECRET,
    CALENDAR,
    EMAIL,
    GEMINI_KEY,
    PHONE_ID,
    TEMPLATE,
    TOKEN,
    WABA,
    ExaminedTenant,
    Vendors,
    simulated_vendors,
)
from tests.world import ServedTenant, World, running, text_of, tomorrow

README = Path(__file__).parents[2] / "README.md"
pytestmark = pytest.mark.timeout(600)  # several commands, one after the other, on a busy machine

REFUSED_KEY = "AQ.a-gemini-key-that-nobody-registered"
CLEAR = "\x15"  # Ctrl-U


@dataclass
class Desk:
    """Where an operator sits: a database, a data folder, vendors, and what nobody may see."""

    here: ExaminedTenant
    database_url: str
    folder: Path
    mcp: Mcp
    # Of its own for each test: logins of tenants are the whole database server's.
    client: str = field(default_factory=lambda: f"nova-{uuid4().hex[:8]}")
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Settings that differ."""

    @property
    def path(self) -> str:
        return f"{self.client}/production"

    @property
    def env(self) -> dict[str, str]:
        urls = self.here.urls
        return {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder / "data"),
            "CREDENTIALS_DIR": str(self.folder / "credentials"),
            "META_GRAPH_URL": urls["meta"],
            "GEMINI_URL": urls["gemini"],
            "GOOGLE_CALENDAR_URL": f"{urls['google']}/calendar/v3/",
            "GOOGLE_TOKEN_URL": f"{urls['google']}/token",
            "PUBLIC_URL": urls["gateway"],
            "OWNER_NOTICE_TEMPLATE": TEMPLATE,
            **self.elsewhere,
        }

    @property
    def kept(self) -> Path:
        return self.folder / "data" / "onboarding" / f"{self.client}.json"

    @property
    def secrets(self) -> list[str]:
        lines = self.here.case.secrets.google_private_key.splitlines()
        return [GEMINI_KEY, REFUSED_KEY, TOKEN, APP_SECRET, lines[1], lines[-2]]

    @property
    def account_json(self) -> str:
        key = self.here.case.secrets.google_private_key
        account = {"type": "service_account", "project_id": "ze-1", "private_key": key}
        return json.dumps({**account, "client_email": EMAIL}, indent=2)

    def terminal(self, *arguments: str) -> Terminal:
        return Terminal("onboard", *arguments, env=self.env)

    async def run(self, *arguments: str) -> Ran:
        """Run a command without a terminal, in a thread of its own beside the vendors."""
        with pytest.MonkeyPatch.context() as patched:
            for name, value in {"COLUMNS": "200", **self.env}.items():
                patched.setenv(name, value)
            return await asyncio.to_thread(self.mcp, *arguments)

    def answers(self, **changes: Any) -> Path:
        """Write a file of answers, with the credentials beside it."""
        held = self.here.case.secrets
        values = {key: getattr(held, key.lower()) for key in KEYS}
        (self.folder / "nova.env").write_text(write_env_file(values))
        file = self.folder / "answers.json"
        made = {
            "client_name": self.client,
            "business_name": "Barbearia Nova",
            "article": "a",
            "kind": "barber",
            "environments": ["production"],
            "topology": "shared",
            "resources": {},
            "time_zone": "America/Sao_Paulo",
            "language": "pt-BR",
            "address": "Rua das Flores, 10",
            "owner_whatsapp": "5511987654321",
            "minimum_notice": "2h",
            "services": [{"name": "Corte", "minutes": 30, "price": "45,00"}],
            "professionals": [{"name": "Zé", "hours": "seg-sex 09:00-12:00 13:00-18:00"}],
            "answers": {"parking": "Na rua."},
            "credentials": {"production": {"file": "nova.env"}},
        }
        file.write_text(json.dumps({**made, **changes}))
        return file

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    async def stored(self) -> Credentials:
        store = EnvDirectoryStore(self.folder / "credentials")
        return await store.read(client_name=self.client, environment="production")

    async def examined(self) -> dict[str, str]:
        """Return what the doctor finds, once webhooks are subscribed."""
        self.here.gateway.credentials = await self.stored()
        return await self.fixed()

    async def fixed(self) -> dict[str, str]:
        ran = await self.run("doctor", self.path, "--fix", "--json")
        assert ran.out, ran.err
        [shown] = json.loads(ran.out)
        return {each["check"]: each["state"] for each in shown["results"]}

    def told_nobody(self, written: str) -> None:
        """Check that no secret stands in `written`, nor in any file but the store's."""
        files = [file for file in (self.folder / "data").rglob("*") if file.is_file()]
        texts = [written, *(file.read_text("utf-8", "replace") for file in files)]
        for secret in self.secrets:
            assert not any(secret in text for text in texts), f"{secret[:4]}… was told"


@pytest.fixture(scope="module")
async def vendors() -> AsyncIterator[Vendors]:
    async with simulated_vendors() as made:
        yield made


@pytest.fixture
async def desk(vendors: Vendors, migrated_url: str, tmp_path: Path, mcp: Mcp) -> Desk:
    (tmp_path / "credentials").mkdir(mode=0o700)
    return Desk(await vendors.new_tenant(), migrated_url, tmp_path, mcp)


def about_the_business(terminal: Terminal, client: str) -> None:
    """Answer what is asked before credentials; three answers are wrong at first."""
    terminal.answer("Nome do negócio", "Barbearia Nova")
    terminal.shows("Nome do cliente")
    terminal.type("Nova Barbearia")
    terminal.shows("Use de 3 a 40 letras minúsculas")  # before Enter
    terminal.type(CLEAR + client + ENTER)
    terminal.answer("Ambientes")
    terminal.answer("Sou o assistente")
    terminal.answer("Tipo de negócio")
    terminal.answer("Fuso horário")
    terminal.answer("Idioma do atendimento")
    terminal.answer("Endereço do negócio", "Rua das Flores, 10")
    terminal.answer("WhatsApp do dono", "+55 11 98765-4321")
    terminal.answer("Antecedência mínima", "2h")
    terminal.answer("Serviço: nome", "Corte")
    terminal.answer("Corte: minutos", "45")  # typed over what is offered, and not behind it
    terminal.answer("Corte: preço", "45,00")
    terminal.answer("Mais um serviço?")
    terminal.answer("Profissional: nome", "Zé")
    terminal.shows("Zé: horário da semana")
    terminal.type("seg-xyz 9-12")
    terminal.shows("Não entendi “seg-xyz”")
    terminal.type(CLEAR + "seg-sex 09:00-12:00 13:00-18:00; sáb 9h às 13h" + ENTER)
    terminal.answer("Zé: ID da agenda própria")
    terminal.answer("Mais um profissional?")
    terminal.answer("Responder agora ao que os clientes sempre perguntam?")
    terminal.answer("Formas de pagamento: o que o cliente lê", "Pix e cartão.")
    for topic in ("Estacionamento", "Endereço e como chegar", "Crianças", "Animais", "Wi-Fi"):
        terminal.answer(topic)
    for topic in ("Regras de cancelamento", "Atrasos", "O que levar"):
        terminal.answer(topic)


def wanting(found: dict[str, str]) -> dict[str, str]:
    """Return what the doctor is not content with, but for holidays: some are near, some days."""
    return {
        check: state for check, state in found.items() if state != "ok" and check != "catalogue"
    }


def whatsapp(terminal: Terminal) -> None:
    terminal.answer("Token do WhatsApp", TOKEN)
    terminal.shows("ID do número")
    terminal.type("+55 11 98765-4321")
    terminal.shows("Isto é um número de telefone")
    terminal.type(CLEAR + PHONE_ID + ENTER)
    terminal.answer("ID da conta do WhatsApp Business", WABA)
    terminal.answer("ID do app na Meta", APP)
    terminal.answer("Segredo do app", APP_SECRET)
    terminal.answer("Token de verificação do webhook")  # made here


async def booked(desk: Desk) -> None:
    """Serve the tenant as it was left, point Meta at it, and be its first customer."""
    settings = Settings(
        data_dir=desk.folder / "data",
        credentials_dir=desk.folder / "credentials",
        meta_graph_url=desk.env["META_GRAPH_URL"],
        gemini_url=desk.env["GEMINI_URL"],
        google_calendar_url=desk.env["GOOGLE_CALENDAR_URL"],
        google_token_url=desk.env["GOOGLE_TOKEN_URL"],
        debounce_s=0.15,
        sweep_s=0.5,
    )
    [(tenant_id,)] = await desk.rows("SELECT id FROM tenants")
    stored = await desk.stored()
    tenant = ServedTenant(
        id=TenantId(tenant_id),
        client_name=desk.client,
        phone_number_id=PHONE_ID,
        calendar_id=CALENDAR,
        app_secret=stored.whatsapp_app_secret,
        gemini_key=GEMINI_KEY,
        owner="5511987654321",
    )
    async with httpx.AsyncClient(base_url=desk.here.urls["meta"]) as meta:
        here = World(
            settings,
            desk.database_url,
            meta,
            desk.here.gemini,
            desk.here.google,
            desk.folder / "credentials",
            [tenant],
        )
        async with running(here):
            desk.elsewhere["PUBLIC_URL"] = here.url
            assert wanting(await desk.fixed()) == {}
            monday = tomorrow(15)
            monday += timedelta(days=-monday.weekday() % 7)

            reply = await here.ask_and_agree(f"Marca um corte com o Zé dia {monday:%d/%m} às 15h")

            assert "✅ Agendado" in text_of(reply)
            assert await here.starts() == [f"{monday:%Y-%m-%d %H:%M}"]
            await here.idle()
            assert await here.shows(monday)


async def test_after_a_whole_interview_with_wrong_answers_and_a_refused_key_customers_book(
    desk: Desk,
) -> None:
    def interview() -> str:
        with desk.terminal() as terminal:
            about_the_business(terminal, desk.client)
            terminal.shows(f"{desk.folder}/credentials/{desk.client}-production.env, sem cifra")
            terminal.answer("Conta de serviço do Google", DOWN)
            # Line by line, as a terminal without bracketed paste sends it.
            key = desk.here.case.secrets.google_private_key.strip()
            terminal.answer("Cole aqui", key.replace("\n", "\r"))
            terminal.answer("E-mail da conta de serviço", EMAIL)
            terminal.answer("ID da agenda", CALENDAR)
            terminal.answer("Chave do Gemini", REFUSED_KEY)
            whatsapp(terminal)
            terminal.shows("✗ Gemini")
            terminal.shows("Algo não está certo")
            terminal.type(DOWN * 2 + ENTER)  # the Gemini key
            terminal.answer("Chave do Gemini (não aparece", GEMINI_KEY)
            terminal.shows("✓ Gemini")
            terminal.shows("As credenciais funcionam.")
            summary = terminal.shows("Está certo?")
            assert "Barbearia Nova" in summary
            assert f"{len(TOKEN)} caracteres" in summary
            terminal.type(ENTER)
            terminal.shows(f"Credenciais salvas: {desk.path}.")
            terminal.shows(f"{desk.env['PUBLIC_URL']}/{desk.path}/api/v1/webhooks/whatsapp")
            terminal.shows(f"{CALENDAR} → {EMAIL}")
            terminal.shows(f"mcp-platform doctor {desk.path}")
            assert terminal.ends() == 0
            desk.told_nobody(terminal.raw + terminal.text)
            return terminal.text

    written = await asyncio.to_thread(interview)

    assert not desk.kept.exists()
    stored = await desk.stored()
    assert stored.gemini_api_key == GEMINI_KEY
    assert stored.google_project_id == "ze-1"
    assert written.count(stored.whatsapp_webhook_verify_token) == 1
    assert await desk.rows(
        "SELECT article, kind, address, minimum_notice_minutes, topology FROM tenants"
    ) == [("a", "barber", "Rua das Flores, 10", 120, "shared")]
    assert await desk.rows("SELECT duration_minutes FROM services") == [(45,)]
    assert await desk.rows(
        "SELECT s.price_cents, p.name, count(*) FROM services s JOIN offerings o"
        " ON o.tenant_id = s.tenant_id AND o.service_id = s.id JOIN professionals p"
        " ON p.tenant_id = o.tenant_id AND p.id = o.professional_id JOIN opening_spans h"
        " ON h.tenant_id = p.tenant_id AND h.professional_id = p.id GROUP BY 1, 2"
    ) == [(4500, "Zé", 11)]
    assert await desk.rows("SELECT language, title, text FROM answer_texts") == [
        ("pt-BR", "Formas de pagamento", "Pix e cartão.")
    ]
    [(proof, actor)] = await desk.rows(
        "SELECT after->>'proof', actor_kind FROM audit_entries WHERE action = 'credentials.change'"
    )
    assert (proof, actor) == ("passed", "command")
    await booked(desk)


@pytest.mark.full
async def test_after_ctrl_c_the_next_run_goes_on_at_that_question_and_asks_secrets_again(
    desk: Desk,
) -> None:
    account = desk.folder / "account.json"
    account.write_text(desk.account_json)

    def first() -> None:
        with desk.terminal() as terminal:
            terminal.answer("Nome do negócio", "Barbearia Nova")
            terminal.answer("Nome do cliente", desk.client)
            terminal.answer("Ambientes")
            terminal.answer("Sou o assistente", DOWN)
            for question in ("Tipo de negócio", "Fuso horário", "Idioma"):
                terminal.answer(question)
            terminal.answer("Endereço do negócio")
            terminal.answer("WhatsApp do dono", "+55 11 98765-4321")
            terminal.answer("Antecedência mínima")
            terminal.answer("Serviço: nome", "Corte")
            terminal.answer("Corte: minutos")
            terminal.answer("Corte: preço", "45,00")
            terminal.answer("Mais um serviço?", "\x1b[A")
            terminal.answer("Serviço: nome", "Barba")
            terminal.shows("Barba: minutos")
            terminal.type(CTRL_C)
            assert terminal.ends() == 130
        with desk.terminal() as terminal:
            terminal.answer("cadastros por terminar")
            terminal.shows("Resumo")
            terminal.answer("Barba: minutos", "20")  # at once, with nothing asked before
            terminal.answer("Barba: preço")
            terminal.answer("Mais um serviço?")
            terminal.answer("Profissional: nome", "Zé")
            terminal.answer("Zé: horário da semana")
            terminal.answer("Zé: o que faz")
            terminal.answer("Zé: ID da agenda própria")
            terminal.answer("Mais um profissional?")
            terminal.answer("Responder agora", DOWN)
            terminal.answer("Conta de serviço do Google")
            terminal.answer("Caminho do arquivo JSON", str(account))
            terminal.answer("ID da agenda", CALENDAR)
            terminal.answer("Chave do Gemini", GEMINI_KEY)
            terminal.shows("Token do WhatsApp")
            terminal.type(TOKEN + CTRL_C)
            terminal.shows(f"estão em {desk.kept}; rode `mcp-platform onboard`")
            assert terminal.ends() == 130
            desk.told_nobody(terminal.raw + terminal.text)

    def second() -> None:
        with desk.terminal("--lang", "en") as terminal:
            terminal.answer("Some clients are not finished")
            terminal.shows("Barbearia Nova")
            terminal.answer("Gemini key (not shown)", GEMINI_KEY)
            terminal.answer("WhatsApp token", TOKEN)
            terminal.answer("Phone number id", PHONE_ID)
            terminal.answer("WhatsApp Business account id", WABA)
            terminal.answer("App id at Meta", APP)
            terminal.answer("App secret", APP_SECRET)
            terminal.answer("Webhook verify token", DOWN)
            terminal.answer("Webhook verify token (not shown", "a-token-of-mine")
            terminal.shows("The credentials work.")
            terminal.answer("Is it right?")
            terminal.shows(f"Credentials saved: {desk.path}.")
            assert terminal.ends() == 0
            desk.told_nobody(terminal.raw + terminal.text)
            assert "a-token-of-mine" not in terminal.raw

    await asyncio.to_thread(first)
    assert json.loads(desk.kept.read_text())["owner_whatsapp"] == "5511987654321"
    assert await desk.rows("SELECT 1 FROM clients") == []
    await asyncio.to_thread(second)
    assert not desk.kept.exists()
    assert await desk.rows("SELECT name, duration_minutes FROM services ORDER BY position") == [
        ("Corte", 30),
        ("Barba", 20),
    ]
    assert await desk.rows("SELECT article FROM tenants") == [("o",)]
    assert (await desk.stored()).whatsapp_webhook_verify_token == "a-token-of-mine"
    assert wanting(await desk.examined()) == {}


@pytest.mark.full
async def test_an_answer_is_corrected_at_the_summary_and_refused_credentials_saved_when_insisted_on(
    desk: Desk,
) -> None:
    file = desk.answers(business_name="Barberia Nova")
    desk.here.credentials(gemini_api_key=REFUSED_KEY)
    desk.answers(business_name="Barberia Nova")

    def interview() -> None:
        with desk.terminal("--from-file", str(file)) as terminal:
            terminal.shows("✗ Gemini")
            terminal.shows("Algo não está certo")
            terminal.type(DOWN * 10 + ENTER)
            terminal.answer("Salvar credenciais que não foram aceitas?", "\x1b[A")
            terminal.shows("salvas assim mesmo")
            terminal.answer("Está certo?", DOWN)
            terminal.answer("Qual?")
            terminal.answer("Nome do negócio, como os clientes o conhecem:", "Barbearia Nova")
            terminal.answer("Está certo?")
            assert terminal.ends() == 0
            desk.told_nobody(terminal.raw + terminal.text)

    await asyncio.to_thread(interview)
    assert await desk.rows("SELECT business_name FROM clients") == [("Barbearia Nova",)]
    assert await desk.rows(
        "SELECT after->>'proof' FROM audit_entries WHERE action = 'credentials.change'"
    ) == [("overruled",)]


async def test_a_script_needs_no_terminal(desk: Desk) -> None:
    file = desk.answers()
    ran = await desk.run("onboard", "--from-file", str(file), "--non-interactive", "--lang", "en")
    assert ran.status == 0, ran.err
    assert "✓ Google" in ran.out
    assert f"Credentials saved: {desk.path}." in ran.out
    desk.told_nobody(ran.out + ran.err)
    assert wanting(await desk.examined()) == {}

    again = await desk.run("onboard", "--from-file", str(file), "--non-interactive")
    assert again.status == 2
    assert f"Já existe, com credenciais: {desk.path}." in again.err


async def test_a_script_is_told_everything_that_is_missing_at_once(desk: Desk) -> None:
    file = desk.answers()
    said = json.loads(file.read_text())
    del said["services"], said["time_zone"]  # the second need not be said
    said["minimum_notice"] = "soon"
    file.write_text(json.dumps(said))
    (desk.folder / "nova.env").write_text(f"GEMINI_API_KEY={GEMINI_KEY}\n")
    ran = await desk.run("onboard", "--from-file", str(file), "--non-interactive", "--lang", "en")
    assert ran.status == 2
    assert f"In {file} answers are missing" in ran.err
    assert "services: Is missing." in ran.err
    assert "minimum_notice: Write it as 30 min" in ran.err
    where = f"Is missing in {desk.folder / 'nova.env'}."
    assert f"credentials.production.WHATSAPP_API_TOKEN: {where}" in ran.err
    assert "GEMINI_API_KEY" not in ran.err
    assert "time_zone" not in ran.err
    assert await desk.rows("SELECT 1 FROM clients") == []


async def test_a_script_needs_no_more_than_the_readme_asks_for(desk: Desk) -> None:
    file = desk.answers()
    said = json.loads(file.read_text())
    kept = ("client_name", "business_name", "environments", "services", "professionals")
    said = {name: said[name] for name in (*kept, "credentials")}
    said["professionals"][0]["calendar"] = CALENDAR
    file.write_text(json.dumps(said))
    held = desk.here.case.secrets
    keys = README.read_text("utf-8").partition("```ini")[2].partition("```")[0]
    needed = {line.partition("=")[0] for line in keys.split() if "=" in line} & set(KEYS)
    assert "WHATSAPP_APP_ID" not in needed
    values = {key: getattr(held, key.lower()) for key in needed}
    (desk.folder / "nova.env").write_text(write_env_file(values))

    ran = await desk.run("onboard", "--from-file", str(file), "--non-interactive")

    assert ran.status == 0, ran.out + ran.err
    assert f"{CALENDAR} → {EMAIL}" in ran.out
    assert await desk.rows("SELECT calendar_id FROM professionals") == [(CALENDAR,)]
    assert await desk.rows("SELECT time_zone, topology FROM tenants") == [
        ("America/Sao_Paulo", "shared")
    ]


async def test_a_script_is_told_which_credential_of_which_file_is_wrong(desk: Desk) -> None:
    gone, env = desk.folder / "gone.env", desk.folder / "nova.env"
    file = desk.answers(
        environments=["staging", "production"],
        credentials={"staging": {"file": gone.name}, "production": {"file": env.name}},
    )
    env.write_text(env.read_text().replace(PHONE_ID, "5511987654321"))
    given = ("onboard", "--from-file", str(file), "--non-interactive", "--lang", "en")
    ran = await desk.run(*given)
    assert ran.status == 2
    assert f"In {file} answers are missing, or will not do" in ran.err
    assert f"credentials.staging.file: {gone} cannot be read: No such file" in ran.err
    assert "credentials.production.WHATSAPP_PHONE_NUMBER_ID: This is a phone number" in ran.err
    assert f"({env})" in ran.err


async def test_a_script_whose_credentials_are_refused_writes_nothing_unless_told_to(
    desk: Desk,
) -> None:
    desk.here.credentials(gemini_api_key=REFUSED_KEY)
    given = ("onboard", "--from-file", str(desk.answers()), "--non-interactive")
    refused = await desk.run(*given)
    assert refused.status == 1
    assert "--save-anyway" in refused.err
    assert await desk.rows("SELECT 1 FROM clients") == []
    saved = await desk.run(*given, "--save-anyway")
    assert saved.status == 0, saved.err
    desk.told_nobody(refused.out + refused.err + saved.out + saved.err)


@pytest.mark.full
async def test_a_script_for_which_a_vendor_is_away_writes_nothing_unless_told_to_and_says_so(
    desk: Desk,
) -> None:
    desk.elsewhere["GEMINI_URL"] = "http://127.0.0.1:9"
    given = ("onboard", "--from-file", str(desk.answers()), "--non-interactive", "--lang", "en")
    stopped = await desk.run(*given)
    assert stopped.status == 1
    assert "could be checked" in stopped.err
    assert await desk.rows("SELECT 1 FROM clients") == []

    saved = await desk.run(*given, "--save-anyway")

    assert saved.status == 0, saved.err
    assert "not proved entirely" in saved.out
    assert "run the doctor in a while" in saved.out
    [(proof,)] = await desk.rows(
        "SELECT after->>'proof' FROM audit_entries WHERE action = 'credentials.change'"
    )
    assert proof == "unanswered"


@pytest.mark.full
async def test_a_store_that_fails_leaves_a_tenant_that_the_next_run_finishes(desk: Desk) -> None:
    given = ("onboard", "--from-file", str(desk.answers()), "--non-interactive", "--lang", "en")
    (desk.folder / "credentials").rmdir()
    (desk.folder / "credentials").write_text("no folder")
    failed = await desk.run(*given)
    assert failed.status == 1, failed.err
    assert await desk.rows("SELECT client_name FROM tenants") == [(desk.client,)]
    (desk.folder / "credentials").unlink()
    (desk.folder / "credentials").mkdir(mode=0o700)
    # A minute later: until then whoever was writing might still be at it.
    await desk.rows(
        "UPDATE credential_keys SET changing_since = changing_since - interval '2 minutes'"
    )
    done = await desk.run(*given)
    assert done.status == 0, done.err
    assert wanting(await desk.examined()) == {}


async def test_without_a_terminal_the_way_out_is_named(desk: Desk) -> None:
    ran = await desk.run("onboard")
    assert ran.status == 2
    assert "--non-interactive" in ran.err
    alone = await desk.run("onboard", "--non-interactive")
    assert alone.status == 2
    assert "--from-file" in alone.err


@pytest.mark.full
async def test_an_environment_left_for_later_is_asked_for_its_credentials_alone(desk: Desk) -> None:
    file = desk.answers()
    said = json.loads(file.read_text())
    del said["environments"]
    file.write_text(json.dumps(said))
    account = desk.folder / "account.json"
    account.write_text(desk.account_json)

    def both() -> None:
        with desk.terminal("--from-file", str(file)) as terminal:
            terminal.answer("Ambientes", DOWN + " ")
            terminal.answer("Credenciais de staging", DOWN)
            terminal.answer("Credenciais de production")
            terminal.answer("Está certo?")
            terminal.shows("Credenciais ainda por informar: staging.")
            assert terminal.ends() == 0

    def later() -> None:
        with desk.terminal() as terminal:
            terminal.answer("Nome do negócio", "Barbearia Nova")
            terminal.answer("Nome do cliente", desk.client)
            terminal.answer("Ambientes")  # of what is free, the nearest to production is ticked
            terminal.answer("Conta de serviço do Google")
            terminal.answer("Caminho do arquivo JSON", str(account))
            terminal.answer("ID da agenda", CALENDAR)
            terminal.answer("Chave do Gemini", GEMINI_KEY)
            terminal.answer("Token do WhatsApp", TOKEN)
            terminal.shows("ID do número")
            terminal.type(PHONE_ID)
            terminal.shows(f"Este número já é de {desk.path}.")
            terminal.type(CLEAR + "999999999999999" + ENTER)
            terminal.answer("ID da conta do WhatsApp Business", WABA)
            terminal.answer("ID do app na Meta", APP)
            terminal.answer("Segredo do app", APP_SECRET)
            terminal.answer("Token de verificação do webhook")
            terminal.shows("✗ WhatsApp")
            terminal.answer("Algo não está certo", "\x1b[A")  # up from the first: stop
            terminal.shows("rode `mcp-platform onboard` para continuar")
            assert terminal.ends() == 1
            desk.told_nobody(terminal.raw + terminal.text)

    await asyncio.to_thread(both)
    assert sorted(await desk.rows("SELECT environment, phone_number_id FROM tenants")) == [
        ("production", PHONE_ID),
        ("staging", None),
    ]
    await asyncio.to_thread(later)
    assert json.loads(desk.kept.read_text())["environments"] == ["staging"]
