"""What `config.json` says of catalogues: in, out, and in again without a change."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.publishing.config_export import export_config
from mcp_platform.publishing.config_form import read_config, schema
from mcp_platform.publishing.config_import import ConfigImport, Plan
from mcp_platform.scheduling.catalogue_store import load_catalogue
from mcp_platform.tenants.models import TenantRow
from tests.factories import add_appointment, add_contact

ACTOR = Actor(kind="command", subject="tests", role="admin")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
WEEK = [{"weekday": 0, "opens": "09:00", "closes": "12:00"}]
CATALOGUE = {
    "services": [
        {"id": "corte", "name": "Corte", "duration_minutes": 30, "price_cents": 4500},
        {"id": "barba", "name": "Barba", "duration_minutes": 20, "active": False},
    ],
    "professionals": [{"id": "ze", "name": "Zé", "service_ids": ["corte", "barba"], "hours": WEEK}],
    "closed_days": [
        {"day": "2026-12-24", "begins": "12:00", "ends": "00:00", "professional_id": "ze"},
        {"day": "2026-12-25", "reason": "Natal"},
    ],
    "holidays_of": "BR-SP",
    "own_holidays": [{"day": "01-25", "name": "Aniversário"}],
}


def file(catalogue: dict[str, Any], **more: Any) -> bytes:
    shop = {"client_name": "shop", "environments": {"production": {"catalogue": catalogue}}}
    return json.dumps({"clients": [shop], **more}).encode()


async def imported(sessions: Sessions, content: bytes) -> Plan:
    async with sessions.everywhere.begin() as session:
        importing = ConfigImport(session, ACTOR, read_config(content), unsaid="shared", now=NOW)
        plan = await importing.plan()
        await importing.apply(plan)
    return plan


async def exported(sessions: Sessions, *, catalogue: bool) -> dict[str, Any]:
    async with sessions.everywhere() as session:
        found: dict[str, Any] = json.loads(await export_config(session, catalogue=catalogue))
    return found


def changed(plan: Plan) -> list[tuple[str, str, str]]:
    return [
        (step.kind, step.name, step.action) for step in plan.steps if step.action != "unchanged"
    ]


async def test_a_catalogue_goes_in_and_out_and_in_again_without_a_change(
    sessions: Sessions,
) -> None:
    await imported(sessions, file(CATALOGUE))
    async with sessions.everywhere() as session:
        tenant = (await session.scalars(TenantRow.__table__.select())).one()
        found = await load_catalogue(session, tenant)
    assert found.professional("ze").service_ids == {"corte"}  # the other is inactive
    assert [(each.day.day, each.begins) for each in found.closed_days] == [
        (24, found.closed_days[0].begins), (25, None),
    ]  # fmt: skip
    assert f"{found.closed_days[0].begins:%H:%M}" == "12:00"

    out = await exported(sessions, catalogue=True)
    assert not list(Draft202012Validator(schema()).iter_errors(out))
    told = out["clients"][0]["environments"]["production"]["catalogue"]
    assert told["professionals"][0]["hours"] == WEEK
    assert told["own_holidays"] == CATALOGUE["own_holidays"]
    assert changed(await imported(sessions, json.dumps(out).encode())) == []
    assert changed(await imported(sessions, file(CATALOGUE))) == []
    # What goes into the manifests repository has no people and no prices.
    plain = await exported(sessions, catalogue=False)
    assert "catalogue" not in plain["clients"][0]["environments"]["production"]


async def test_what_differs_is_changed_and_what_is_not_named_stays(sessions: Sessions) -> None:
    await imported(sessions, file(CATALOGUE))
    plan = await imported(
        sessions,
        file(
            {
                "services": [
                    {"id": "corte", "name": "Corte", "duration_minutes": 45},
                    {"id": "tintura", "name": "Tintura", "duration_minutes": 90},
                ],
                "professionals": [{"id": "ze", "name": "Zé", "service_ids": ["tintura"]}],
            }
        ),
    )
    assert changed(plan) == [
        ("service", "corte", "update"),
        ("service", "tintura", "create"),
        ("professional", "ze", "update"),
    ]
    out = await exported(sessions, catalogue=True)
    told = out["clients"][0]["environments"]["production"]["catalogue"]
    assert {each["id"]: each["duration_minutes"] for each in told["services"]} == {
        "barba": 20, "corte": 45, "tintura": 90,
    }  # fmt: skip
    assert told["professionals"][0]["service_ids"] == ["tintura"]
    assert told["professionals"][0]["hours"] == WEEK
    assert len(told["closed_days"]) == 2


@pytest.mark.parametrize(
    ("catalogue", "field"),
    [
        ({"services": [{"id": "x", "name": "X"}]}, "duration_minutes"),
        ({"services": [{"id": "x", "name": "X", "duration_minutes": 30, "currency": "XXZ"}]},
         "currency"),
        ({"professionals": [{"id": "x", "name": "X", "service_ids": ["y"]}]}, "service_ids.0"),
        ({"professionals": [{"id": "x", "name": "X", "calendar_id": "primary"}]}, "calendar_id"),
        ({"closed_days": [{"day": "2026-02-30"}]}, "days.0.day"),
        ({"closed_days": [{"day": "2026-12-25", "ends": "10:00"}]}, "begins"),
        ({"holidays_of": "BR-XX"}, "holidays_of"),
        ({"own_holidays": [{"day": "13-45", "name": "X"}]}, "own_holidays.0.day"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_its_field_and_nothing_is_kept(
    sessions: Sessions, catalogue: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await imported(sessions, file(catalogue))
    assert any(field in each for each in refused.value.fields), refused.value.fields
    assert (await exported(sessions, catalogue=True))["clients"] == []


async def test_a_field_of_a_catalogue_that_nobody_knows_is_told_and_passed_over(
    sessions: Sessions,
) -> None:
    odd = {"services": [{"id": "x", "name": "X", "duration_minutes": 30, "colour": "red"}]}
    config = read_config(file(odd))
    assert ["colour" in each for each in config.warnings] == [True]
    await imported(sessions, file(odd))
    with pytest.raises(Invalid, match="not as docs"):
        read_config(file(odd, version=1))


async def test_a_closed_day_with_bookings_stops_an_import_until_it_says_what_becomes_of_them(
    sessions: Sessions,
) -> None:
    await imported(sessions, file({**CATALOGUE, "closed_days": []}))
    async with sessions.everywhere.begin() as session:
        tenant_id = await session.scalar(select(TenantRow.id))
        contact = await add_contact(session, tenant_id, space="api")
        begin = datetime(2026, 12, 25, 13, tzinfo=UTC)
        await add_appointment(session, tenant_id, contact, starts_at=begin)
    christmas = {"day": "2026-12-25"}
    with pytest.raises(Conflict, match="1 bookings then") as refused:
        await imported(sessions, file({"closed_days": [christmas]}))
    assert list(refused.value.fields) == ["shop/production bookings"]
    await imported(sessions, file({"closed_days": [{**christmas, "bookings": "keep"}]}))
    assert changed(await imported(sessions, file({"closed_days": [christmas]}))) == []
