"""The audit trail: written with what it tells, masked, never changed, and read in pages."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor, system
from mcp_platform.audit.trail import MASK, masked
from tests.cases import cases
from tests.platform_api import HERE, Api

ZE = Actor(kind="user", subject="ze@example.com", role="operator", address="192.0.2.9")


async def write(api: Api, **more: Any) -> None:
    entry: dict[str, Any] = {"actor": ZE, "action": "tenant.update", "target": "shop/production"}
    async with api.platform.shared.admin_sessions.everywhere.begin() as session:
        await audit.record(session, **{**entry, **more})


async def read(api: Api, token: str, query: str = "") -> dict[str, Any]:
    answer = await api.ask("GET", f"/admin/audit{query}", token=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_entry_says_who_what_when_from_where_and_how_it_was(api: Api) -> None:
    token = await api.sign_in()
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    some_id = uuid.uuid4()
    await write(
        api,
        before={"status": "active", "since": moment, "id": some_id},
        after={"status": "suspended", "tags": {"a"}},
    )

    entry = (await read(api, token, "?limit=1"))["items"][0]

    assert entry["actor"] == "ze@example.com"
    assert entry["actor_kind"] == "user"
    assert entry["role"] == "operator"
    assert entry["address"] == "192.0.2.9"
    assert (entry["action"], entry["target"]) == ("tenant.update", "shop/production")
    assert entry["before"] == {
        "status": "active",
        "since": "2026-01-02T00:00:00+00:00",
        "id": str(some_id),
    }
    assert entry["after"] == {"status": "suspended", "tags": ["a"]}
    assert datetime.fromisoformat(entry["at"]).tzinfo is not None


async def test_a_request_is_found_in_the_logs_by_its_trace(api: Api) -> None:
    token = await api.sign_in()
    entry = (await read(api, token))["items"][0]
    assert entry["action"] == "user.sign_in"
    assert entry["address"] == HERE
    assert len(entry["trace_id"]) == 16


async def test_an_entry_is_undone_with_what_it_tells(api: Api) -> None:
    async with api.platform.shared.admin_sessions.everywhere() as session:
        await audit.record(session, actor=ZE, action="a.b", target="c")
        await session.rollback()
    assert await api.audited() == []


async def test_secrets_are_masked_by_the_name_of_their_key_however_deep(api: Api) -> None:
    secrets = {
        "password": "hunter2",
        "WHATSAPP_API_TOKEN": "hunter2",
        "whatsappAppSecret": "hunter2",
        "GOOGLE_PRIVATE_KEY": "hunter2",
        "gemini_api_key": "hunter2",
        "apiKey": "hunter2",
        "DATABASE_PASSWORD": "hunter2",
        "password_hash": "hunter2",
        "refreshTokens": ["hunter2"],
        "credentials": {"anything": "hunter2"},
        "Authorization": "Bearer hunter2",
        "WHATSAPP_WEBHOOK_VERIFY_TOKEN": {"value": "hunter2"},
    }
    await write(api, before={"deep": [{"deeper": secrets}]}, after=secrets)
    [row] = await api.sql("SELECT before, after FROM audit_entries")
    assert "hunter2" not in str(row)
    assert set(row.after.values()) == {MASK}


def test_what_is_no_secret_is_told_as_it_is() -> None:
    told = {
        "key": "corte",
        "keys": ["GEMINI_API_KEY"],
        "monkey": "no",
        "status": "active",
        "token_changed": True,
        "password": None,
        "hashtag": "#corte",
        "spinning": 1,
    }
    assert masked(told) == told


async def test_of_a_phone_number_two_digits_are_kept(api: Api) -> None:
    told = {
        "owner_whatsapp": "5511900000001",
        "phone": "(11) 90000-0001",
        "phones": ["5511900000001", None],
        "notes": "Ligue para 5511900000001",
        "whatsapp": 5511900000001,
    }
    await write(api, before={"deep": [told]}, after={**told, "phone_number_id": "109876543210987"})
    [row] = await api.sql("SELECT before, after FROM audit_entries")
    assert row.after == {
        "owner_whatsapp": "…01",
        "phone": "…01",
        "phones": ["…01", None],
        "notes": "Ligue para …01",
        "whatsapp": "…01",
        "phone_number_id": "109876543210987",
    }
    assert "90000" not in str(row.before)


async def test_what_postgres_cannot_keep_is_left_out(api: Api) -> None:
    await write(api, target="a\x00b\ud800", after={"a\x00": ["b\x00", "\ud800", "\\u0000"]})
    [row] = await api.sql("SELECT target, after FROM audit_entries")
    assert row.target == "ab?"
    assert row.after == {"a": ["b", "?", "\\u0000"]}


async def test_the_trail_is_read_newest_first_and_page_by_page(api: Api) -> None:
    token = await api.sign_in()
    for number in range(5):
        await write(api, target=str(number))
    seen: list[str] = []
    query, pages = "?limit=2&actor=ze@example.com", 0
    page = await read(api, token, query)
    while True:
        seen += [each["target"] for each in page["items"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        await write(api, target="meanwhile")  # what comes later does not move pages
        page = await read(api, token, f"{query}&cursor={page['next_cursor']}")
    assert seen == ["4", "3", "2", "1", "0"]
    assert pages == 3


async def test_the_trail_is_filtered(api: Api) -> None:
    token = await api.sign_in("operator")
    path = await api.make_tenant()
    [(tenant_id,)] = await api.sql("SELECT id FROM tenants")
    await write(api, target="one", tenant_id=tenant_id)
    await write(api, target="two", action="client.create", actor=system("worker"))
    [(at,)] = await api.sql("SELECT at FROM audit_entries WHERE target = 'two'")
    moment = at.isoformat().replace("+00:00", "Z")

    async def found(query: str) -> list[str]:
        items = (await read(api, token, query))["items"]
        return [each["target"] for each in items if each["target"] in ("one", "two")]

    assert await found("") == ["two", "one"]
    assert await found("?actor=worker") == ["two"]
    assert await found("?action=tenant.update") == ["one"]
    assert await found(f"?tenant={path}") == ["one"]
    assert await found(f"?since={moment}") == ["two"]
    assert await found(f"?until={moment}") == ["one"]


@cases(
    "query",
    [
        "?cursor=nonsense",
        "?cursor=99999999999999999999",
        "?cursor=-1",
        "?since=yesterday",
        "?since=2026-01-01T00:00:00",
        "?until=9999-12-31T23:59:59-12:00",
        "?limit=0",
        "?limit=1000",
        "?actor=%00",
        "?action=%27",
        "?tenant=nonsense",
        "?unknown=1",
    ],
)
async def test_a_question_that_makes_no_sense_is_told_so(api: Api, query: str) -> None:
    token = await api.sign_in()
    answer = await api.ask("GET", f"/admin/audit{query}", token=token)
    assert answer.status_code == 422, answer.text


async def test_a_tenant_that_does_not_exist_is_not_found(api: Api) -> None:
    token = await api.sign_in()
    answer = await api.ask("GET", "/admin/audit?tenant=no-such/production", token=token)
    assert answer.status_code == 404


async def test_the_trail_outlives_the_tenant(api: Api) -> None:
    await api.make_tenant()
    [(tenant_id,)] = await api.sql("SELECT id FROM tenants")
    await write(api, tenant_id=tenant_id)
    await api.sql("DELETE FROM tenants")
    assert await api.audited() == ["tenant.update"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'nobody'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "ALTER TABLE audit_entries ADD COLUMN forged text",
    ],
)
async def test_who_administers_cannot_rewrite_the_trail(api: Api, statement: str) -> None:
    await write(api)
    async with api.platform.shared.admin_sessions.everywhere() as session:
        await session.execute(text("SET LOCAL ROLE mcp_admin"))
        assert await session.scalar(text("SELECT count(*) FROM audit_entries")) == 1
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            await session.execute(text(statement))
    assert await api.audited() == ["tenant.update"]
