"""Signing in with a browser: cookies, codes, idle hours, and what ends it."""

import re
from datetime import timedelta
from html import unescape

import pyotp
import pytest

from mcp_platform.access.browser_sign_ins import CODE_WITHIN, IDLE, LASTS
from mcp_platform.console.browser import PLAIN_SESSION, SESSION
from tests.console.browser import TOKEN, PlainBrowser
from tests.platform_api import PASSWORD, Api

NEW = "another horse battery"
SECRET = re.compile(r'id="secret">([A-Z2-7 ]+)<')


async def enrolled(api: Api, browser: PlainBrowser) -> tuple[str, str, list[str]]:
    """Make a user, sign them in and turn their codes on: e-mail, secret, recovery codes."""
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    shown = await browser.post("/me/codes", page="/me", password=PASSWORD)
    secret = SECRET.findall(shown.text)[0].replace(" ", "")
    token = unescape(TOKEN.findall(shown.text)[0])
    code = pyotp.TOTP(secret).at(api.clock())
    done = await browser.post("/me/codes/confirm", token=token, code=code)
    return user.email, secret, re.findall(r"<li><code>([a-z2-7-]+)</code>", done.text)


async def test_a_password_becomes_a_cookie_that_only_its_digest_is_kept_of(
    api: Api, browser: PlainBrowser
) -> None:
    user = await api.make_user("operator")
    await browser.get("/sign-in")
    before = browser.cookie

    page = await browser.sign_in(user.email)

    assert page.status_code == 200
    assert page.url.path == "/console/fleet"
    assert browser.cookie
    assert browser.cookie != before
    [row] = await api.sql("SELECT cookie_digest, address FROM sign_ins")
    assert browser.cookie.encode() not in row.cookie_digest
    assert len(row.cookie_digest) == 32
    assert await api.audited() == ["user.create", "user.sign_in"]


@pytest.mark.parametrize(
    ("host", "scheme", "name"),
    [
        ("localhost", "http", PLAIN_SESSION),
        ("127.0.0.1:8000", "http", PLAIN_SESSION),
        ("[::1]:8000", "http", PLAIN_SESSION),
        ("console.example", "http", SESSION),
        ("localhost.example", "http", SESSION),
        ("localhost", "https", SESSION),
    ],
)
async def test_only_this_machine_gets_a_cookie_without_tls(
    browser: PlainBrowser, host: str, scheme: str, name: str
) -> None:
    answer = await browser.client.get(f"{scheme}://{host}/console/sign-in")
    said = answer.headers["set-cookie"]
    assert said.startswith(f"{name}=")
    assert ("; Secure" in said) == (name == SESSION)
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert "Path=/" in said
    assert "Domain" not in said


async def test_a_wrong_password_is_told_and_the_address_is_kept(
    api: Api, browser: PlainBrowser
) -> None:
    user = await api.make_user("viewer")
    page = await browser.sign_in(user.email, "a wrong password")
    assert page.status_code == 401
    assert "não confere" in page.text
    assert f'value="{user.email}"' in page.text
    assert "a wrong password" not in page.text


async def test_too_many_attempts_are_counted_with_those_of_the_api(
    api: Api, browser: PlainBrowser
) -> None:
    user = await api.make_user("viewer")
    for _ in range(5):
        body = {"email": user.email, "password": "a wrong password"}
        assert (await api.ask("POST", "/auth/token", json=body)).status_code == 401
    page = await browser.sign_in(user.email)
    assert page.status_code == 429
    assert "Tentativas demais" in page.text


async def test_codes_are_enrolled_asked_for_and_good_once(api: Api, browser: PlainBrowser) -> None:
    email, secret, recovery = await enrolled(api, browser)
    assert len(recovery) == 10
    await browser.post("/sign-out", page="/me")

    api.clock.ahead += timedelta(minutes=1)
    asked = await browser.sign_in(email)
    assert "Código de verificação" in asked.text
    assert (await browser.get("/me", follow=False)).status_code == 303, "nobody is in yet"
    halfway = browser.cookie
    code = pyotp.TOTP(secret).at(api.clock())
    inside = await browser.post("/sign-in/code", code=f"{code[:3]} {code[3:]}")
    assert inside.url.path == "/console/fleet"
    assert browser.cookie != halfway

    another = PlainBrowser(api)
    await another.sign_in(email)
    page = await another.post("/sign-in/code", code=code)
    assert page.status_code == 401
    assert "já foi usado" in page.text
    page = await another.post("/sign-in/code", code=recovery[0])
    assert page.url.path == "/console/fleet"


async def test_the_code_is_waited_for_ten_minutes(api: Api, browser: PlainBrowser) -> None:
    email, secret, _ = await enrolled(api, browser)
    await browser.post("/sign-out", page="/me")
    await browser.sign_in(email)
    token = unescape(TOKEN.findall((await browser.get("/sign-in/code")).text)[0])
    api.clock.ahead += CODE_WITHIN
    code = pyotp.TOTP(secret).at(api.clock())
    page = await browser.post("/sign-in/code", token=token, code=code, follow=False)
    assert page.headers["location"] == "/console/sign-in"


async def test_who_has_the_password_alone_turns_no_code_off(
    api: Api, browser: PlainBrowser
) -> None:
    email, *_ = await enrolled(api, browser)
    page = await browser.post("/me/codes/off", page="/me", password=PASSWORD, code="000000")
    assert page.status_code == 422
    [row] = await api.sql("SELECT totp_confirmed FROM users WHERE email = :email", email=email)
    assert row.totp_confirmed


