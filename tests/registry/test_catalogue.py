"""Services, professionals, hours and closed days over the admin API."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mcp_platform.scheduling.catalogue_store import load_catalogue
from mcp_platform.tenants.tenant import TenantId
from tests.cases import cases
from tests.registry.world import NOW, RegistryWorld, fields

CUT = {"id": "corte", "name": "Corte", "duration_minutes": 30}
ZE = {"id": "ze", "name": "Zé", "service_ids": ["corte"]}
MORNING = {"weekday": 0, "opens": "09:00", "closes": "12:00"}


async def test_what_is_registered_is_what_the_assistant_offers(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    await registry.ask("POST", f"{shop}/services", json={**CUT, "price_cents": 5000})
    hours = [MORNING, {"weekday": 5, "opens": "20:00", "closes": "00:00"}]
    await registry.ask("POST", f"{shop}/professionals", json={**ZE, "hours": hours})
    closed = {"day": "2026-12-25", "reason": "Natal"}
    await registry.ask("POST", f"{shop}/closed-days", json=closed)

    async with registry.sessions.everywhere() as session:
        found = await load_catalogue(session, TenantId(await registry.tenant_id(shop)))

    assert found.service("corte").duration == timedelta(minutes=30)
    assert found.service("corte").price_cents == 5000
    assert found.professional("ze").service_ids == {"corte"}
    assert [(each.weekday, f"{each.opens:%H:%M}") for each in found.professional("ze").hours] == [
        (0, "09:00"),
        (5, "20:00"),
    ]
    assert [each.day for each in found.closed_days] == [date(2026, 12, 25)]


async def test_this_process_offers_what_was_changed_at_once(registry: RegistryWorld) -> None:
    shop = await registry.offering()
    tenant_id = TenantId(await registry.tenant_id(shop))
    assert (await registry.catalogues.of(tenant_id)).service("corte").name == "Corte"
    await registry.ask("PATCH", f"{shop}/services/corte", seen=1, json={"name": "Corte e barba"})
    assert (await registry.catalogues.of(tenant_id)).service("corte").name == "Corte e barba"


async def test_a_service_says_who_does_it_and_what_the_menu_leaves_out(
    registry: RegistryWorld,
) -> None:
    shop = await registry.environment()
    made = await registry.ask("POST", f"{shop}/services", json=CUT)
    assert made.json()["professionals"] == 0
    assert "cannot be booked" in made.json()["warnings"][0]
    for index in range(10):
        wish = {**ZE, "id": f"p{index}"}
        assert (await registry.ask("POST", f"{shop}/professionals", json=wish)).status_code == 201
    read = (await registry.ask("GET", f"{shop}/services/corte")).json()
    assert (read["professionals"], read["warnings"]) == (
        10,
        ["The menu shows 9 of the 10 who do it."],
    )
    await registry.ask("PATCH", f"{shop}/professionals/p3", seen=1, json={"active": False})
    read = (await registry.ask("GET", f"{shop}/services/corte")).json()
    assert (read["professionals"], read["warnings"]) == (9, [])


@cases(
    "what, wish, field",
    [
        ("services", {**CUT, "duration_minutes": 4}, "duration_minutes"),
        ("services", {**CUT, "duration_minutes": 30.5}, "duration_minutes"),
        ("services", {**CUT, "price_cents": -1}, "price_cents"),
        ("services", {**CUT, "price_cents": 10**40}, "price_cents"),
        ("services", {**CUT, "currency": "XXZ"}, "currency"),
        ("services", {**CUT, "id": "Corte!"}, "id"),
        ("services", {**CUT, "name": None}, "name"),
        ("services", {**CUT, "active": "yes"}, "active"),
        ("professionals", {**ZE, "service_ids": ["corte", "tintura"]}, "service_ids.1"),
        ("professionals", {**ZE, "service_ids": ["corte", "corte"]}, "service_ids.1"),
        ("professionals", {**ZE, "calendar_id": ""}, "calendar_id"),
        ("professionals", {**ZE, "hours": [MORNING, MORNING]}, "hours.1.opens"),
        ("closed-days", {"day": "2026-02-30"}, "day"),
        ("closed-days", {"day": "9999-12-31"}, "day"),
        ("closed-days", {"day": 20261225}, "day"),
        ("closed-days", {"day": "2026-12-25", "professional_id": "nobody"}, "professional_id"),
        ("closed-days", {"day": "2026-12-25", "reason": ""}, "reason"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    registry: RegistryWorld, what: str, wish: dict[str, Any], field: str
) -> None:
    shop = await registry.offering()
    answer = await registry.ask("POST", f"{shop}/{what}", json={**wish})
    assert (answer.status_code, list(fields(answer))) == (422, [field])


@cases(
    "hours, field",
    [
        ([MORNING, {**MORNING, "opens": "11:59", "closes": "18:00"}], "hours.1.opens"),
        ([{**MORNING, "closes": "00:00"}, {**MORNING, "opens": "23:00"}], "hours.1.closes"),
        (
            [{**MORNING, "closes": "00:00"}, {**MORNING, "opens": "22:00", "closes": "23:00"}],
            "hours.1.opens",
        ),
        ([{**MORNING, "closes": "09:00"}], "hours.0.closes"),
        ([{**MORNING, "opens": "9:00"}], "hours.0.opens"),
        ([{**MORNING, "opens": "24:00"}], "hours.0.opens"),
        ([{**MORNING, "weekday": 7}], "hours.0.weekday"),
        ([{**MORNING, "weekday": True}], "hours.0.weekday"),
    ],
)
async def test_hours_that_cannot_be_are_refused_by_their_place(
    registry: RegistryWorld, hours: list[dict[str, Any]], field: str
) -> None:
    shop = await registry.offering()
    answer = await registry.ask(
        "PUT", f"{shop}/professionals/ze/hours", seen=1, json={"hours": hours}
    )
    assert (answer.status_code, list(fields(answer))) == (422, [field])


async def test_hours_are_replaced_whole_and_are_a_new_version_of_the_professional(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    hours = f"{shop}/professionals/ze/hours"
    afternoon = {"weekday": 0, "opens": "12:00", "closes": "18:00"}
    first = await registry.ask("PUT", hours, seen=1, json={"hours": [afternoon, MORNING]})
    assert first.status_code == 200
    assert first.json() == {"version": 2, "hours": [MORNING, afternoon]}
    assert (await registry.ask("PUT", hours, seen=1, json={"hours": []})).status_code == 412
    assert (await registry.ask("PUT", hours, seen=2, json={"hours": []})).status_code == 200
    assert (await registry.ask("GET", hours)).json() == {"version": 3, "hours": []}
    who = await registry.ask("GET", f"{shop}/professionals/ze")
    assert who.headers["etag"] == '"3"'


async def test_other_services_are_a_new_version_of_the_professional(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    await registry.ask("POST", f"{shop}/services", json={**CUT, "id": "barba"})
    ze = f"{shop}/professionals/ze"
    changed = await registry.ask("PATCH", ze, seen=1, json={"service_ids": ["corte", "barba"]})
    assert changed.status_code == 200
    assert changed.json()["service_ids"] == ["barba", "corte"]
    assert changed.json()["version"] == 2
    same = await registry.ask("PATCH", ze, seen=2, json={"service_ids": ["barba", "corte"]})
    assert same.json()["version"] == 2
    unknown = await registry.ask("PATCH", ze, seen=2, json={"service_ids": ["tintura"]})
    assert (unknown.status_code, list(fields(unknown))) == (422, ["service_ids.0"])


@pytest.mark.parametrize("what", ["services/corte", "professionals/ze"])
async def test_what_has_appointments_ahead_is_made_inactive_not_removed(
    registry: RegistryWorld, what: str
) -> None:
    shop = await registry.offering()
    await registry.book(shop, starts_at=NOW + timedelta(days=1))
    await registry.book(shop, starts_at=NOW + timedelta(days=2), status="cancelled")
    refused = await registry.ask("DELETE", f"{shop}/{what}", seen=1)
    assert refused.status_code == 409
    assert "1 appointments ahead" in refused.json()["detail"]
    off = await registry.ask("PATCH", f"{shop}/{what}", seen=1, json={"active": False})
    assert (off.status_code, off.json()["active"]) == (200, False)


@pytest.mark.parametrize("what", ["services/corte", "professionals/ze"])
async def test_what_had_appointments_is_kept_for_its_history(
    registry: RegistryWorld, what: str
) -> None:
    shop = await registry.offering()
    await registry.book(shop, starts_at=datetime(2026, 1, 5, 10, tzinfo=UTC), status="completed")
    refused = await registry.ask("DELETE", f"{shop}/{what}", seen=1)
    assert refused.status_code == 409
    assert "which are kept" in refused.json()["detail"]


async def test_what_nobody_booked_is_removed_with_all_that_hangs_on_it(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    await registry.ask("PUT", f"{shop}/professionals/ze/hours", seen=1, json={"hours": [MORNING]})
    closed = {"day": "2026-12-24", "professional_id": "ze"}
    await registry.ask("POST", f"{shop}/closed-days", json=closed)

    assert (await registry.ask("DELETE", f"{shop}/services/corte", seen=1)).status_code == 204
    ze = (await registry.ask("GET", f"{shop}/professionals/ze")).json()
    assert (ze["service_ids"], ze["version"]) == ([], 3)

    assert (await registry.ask("DELETE", f"{shop}/professionals/ze", seen=3)).status_code == 204
    assert (await registry.ask("GET", f"{shop}/professionals/ze")).status_code == 404
    assert (await registry.ask("GET", f"{shop}/closed-days")).json()["items"] == []


async def test_a_day_is_closed_changed_and_opened_again(registry: RegistryWorld) -> None:
    shop = await registry.offering()
    made = await registry.ask("POST", f"{shop}/closed-days", json={"day": "2026-12-25"})
    assert made.status_code == 201
    one = made.headers["location"].removeprefix("/api/v1/admin")
    twice = await registry.ask("POST", f"{shop}/closed-days", json={"day": "2026-12-25"})
    assert (twice.status_code, list(fields(twice))) == (409, ["day"])
    theirs = {"day": "2026-12-25", "professional_id": "ze"}
    assert (await registry.ask("POST", f"{shop}/closed-days", json=theirs)).status_code == 201
    changed = await registry.ask("PATCH", one, seen=1, json={"reason": "Natal"})
    assert (changed.json()["day"], changed.json()["reason"]) == ("2026-12-25", "Natal")
    clash = await registry.ask("PATCH", one, seen=2, json={"professional_id": "ze"})
    assert clash.status_code == 409
    assert (await registry.ask("DELETE", one, seen=2)).status_code == 204
    assert (await registry.ask("GET", one)).status_code == 404


async def test_changes_of_the_catalogue_are_in_the_trail_of_the_tenant(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    await registry.ask("PATCH", f"{shop}/services/corte", seen=1, json={"price_cents": 4500})
    path = shop.removeprefix("/clients/").replace("/environments", "")
    made, changed = await registry.trail(f"{path}/corte")
    assert (made.action, changed.action) == ("service.create", "service.update")
    assert changed.tenant_id == await registry.tenant_id(shop)
    assert (changed.before["price_cents"], changed.after["price_cents"]) == (None, 4500)
