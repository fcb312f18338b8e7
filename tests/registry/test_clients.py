"""Clients over the admin API."""

from typing import Any

import pytest

from tests.cases import cases
from tests.registry.world import RegistryWorld, fields


async def test_a_client_is_added_read_changed_and_removed(registry: RegistryWorld) -> None:
    wish = {"name": "salao-da-lu", "business_name": "Salão da Lu"}
    made = await registry.ask("POST", "/clients", json=wish)
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/admin/clients/salao-da-lu"
    assert made.headers["etag"] == '"1"'

    read = await registry.ask("GET", "/clients/salao-da-lu", role="viewer")
    assert read.json() == made.json()
    assert read.headers["etag"] == '"1"'

    changed = await registry.ask(
        "PATCH", "/clients/salao-da-lu", seen=1, json={"business_name": "Lu Hair"}
    )
    assert changed.status_code == 200
    assert (changed.json()["business_name"], changed.headers["etag"]) == ("Lu Hair", '"2"')
    assert changed.json()["updated_at"] > made.json()["updated_at"]

    assert (await registry.ask("DELETE", "/clients/salao-da-lu", seen=2)).status_code == 204
    assert (await registry.ask("GET", "/clients/salao-da-lu")).status_code == 404


async def test_every_change_is_in_the_trail_with_before_and_after(registry: RegistryWorld) -> None:
    name = await registry.client()
    await registry.ask("PATCH", f"/clients/{name}", seen=1, json={"business_name": "Outra"})
    await registry.ask("PATCH", f"/clients/{name}", seen=2, json={"business_name": "Outra"})
    await registry.ask("DELETE", f"/clients/{name}", seen=2)

    made, changed, removed = await registry.trail(name)
    assert [made.action, changed.action, removed.action] == [
        "client.create",
        "client.update",
        "client.delete",
    ]
    assert (made.actor, made.role, made.before) == ("operator", "operator", None)
    assert changed.before["business_name"] == "Barbearia do Zé"
    assert changed.after["business_name"] == "Outra"
    assert removed.after is None


async def test_a_refused_change_leaves_no_trail(registry: RegistryWorld) -> None:
    name = await registry.client()
    assert (await registry.ask("DELETE", f"/clients/{name}", seen=9)).status_code == 412
    assert [each.action for each in await registry.trail(name)] == ["client.create"]


@pytest.mark.parametrize("name", ["api", "console", "admin", "health", "platform"])
async def test_a_name_the_platform_uses_itself_is_refused(
    registry: RegistryWorld, name: str
) -> None:
    answer = await registry.ask("POST", "/clients", json={"name": name, "business_name": "Zé"})
    assert answer.status_code == 422
    assert "the platform itself" in fields(answer)["name"]


@cases(
    "wish, field",
    [
        ({"name": "UPPER", "business_name": "Zé"}, "name"),
        ({"name": "ab", "business_name": "Zé"}, "name"),
        ({"name": "shop-", "business_name": "Zé"}, "name"),
        ({"name": "shop-one"}, "business_name"),
        ({"name": "shop-one", "business_name": ""}, "business_name"),
        ({"name": "shop-one", "business_name": "  \u00a0"}, "business_name"),
        ({"name": "shop-one", "business_name": "Z\u0000"}, "business_name"),
        ({"name": "shop-one", "business_name": "Z\n"}, "business_name"),
        ({"name": "shop-one", "business_name": 7}, "business_name"),
        ({"name": "shop-one", "business_name": "Zé", "plan": "gold"}, "plan"),
    ],
)
async def test_what_is_not_as_documented_is_refused_by_its_field(
    registry: RegistryWorld, wish: dict[str, Any], field: str
) -> None:
    answer = await registry.ask("POST", "/clients", json=wish)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert list(fields(answer)) == [field]


async def test_half_a_character_is_refused(registry: RegistryWorld) -> None:
    body = b'{"name": "shop-one", "business_name": "\\ud800"}'
    answer = await registry.ask("POST", "/clients", content=body)
    assert (answer.status_code, list(fields(answer))) == (422, ["business_name"])


async def test_a_name_is_given_once(registry: RegistryWorld) -> None:
    name = await registry.client()
    answer = await registry.ask("POST", "/clients", json={"name": name, "business_name": "Zé"})
    assert answer.status_code == 409
    assert fields(answer) == {"name": f"there is a client {name} already"}


async def test_null_does_not_empty_what_must_be_there(registry: RegistryWorld) -> None:
    name = await registry.client()
    answer = await registry.ask("PATCH", f"/clients/{name}", seen=1, json={"business_name": None})
    assert (answer.status_code, list(fields(answer))) == (422, ["business_name"])


async def test_a_client_with_environments_stays(registry: RegistryWorld) -> None:
    name = await registry.client()
    await registry.environment(name)
    answer = await registry.ask("DELETE", f"/clients/{name}", seen=1)
    assert answer.status_code == 409
    assert "production" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("admin", 200, 201),
        ("operator", 200, 201),
        ("viewer", 200, 403),
        ("staff", 403, 403),
        (None, 401, 401),
        ("nobody", 401, 401),
    ],
)
async def test_operators_write_viewers_read_and_staff_does_neither(
    registry: RegistryWorld, role: str | None, reads: int, writes: int
) -> None:
    assert (await registry.ask("GET", "/clients", role=role)).status_code == reads
    wish = {"name": f"by-{role or 'none'}", "business_name": "Zé"}
    assert (await registry.ask("POST", "/clients", role=role, json=wish)).status_code == writes
