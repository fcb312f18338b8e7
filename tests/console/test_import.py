"""`config.json` in the console: looked at, then taken in; the client's own file as it is."""

import json

from tests.console.browser import PlainBrowser
from tests.platform_api import Api

CLIENTS_OWN = json.dumps(
    {
        "path_pattern": "/{client_name}/{environment}",
        "clients": [
            {
                "client_name": "comercial-guanabara",
                "environments": {"development": True, "staging": True, "production": False},
                "credentials_file": "secrets/comercial-guanabara.env",
            }
        ],
    },
    indent=2,
)


async def test_the_clients_own_file_is_seen_first_and_then_taken_in(
    api: Api, browser: PlainBrowser
) -> None:
    await browser.sign_in((await api.make_user("operator")).email)
    assert 'href="/console/new/config"' in (await browser.get("/fleet")).text
    plan = await browser.post("/new/config", file=CLIENTS_OWN)
    assert plan.status_code == 200
    assert "Ambiente novo comercial-guanabara/staging" in plan.text
    assert await api.sql("SELECT id FROM tenants") == []
    done = await browser.post("/new/config", file=CLIENTS_OWN, do="import")
    assert "Importado." in done.text
    assert "secrets/comercial-guanabara.env" in done.text
    for environment in ("development", "staging"):
        link = f'href="/console/t/comercial-guanabara/{environment}/credentials"'
        assert link in done.text
    assert "production/credentials" not in done.text
    again = await browser.post("/new/config", file=CLIENTS_OWN)
    assert "está tudo lá" in again.text


async def test_what_is_wrong_is_told_and_what_was_pasted_is_kept(
    api: Api, browser: PlainBrowser
) -> None:
    await browser.sign_in((await api.make_user("operator")).email)
    wrong = json.dumps({"clients": [{"client_name": "É <x>", "environments": {}}]})
    answer = await browser.post("/new/config", file=wrong)
    assert answer.status_code == 422
    assert "Nada foi importado" in answer.text
    assert "clients.0.client_name" in answer.text or "client_name" in answer.text
    assert "&lt;x&gt;" in answer.text
    assert (await browser.post("/new/config", file="no")).status_code == 422
    assert await api.sql("SELECT name FROM clients") == []


async def test_a_long_file_is_taken_from_who_is_signed_in_alone(
    api: Api, browser: PlainBrowser
) -> None:
    clients = [
        {"client_name": f"shop-{n}", "environments": {"production": True}} for n in range(900)
    ]
    long = json.dumps({"clients": clients})
    token = (await browser.get("/sign-in")).text
    assert token
    assert (await browser.post("/new/config", page="/sign-in", file=long)).status_code == 413
    await browser.sign_in((await api.make_user("operator")).email)
    plan = await browser.post("/new/config", file=long)
    assert plan.status_code == 200
    assert "E mais" in plan.text
