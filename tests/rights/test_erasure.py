"""A customer is erased: all of theirs, nobody else's, all or nothing."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mcp_platform.kit.database import create_engine
from tests.platform_api import Api
from tests.rights.conftest import FullTenant, full_tenant

NUMBER, NAME, WORDS = "5511987654321", "Ana Beatriz Nunes", "tenho alergia a henna"


async def ana(api: Api, shop: FullTenant, *, ahead: bool = False) -> None:
    """Have the shop's contact be somebody, whose name, number and words stand everywhere."""
    at = datetime.now(UTC) + timedelta(days=2 if ahead else -2)
    said: dict[str, Any] = {"at": at, "end": at + timedelta(hours=1)}
    said |= {"number": NUMBER, "name": NAME, "words": WORDS, "id": shop.id}
    for statement in (
        "UPDATE contacts SET wa_id = :number, name = :name, bsuid = 'BR.1' || :number"
        " WHERE tenant_id = :id",
        "UPDATE contact_aliases SET alias = 'w:' || :number WHERE tenant_id = :id",
        "UPDATE messages SET text = :words WHERE tenant_id = :id",
        "UPDATE appointments SET starts_at = :at, ends_at = :end, blocked = tstzrange(:at, :end),"
        " booked_for = :name, notes = :words, calendar_id = 'c@x' WHERE tenant_id = :id",
        "UPDATE inbox_events SET contact_key = 'w:' || :number, body = convert_to(:words, 'UTF8')"
        " WHERE tenant_id = :id",
        "INSERT INTO inbox_events (tenant_id, key, kind, body, state)"
        " VALUES (:id, 's:x:read', 'status', convert_to(:number, 'UTF8'), 'done')",
        "UPDATE quarantined_events SET body = convert_to(:number, 'UTF8') WHERE tenant_id = :id",
        "UPDATE turn_steps SET content = jsonb_build_object('prompt', :words) WHERE tenant_id = :id",
        "UPDATE question_askers SET words = :words WHERE tenant_id = :id",
        "UPDATE open_questions SET words = :words WHERE tenant_id = :id",
        "UPDATE outbox SET body = jsonb_build_object('to', :number) WHERE tenant_id = :id",
        "INSERT INTO outbox (tenant_id, key, lane, kind, body) SELECT :id, 'cal', 'a:' || id,"
        " 'calendar_put', jsonb_build_object('calendar_id', 'c@x', 'event',"
        " jsonb_build_object('summary', :name, 'description', :words))"
        " FROM appointments WHERE tenant_id = :id",
        "INSERT INTO outbox (tenant_id, key, lane, kind, body) VALUES (:id, 'n:asked:1', 'owner',"
        " 'whatsapp', jsonb_build_object('text', :name || ' (+' || :number || '): ' || :words))",
        "INSERT INTO outbox (tenant_id, key, lane, kind, body) VALUES (:id, 'n:misplaced:1',"
        " 'owner', 'whatsapp', jsonb_build_object('text', :name))",
    ):
        names = {name: value for name, value in said.items() if f":{name}" in statement}
        typed = re.sub(r":(number|name|words)\b", r"CAST(:\1 AS text)", statement)
        await api.sql(typed, **names)


async def erase(
    api: Api, shop: FullTenant, *, token: str | None = None, cancel: bool = False, **body: Any
) -> Any:
    wish = {"confirm": str(shop.contact), "cancel_appointments": cancel, **body}
    return await api.ask(
        "POST",
        shop.route(f"/{shop.contact}/erase"),
        token=token or await api.sign_in("operator"),
        json=wish,
    )


async def found(api: Api, words: str) -> set[str]:
    """Return the tables in which something is said anywhere, as text, JSON or bytes."""
    engine = create_engine(
        str(api.platform.shared.settings.database_url), pool_size=1, application_name="tests"
    )
    try:
        async with engine.begin() as connection:
            tables = await connection.execute(
                text(
                    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                    " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
                )
            )
            names = [each for (each,) in tables]
            hexed = words.encode().hex()
            return {
                name
                for name in names
                if (
                    await connection.execute(
                        text(
                            f"SELECT count(*) FROM {name} t WHERE position(:words IN t::text) > 0"
                            " OR position(:hexed IN t::text) > 0"
                        ),
                        {"words": words, "hexed": hexed},
                    )
                ).scalar()
            }
    finally:
        await engine.dispose()


async def test_nothing_of_them_is_found_anywhere_and_the_books_stay(
    api: Api, shop: FullTenant
) -> None:
    await ana(api, shop)
    assert {"contacts", "messages", "outbox", "turn_steps"} <= {
        each.removeprefix("public.") for each in await found(api, NUMBER) | await found(api, WORDS)
    }

    answer = await erase(api, shop)

    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert receipt["counts"]["messages"] == receipt["counts"]["appointments_kept"] == 1
    left = {words: await found(api, words) for words in (NUMBER, NAME, WORDS, "Theo")}
    assert not any(left.values()), left
    assert await found(api, str(shop.contact)) == {"public.audit_entries"}
    [(status, service, contact)] = await api.sql(
        "SELECT status, service_id, contact_id FROM appointments WHERE tenant_id = :id", id=shop.id
    )
    assert (status, service) == ("booked", f"corte-{shop.id}")
    assert contact != shop.contact
    [(event,)] = await api.sql(
        "SELECT body->'event' FROM outbox WHERE tenant_id = :id AND key LIKE 'cal:%'", id=shop.id
    )
    assert (event["summary"], event["existing_only"]) == (f"corte-{shop.id}", True)
    assert (await api.audited())[-1] == "contact.erase"