async def test_two_idle_hours_end_it(api: Api, browser: PlainBrowser) -> None:
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    for _ in range(3):
        api.clock.ahead += IDLE - timedelta(minutes=1)
        assert (await browser.get("/me", follow=False)).status_code == 200
    api.clock.ahead += IDLE
    assert (await browser.get("/me", follow=False)).status_code == 303


async def test_twelve_hours_end_it_however_busy(api: Api, browser: PlainBrowser) -> None:
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    for _ in range(int(LASTS / timedelta(hours=1)) - 1):
        api.clock.ahead += timedelta(hours=1)
        assert (await browser.get("/me", follow=False)).status_code == 200
    api.clock.ahead += timedelta(hours=1)
    assert (await browser.get("/me", follow=False)).status_code == 303


@pytest.mark.parametrize("how", ["disabled", "role", "reset", "out"])
async def test_it_ends_with_what_ends_the_apis(api: Api, browser: PlainBrowser, how: str) -> None:
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    cookie = browser.cookie
    admin = await api.sign_in("admin")
    path, body = f"/admin/users/{user.id}", None
    if how == "out":
        await browser.post("/sign-out", page="/me")
        browser.client.cookies.set(PLAIN_SESSION, cookie or "", domain="localhost.local", path="/")
    elif how == "reset":
        answer = await api.ask("POST", f"{path}/reset-password", token=admin)
        assert answer.status_code == 200
    else:
        body = {"disabled": True} if how == "disabled" else {"role": "viewer"}
        answer = await api.ask("PATCH", path, token=admin, json=body, headers={"if-match": "*"})
        assert answer.status_code == 200, answer.text
    assert (await browser.get("/me", follow=False)).status_code == 303


async def test_the_cookie_opens_nothing_of_the_api(api: Api, browser: PlainBrowser) -> None:
    user = await api.make_user("admin")
    await browser.sign_in(user.email)
    answer = await browser.client.get("/api/v1/admin/users")
    assert answer.status_code == 401
    bearer = {"authorization": f"Bearer {browser.cookie}"}
    assert (await browser.client.get("/api/v1/admin/users", headers=bearer)).status_code == 401


async def test_a_new_password_ends_the_others_and_replaces_the_cookie(
    api: Api, browser: PlainBrowser
) -> None:
    user = await api.make_user("operator")
    other = PlainBrowser(api)
    await other.sign_in(user.email)
    await browser.sign_in(user.email)
    before = browser.cookie
    page = await browser.post(
        "/me/password", page="/me", password=PASSWORD, new_password=NEW, again=NEW
    )
    assert "A senha foi trocada" in page.text
    assert browser.cookie != before
    assert (await other.get("/me", follow=False)).status_code == 303


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("password", {"password": "a wrong password", "new_password": NEW, "again": NEW}),
        ("again", {"password": PASSWORD, "new_password": NEW, "again": NEW + "s"}),
        ("new_password", {"password": PASSWORD, "new_password": "short", "again": "short"}),
        ("new_password", {"password": PASSWORD, "new_password": PASSWORD, "again": PASSWORD}),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(
    api: Api, browser: PlainBrowser, field: str, fields: dict[str, str]
) -> None:
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    page = await browser.post("/me/password", page="/me", **fields)
    assert page.status_code == 422
    (marked,) = re.findall(r'<input id="(\w+)"[^>]*aria-invalid="true"', page.text)
    assert marked == field


async def test_who_must_change_the_password_sees_nothing_else(
    api: Api, browser: PlainBrowser
) -> None:
    user = await api.make_user("operator")
    await api.sql("UPDATE users SET temporary = true")
    page = await browser.sign_in(user.email)
    assert "Troque-a para continuar" in page.text
    refused = await browser.post("/me/codes", page="/me", password=PASSWORD, follow=False)
    assert refused.headers["location"] == "/console/me?must=password"
    await browser.post("/me/password", page="/me", password=PASSWORD, new_password=NEW, again=NEW)
    assert "Troque-a" not in (await browser.get("/me")).text


async def test_other_sign_ins_are_listed_and_ended(api: Api, browser: PlainBrowser) -> None:
    user = await api.make_user("operator")
    token = (await api.tokens(user.email))["access_token"]
    await browser.sign_in(user.email)
    page = await browser.get("/me")
    assert "Firefox · Linux" in page.text
    assert "API ou comando" in page.text
    page = await browser.post("/me/sign-ins/end-others", page="/me")
    assert "As outras sessões foram encerradas" in page.text
    assert (await api.ask("GET", "/auth/me", token=token)).status_code == 401
    assert (await browser.get("/me", follow=False)).status_code == 200


@pytest.mark.parametrize(
    ("next_", "leads"),
    [
        ("/console/me", "/console/me"),
        ("/console/t/a/production?x=1", "/console/t/a/production?x=1"),
        ("//evil.example/console/", "/console/"),
        ("https://evil.example/", "/console/"),
        ("/console/../evil", "/console/"),
        ("/console/\\evil", "/console/"),
        ("/api/v1/admin/users", "/console/"),
    ],
)
async def test_a_link_leads_nowhere_but_into_the_console(
    api: Api, browser: PlainBrowser, next_: str, leads: str
) -> None:
    user = await api.make_user("operator")
    answer = await browser.post(
        "/sign-in", email=user.email, password=PASSWORD, next=next_, follow=False
    )
    assert answer.headers["location"] == leads


async def test_who_is_signed_out_comes_back_to_where_they_were(
    api: Api, browser: PlainBrowser
) -> None:
    answer = await browser.get("/me?said=x", follow=False)
    assert answer.headers["location"] == "/console/sign-in?next=%2Fconsole%2Fme%3Fsaid%3Dx"
