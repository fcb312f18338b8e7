"""Canned replies: kept, put into the composer with stored facts, and never sent with a gap."""

from datetime import timedelta

import pytest

from mcp_platform.conversations.canned import MOST
from tests.console.browser import PlainBrowser
from tests.console.test_conversations import KEY, enter, talk
from tests.console.test_notes_and_search import api_path
from tests.factories import add_appointment, add_tenant, catalogue
from tests.platform_api import Api


async def test_a_canned_reply_is_kept_filled_in_read_and_only_then_sent(
    api: Api, browser: PlainBrowser
) -> None:
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions, offers=catalogue())
    here = await talk(api, path=tenant.path, tenant_id=tenant.id)
    await enter(api, browser)
    edit = f"{here.list}/canned"
    page = await browser.post(
        edit, title="Até já", text="Oi, {name}! Até {appointment}. {business}"
    )
    assert "Guardada." in page.text
    await browser.post(f"{here.path}/take", page=here.path)
    [reply] = await api.sql("SELECT id FROM canned_replies")

    page = await browser.post(f"{here.path}/canned", page=here.path, which=str(reply.id), text="")
    assert page.status_code == 409
    assert "falta próximo horário do cliente" in page.text
    await add_appointment(
        sessions, tenant.id, here.contact, starts_at=api.clock() + timedelta(days=2)
    )
    page = await browser.post(f"{here.path}/canned", page=here.path, which=str(reply.id), text="/")
    assert page.status_code == 200
    assert ">\nOi, Bia! Até Corte" in page.text
    assert await api.sql("SELECT key FROM outbox WHERE kind = 'whatsapp'") == []

    page = await browser.post(f"{edit}/remove", page=edit, which=str(reply.id))
    assert "Apagada." in page.text
    for which in (str(reply.id), "x"):
        gone = await browser.post(f"{edit}/remove", page=edit, which=which)
        assert gone.status_code == 404
    assert [each for each in await api.audited() if "canned" in each] == [
        "canned_reply.add", "canned_reply.remove",
    ]  # fmt: skip


async def test_a_variable_that_still_stands_in_a_reply_stops_it(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await enter(api, browser)
    await browser.post(f"{here.path}/take", page=here.path)
    page = await browser.post(
        f"{here.path}/reply", page=here.path, key=await here.key(browser), text="Oi, {name}"
    )
    assert page.status_code == 422
    assert "variável entre chaves sem valor" in page.text
    assert await api.sql("SELECT key FROM outbox") == []
    key = KEY.findall(page.text)[0]
    await browser.post(f"{here.path}/reply", page=here.path, key=key, text="Oi, {isto} é só texto")
    assert len(await api.sql("SELECT key FROM outbox")) == 1


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("", "x", "De 1 a 40"),
        ("x" * 41, "x", "De 1 a 40"),
        ("x", "", "De 1 a 1.000"),
        ("x", "{nome}", "só com as variáveis"),
    ],
)
async def test_what_will_not_do_is_said_at_its_field(
    api: Api, browser: PlainBrowser, title: str, text: str, why: str
) -> None:
    here = await talk(api)
    await enter(api, browser)
    page = await browser.post(f"{here.list}/canned", title=title, text=text)
    assert page.status_code == 422
    assert why in page.text
    assert await api.sql("SELECT id FROM canned_replies") == []


async def test_there_are_not_too_many_and_a_viewer_only_reads(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await api.sql(
        "INSERT INTO canned_replies (tenant_id, id, title, text)"
        " SELECT :tenant, gen_random_uuid(), 't', 'x' FROM generate_series(1, :most)",
        tenant=here.tenant_id,
        most=MOST,
    )
    await enter(api, browser)
    page = await browser.post(f"{here.list}/canned", title="t", text="x")
    assert page.status_code == 409
    assert "apague uma antes" in page.text
    viewer = PlainBrowser(api)
    await enter(api, viewer, "viewer")
    page = await viewer.get(f"{here.list}/canned")
    assert "Nova resposta pronta" not in page.text


async def test_the_api_keeps_fills_and_removes_them(api: Api) -> None:
    here = await talk(api)
    token = await api.sign_in("operator")
    at = api_path(here.tenant)
    replies = at.replace("/conversations", "/canned-replies")
    made = await api.ask(
        "POST", replies, token=token, json={"title": "Oi", "text": "Oi, {name}, de {business}"}
    )
    assert made.status_code == 201, made.text
    listed = (await api.ask("GET", replies, token=token)).json()["replies"]
    assert listed == [made.json()]
    one = made.json()["id"]
    filled = await api.ask("POST", f"{at}/{here.contact}/canned-replies/{one}", token=token)
    assert filled.json()["text"].startswith("Oi, Bia, de ")
    await api.sql("UPDATE contacts SET name = NULL")
    gap = await api.ask("POST", f"{at}/{here.contact}/canned-replies/{one}", token=token)
    assert gap.status_code == 409
    assert "name" in gap.json()["detail"]
    assert (await api.ask("DELETE", f"{replies}/{one}", token=token)).status_code == 204
