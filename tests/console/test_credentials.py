"""The page of credentials: set, proved, refused in words; and never a value."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.clocks import ClockAhead
from tests.console.browser import PlainBrowser
from tests.console.test_pages import CORPUS
from tests.platform_api import Api, made_api
from tests.world import Simulators

GOOD, BAD = "AIza" + "g" * 35, "AIza" + "b" * 35
APP_SECRET = "0123456789abcdef0123456789abcdef"
VERIFY = "a-word-that-nobody-guesses"


@pytest.fixture
async def gemini(simulators: Simulators) -> AsyncIterator[httpx.AsyncClient]:
    """The simulated Gemini, which takes the good key alone."""
    async with httpx.AsyncClient(base_url=simulators.gemini.url) as client:
        (await client.post("/_control/keys", json={"keys": [GOOD]})).raise_for_status()
        yield client
        (await client.post("/_control/reset")).raise_for_status()


@pytest.fixture
async def api(
    simulators: Simulators, gemini: httpx.AsyncClient, migrated_url: str, tmp_path: Path
) -> AsyncIterator[Api]:
    async with made_api(migrated_url, tmp_path, ClockAhead(), **simulators.settings) as made:
        yield made


@pytest.fixture
async def page(api: Api, browser: PlainBrowser) -> str:
    """The path of a tenant's credentials; an operator is signed in."""
    path = await api.make_tenant()
    user = await api.make_user("operator", email="ana@example.com")
    await browser.sign_in(user.email)
    return f"/t/{path}/credentials"


async def told(api: Api, page: str) -> dict[str, dict[str, object]]:
    """Return what the API says of each key."""
    token = await api.sign_in("admin")
    client, environment = page.split("/")[2:4]
    answer = await api.ask(
        "GET", f"/admin/clients/{client}/environments/{environment}/credentials", token=token
    )
    return {each["key"]: each for each in answer.json()["keys"]}


async def everything(api: Api) -> str:
    """Return all that the database holds, as text."""
    tables = await api.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [
        row
        for (name,) in tables
        for (row,) in await api.sql(f"SELECT to_jsonb(t)::text FROM {name} t")
    ]
    return "".join(rows)  # a row's own repr leaves out what is long


async def test_a_key_is_proved_saved_and_told_as_the_api_has_it(
    api: Api, browser: PlainBrowser, page: str
) -> None:
    shown = await browser.get(page)
    assert shown.text.count("Falta</small>") >= 8
    shown = await browser.post(page, vendor="gemini", GEMINI_API_KEY=f"  {GOOD} ")
    assert "Salvo. Os fornecedores aceitam." in shown.text
    assert "ana@example.com</bdi> · conferida" in shown.text
    assert shown.text.count("Aceitas</span>") == 1, "a proof that was made to save counts as one"
    key = (await told(api, page))["GEMINI_API_KEY"]
    assert (key["present"], key["changed_by"], key["proof"]) == (True, "ana@example.com", "passed")
    assert str(key["fingerprint"])[:6] in shown.text


async def test_a_refused_key_is_not_saved_and_what_to_do_is_said(
    api: Api, browser: PlainBrowser, page: str
) -> None:
    shown = await browser.post(page, vendor="gemini", GEMINI_API_KEY=BAD)
    assert shown.status_code == 422
    assert "Nada foi salvo: um fornecedor recusou" in shown.text
    assert "aistudio.google.com" in shown.text or "chave" in shown.text
    assert 'name="anyway" type="checkbox" value="force"' in shown.text
    assert BAD not in shown.text
    assert not (await told(api, page))["GEMINI_API_KEY"]["present"]

    shown = await browser.post(page, vendor="gemini", GEMINI_API_KEY=BAD, anyway="force")
    assert "Salvo, mas nem tudo foi conferido" in shown.text
    assert (await told(api, page))["GEMINI_API_KEY"]["proof"] == "overruled"
    assert "Recusadas" in shown.text


async def test_a_vendor_that_is_away_has_refused_nothing(
    api: Api, browser: PlainBrowser, page: str, gemini: httpx.AsyncClient
) -> None:
    fault = {"fault": "unavailable", "times": None}
    (await gemini.post("/_control/faults", json=fault)).raise_for_status()
    shown = await browser.post(page, vendor="gemini", GEMINI_API_KEY=GOOD)
    assert shown.status_code == 503
    assert "não responde agora" in shown.text
    assert "recusou" not in shown.text
    assert 'value="unproved"' in shown.text
    assert not (await told(api, page))["GEMINI_API_KEY"]["present"]

    shown = await browser.post(page, vendor="gemini", GEMINI_API_KEY=GOOD, anyway="unproved")
    assert (await told(api, page))["GEMINI_API_KEY"]["proof"] == "unanswered"


