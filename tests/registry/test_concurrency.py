"""Changes that meet: lost updates, and requests that are sent twice."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from tests.registry.office import Office, fields

CLIENT = {"business_name": "Zé"}


def a_name() -> str:
    return f"shop-{uuid.uuid4().hex[:12]}"


async def test_of_two_who_change_what_they_both_read_one_is_refused(office: Office) -> None:
    shop = await office.environment()
    answers = await asyncio.gather(
        *(office.ask("PATCH", shop, seen=1, json={"notes": f"by {who}"}) for who in "abcd")
    )
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]
    found = (await office.ask("GET", shop)).json()
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
    office: Office, method: str, what: str, body: dict | None
) -> None:
    path = f"{await office.offering()}{what}"
    assert (await office.ask(method, path, json=body)).status_code == 428
    for stale in ('"0"', '"2"', 'W/"1"', "1", '"abc"', ""):
        assert (await office.ask(method, path, seen=stale, json=body)).status_code == 412
    assert (await office.ask(method, path, seen='"7", "1"', json=body)).is_success


async def test_whoever_does_not_care_may_say_so(office: Office) -> None:
    shop = await office.environment()
    assert (await office.ask("PATCH", shop, seen="*", json={"notes": "x"})).status_code == 200


async def test_a_change_of_nothing_is_no_new_version(office: Office) -> None:
    shop = await office.environment(notes="x")
    for body in ({}, {"notes": "x"}):
        answer = await office.ask("PATCH", shop, seen=1, json=body)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')


async def test_whoever_writes_the_row_makes_it_another_version(office: Office) -> None:
    shop = await office.offering()
    tenant_id = await office.tenant_id(shop)
    catalogue = await office.catalogues.of(tenant_id)
    await office.save(tenant_id, catalogue)
    assert (await office.ask("GET", shop)).json()["version"] == 2
    for what in ("services/corte", "professionals/ze"):
        assert (await office.ask("GET", f"{shop}/{what}")).json()["version"] > 1


async def test_a_request_sent_again_with_its_key_is_answered_as_before(office: Office) -> None:
    name, key = a_name(), uuid.uuid4().hex
    wish = {"name": name, **CLIENT}
    first = await office.ask("POST", "/clients", json=wish, key=key)
    await office.ask("PATCH", f"/clients/{name}", seen=1, json={"business_name": "Outra"})
    again = await office.ask("POST", "/clients", json=dict(reversed(wish.items())), key=key)
    assert (again.status_code, again.content) == (201, first.content)
    for header in ("location", "etag"):
        assert again.headers[header] == first.headers[header]
    assert [each.action for each in await office.trail(name)] == ["client.create", "client.update"]


async def test_two_equal_requests_at_once_make_one_row(office: Office) -> None:
    name, key = a_name(), uuid.uuid4().hex
    wish = {"name": name, **CLIENT}
    answers = await asyncio.gather(
        *(office.ask("POST", "/clients", json=wish, key=key) for _ in range(5))
    )
    codes = {each.status_code for each in answers}
    assert codes <= {201, 409}
    assert 201 in codes
    for each in answers:
        if each.status_code == 409:
            assert "under way" in each.json()["detail"]
    assert len(await office.trail(name)) == 1
    assert (await office.ask("POST", "/clients", json=wish, key=key)).status_code == 201


async def test_closing_a_day_twice_with_one_key_closes_it_once(office: Office) -> None:
    path, key = f"{await office.environment()}/closed-days", uuid.uuid4().hex
    for _ in range(2):
        made = await office.ask("POST", path, json={"day": "2026-12-25"}, key=key)
        assert made.status_code == 201
    assert len((await office.ask("GET", path)).json()["items"]) == 1


async def test_a_key_is_for_one_request(office: Office) -> None:
    key = uuid.uuid4().hex
    await office.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    other = await office.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    assert (other.status_code, list(fields(other))) == (422, ["Idempotency-Key"])
    one, two = await office.environment(), await office.environment()
    key = uuid.uuid4().hex
    wish = {"id": "corte", "name": "Corte", "duration_minutes": 30}
    assert (await office.ask("POST", f"{one}/services", json=wish, key=key)).status_code == 201
    assert (await office.ask("POST", f"{two}/services", json=wish, key=key)).status_code == 422


async def test_a_key_is_of_one_user(office: Office) -> None:
    name, key = a_name(), uuid.uuid4().hex
    wish = {"name": name, **CLIENT}
    mine = await office.ask("POST", "/clients", json=wish, key=key, role="operator/ana")
    theirs = await office.ask("POST", "/clients", json=wish, key=key, role="operator/bia")
    assert (mine.status_code, theirs.status_code) == (201, 409)
    assert fields(theirs) == {"name": f"there is a client {name} already"}


async def test_a_refused_request_may_be_mended_under_its_key(office: Office) -> None:
    name, key = await office.client(), uuid.uuid4().hex
    taken = await office.ask("POST", "/clients", json={"name": name, **CLIENT}, key=key)
    assert taken.status_code == 409
    free = await office.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    assert free.status_code == 201


async def test_a_key_is_forgotten_after_a_day(office: Office) -> None:
    key = uuid.uuid4().hex
    await office.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    office.now += timedelta(hours=24, seconds=1)
    other = await office.ask("POST", "/clients", json={"name": a_name(), **CLIENT}, key=key)
    assert other.status_code == 201


async def test_what_refers_to_each_other_goes_and_comes_one_after_the_other(office: Office) -> None:
    for _ in range(4):
        shop = await office.offering()
        extra = {"id": "barba", "name": "Barba", "duration_minutes": 30}
        await office.ask("POST", f"{shop}/services", json=extra)
        closed = {"day": "2026-12-24", "professional_id": "beto"}
        beto = {"id": "beto", "name": "Beto", "service_ids": ["corte", "barba"]}
        answers = await asyncio.gather(
            office.ask("DELETE", f"{shop}/services/barba", seen="*"),
            office.ask("POST", f"{shop}/professionals", json=beto),
            office.ask("POST", f"{shop}/closed-days", json=closed),
            office.ask(
                "PATCH", f"{shop}/professionals/ze", seen="*", json={"service_ids": ["barba"]}
            ),
            office.ask("DELETE", f"{shop}/professionals/beto", seen="*"),
        )
        assert {each.status_code for each in answers} <= {200, 201, 204, 404, 422}


async def test_a_day_is_closed_once_whoever_closes_it(office: Office) -> None:
    shop = await office.offering()

    answers = await asyncio.gather(
        *(office.ask("POST", f"{shop}/closed-days", json={"day": "2026-12-25"}) for _ in range(5))
    )

    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409, 409]


async def test_an_environment_of_a_client_that_goes_is_not_found(office: Office) -> None:
    for _ in range(5):
        client = await office.client()
        answers = await asyncio.gather(
            office.ask("DELETE", f"/clients/{client}", seen="*"),
            *(
                office.ask("POST", f"/clients/{client}/environments", json={"environment": each})
                for each in ("staging", "production")
            ),
        )
        assert {each.status_code for each in answers} <= {201, 204, 404, 409}


async def test_the_catalogue_of_an_off_boarded_tenant_changes_no_more(office: Office) -> None:
    shop = await office.offering()
    tenant_id = await office.tenant_id(shop)
    await office.execute("UPDATE tenants SET status = 'offboarded' WHERE id = :id", id=tenant_id)

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
        answer = await office.ask(method, f"{shop}{what}", seen="*", json=body)
        assert answer.status_code == 409, (method, what)
    assert (await office.ask("GET", f"{shop}/services")).status_code == 200
