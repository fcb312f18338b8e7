"""Every page, from the table itself: whom it admits, and what no page does."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest

from mcp_platform.app import console_parts
from mcp_platform.audit.actor import ROLES
from mcp_platform.console.browser import HEADERS, token_of
from mcp_platform.console.serving import page_table
from mcp_platform.console.visits import ConsolePage
from tests.console.browser import OWN, TOKEN, PlainBrowser
from tests.factories import add_appointment, add_contact, add_tenant, catalogue
from tests.platform_api import Api

WITHOUT_SIGN_IN = {
    "/sign-in", "/sign-in/code", "/sign-out", "/preferences", "/design",
}  # fmt: skip


def table(api: Api) -> tuple[ConsolePage, ...]:
    return page_table(console_parts(api.admin, api.platform.shared))


CONTACT, APPOINTMENT = UUID(int=7), UUID(int=8)  # of each tenant: an id is a tenant's own
# What each tenant's catalogue has; a closed day is only opened again, by who may.
IDS = {
    "service_id": "corte",
    "professional_id": "ze",
    "closed_day_id": "7",
    "answer_id": "parking",
    "phrase": "greet",
    "draft": str(UUID(int=8)),
    "step": "services",
    "question_id": "q",
    "user": str(UUID(int=9)),
    "job": str(UUID(int=10)),
}


async def tenant_with_contact(api: Api) -> str:
    """Make a tenant that has what paths name; return its own path."""
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions, offers=catalogue())
    await add_contact(sessions, tenant.id, id=CONTACT, wa_id="5511987654321")
    await add_appointment(
        sessions, tenant.id, CONTACT, id=APPOINTMENT, starts_at=api.clock() + timedelta(days=1)
    )
    await api.sql(
        "INSERT INTO client_drafts (id, owner, answers, created_at, changed_at)"
        " VALUES (:id, 'ana', '{}', now(), now()) ON CONFLICT DO NOTHING",
        id=UUID(int=8),
    )
    await api.sql(
        "INSERT INTO users (id, email, name, role, password_hash)"
        " VALUES (:id, 'nine@example.com', 'N', 'viewer', 'x') ON CONFLICT DO NOTHING",
        id=UUID(int=9),
    )
    await api.sql(
        "INSERT INTO fleet_jobs (id, action, by, created_at, beat_at, pending, failed)"
        " VALUES (:id, 'doctor', 'ana', now(), now(), '{}', '{}') ON CONFLICT DO NOTHING",
        id=UUID(int=10),
    )
    await api.sql(
        "INSERT INTO answers (tenant_id, id, language, position)"
        " VALUES (:tenant, 'parking', 'pt-BR', 1)",
        tenant=tenant.id,
    )
    await api.sql(
        "INSERT INTO answer_texts"
        " (tenant_id, answer_id, language, title, questions, text, approved, search)"
        " VALUES (:tenant, 'parking', 'pt-BR', 'x', '{y}', 'z', true, '')",
        tenant=tenant.id,
    )
    return tenant.path


def path_of(page: ConsolePage, tenant: str) -> str:
    client, environment = tenant.split("/")
    named = {
        "client": client,
        "environment": environment,
        "contact": str(CONTACT),
        **IDS,
        "appointment": str(APPOINTMENT),
    }
    return re.sub(r"\{(\w+)\}", lambda found: named[found[1]], page.path)


def shown(pages: tuple[ConsolePage, ...]) -> Iterator[ConsolePage]:
    return (page for page in pages if page.show)


def done(pages: tuple[ConsolePage, ...]) -> Iterator[ConsolePage]:
    return (page for page in pages if page.act)


async def test_only_the_pages_of_signing_in_are_for_everybody(api: Api) -> None:
    assert {page.path for page in table(api) if page.roles is None} <= WITHOUT_SIGN_IN


async def test_who_is_not_signed_in_is_sent_to_sign_in(api: Api, browser: PlainBrowser) -> None:
    tenant = await tenant_with_contact(api)
    for page in shown(table(api)):
        answer = await browser.get(path_of(page, tenant), follow=False)
        if page.roles is not None:
            assert answer.status_code == 303, page.path
            assert answer.headers["location"].startswith("/console/sign-in"), page.path
    await browser.get("/sign-in")
    token = token_of(browser.cookie or "")
    for page in done(table(api)):
        if page.roles is not None:
            answer = await browser.post(path_of(page, tenant), token=token, follow=False)
            assert answer.headers["location"].startswith("/console/sign-in"), page.path


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_sees_the_pages_of_its_row(
    api: Api, browser: PlainBrowser, role: str
) -> None:
    mine, others = await tenant_with_contact(api), await tenant_with_contact(api)
    user = await api.make_user(role, tenant=mine if role == "staff" else None)  # type: ignore[arg-type]  # one of the four
    await browser.sign_in(user.email)
    token = token_of(browser.cookie or "")
    for page in table(api):
        if page.roles is None:
            continue
        for tenant in (mine, others):
            path = path_of(page, tenant)
            elsewhere = role == "staff" and tenant == others and "{client}" in page.path
            if page.show:
                answer = await browser.get(path, follow=False)
                expected = 403 if role not in page.roles else 404 if elsewhere else None
                assert answer.status_code in ({expected} if expected else {200, 204, 303}), path
            elif role not in page.roles or elsewhere:
                answer = await browser.post(path, token=token, follow=False)
                assert answer.status_code == (403 if role not in page.roles else 404), path


FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://["},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_what_another_site_sends_does_nothing(
    api: Api, browser: PlainBrowser, headers: dict[str, str]
) -> None:
    tenant = await tenant_with_contact(api)
    user = await api.make_user("admin")
    await browser.sign_in(user.email)
    token, before = token_of(browser.cookie or ""), await api.audited()
    for page in done(table(api)):
        answer = await browser.post(path_of(page, tenant), token=token, headers=headers)
        assert answer.status_code == 403, page.path
        assert "não foi aceito" in answer.text
    assert await api.audited() == before
    assert (await browser.get("/me", follow=False)).status_code == 200


async def test_a_form_without_its_token_does_nothing(api: Api, browser: PlainBrowser) -> None:
    tenant = await tenant_with_contact(api)
    user = await api.make_user("admin")
    await browser.sign_in(user.email)
    before = await api.audited()
    of_another = PlainBrowser(api)
    await of_another.get("/sign-in")
    for token in ("", "x", token_of(of_another.cookie or "")):
        for page in done(table(api)):
            answer = await browser.post(path_of(page, tenant), token=token)
            assert answer.status_code == 403, page.path
    assert await api.audited() == before


async def test_an_old_browser_is_known_by_its_origin(api: Api, browser: PlainBrowser) -> None:
    user = await api.make_user("operator")
    page = await browser.get("/sign-in")
    token = unescape(TOKEN.findall(page.text)[0])
    answer = await browser.post(
        "/sign-in", token=token, email=user.email, password="correct horse battery",
        headers={"origin": "http://localhost"}, follow=False,
    )  # fmt: skip
    assert answer.status_code == 303


async def test_who_keeps_no_cookie_is_told_what_is_missing(api: Api, browser: PlainBrowser) -> None:
    page = await browser.get("/sign-in")
    token = unescape(TOKEN.findall(page.text)[0])
    browser.client.cookies.clear()
    answer = await browser.post("/sign-in", token=token)
    assert answer.status_code == 403
    assert "HTTPS" in answer.text


async def test_reading_changes_nothing(api: Api, browser: PlainBrowser) -> None:
    tenant = await tenant_with_contact(api)
    user = await api.make_user("admin")
    await browser.sign_in(user.email)
    before = await api.audited()
    for page in shown(table(api)):
        await browser.get(path_of(page, tenant), follow=False)
    assert await api.audited() == before
    assert (await browser.get("/me", follow=False)).status_code == 200


async def test_every_answer_carries_the_policy(api: Api, browser: PlainBrowser) -> None:
    tenant = await tenant_with_contact(api)
    user = await api.make_user("admin")
    await browser.sign_in(user.email)
    paths = [path_of(page, tenant) for page in shown(table(api))]
    for path in (*paths, "/nowhere", "/static/nothing.css"):
        answer = await browser.get(path, follow=False)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "'none'" in policy.split("default-src ")[1].split(";")[0]


async def test_pages_are_stored_nowhere_and_files_for_good(api: Api, browser: PlainBrowser) -> None:
    page = await browser.get("/sign-in")
    assert page.headers["cache-control"] == "no-store"
    for address in set(re.findall(r"/console(/static/[\w.-]+)", page.text)):
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        plain = await browser.get(address, headers={"accept-encoding": "identity"})
        assert plain.text == answer.text


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 422),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 70_000, 413),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(201)), 422),
        ("application/x-www-form-urlencoded", b"a=\xff", 422),
        ("multipart/form-data; boundary=x", b"--x--", 422),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(
    browser: PlainBrowser, kind: str, body: bytes, status: int
) -> None:
    answer = await browser.client.post(
        "/console/sign-in", content=body, headers={**OWN, "content-type": kind}
    )
    assert answer.status_code == status
    assert "text/html" in answer.headers["content-type"]


async def test_the_address_alone_leads_to_the_console(browser: PlainBrowser) -> None:
    for path in ("/", "/console"):
        answer = await browser.client.get(path)
        assert answer.headers["location"] == "/console/"


async def test_components_are_shown_where_that_is_set_alone(browser: PlainBrowser) -> None:
    assert (await browser.get("/design")).status_code == 404