async def test_what_cannot_be_right_is_said_at_its_key_and_ids_are_kept(
    browser: PlainBrowser, page: str
) -> None:
    shown = await browser.post(
        page,
        vendor="whatsapp",
        WHATSAPP_PHONE_NUMBER_ID="+55 11 98765-4321",
        WHATSAPP_APP_SECRET="two words",
        WHATSAPP_BUSINESS_ACCOUNT_ID="106540352242922",
    )
    assert shown.status_code == 422
    marked = set(re.findall(r'<input id="(\w+)"[^>]*aria-invalid="true"', shown.text))
    assert marked == {"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_APP_SECRET"}
    assert "Isto é um número de telefone" in shown.text
    assert 'value="106540352242922"' in shown.text
    assert "two words" not in shown.text


async def test_another_businesss_number_is_refused_without_saying_whose(
    api: Api, browser: PlainBrowser, page: str
) -> None:
    other = await api.make_tenant()
    await api.sql(
        "UPDATE tenants SET phone_number_id = '106540352242922'"
        " WHERE client_name || '/' || environment = :path",
        path=other,
    )
    shown = await browser.post(
        page, vendor="whatsapp", anyway="force", WHATSAPP_PHONE_NUMBER_ID="106540352242922"
    )
    assert shown.status_code == 409
    assert "Este número é de outro negócio" in shown.text
    assert other.split("/")[0] not in shown.text


async def test_a_whole_env_file_is_read_as_the_api_reads_it(
    api: Api, browser: PlainBrowser, page: str
) -> None:
    text = f'# handed over\r\nGEMINI_API_KEY="{GOOD}"\r\nSOMETHING=else\r\n'
    shown = await browser.post(f"{page}/env", page=page, env=text)
    assert "Salvo." in shown.text
    assert (await told(api, page))["GEMINI_API_KEY"]["present"]

    shown = await browser.post(f"{page}/env", page=page, env=f'GEMINI_API_KEY="{GOOD}\nnonsense')
    assert shown.status_code == 422
    assert "Linha 1:" in shown.text
    assert "nunca fecham" in shown.text
    assert GOOD not in shown.text
    shown = await browser.post(f"{page}/env", page=page, env="A=b")
    assert "Não há credencial neste arquivo" in shown.text


async def test_what_is_set_is_proved_again_and_the_page_says_what_was_found(
    browser: PlainBrowser, page: str, gemini: httpx.AsyncClient
) -> None:
    await browser.post(page, vendor="gemini", GEMINI_API_KEY=GOOD)
    shown = await browser.post(f"{page}/prove", page=page)
    assert "Todos os fornecedores foram consultados" in shown.text
    assert "Aceitas" in shown.text
    (await gemini.delete("/_control/keys")).raise_for_status()
    (await gemini.post("/_control/keys", json={"keys": ["another"]})).raise_for_status()
    shown = await browser.post(f"{page}/prove", page=page)
    assert "Recusadas" in shown.text


async def test_a_key_is_taken_away(api: Api, browser: PlainBrowser, page: str) -> None:
    await browser.post(page, vendor="gemini", GEMINI_API_KEY=GOOD)
    shown = await browser.post(f"{page}/remove", page=page, key="GEMINI_API_KEY")
    assert "Retirada." in shown.text
    assert not (await told(api, page))["GEMINI_API_KEY"]["present"]
    answer = await browser.post(f"{page}/remove", page=page, key="DATABASE_PASSWORD")
    assert answer.status_code == 422


async def test_nothing_filled_in_changes_nothing(
    api: Api, browser: PlainBrowser, page: str
) -> None:
    before = await api.audited()
    shown = await browser.post(page, vendor="gemini", GEMINI_API_KEY="  ")
    assert "Nada foi preenchido" in shown.text
    assert await api.audited() == before


async def test_a_secret_stands_in_no_answer_and_in_no_row(
    api: Api, browser: PlainBrowser, page: str
) -> None:
    given = {"WHATSAPP_APP_SECRET": APP_SECRET, "WHATSAPP_WEBHOOK_VERIFY_TOKEN": VERIFY}
    answers = [
        await browser.post(page, vendor="whatsapp", follow=False, **given),
        await browser.post(page, vendor="whatsapp", anyway="force", **given),
        await browser.post(page, vendor="whatsapp", **{**given, "WHATSAPP_APP_ID": "no id"}),
        await browser.post(f"{page}/env", page=page, env=f"WHATSAPP_APP_SECRET={APP_SECRET}\nx y"),
        await browser.get(page),
        await browser.get("/fleet"),
    ]
    assert (await told(api, page))["WHATSAPP_APP_SECRET"]["present"]
    for answer in answers:
        for secret in (APP_SECRET, VERIFY):
            assert secret not in answer.text
            assert secret not in str(answer.headers)
    held = await everything(api)
    assert APP_SECRET not in held
    assert VERIFY not in held


async def test_who_only_reads_sees_no_form(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    user = await api.make_user("viewer")
    await browser.sign_in(user.email)
    shown = await browser.get(f"/t/{path}/credentials")
    assert shown.status_code == 200
    assert f'action="/console/t/{path}' not in shown.text


async def test_ids_come_back_as_text(browser: PlainBrowser, page: str) -> None:
    for text in CORPUS:
        shown = await browser.post(page, vendor="whatsapp", WHATSAPP_APP_ID=text)
        assert shown.status_code == 422
        for opened in ("<script>alert", "<img src=x", "<svg/onload"):
            assert opened not in shown.text
