"""The fleet and a tenant's page: what is shown, found, and done, as the API has it."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from mcp_platform.app import console_parts
from mcp_platform.console.browser import token_of
from mcp_platform.console.places import TENANT
from mcp_platform.console.reasons import mended_at
from mcp_platform.console.serving import page_table
from mcp_platform.doctor.sentences import TITLES
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.registry.fleet.fleet import SILENT_AFTER, STALE_AFTER
from mcp_platform.registry.fleet.rows import EVERY, refresh_fleet
from tests.console.asking import ASKING
from tests.console.browser import PlainBrowser
from tests.console.test_pages import CORPUS
from tests.platform_api import Api

ROW = re.compile(r'<tr id="t-([\w-]+)">.*?</tr>', re.DOTALL)


async def looked_over(api: Api) -> None:
    """Do what a worker does every ten seconds."""
    async with api.platform.shared.admin_sessions.everywhere.begin() as session:
        await refresh_fleet(session, now=api.clock())
    api.clock.ahead += EVERY


async def signed_in(api: Api, browser: PlainBrowser, role: str = "operator") -> None:
    user = await api.make_user(role)  # type: ignore[arg-type]  # one of the four
    await browser.sign_in(user.email)


async def found(api: Api, path: str, state: str, *, check: str = "gemini.key") -> None:
    """Let the doctor have found something of a tenant just now."""
    code = {"ok": "accepted", "warning": "unreachable", "failed": "refused"}[state]
    await api.sql(
        "INSERT INTO doctor_results (tenant_id, name, state, code, details, since, checked_at)"
        " SELECT id, :check, :state, :code, '{}', :now, :now FROM tenants"
        " WHERE client_name || '/' || environment = :path",
        check=check, state=state, code=code, now=api.clock(), path=path,
    )  # fmt: skip


async def trouble(api: Api, path: str, what: str, reason: str = "no") -> None:
    await api.sql(
        "INSERT INTO tenant_troubles (tenant_id, what, reason, since)"
        " SELECT id, :what, :reason, :now FROM tenants"
        " WHERE client_name || '/' || environment = :path",
        what=what, reason=reason, now=api.clock(), path=path,
    )  # fmt: skip


async def states(api: Api, token: str, **query: str) -> dict[str, tuple[str, str | None]]:
    await looked_over(api)
    answer = await api.ask("GET", "/admin/fleet", token=token, params=query)
    assert answer.status_code == 200, answer.text
    return {
        f"{row['client_name']}/{row['environment']}": (
            row["state"],
            row["reason"] and row["reason"]["kind"],
        )
        for row in answer.json()["items"]
    }


async def test_the_worst_of_a_tenant_counts_and_says_why(api: Api) -> None:
    paths = [await api.make_tenant() for _ in range(6)]
    well, warned, failed, refused, paused, unseen = paths
    await found(api, well, "ok")
    await found(api, warned, "warning")
    await found(api, failed, "failed")
    await found(api, refused, "ok")
    await trouble(api, refused, "calendar")
    await trouble(api, paused, "calendar")
    await api.sql(
        "UPDATE tenants SET status = 'suspended' WHERE client_name || '/' || environment = :path",
        path=paused,
    )
    token = await api.sign_in("viewer")
    assert await states(api, token) == {
        well: ("ok", None),
        warned: ("attention", "finding"),
        failed: ("failing", "finding"),
        refused: ("failing", "trouble"),
        paused: ("paused", "suspended"),
        unseen: ("unknown", "not_examined"),
    }
    assert set(await states(api, token, state="failing")) == {failed, refused}
    api.clock.ahead += STALE_AFTER + timedelta(seconds=1)
    token = await api.sign_in("viewer")
    assert (await states(api, token))[well] == ("unknown", "not_examined")


async def test_who_waits_for_a_person_asks_for_attention(api: Api) -> None:
    path = await api.make_tenant()
    await found(api, path, "ok")
    await api.sql(
        "INSERT INTO contacts (tenant_id, id, space, wa_id, answered_by, last_inbound_at)"
        " SELECT id, gen_random_uuid(), 'whatsapp', '5511999990000', 'human', :now FROM tenants",
        now=api.clock(),
    )
    token = await api.sign_in("viewer")
    assert await states(api, token) == {path: ("attention", "waiting")}


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("viewer", 200), ("staff", 403)])
async def test_the_route_is_for_readers(api: Api, role: str, status: int) -> None:
    path = await api.make_tenant()
    token = await api.sign_in(role, tenant=path if role == "staff" else None)  # type: ignore[arg-type]  # one of the four
    assert (await api.ask("GET", "/admin/fleet", token=token)).status_code == status


@pytest.mark.parametrize("cursor", ["x", "!!", "Li8", "AAAA", "é"])
async def test_a_cursor_of_somebody_elses_is_refused(api: Api, cursor: str) -> None:
    token = await api.sign_in("viewer")
    answer = await api.ask("GET", "/admin/fleet", token=token, params={"cursor": cursor})
    assert answer.status_code in (200, 422), answer.text
    assert answer.status_code == 422 or cursor == "Li8"


async def test_pages_follow_each_other_and_leave_nobody_out(
    api: Api, browser: PlainBrowser
) -> None:
    paths = {
        await api.make_tenant(environment)
        for environment in ("production", "staging")
        for _ in range(30)
    }
    await signed_in(api, browser)
    first = await browser.get("/fleet")
    assert len(ROW.findall(first.text)) == 50
    assert "60 negócios" in first.text
    (following,) = re.findall(r'href="/console(/fleet\?cursor=[^"]+)"', first.text)
    second = await browser.get(unescape(following))
    names = ROW.findall(first.text) + ROW.findall(second.text)
    assert sorted(names) == sorted(path.replace("/", "-") for path in paths)
    assert "cursor" not in re.findall(r'href="/console(/fleet[^"]*)"', second.text)[-1]


async def test_facets_and_search_leave_what_matches(api: Api, browser: PlainBrowser) -> None:
    one, other = await api.make_tenant(), await api.make_tenant("staging")
    await api.sql(
        "UPDATE clients SET business_name = 'Salão 100%_Chic' WHERE name = :name",
        name=one.split("/")[0],
    )
    await trouble(api, one, "whatsapp")
    await looked_over(api)
    await signed_in(api, browser)
    mine, theirs = one.replace("/", "-"), other.replace("/", "-")
    for query, rows in (
        ("text=sal%C3%83o+100%25_c", [mine]),
        ("text=%25", [mine]),
        ("text=" + other.split("/")[0], [theirs]),
        ("environment=staging", [theirs]),
        ("state=failing", [mine]),
        ("state=failing&environment=staging", []),
        ("text=&environment=", sorted([mine, theirs])),
    ):
        page = await browser.get(f"/fleet?{query}")
        assert sorted(ROW.findall(page.text)) == rows, query
    assert "O WhatsApp recusa o acesso" in (await browser.get("/fleet")).text
    assert "Limpar filtros" in (await browser.get("/fleet?state=paused")).text
    assert (await browser.get("/fleet?state=x")).status_code == 422


async def test_a_fragment_is_the_page_without_its_frame(api: Api, browser: PlainBrowser) -> None:
    await api.make_tenant()
    await signed_in(api, browser)
    fragment = await browser.get("/fleet", headers={"hx-request": "true"})
    assert "<html" not in fragment.text
    assert 'id="results"' in fragment.text
    assert "HX-Request" in fragment.headers["vary"]
    browser.client.cookies.clear()
    ended = await browser.get("/fleet", headers={"hx-request": "true"}, follow=False)
    assert ended.status_code == 401
    assert ended.headers["hx-redirect"].startswith("/console/sign-in")


async def test_without_tenants_it_says_how_to_begin(api: Api, browser: PlainBrowser) -> None:
    await signed_in(api, browser)
    page = await browser.get("/fleet")
    assert "Ainda não há negócios" in page.text
    assert page.text.count('href="/console/new"') >= 1


async def test_a_tenant_is_suspended_and_resumed_as_by_the_api(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await signed_in(api, browser)
    page = await browser.post(
        f"/t/{path}/suspend", page=f"/t/{path}", **await version(browser, path)
    )
    assert "Suspenso: o que os clientes escrevem" in page.text
    [row] = await api.sql("SELECT status FROM tenants")
    assert row.status == "suspended"
    assert (await api.audited())[-1] == "tenant.update"
    page = await browser.post(
        f"/t/{path}/resume", page=f"/t/{path}", **await version(browser, path)
    )
    [row] = await api.sql("SELECT status FROM tenants")
    assert row.status == "active"


async def version(browser: PlainBrowser, path: str) -> dict[str, str]:
    page = await browser.get(f"/t/{path}")
    return {"version": re.findall(r'name="version" value="(\d+)"', page.text)[0]}


async def test_what_changed_meanwhile_is_not_overwritten(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await signed_in(api, browser)
    seen = await version(browser, path)
    await api.sql("UPDATE tenants SET version = version + 1")
    page = await browser.post(f"/t/{path}/suspend", page=f"/t/{path}", **seen)
    assert page.status_code == 412
    assert "mudou enquanto" in page.text
    for wrong in ({}, {"version": "x"}, {"version": "9" * 30}):
        page = await browser.post(f"/t/{path}/suspend", page=f"/t/{path}", **wrong)
        assert page.status_code == 422
    [row] = await api.sql("SELECT status FROM tenants")
    assert row.status == "active"


async def test_a_viewer_is_shown_nothing_to_press(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await signed_in(api, browser, "viewer")
    page = await browser.get(f"/t/{path}")
    assert page.status_code == 200
    assert "/suspend" not in page.text
    assert "/doctor" not in page.text
    token = token_of(browser.cookie or "")
    for what in ("suspend", "resume", "doctor"):
        assert (await browser.post(f"/t/{path}/{what}", token=token)).status_code == 403


async def test_a_tenants_page_says_what_the_doctor_found(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await found(api, path, "failed", check="google.key")
    await found(api, path, "ok")
    await found(api, path, "failed", check="of.a.later.version")
    await signed_in(api, browser)
    page = await browser.get(f"/t/{path}")
    assert "Google: chave" in page.text
    assert "1 verificação em ordem" in page.text
    assert (await browser.get("/fleet")).status_code == 200


async def test_no_tenant_is_a_page_that_is_not_there(api: Api, browser: PlainBrowser) -> None:
    await signed_in(api, browser)
    for path in ("nobody/production", "x/production", "nobody/space", "no%00body/production"):
        assert (await browser.get(f"/t/{path}")).status_code == 404, path


@pytest.mark.parametrize("text", CORPUS)
async def test_what_a_business_and_a_vendor_say_is_shown_as_text(
    api: Api, browser: PlainBrowser, text: str
) -> None:
    path = await api.make_tenant()
    await api.sql("UPDATE clients SET business_name = :text", text=text)
    await api.sql("UPDATE tenants SET address = :text, phone = :text", text=text)
    await trouble(api, path, text, text)
    await signed_in(api, browser)
    for page in (
        await browser.get("/fleet"),
        await browser.get(f"/t/{path}"),
        await browser.get("/fleet", params={"text": text}),
    ):
        assert page.status_code == 200
        for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
            assert opened not in page.text


async def test_rows_are_written_when_they_change_and_by_one_worker_of_a_moment(api: Api) -> None:
    paths = [await api.make_tenant() for _ in range(3)]

    async def written() -> int | None:
        async with api.platform.shared.admin_sessions.everywhere.begin() as session:
            return await refresh_fleet(session, now=api.clock())

    assert await written() == 3
    assert await written() is None, "somebody did just now"
    api.clock.ahead += EVERY
    assert await written() == 0
    await trouble(api, paths[0], "whatsapp")
    api.clock.ahead += EVERY
    assert await written() == 1
    await api.sql("UPDATE tenants SET status = 'offboarded'")
    await trouble(api, paths[1], "whatsapp")
    api.clock.ahead += EVERY
    assert await written() == 0, "of who leaves nothing new is kept"


async def test_without_a_worker_nothing_is_known(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await found(api, path, "failed")
    token = await api.sign_in("viewer")
    answer = await api.ask("GET", "/admin/fleet", token=token)
    assert answer.json()["items"][0]["reason"]["kind"] == "silent"
    assert (await states(api, token)) == {path: ("failing", "finding")}
    api.clock.ahead += SILENT_AFTER
    answer = await api.ask("GET", "/admin/fleet", token=token)
    assert answer.json()["items"][0]["reason"]["kind"] == "silent"
    await signed_in(api, browser)
    assert "Nenhum worker olhou" in (await browser.get("/fleet")).text
    assert "Nenhum worker olhou" not in (await browser.get(f"/t/{path}")).text, "looked up"


async def test_what_is_being_published_is_said_until_it_is_seen(api: Api) -> None:
    path = await api.make_tenant()
    await found(api, path, "ok")
    token = await api.sign_in("viewer")
    await api.sql(
        "INSERT INTO publications (tenant_id, requested, requested_at)"
        " SELECT id, 'a', :now FROM tenants", now=api.clock(),
    )  # fmt: skip
    assert await states(api, token) == {path: ("deploying", "deploying")}
    await api.sql("UPDATE publications SET committed = 'a', committed_at = :now", now=api.clock())
    assert await states(api, token) == {path: ("deploying", "deploying")}
    await api.sql("UPDATE doctor_results SET checked_at = :now", now=api.clock())
    assert await states(api, token) == {path: ("ok", None)}


async def test_each_order_is_whole_over_pages(api: Api, browser: PlainBrowser) -> None:
    paths = [await api.make_tenant() for _ in range(4)]
    for path, how in zip(paths, ("ok", "failed", "ok", "warning"), strict=True):
        await found(api, path, how)
    for ago, path in ((1, paths[2]), (2, paths[0])):
        await api.sql(
            "INSERT INTO contacts (tenant_id, id, space, answered_by, last_inbound_at)"
            " SELECT id, gen_random_uuid(), 'whatsapp', 'human', :at FROM tenants"
            " WHERE client_name || '/' || environment = :path",
            at=api.clock() - timedelta(hours=ago), path=path,
        )  # fmt: skip
    await looked_over(api)
    token = await api.sign_in("viewer")
    expected = {
        "name": sorted(paths),
        "state": [paths[1], *sorted([paths[0], paths[2], paths[3]])],
        "last_message": [paths[2], paths[0], *sorted([paths[1], paths[3]])],
        "waiting": [paths[0], paths[2], *sorted([paths[1], paths[3]])],
    }
    for sort, order in expected.items():
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"sort": sort, "limit": "1", **({"cursor": cursor} if cursor else {})}
            answer = await api.ask("GET", "/admin/fleet", token=token, params=query)
            seen += [
                f"{each['client_name']}/{each['environment']}" for each in answer.json()["items"]
            ]
            cursor = answer.json()["next_cursor"]
        assert seen == order, sort
    await signed_in(api, browser)
    page = await browser.get("/fleet?sort=state")
    assert 'aria-sort="ascending"' in page.text
    assert (await browser.get("/fleet?sort=x")).status_code == 422


async def test_a_table_to_take_along_has_all_and_no_formula(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await api.make_tenant()
    await api.sql(
        "UPDATE clients SET business_name = '=1+1' WHERE name = :name", name=path.split("/")[0]
    )
    await looked_over(api)
    await signed_in(api, browser, "viewer")
    answer = await browser.get("/fleet/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 3
    assert "'=1+1" in {row[2] for row in rows}
    only = await browser.get(f"/fleet/csv?text={path.split('/')[0]}")
    assert len(only.text.splitlines()) == 2


async def test_a_page_is_as_many_statements_however_many_tenants(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    rows = Driver.rows

    async def noted(self: Driver, statement: Sql, **values: Any) -> list[Any]:
        if ASKING.get():
            sent.append(statement.text)
        return await rows(self, statement, **values)

    monkeypatch.setattr(Driver, "rows", noted)
    await signed_in(api, browser)
    counted: list[int] = []
    for more in (1, 30):
        for _ in range(more):
            await api.make_tenant()
        await looked_over(api)
        await browser.get("/fleet")  # what may be ten seconds old is counted now
        sent.clear()
        asking = ASKING.set(True)
        await browser.get("/fleet")
        ASKING.reset(asking)
        counted.append(len(sent))
    assert counted == [2, 2]


async def test_what_the_doctor_found_leads_to_where_it_is_mended(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await found(api, path, "failed")
    await signed_in(api, browser, "viewer")
    page = await browser.get(f"/t/{path}")
    link = f'<a href="/console/t/{path}/credentials">Ir para Credenciais</a>'
    assert link in page.text
    assert (await browser.get(f"/t/{path}/credentials")).status_code == 200


def test_every_check_is_mended_on_a_page_or_not_in_the_console(api: Api) -> None:
    pages = {page.path for page in page_table(console_parts(api.admin, api.platform.shared))}
    nowhere = {check for check in TITLES if mended_at(check) is None}
    assert nowhere == {"database.role"}
    for check in TITLES.keys() - nowhere:
        place = mended_at(check)
        assert place is not None
        assert f"{TENANT}{place[0]}" in pages, check
