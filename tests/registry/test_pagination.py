"""Pages and filters of the registry's lists."""

import base64
import uuid

import pytest

from tests.cases import cases
from tests.registry.world import RegistryWorld, fields


async def everything(
    registry: RegistryWorld, path: str, *, limit: int, **query: object
) -> list[dict]:
    """Return what all pages hold, one after the other."""
    found: list[dict] = []
    cursor = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = await registry.ask("GET", path, params={"limit": limit, **query, **more})
        assert page.status_code == 200, page.text
        assert len(page.json()["items"]) <= limit
        found += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return found


async def five_clients(registry: RegistryWorld, **more: str) -> tuple[str, list[str]]:
    mark = f"pg{uuid.uuid4().hex[:8]}"
    names = [f"{mark}-{letter}" for letter in "abcde"]
    for name in names:
        await registry.client(name=name, **more)
    return mark, names


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 200])
async def test_pages_hold_everything_once_and_in_order(registry: RegistryWorld, limit: int) -> None:
    mark, names = await five_clients(registry)
    found = await everything(registry, "/clients", limit=limit, prefix=mark)
    assert [each["name"] for each in found] == names


async def test_what_comes_and_goes_between_two_pages_skips_nothing(registry: RegistryWorld) -> None:
    mark, names = await five_clients(registry)
    first = await registry.ask("GET", "/clients", params={"limit": 2, "prefix": mark})
    await registry.client(name=f"{mark}-0")
    await registry.ask("DELETE", f"/clients/{names[0]}", seen=1)
    cursor = first.json()["next_cursor"]
    rest = await registry.ask("GET", "/clients", params={"prefix": mark, "cursor": cursor})
    assert [each["name"] for each in rest.json()["items"]] == names[2:]


async def test_clients_are_found_by_words_of_their_business(registry: RegistryWorld) -> None:
    word = uuid.uuid4().hex[:8]
    mark, names = await five_clients(registry, business_name=f"Barbearia {word} 100% _")
    for text in (word.upper(), f"{word} 100%", "% _"):
        found = await everything(registry, "/clients", limit=50, prefix=mark, text=text)
        assert [each["name"] for each in found] == names
    assert await everything(registry, "/clients", limit=50, prefix=mark, text="1_0%") == []


async def test_environments_are_filtered_across_clients(registry: RegistryWorld) -> None:
    mark, names = await five_clients(registry)
    for name in names:
        await registry.environment(name)
    await registry.environment(names[0], environment="staging", topology="isolated")
    shop = f"/clients/{names[1]}/environments/production"
    await registry.ask("PATCH", shop, seen=1, json={"status": "suspended"})

    async def paths(path: str = "/environments", **query: str) -> list[str]:
        given = query if path != "/environments" else {"client_prefix": mark, **query}
        found = await everything(registry, path, limit=2, **given)
        return [f"{each['client_name'][-1]}/{each['environment']}" for each in found]

    production = [f"{letter}/production" for letter in "abcde"]
    assert await paths() == [production[0], "a/staging", *production[1:]]
    assert await paths(topology="isolated") == ["a/staging"]
    assert await paths(status="suspended") == ["b/production"]
    assert await paths(environment="production") == production
    assert await paths(text=names[3].upper()) == ["d/production"]
    assert await paths(f"/clients/{names[0]}/environments") == ["a/production", "a/staging"]
    assert await paths(f"/clients/{names[0]}/environments", topology="shared") == ["a/production"]


async def test_the_catalogue_is_told_in_the_owners_order(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    for position, service_id in ((3, "a"), (1, "c"), (1, "b"), (2, "d")):
        wish = {"id": service_id, "name": "X", "duration_minutes": 30, "position": position}
        await registry.ask("POST", f"{shop}/services", json=wish)
    found = await everything(registry, f"{shop}/services", limit=1)
    assert [each["id"] for each in found] == ["b", "c", "d", "a"]
    await registry.ask("PATCH", f"{shop}/services/c", seen=1, json={"active": False})
    offered = await everything(registry, f"{shop}/services", limit=2, active=True)
    assert [each["id"] for each in offered] == ["b", "d", "a"]


async def test_closed_days_are_told_by_day(registry: RegistryWorld) -> None:
    shop = await registry.offering()
    for day in ("2027-01-01", "2026-12-25", "2026-12-31"):
        await registry.ask("POST", f"{shop}/closed-days", json={"day": day})
    wish = {"day": "2026-12-25", "professional_id": "ze"}
    await registry.ask("POST", f"{shop}/closed-days", json=wish)
    found = await everything(registry, f"{shop}/closed-days", limit=1)
    assert [each["day"] for each in found] == ["2026-12-25"] * 2 + ["2026-12-31", "2027-01-01"]
    span = {"from": "2026-12-26", "to": "2026-12-31"}
    found = await everything(registry, f"{shop}/closed-days", limit=9, **span)
    assert [each["day"] for each in found] == ["2026-12-31"]
    found = await everything(registry, f"{shop}/closed-days", limit=9, professional_id="ze")
    assert len(found) == 1


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@cases(
    "path, cursor",
    [
        ("/clients", "é"),
        ("/clients", "%%%"),
        ("/clients", "A"),
        ("/clients", encoded("{}")),
        ("/clients", encoded('["a", "b"]')),
        ("/clients", encoded("[1]")),
        ("/clients", encoded('["a\\u0000"]')),
        ("/clients", encoded('["\\ud800"]')),
        ("/clients", encoded("[" * 200)),
        ("/services", encoded('[99999999999999999999, "a"]')),
        ("/services", encoded('[-1, "a"]')),
        ("/closed-days", encoded('["2026-13-01", 1]')),
        ("/closed-days", encoded('["+12026-01-01", 1]')),
    ],
)
async def test_a_cursor_of_somebody_elses_is_refused(
    registry: RegistryWorld, path: str, cursor: str
) -> None:
    where = path if path == "/clients" else f"{await registry.environment()}{path}"
    answer = await registry.ask("GET", where, params={"cursor": cursor})
    assert (answer.status_code, list(fields(answer))) == (422, ["cursor"])


@cases(
    "query, field",
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"text": "a\u0000"}, "text"),
        ({"prefix": ""}, "prefix"),
        ({"sort": "name"}, "sort"),
    ],
)
async def test_a_query_that_is_not_as_documented_is_refused(
    registry: RegistryWorld, query: dict, field: str
) -> None:
    answer = await registry.ask("GET", "/clients", params=query)
    assert (answer.status_code, list(fields(answer))) == (422, [field])
