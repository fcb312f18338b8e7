"""What waits for somebody over all tenants: by the API, and on the console's page."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.console.browser import PlainBrowser
from tests.factories import add_contact, add_tenant
from tests.platform_api import Api

QUESTION = "Posso levar o cachorro?"


async def waiting(api: Api, *, ago: timedelta = timedelta(minutes=5), **more: Any) -> str:
    """Make a tenant with somebody who waits for a person since a while; return its path."""
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions)
    since = api.clock() - ago
    values = {"name": "Bia", "wa_id": "5511987654321", "answered_by": "human", "human_since": since}
    await add_contact(sessions, tenant.id, **{**values, **more})
    return tenant.path


async def of_each_kind(api: Api) -> str:
    """Make a tenant where something of each kind waits, an hour apart; return its path."""
    path = await waiting(api, ago=timedelta(hours=5))
    [tenant] = await api.sql(
        "SELECT id FROM tenants WHERE client_name || '/' || environment = :path", path=path
    )
    [contact] = await api.sql("SELECT id FROM contacts WHERE tenant_id = :tenant", tenant=tenant.id)
    named = {"tenant": tenant.id, "contact": contact.id}
    for number, state in enumerate(("open", "answered")):
        await api.sql(
            "INSERT INTO open_questions (tenant_id, id, words, likeness, asked_at, state, closed_at,"
            " answer, closed_by) VALUES (:tenant, :id, :words, :id, :at, :state, :at, 'Sim', 'a')",
            tenant=tenant.id, id=state, words=QUESTION, state=state, at=api.clock() - timedelta(hours=4 - number),
        )  # fmt: skip
        await api.sql(
            "INSERT INTO question_askers (tenant_id, id, question_id, contact_id, words, language,"
            " asked_at) VALUES (:tenant, :asker, :id, :contact, :words, 'pt-BR', :at)",
            **named, asker=uuid.uuid4(), id=state, words=QUESTION, at=api.clock(),
        )  # fmt: skip
    await api.sql(
        "INSERT INTO turns (tenant_id, id, contact_id, state, opened_at, closed_at)"
        " VALUES (:tenant, :id, :contact, 'parked', :at, :at)",
        **named, id=uuid.uuid4(), at=api.clock() - timedelta(hours=2),
    )  # fmt: skip
    return path


async def asked(api: Api, token: str, **query: str) -> Any:
    answer = await api.ask("GET", "/admin/attention", token=token, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_waits_longest_comes_first_and_nothing_that_was_said(api: Api) -> None:
    path = await of_each_kind(api)
    other = await waiting(api)
    found = await asked(api, await api.sign_in("viewer"))
    assert [
        (f"{each['client_name']}/{each['environment']}", each["kind"]) for each in found["items"]
    ] == [(path, "waiting"), (path, "question"), (path, "answer"), (path, "parked"), (other, "waiting")]  # fmt: skip
    counted = {"waiting": 2, "question": 1, "call": 0, "unconfirmed": 0, "answer": 1, "parked": 1}
    assert found["counts"] == counted
    times = [datetime.fromisoformat(each["since"]) for each in found["items"]]
    assert times == sorted(times)
    assert "Bia" not in str(found)
    assert QUESTION not in str(found)


async def test_pages_follow_each_other_and_kinds_narrow_them(api: Api) -> None:
    await of_each_kind(api)
    await waiting(api)
    token = await api.sign_in("operator")
    found, cursor = [], ""
    for _ in range(5):
        page = await asked(api, token, limit="1", **({"cursor": cursor} if cursor else {}))
        found += [each["reference"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(found) == len(set(found)) == 5
    narrowed = await asked(api, token, kind="waiting")
    assert {each["kind"] for each in narrowed["items"]} == {"waiting"}
    assert narrowed["counts"]["parked"] == 1
    for wrong in ({"kind": "x"}, {"cursor": "x"}, {"cursor": "eHx5fHo"}, {"cursor": "é"}):
        answer = await api.ask("GET", "/admin/attention", token=token, params=wrong)
        assert answer.status_code == 422, wrong


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tenants SET status = 'suspended'",
        "UPDATE contacts SET human_by = 'ana@example.com'",
        "UPDATE contacts SET answered_by = 'assistant'",
        "UPDATE contacts SET human_until = now() - interval '1 minute'",
    ],
)
async def test_who_does_not_wait_any_more_is_not_listed(api: Api, change: str) -> None:
    await waiting(api)
    token = await api.sign_in("viewer")
    assert len((await asked(api, token))["items"]) == 1
    await api.sql(change)
    assert (await asked(api, token))["items"] == []


async def test_it_is_for_those_who_look_after_all_tenants(api: Api) -> None:
    path = await waiting(api)
    token = await api.sign_in("staff", tenant=path)
    assert (await api.ask("GET", "/admin/attention", token=token)).status_code == 403


async def test_the_page_leads_to_what_waits_and_its_number_stands_everywhere(
    api: Api, browser: PlainBrowser
) -> None:
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    assert "Ninguém espera por vocês" in (await browser.get("/attention")).text
    path = await of_each_kind(api)
    api.clock.ahead += timedelta(seconds=11)  # the number may be ten seconds old
    page = await browser.get("/attention")
    [contact] = await api.sql("SELECT id FROM contacts")
    assert f'href="/console/t/{path}/conversations/{contact.id}"' in page.text
    assert "Bia" not in page.text
    assert QUESTION not in page.text
    assert '<span class="badge">4</span>' in (await browser.get("/fleet")).text
    only = await browser.get("/attention?kind=parked")
    assert only.text.count('class="queue-icon') == 1
    assert "Nada deste tipo" in (await browser.get("/attention?kind=call")).text
    assert (await browser.get("/attention?kind=x")).status_code == 422


async def test_a_question_is_answered_for_all_who_asked_and_kept(
    api: Api, browser: PlainBrowser
) -> None:
    path = await of_each_kind(api)
    await api.sql("UPDATE contacts SET last_inbound_at = :now", now=api.clock())
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    here = f"/t/{path}/questions"
    page = await browser.get(here)
    assert "1 cliente espera a resposta" in page.text
    assert page.text.count(QUESTION) == 2, "the open one, and the one to call with"

    wrong = await browser.post(
        f"{here}/open/answer", page=here, text=" ", keep="yes", title="Animais"
    )
    assert wrong.status_code == 422
    assert "Escreva a resposta" in wrong.text
    assert 'value="Animais"' in wrong.text
    page = await browser.post(
        f"{here}/open/answer", page=here, text="Pode <sim>!", keep="yes", title="Animais"
    )
    assert "Está na fila para todos" in page.text
    [sent] = await api.sql("SELECT body FROM outbox")
    assert "Pode <sim>!" in str(sent.body)
    [answer] = await api.sql("SELECT title FROM answer_texts")
    assert answer.title == "Animais"

    for nobody in ("nothing", "no%00thing", "é", "x" * 80):
        answer = await browser.post(f"{here}/{nobody}/answer", page=here, text="Sim")
        assert answer.status_code == 404, nobody
    again = await browser.post(f"{here}/open/answer", page=here, text="Não")
    assert "já tinha sido respondida" in again.text
    assert len(await api.sql("SELECT key FROM outbox")) == 1
    [contact] = await api.sql("SELECT id FROM contacts")
    page = await browser.post(f"{here}/answered/called/{contact.id}", page=here)
    assert "Anotado" in page.text
    assert "Nenhuma pergunta em aberto" in page.text
    assert QUESTION not in page.text


async def test_staff_answer_and_keep_nothing_and_a_viewer_only_reads(
    api: Api, browser: PlainBrowser
) -> None:
    path = await of_each_kind(api)
    here = f"/t/{path}/questions"
    staff = await api.make_user("staff", tenant=path)
    await browser.sign_in(staff.email)
    page = await browser.get(here)
    assert 'name="text"' in page.text
    assert 'name="keep"' not in page.text
    kept = await browser.post(f"{here}/open/answer", page=here, text="Sim", keep="yes", title="A")
    assert kept.status_code == 403
    page = await browser.post(f"{here}/open/dismiss", page=here)
    assert "Descartada" in page.text
    assert await api.sql("SELECT key FROM outbox") == []

    await api.sql("UPDATE open_questions SET words = 'Ligue 11 98765-4321'")
    viewer = PlainBrowser(api)
    await viewer.sign_in((await api.make_user("viewer")).email)
    await api.sql("UPDATE open_questions SET state = 'open' WHERE id = 'open'")
    page = await viewer.get(here)
    assert "…21" in page.text
    assert "98765" not in page.text
    assert "/open/answer" not in page.text
