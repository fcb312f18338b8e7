"""All that is kept of a tenant, as JSON lines: whole, its own alone, without a secret."""

import base64
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, insert, update

import mcp_platform
from mcp_platform.conversations.models import MESSAGES
from mcp_platform.inbox.models import INBOX_EVENTS
from mcp_platform.kit.database import Sessions
from mcp_platform.offboarding.data_export import DataExport
from mcp_platform.offboarding.exported import NOT_DATA, changed_since_export, exported_tables
from mcp_platform.scheduling.models import ServiceRow
from mcp_platform.schema import metadata
from mcp_platform.tenants.models import CredentialKeyRow, TenantRow
from mcp_platform.tenants.tenant import TenantId
from tests.factories import add_tenant
from tests.fakes import OPERATOR
from tests.offboarding.test_offboarding import fill

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def export_of(sessions: Sessions, tenant_id: TenantId) -> DataExport:
    return DataExport(sessions, tenant_id, actor=OPERATOR, path="shop/production")


async def lines(sessions: Sessions, tenant_id: TenantId) -> list[dict[str, Any]]:
    content = b"".join([part async for part in export_of(sessions, tenant_id).lines()])
    assert content.endswith(b"\n")
    return [orjson.loads(line) for line in content.splitlines()]


async def test_every_row_of_the_tenant_and_of_no_other_is_told_by_type(sessions: Sessions) -> None:
    shop = (
        await add_tenant(sessions, "shop", address="Rua A", phone_number_id="106540352242922")
    ).id
    other = (await add_tenant(sessions, "other")).id
    await fill(sessions, shop)
    await fill(sessions, other, messages=7)
    told = await lines(sessions, shop)

    assert Counter(each["type"] for each in told) == {
        "tenant": 1,
        "contacts": 1,
        "contact_aliases": 1,
        "messages": 3,
        "inbox_events": 3,
    }
    assert (told[0]["type"], told[0]["address"]) == ("tenant", "Rua A")
    messages = [each for each in told if each["type"] == "messages"]
    assert [each["text"] for each in messages] == ["mensagem 0", "mensagem 1", "mensagem 2"]
    assert datetime.fromisoformat(messages[0]["at"]).tzinfo is not None
    types = [each["type"] for each in told]
    assert types.index("contacts") < types.index("messages")


async def test_bodies_are_json_where_they_are_and_base64_where_not(sessions: Sessions) -> None:
    shop = (await add_tenant(sessions, "shop")).id
    deep = b"[" * 300 + b"]" * 300
    async with sessions.everywhere.begin() as session:
        for key, body in (("a", b'{"text":"oi"}'), ("b", b"\xff\x00"), ("c", deep)):
            await session.execute(
                insert(INBOX_EVENTS).values(tenant_id=shop, key=key, kind="message", body=body)
            )
    bodies = {each["key"]: each["body"] for each in await lines(sessions, shop) if "key" in each}
    assert bodies == {
        "a": {"text": "oi"},
        "b": {"base64": "/wA="},
        "c": {"base64": base64.b64encode(deep).decode()},
    }


async def test_a_large_tenant_is_told_in_parts_without_a_row_lost_or_doubled(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = (await add_tenant(sessions, "shop")).id
    await fill(sessions, shop, messages=25)
    monkeypatch.setattr("mcp_platform.offboarding.data_export.ROWS", 10)
    parts = [part async for part in export_of(sessions, shop).lines()]

    assert max(part.count(b"\n") for part in parts) == 10
    told = [orjson.loads(line) for part in parts for line in part.splitlines()]
    keys = [each["key"] for each in told if each["type"] == "inbox_events"]
    assert sorted(keys) == sorted(f"m:{number}" for number in range(25))
    assert len([each for each in told if each["type"] == "messages"]) == 25


async def test_only_an_export_that_came_to_its_end_says_what_it_held(sessions: Sessions) -> None:
    shop = (await add_tenant(sessions, "shop")).id
    await fill(sessions, shop)
    going = export_of(sessions, shop)
    await going.begin()
    async for _ in going.lines():
        break
    assert await changed(sessions, shop) is None

    whole = export_of(sessions, shop)
    parts = [part async for part in whole.lines()]
    assert await whole.complete() == b"".join(parts).count(b"\n")
    assert await changed(sessions, shop) == []


async def test_a_row_more_less_or_other_than_in_the_last_export_is_a_change(
    sessions: Sessions,
) -> None:
    shop = (await add_tenant(sessions, "shop")).id
    await fill(sessions, shop)
    one = MESSAGES.c.tenant_id == shop, MESSAGES.c.text == "mensagem 1"
    changes = (
        ("messages", update(MESSAGES).where(*one).values(text="mensagem 2")),
        ("inbox_events", delete(INBOX_EVENTS).where(INBOX_EVENTS.c.tenant_id == shop)),
        (
            "inbox_events",
            insert(INBOX_EVENTS).values(tenant_id=shop, key="n", kind="message", body=b""),
        ),
        ("tenant", update(TenantRow).where(TenantRow.id == shop).values(address="Rua B")),
    )
    for table, change in changes:
        whole = export_of(sessions, shop)
        async for _ in whole.lines():
            pass
        await whole.complete()
        assert await changed(sessions, shop) == []
        async with sessions.everywhere.begin() as session:
            await session.execute(change)
        assert await changed(sessions, shop) == [table]


async def changed(sessions: Sessions, tenant_id: TenantId) -> list[str] | None:
    async with sessions.everywhere() as session:
        return await changed_since_export(session, tenant_id)


async def test_what_the_platform_knows_of_credentials_and_users_is_not_told(
    sessions: Sessions,
) -> None:
    shop = (await add_tenant(sessions, "shop")).id
    await fill(sessions, shop)
    async with sessions.everywhere.begin() as session:
        session.add(ServiceRow(tenant_id=shop, id="corte", name="Corte", duration_minutes=30))
        session.add(
            CredentialKeyRow(
                tenant_id=shop, key="GEMINI_API_KEY", changed_at=NOW, fingerprint="f1n9e7"
            )
        )
    content = b"".join([part async for part in export_of(sessions, shop).lines()])
    assert b"Corte" in content
    assert b"f1n9e7" not in content
    assert b"staff-" not in content


def test_every_table_of_tenants_is_either_data_or_listed_as_none() -> None:
    of_tenants = {table.name for table in metadata.sorted_tables if "tenant_id" in table.columns}
    exported = {table.name for table in exported_tables()}
    assert exported | NOT_DATA >= of_tenants
    assert not exported & NOT_DATA
    secret = re.compile(r"password|secret|token|sealed|hash|digest|fingerprint")
    for table in exported_tables():
        assert not [column.name for column in table.columns if secret.search(column.name)]
        assert next(iter(table.primary_key.columns)).name == "tenant_id"


def test_the_whole_schema_alone_is_asked_which_tables_there_are() -> None:
    """`Base.metadata` knows what a process happens to have imported; a table is declared with it."""
    package = Path(mcp_platform.__file__).parent
    asking = [
        file.name
        for file in package.rglob("*.py")
        if re.search(
            r"Base\.metadata", re.sub(r'Table\(\s*"\w+",\s*Base\.metadata', "", file.read_text())
        )
    ]
    assert asking == ["schema.py"]
