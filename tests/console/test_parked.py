"""What stopped, over all tenants: by the API, and on the console's page."""

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from tests.console.browser import PlainBrowser
from tests.factories import add_contact, add_tenant
from tests.platform_api import Api

PICK = re.compile(r'name="(pick:[^"]+)"')
ONE = re.compile(r'name="one" value="([^"]+)"')


async def stopped(api: Api) -> tuple[str, str]:
    """Make a tenant with a parked turn and, later, a dead message; return its path and the turn."""
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions, business_name="Barbearia <Zé>")
    contact = await add_contact(sessions, tenant.id, wa_id="5511987654321")
    turn = uuid.uuid4()
    named = {"tenant": tenant.id, "contact": contact}
    await api.sql(
        "INSERT INTO turns (tenant_id, id, contact_id, state, starts, error, opened_at, closed_at)"
        " VALUES (:tenant, :id, :contact, 'parked', 5, 'TypeError', :at, :at)",
        **named, id=turn, at=api.clock() - timedelta(hours=2),
    )  # fmt: skip
    await api.sql(
        "INSERT INTO inbox_events (tenant_id, key, kind, contact_key, body, state, turn_id)"
        " VALUES (:tenant, 'wamid.1', 'message', 'w:5511987654321', '{}', 'parked', :turn)",
        tenant=tenant.id, turn=turn,
    )  # fmt: skip
    await api.sql(
        "INSERT INTO outbox (tenant_id, key, lane, kind, contact_id, body, state, attempts,"
        " error_code, error, updated_at) VALUES (:tenant, 'k', 'c:x', 'whatsapp', :contact, '{}',"
        " 'dead', 3, 131026, '5511987654321 <is> undeliverable', :at)",
        **named, at=api.clock() - timedelta(hours=1),
    )  # fmt: skip
    return tenant.path, str(turn)


