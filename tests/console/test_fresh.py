"""What is sensitive asks for a password or code of the last minutes: in the API and on the pages."""

import re
from datetime import timedelta
from html import unescape

import pytest

from tests.console.browser import PlainBrowser
from tests.factories import add_contact, add_tenant
from tests.platform_api import PASSWORD, Api

LATER = timedelta(minutes=10)


async def later_token(api: Api, role: str = "admin") -> str:
    """Return an access token of a sign-in whose password was given ten minutes ago."""
    user = await api.make_user(role)  # type: ignore[arg-type]  # one of the four
    tokens = await api.tokens(user.email)
    api.clock.ahead += LATER
    answer = await api.ask("POST", "/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    return str(answer.json()["access_token"])


async def test_ten_minutes_later_the_api_asks_again(api: Api) -> None:
    path = await api.make_tenant()
    client, environment = path.split("/")
    tenant = f"/admin/clients/{client}/environments/{environment}"
    contact = f"{tenant}/conversations/00000000-0000-0000-0000-000000000007"
    token = await later_token(api)
    invite = {"email": "new@example.com", "role": "viewer"}
    asked = [
        ("POST", "/admin/users", invite),
        ("PATCH", f"{tenant}/credentials", {}),
        ("GET", f"{tenant}/export", None),
        ("GET", f"{contact}/data", None),
        ("POST", f"{contact}/erase", {"confirm": "x"}),
        ("POST", f"{tenant}/purge", {"confirm": path}),
        ("DELETE", tenant, None),
    ]
    headers = {"if-match": '"1"'}
    for method, where, body in asked:
        answer = await api.ask(method, where, token=token, headers=headers, json=body)
        assert answer.status_code == 403, (where, answer.text)
        assert "/auth/prove" in answer.json()["detail"], where
    assert (await api.ask("GET", "/admin/users", token=token)).status_code == 200
    wrong = await api.ask("POST", "/auth/prove", token=token, json={"password": "no"})
    assert wrong.status_code == 422
    assert (await api.ask("POST", "/auth/prove", token=token, json={})).status_code == 422
    code = await api.ask("POST", "/auth/prove", token=token, json={"code": "123456"})
    assert code.status_code == 422, "there are no codes"
    assert (await api.ask("POST", "/admin/users", token=token, json=invite)).status_code == 403
    right = await api.ask("POST", "/auth/prove", token=token, json={"password": PASSWORD})
    assert right.status_code == 204
    for method, where, body in asked:
        answer = await api.ask(method, where, token=token, headers=headers, json=body)
        assert answer.status_code != 403, (where, answer.text)


async def test_a_page_asks_and_keeps_what_was_filled_in(api: Api, browser: PlainBrowser) -> None:
    user = await api.make_user("admin")
    await browser.sign_in(user.email)
    api.clock.ahead += LATER
    page = await browser.get("/users")
    assert "/console/me/prove?next=/console/users" in page.text
    invite = {"email": "new@example.com", "name": "Nó & <Cia>", "role": "viewer"}
    asked = await browser.post("/users", **invite)
    assert asked.status_code == 403
    assert "Nó &amp; &lt;Cia&gt;" in asked.text
    wrong = await browser.post("/users", **invite, proof="no")
    assert wrong.status_code == 422
    assert await api.sql("SELECT 1 FROM users WHERE email = 'new@example.com'") == []
    made = await browser.post("/users", **invite, proof=PASSWORD)
    password = re.findall(r'id="made">([^<]+)<', made.text)[0]
    another = PlainBrowser(api)
    assert "Minha conta" in (await another.sign_in("new@example.com", unescape(password))).text
    taken = await browser.post("/users", **invite)
    assert taken.status_code == 422, "it is fresh now"
    assert "Já existe um usuário" in taken.text


async def test_credentials_are_not_kept_meanwhile(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await browser.sign_in((await api.make_user("operator")).email)
    api.clock.ahead += LATER
    here = f"/t/{path}/credentials"
    answer = await browser.post(
        f"{here}/env", page=here, env="GEMINI_API_KEY=AIza-very-secret", follow=False
    )
    assert answer.status_code == 303
    assert "/console/me/prove" in answer.headers["location"]
    assert "very-secret" not in (await browser.get("/me/prove")).text
    done = await browser.post("/me/prove", proof=PASSWORD, next=f"/console{here}", follow=False)
    assert done.headers["location"] == f"/console{here}"
    away = await browser.post("/me/prove", proof=PASSWORD, next="https://e.example/", follow=False)
    assert away.headers["location"] == "/console/me"


@pytest.mark.parametrize("role", ["operator", "viewer"])
async def test_users_are_for_administrators(api: Api, browser: PlainBrowser, role: str) -> None:
    await browser.sign_in((await api.make_user(role)).email)  # type: ignore[arg-type]  # two of the four
    assert (await browser.get("/users")).status_code == 403
    assert "/console/users" not in (await browser.get("/fleet")).text


async def test_a_user_is_changed_disabled_and_given_a_password(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    me = await api.make_user("admin")
    other = await api.make_user("operator")
    await browser.sign_in(me.email)
    theirs = PlainBrowser(api)
    await theirs.sign_in(other.email)
    here = f"/users/{other.id}"
    version = re.findall(r'name="version" value="(\d+)"', (await browser.get(here)).text)[0]
    lacks = await browser.post(here, version=version, name="Z", role="staff")
    assert lacks.status_code == 422
    done = await browser.post(here, version=version, name="Z", role="staff", tenant=path)
    assert "Salvo." in done.text
    assert (await theirs.get("/me", follow=False)).status_code == 303, "signed out everywhere"
    late = await browser.post(here, version=version, name="Y", role="viewer")
    assert late.status_code == 412
    reset = await browser.post(f"{here}/password", page=here)
    assert 'id="made"' in reset.text
    version = re.findall(r'name="version" value="(\d+)"', (await browser.get(here)).text)[0]
    off = {"version": version, "name": "Z", "role": "staff", "tenant": path, "disabled": "yes"}
    assert "Salvo." in (await browser.post(here, **off)).text
    mine = f"/users/{me.id}"
    version = re.findall(r'name="version" value="(\d+)"', (await browser.get(mine)).text)[0]
    last = await browser.post(mine, version=version, name="A", role="viewer")
    assert "último administrador" in last.text
    assert (await browser.get("/users/x")).status_code == 404


async def test_a_tenant_leaves_in_steps_and_is_purged_by_its_name(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await browser.sign_in((await api.make_user("operator")).email)
    here = f"/t/{path}/leave"
    version = re.findall(r'name="version" value="(\d+)"', (await browser.get(here)).text)[0]
    begun = await browser.post(f"{here}/begin", page=here, version=version)
    assert "Está sendo encerrado" in begun.text
    assert "Está como era" in (await browser.post(f"{here}/restore", page=here)).text
    version = re.findall(r'name="version" value="(\d+)"', (await browser.get(here)).text)[0]
    await browser.post(f"{here}/begin", page=here, version=version)
    wrong = await browser.post(f"{here}/purge", page=here, confirm="x")
    assert wrong.status_code == 422
    early = await browser.post(f"{here}/purge", page=here, confirm=path)
    assert early.status_code == 409
    assert "Baixe antes todos os dados" in early.text
    export = await browser.post(f"{here}/export", page=here)
    assert export.headers["content-type"].startswith("application/x-ndjson")
    purged = await browser.post(f"{here}/purge", page=here, confirm=path)
    assert "Está sendo eliminado" in purged.text


async def test_a_customer_is_exported_and_erased_from_the_conversation(
    api: Api, browser: PlainBrowser
) -> None:
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions)
    contact = await add_contact(sessions, tenant.id, name="Bia", wa_id="5511987654321")
    await browser.sign_in((await api.make_user("operator")).email)
    here = f"/t/{tenant.path}/conversations/{contact}"
    assert f'href="/console{here}/erase"' in (await browser.get(here)).text
    export = await browser.post(f"{here}/data", page=here)
    assert "Bia" in export.text
    assert "attachment" in export.headers["content-disposition"]
    unsure = await browser.post(f"{here}/erase")
    assert unsure.status_code == 422
    done = await browser.post(f"{here}/erase", sure="yes")
    assert "Apagado." in done.text
    assert (await browser.get(here)).status_code == 404
    viewer = PlainBrowser(api)
    await viewer.sign_in((await api.make_user("viewer")).email)
    assert "/erase" not in (await viewer.get(here)).text