async def test_nobody_is_left_in_the_list_of_conversations(api: Api, shop: FullTenant) -> None:
    await erase(api, shop, cancel=True)
    token = await api.sign_in("operator")
    listed = (await api.ask("GET", shop.route(""), token=token)).json()
    assert listed["conversations"] == []
    [(nobody,)] = await api.sql("SELECT id FROM contacts WHERE tenant_id = :id", id=shop.id)
    for rest in ("", "/data"):
        gone = await api.ask("GET", shop.route(f"/{nobody}{rest}"), token=token)
        assert gone.status_code == 404
    wish = {"confirm": str(nobody)}
    refused = await api.ask("POST", shop.route(f"/{nobody}/erase"), token=token, json=wish)
    assert refused.status_code == 404
    assert (await erase(api, shop)).status_code == 404


async def test_the_same_number_with_another_business_keeps_everything(
    api: Api, shop: FullTenant
) -> None:
    other = await full_tenant(api)
    await ana(api, shop)
    await ana(api, other)
    tables = [
        "messages",
        "appointments",
        "inbox_events",
        "outbox",
        "turns",
        "contacts",
        "open_questions",
    ]
    count = " + ".join(f"(SELECT count(*) FROM {each} WHERE tenant_id = :id)" for each in tables)
    before = await api.sql(f"SELECT {count}", id=other.id)
    assert (await erase(api, shop)).status_code == 200
    assert await api.sql(f"SELECT {count}", id=other.id) == before
    [(name, wa_id)] = await api.sql(
        "SELECT name, wa_id FROM contacts WHERE tenant_id = :id", id=other.id
    )
    assert (name, wa_id) == (NAME, NUMBER)


async def test_what_lies_ahead_is_refused_or_cancelled_and_nobody_is_told(
    api: Api, shop: FullTenant
) -> None:
    await ana(api, shop, ahead=True)
    refused = await erase(api, shop)
    assert (refused.status_code, "lie ahead: 1" in refused.json()["detail"]) == (409, True)
    assert await found(api, NAME)

    answer = await erase(api, shop, cancel=True)

    assert answer.json()["counts"]["appointments_cancelled"] == 1
    assert await api.sql("SELECT status FROM appointments WHERE tenant_id = :id", id=shop.id) == [
        ("cancelled",)
    ]
    kinds = await api.sql(
        "SELECT DISTINCT kind FROM outbox WHERE tenant_id = :id ORDER BY 1", id=shop.id
    )
    assert kinds == [("calendar_put",), ("calendar_remove",)]
    assert not await found(api, NAME)


async def test_a_question_of_several_is_quoted_in_the_others_words(
    api: Api, shop: FullTenant
) -> None:
    await ana(api, shop)
    other = uuid.uuid4()
    await api.sql(
        "INSERT INTO contacts (tenant_id, id, space) VALUES (:id, :other, 'api')",
        id=shop.id,
        other=other,
    )
    await api.sql(
        "INSERT INTO question_askers (tenant_id, id, question_id, contact_id, words, language,"
        " asked_at) VALUES (:id, :other, :question, :other, 'usam henna?', 'pt-BR', now())",
        id=shop.id,
        other=other,
        question=f"q{shop.id}",
    )
    await erase(api, shop)
    assert await api.sql("SELECT words FROM open_questions WHERE tenant_id = :id", id=shop.id) == [
        ("usam henna?",)
    ]


async def test_it_is_confirmed_by_the_id_and_done_by_who_may(api: Api, shop: FullTenant) -> None:
    for confirm in ("", str(uuid.uuid4())):
        assert (await erase(api, shop, confirm=confirm)).status_code == 422
    for role in ("viewer", "staff"):
        token = await api.sign_in(role, tenant=shop.path if role == "staff" else None)  # type: ignore[arg-type]  # a role
        assert (await erase(api, shop, token=token)).status_code == 403
    assert await api.sql("SELECT 1 FROM messages WHERE tenant_id = :id", id=shop.id)


@pytest.mark.parametrize("days", [1, 30])
async def test_what_meta_may_deliver_again_is_known_by_its_key_alone(
    api: Api, shop: FullTenant, days: int
) -> None:
    await ana(api, shop)
    await api.sql(
        "UPDATE inbox_events SET received_at = now() - CAST(:ago AS interval) WHERE tenant_id = :id",
        ago=timedelta(days=days),
        id=shop.id,
    )
    await erase(api, shop)
    rows = await api.sql(
        "SELECT body, contact_key, state FROM inbox_events WHERE tenant_id = :id AND key LIKE 'm:%'",
        id=shop.id,
    )
    assert rows == ([(b"{}", None, "done")] if days == 1 else [])