async def asked(api: Api, token: str, **query: str) -> Any:
    answer = await api.ask("GET", "/admin/parked", token=token, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_stopped_last_comes_first_by_kind_tenant_and_page(api: Api) -> None:
    path, turn = await stopped(api)
    await stopped(api)
    token = await api.sign_in("operator")
    client, environment = path.split("/")
    found = await asked(api, token, client_name=client, environment=environment)
    assert [(each["kind"], each["attempts"], each["code"]) for each in found["items"]] == [
        ("whatsapp", 3, 131026),
        ("turn", 5, None),
    ]
    assert found["items"][1]["reference"] == turn
    assert found["counts"] == {"turn": 1, "whatsapp": 1, "calendar_put": 0, "calendar_remove": 0}
    of_kind = await asked(api, token, kind="turn")
    assert [each["kind"] for each in of_kind["items"]] == ["turn", "turn"]
    seen, cursor = [], ""
    for _ in range(4):
        page = await asked(api, token, limit="1", **({"cursor": cursor} if cursor else {}))
        seen += [(each["client_name"], each["reference"]) for each in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(seen) == len(set(seen)) == 4
    for wrong in ({"kind": "x"}, {"cursor": "x"}, {"cursor": "eHx5fHp8MQ"}, {"client_name": "É"}):
        answer = await api.ask("GET", "/admin/parked", token=token, params=wrong)
        assert answer.status_code == 422, wrong


async def test_a_viewer_reads_it_without_numbers_and_replays_nothing(api: Api) -> None:
    path, turn = await stopped(api)
    token = await api.sign_in("viewer")
    assert "98765" not in str(await asked(api, token))
    client, environment = path.split("/")
    where = f"/admin/clients/{client}/environments/{environment}/parked/replay"
    for role, status in (("viewer", 403), ("staff", 403), ("operator", 200)):
        token = await api.sign_in(role, tenant=path if role == "staff" else None)  # type: ignore[arg-type]  # three of the four
        answer = await api.ask("POST", where, token=token, json={"turns": [turn]})
        assert answer.status_code == status, answer.text
    assert answer.json() == {"replayed": 1}


async def test_what_is_replayed_waits_again_and_the_trail_says_who(api: Api) -> None:
    path, turn = await stopped(api)
    other, _ = await stopped(api)
    token = await api.sign_in("operator")
    [effect] = await api.sql(
        "SELECT o.id FROM outbox o JOIN tenants t ON t.id = o.tenant_id"
        " WHERE t.client_name || '/' || t.environment = :path", path=path,
    )  # fmt: skip
    client, environment = other.split("/")
    elsewhere = f"/admin/clients/{client}/environments/{environment}/parked/replay"
    wish = {"turns": [turn], "effects": [effect.id + 100_000]}
    answer = await api.ask("POST", elsewhere, token=token, json=wish)
    assert answer.json() == {"replayed": 0}, "another tenant's is not there"
    client, environment = path.split("/")
    where = f"/admin/clients/{client}/environments/{environment}/parked/replay"
    wish = {"turns": [turn], "effects": [effect.id]}
    assert (await api.ask("POST", where, token=token, json=wish)).json() == {"replayed": 2}
    assert (await api.ask("POST", where, token=token, json=wish)).json() == {"replayed": 0}
    assert (await api.ask("POST", where, token=token, json={})).status_code == 422
    [event] = await api.sql("SELECT state FROM inbox_events WHERE turn_id IS NULL")
    assert event.state == "waiting"
    assert len(await api.sql("SELECT 1 FROM outbox WHERE state = 'pending'")) == 1
    assert (await api.audited()).count("parked.replay") == 1


@pytest.mark.parametrize("language", ["pt-BR", "en"])
async def test_the_page_warns_and_replays_the_marked_ones(api: Api, language: str) -> None:
    path, _ = await stopped(api)
    await stopped(api)
    browser = PlainBrowser(api, language=language)
    await browser.sign_in((await api.make_user("operator")).email)
    page = await browser.get(f"/parked?tenant={path}")
    assert {"pt-BR": "pode chegar duas vezes", "en": "may arrive twice"}[language] in page.text
    assert "Barbearia &lt;Zé&gt;" in page.text
    assert "&lt;is&gt; undeliverable" in page.text
    picks = [unescape(each) for each in PICK.findall(page.text)]
    assert len(picks) == 2
    done = await browser.post("/parked", page="/parked", tenant=path, **dict.fromkeys(picks, "yes"))
    assert "2 " in done.text
    assert {"pt-BR": "Nada está parado", "en": "Nothing has stopped"}[language] in done.text
    rest = await browser.get("/parked")
    one = unescape(ONE.findall(rest.text)[0])
    await browser.post("/parked", page="/parked", one=one)
    assert len(PICK.findall((await browser.get("/parked")).text)) == 1
    again = await browser.post("/parked", page="/parked", one=one)
    assert {"pt-BR": "Nada foi tentado", "en": "Nothing was tried"}[language] in again.text
    for wrong in ("pick:x", "pick:a/production:turn:x", f"pick:{path}:effect:x"):
        answer = await browser.post("/parked", page="/parked", one=wrong)
        assert answer.status_code in (404, 422), wrong
    left = unescape(ONE.findall((await browser.get("/parked")).text)[0])
    for wrong in ("pick:a/production:turn:x", f"pick:{path}:turn:x"):
        marked = dict.fromkeys((left, wrong), "yes")
        answer = await browser.post("/parked", page="/parked", **marked)
        assert answer.status_code in (404, 422), wrong
        assert left in unescape((await browser.get("/parked")).text), "none was tried"
    assert (await browser.get("/parked?kind=x")).status_code == 422


async def test_a_tenants_page_and_the_queue_lead_there(api: Api, browser: PlainBrowser) -> None:
    path, _ = await stopped(api)
    await browser.sign_in((await api.make_user("viewer")).email)
    link = f'href="/console/parked?tenant={path}"'
    assert link in (await browser.get(f"/t/{path}")).text
    assert link in (await browser.get("/attention?kind=parked")).text
    page = await browser.get("/parked")
    assert PICK.findall(page.text) == []
    assert "98765" not in page.text
