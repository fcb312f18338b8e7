"""Changes that meet: lost updates, and requests that are sent twice."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from tests.registry.world import RegistryWorld, fields

CLIENT = {"business_name": "Zé"}


def a_name() -> str:
    return f"shop-{uuid.uuid4().hex[:12]}"


async def test_of_two_who_change_what_they_both_read_one_is_refused(
    registry: RegistryWorld,
) -> None:
    shop = await registry.environment()
    answers = await asyncio.gather(
        *(registry.ask("PATCH", shop, seen=1, json={"notes": f"by {who}"}) for who in "abcd")
    )
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]
    found = (await registry.ask("GET", shop)).json()
    (won,) = [each.json()["notes"] for each in answers if each.status_code == 200]
    assert (found["notes"], found["version"]) == (won, 2)


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("PATCH", "", {"notes": "x"}),
        ("PATCH", "/services/corte", {"name": "x"}),
        ("DELETE", "/services/corte", None),
        ("PATCH", "/professionals/ze", {"name": "x"}),
        ("DELETE", "/professionals/ze", None),
        ("PUT", "/professionals/ze/hours", {"hours": []}),
    ],
)
async def test_a_change_must_say_of_what_it_is_one(
    registry: RegistryWorld, method: str, what: str, body: dict | None
) -> None:
    path = f"{await registry.offering()}{what}"
    assert (await registry.ask(method, path, json=body)).status_code == 428
    for stale in ('"0"', '"2"', 'W/"1"', "1", '"abc"', ""):
        assert (await registry.ask(method, path, seen=stale, json=body)).status_code == 412
    assert (await registry.ask(method, path, seen='"7", "1"', json=body)).is_success


async def test_whoever_does_not_care_may_say_so(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    assert (await registry.ask("PATCH", shop, seen="*", json={"notes": "x"})).status_code == 200


async def test_a_change_of_nothing_is_no_new_version(registry: RegistryWorld) -> None:
    shop = await registry.environment(notes="x")
    for body in ({}, {"notes": "x"}):
        answer = await registry.ask("PATCH", shop, seen=1, json=body)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')


async def test_whoever_writes_the_row_makes_it_another_version(registry: RegistryWorld) -> None:
    shop = await registry.offering()
    tenant_id = await registry.tenant_id(shop)
    catalogue = await registry.catalogues.of(tenant_id)
    await registry.save(tenant_id, catalogue)
    assert (await registry.ask("GET", shop)).json()["version"] == 2
    for what in ("services/corte", "professionals/ze"):
        assert (await registry.ask("GET", f"{shop}/{what}")).json()["version"] > 1


async def test_a_request_sent_again_with_its_key_is_answered_as_before(
    registry: RegistryWorld,
) -> None:
    name, key = a_name(), uuid.uuid4().hex
    wish = {"name": name, **CLIENT}
    first = await registry.ask("POST", "/clients", json=wish, key=key)
    await registry.ask("PATCH", f"/clients/{name}", seen=1, json={"business_name": "Outra"})
    again = await registry.ask("POST", "/clients", json=dict(reversed(wish.items())), key=key)
    assert (again.status_code, again.content) == (201, first.content)
    for header in ("location", "etag"):
        assert again.headers[header] == first.headers[header]
    assert [each.action for each in await registry.trail(name)] == [
        "client.create",
        "client.update",
    ]


async def test_two_equal_requests_at_once_make_one_row(registry: RegistryWorld) -> None:
    name, key = a_name(), uuid.uuid4().hex
    wish = {"name": name, **CLIENT}
    answers = await asyncio.gather(
        *(registry.ask("POST", "/clients", json=wish, key=key) for _ in range(5))
    )
    codes = {each.status_code for each in answers}
    assert codes <= {201, 409}
    assert 201 in codes
    for each in answers:
        if each.status_code == 409:
            assert "under way" in each.json()["detail"]
    assert len(await registry.trail(name)) == 1
    assert (await registry.ask("POST", "/clients", json=wish, key=key)).status_code == 201


async def test_closing_a_day_twice_with_one_key_closes_it_once(registry: RegistryWorld) -> None:
    path, key = f"{await registry.environment()}/closed-days", uuid.uuid4().hex
    for _ in range(2):
        made = await registry.ask("POST", path, json={"day": "2026-12-25"}, key=key)
        assert made.status_code == 201
    assert len((await registry.ask("GET", path)).json()["items"]) == 1


async def test_a_key_is_for_one_request(registry: RegistryWorld) -> None:
    key = uuid.uuid4().hex
    await registry.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    other = await registry.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    assert (other.status_code, list(fields(other))) == (422, ["Idempotency-Key"])
    one, two = await registry.environment(), await registry.environment()
    key = uuid.uuid4().hex
    wish = {"id": "corte", "name": "Corte", "duration_minutes": 30}
    assert (await registry.ask("POST", f"{one}/services", json=wish, key=key)).status_code == 201
    assert (await registry.ask("POST", f"{two}/services", json=wish, key=key)).status_code == 422


async def test_a_key_is_of_one_user(registry: RegistryWorld) -> None:
    name, key = a_name(), uuid.uuid4().hex
    wish = {"name": name, **CLIENT}
    mine = await registry.ask("POST", "/clients", json=wish, key=key, role="operator/ana")
    theirs = await registry.ask("POST", "/clients", json=wish, key=key, role="operator/bia")
    assert (mine.status_code, theirs.status_code) == (201, 409)
    assert fields(theirs) == {"name": f"there is a client {name} already"}


async def test_a_refused_request_may_be_mended_under_its_key(registry: RegistryWorld) -> None:
    name, key = await registry.client(), uuid.uuid4().hex
    taken = await registry.ask("POST", "/clients", json={"name": name, **CLIENT}, key=key)
    assert taken.status_code == 409
    free = await registry.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    assert free.status_code == 201


async def test_a_key_is_forgotten_after_a_day(registry: RegistryWorld) -> None:
    key = uuid.uuid4().hex
    await registry.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    registry.now += timedelta(hours=24, seconds=1)
    other = await registry.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    assert other.status_code == 201


async def test_what_refers_to_each_other_goes_and_comes_one_after_the_other(
    registry: RegistryWorld,
) -> None:
    for _ in range(4):
        shop = await registry.offering()
        extra = {"id": "barba", "name": "Barba", "duration_minutes": 30}
        await registry.ask("POST", f"{shop}/services", json=extra)
        closed = {"day": "2026-12-24", "professional_id": "beto"}
        beto = {"id": "beto", "name": "Beto", "service_ids": ["corte", "barba"]}
        answers = await asyncio.gather(
            registry.ask("DELETE", f"{shop}/services/barba", seen="*"),
            registry.ask("POST", f"{shop}/professionals", json=beto),
            registry.ask("POST", f"{shop}/closed-days", json=closed),
            registry.ask(
                "PATCH", f"{shop}/professionals/ze", seen="*", json={"service_ids": ["barba"]}
            ),
            registry.ask("DELETE", f"{shop}/professionals/beto", seen="*"),
        )
        assert {each.status_code for each in answers} <= {200, 201, 204, 404, 422}


async def test_a_day_is_closed_once_whoever_closes_it(registry: RegistryWorld) -> None:
    shop = await registry.offering()

    answers = await asyncio.gather(
        *(registry.ask("POST", f"{shop}/closed-days", json={"day": "2026-12-25"}) for _ in range(5))
    )

    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409, 409]


async def test_an_environment_of_a_client_that_goes_is_not_found(registry: RegistryWorld) -> None:
    for _ in range(5):
        client = await registry.client()
        answers = await asyncio.gather(
            registry.ask("DELETE", f"/clients/{client}", seen="*"),
            *(
                registry.ask("POST", f"/clients/{client}/environments", json={"environment": each})
                for each in ("staging", "production")
            ),
        )
        assert {each.status_code for each in answers} <= {201, 204, 404, 409}


async def test_the_catalogue_of_an_off_boarded_tenant_changes_no_more(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    tenant_id = await registry.tenant_id(shop)
    await registry.execute("UPDATE tenants SET status = 'offboarded' WHERE id = :id", id=tenant_id)

    for method, what, body in (
        ("POST", "/services", {"id": "barba", "name": "Barba", "duration_minutes": 30}),
        ("PATCH", "/services/corte", {"name": "Corte!"}),
        ("DELETE", "/services/corte", None),
        ("POST", "/professionals", {"id": "beto", "name": "Beto"}),
        ("PATCH", "/professionals/ze", {"active": False}),
        ("PUT", "/professionals/ze/hours", {"hours": []}),
        ("DELETE", "/professionals/ze", None),
        ("POST", "/closed-days", {"day": "2026-12-25"}),
    ):
        answer = await registry.ask(method, f"{shop}{what}", seen="*", json=body)
        assert answer.status_code == 409, (method, what)
    assert (await registry.ask("GET", f"{shop}/services")).status_code == 200
