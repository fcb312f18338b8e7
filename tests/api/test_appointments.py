"""`/appointments`: booking by a tenant's own systems, over the same agenda."""

import asyncio
import re
from contextvars import ContextVar
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.scheduling.availability import SearchWindow
from tests.api.world import NOW, TUESDAY, Business, World
from tests.cases import cases

NUMBER = "5511987654321"
SUNDAY = "2026-12-06"


async def free(shop: Business, **query: Any) -> httpx.Response:
    wanted = {"date": TUESDAY, "service": "corte", **query}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    return await shop.ask("GET", "/appointments/available", params=wanted)


async def page(shop: Business, **query: Any) -> dict[str, Any]:
    answer = await shop.ask("GET", "/appointments/list", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def at(time: str, day: str = TUESDAY) -> str:
    return f"{day}T{time}:00-03:00"


async def test_a_day_has_its_free_slots_with_offsets(shop: Business) -> None:
    answer = await free(shop)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["date"], said["time_zone"], said["status"]) == (TUESDAY, "America/Sao_Paulo", "ok")
    assert said["slots"][0] == {
        "start": at("08:00"),
        "end": at("08:30"),
        "service": "corte",
        "professional": "ze",
    }
    assert said["slots"][-1]["end"] == at("18:00")
    assert len(said["slots"]) == 20
    assert said["next_slots"] == []


async def test_a_closed_day_says_so_and_what_comes_next(shop: Business) -> None:
    said = (await free(shop, date=SUNDAY)).json()
    assert (said["status"], said["slots"]) == ("closed", [])
    assert said["next_slots"][0]["start"] == at("08:00", "2026-12-07")


@cases("day", ["1970-01-01", "2999-12-31", "2026-11-29"])
async def test_days_out_of_reach_have_no_slots(shop: Business, day: str) -> None:
    answer = await free(shop, date=day)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["slots"]) == ("out_of_range", [])


@pytest.mark.parametrize(("minutes", "service"), [(60, "pacote"), (31, "pacote"), (45, "pacote")])
async def test_a_duration_means_the_shortest_service_that_is_long_enough(
    shop: Business, minutes: int, service: str
) -> None:
    answer = await free(shop, service=None, duration=minutes)
    assert answer.status_code == 200
    assert {each["service"] for each in answer.json()["slots"]} == {service}


@cases(
    "query, field, said",
    [
        ({"service": None, "duration": 30}, "service", "corte, barba"),
        ({"service": None}, "service", "corte, pacote, barba"),
        ({"service": None, "duration": 61}, "duration", "no service"),
        ({"duration": 60}, "duration", "another time"),
        ({"service": "nada"}, "service", "no such"),
        ({"professional": "nobody"}, "professional", "nobody"),
        ({"date": "01/12/2026"}, "date", "YYYY-MM-DD"),
        ({"date": "1796000000"}, "date", "YYYY-MM-DD"),
        ({"date": "2026-02-30"}, "date", ""),
        ({"date": "9999-12-31"}, "date", ""),
        ({"date": None}, "date", "required"),
        ({"service": None, "duration": "x"}, "duration", ""),
        ({"service": None, "duration": 0}, "duration", ""),
        ({"page": 1}, "page", ""),
        ({"service": "a\x00"}, "service", ""),
    ],
)
async def test_an_unclear_question_is_refused_with_its_field(
    shop: Business, query: dict[str, Any], field: str, said: str
) -> None:
    answer = await free(shop, **query)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert said in error["detail"] + answer.json()["detail"]


async def test_while_the_calendar_is_unreadable_nothing_is_free_and_nothing_is_booked(
    shop: Business,
) -> None:
    booked = (await shop.create("16:00")).json()
    shop.calendar.unreadable.add("shop@example.com")
    for answer in (
        await free(shop),
        await shop.create(),
        await shop.create(professional=None),
        await shop.ask("PATCH", f"/appointments/{booked['id']}", json={"start": at("09:00")}),
    ):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"
    assert [each.status for each in await shop.appointments()] == ["booked"]


async def test_a_booking_can_be_read_where_its_location_says(shop: Business) -> None:
    answer = await shop.create(name="Ana", service="pacote")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    location = answer.headers["location"]
    assert location == f"/{shop.path}/api/v1/appointments/{made['id']}"
    read = await shop.ask("GET", location.removeprefix(f"/{shop.path}/api/v1"))
    assert read.json() == made
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'
    assert made == {
        "id": made["id"],
        "status": "booked",
        "service": "pacote",
        "service_name": "Pacote",
        "professional": "ze",
        "professional_name": "Zé",
        "start": at("10:00"),
        "end": at("11:00"),
        "name": "Ana",
        "person": None,
        "note": None,
        "user_id": "ana",
        "contact_id": made["contact_id"],
        "price_cents": 8000,
        "currency": "BRL",
        "version": 1,
        "told": None,
    }


async def test_without_a_professional_whoever_is_free_is_booked(shop: Business) -> None:
    answers = [
        await shop.create(professional=None, user_id=user) for user in ("ana", "bia", "cris")
    ]
    assert [each.status_code for each in answers] == [201, 201, 409]
    assert {each.json()["professional"] for each in answers[:2]} == {"ze", "ana"}


async def test_a_taken_slot_is_a_conflict_with_alternatives(shop: Business) -> None:
    await shop.create(user_id="ana")
    answer = await shop.create(user_id="bia", service="corte")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["status"] == 409
    assert problem["alternatives"]
    first = problem["alternatives"][0]
    again = await shop.create(
        user_id="bia", start=first["start"], professional=first["professional"]
    )
    assert again.status_code == 201


@pytest.mark.parametrize("professional", ["ze", None])
async def test_a_retried_booking_is_one_booking(shop: Business, professional: str | None) -> None:
    headers = {"Idempotency-Key": "order-1"}
    answers = await asyncio.gather(
        *(shop.create(professional=professional, headers=headers) for _ in range(8))
    )
    answers.append(await shop.create(professional=professional, headers=headers))
    assert {each.status_code for each in answers} == {201}
    assert len({each.json()["id"] for each in answers}) == 1
    assert len(await shop.appointments()) == 1


async def test_a_retry_finds_the_booking_as_it_is_now(shop: Business) -> None:
    headers = {"Idempotency-Key": "order-1"}
    made = (await shop.create(headers=headers)).json()
    await shop.ask("DELETE", f"/appointments/{made['id']}")
    again = await shop.create(headers=headers)
    assert (again.status_code, again.json()["id"]) == (201, made["id"])
    assert again.json()["status"] == "cancelled"


async def test_a_key_used_for_another_booking_is_refused(shop: Business) -> None:
    headers = {"Idempotency-Key": "order-1"}
    await shop.create("10:00", headers=headers)
    again = await shop.create("11:00", headers=headers)
    assert again.status_code == 422
    assert again.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_one_key_of_two_users_is_two_bookings(shop: Business) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await shop.create("10:00", user_id="ana", headers=headers)
    second = await shop.create("11:00", user_id="bia", headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)


async def test_a_contact_has_at_most_so_many_appointments_ahead(shop: Business) -> None:
    answers = [await shop.create(f"1{hour}:00") for hour in range(6)]
    assert [each.status_code for each in answers] == [201] * 5 + [409]
    assert "5" in answers[-1].json()["detail"]


async def test_booking_for_a_whatsapp_contact_needs_the_scope(shop: Business) -> None:
    known = await shop.writes_on_whatsapp(NUMBER)
    token = shop.token(scopes=frozenset({"appointments:write"}))
    refused = await shop.create(whatsapp_number=NUMBER, token=token)
    booked = await shop.create(whatsapp_number="(11) 98765-4321", user_id=None)
    assert [each.status_code for each in (refused, booked)] == [403, 201]
    assert booked.json()["contact_id"] == str(known)
    assert booked.json()["user_id"] is None
    assert (await shop.create("11:00", user_id=None)).status_code == 422
    nobodys = await shop.create("11:00", whatsapp_number="00000000000")
    assert (nobodys.status_code, nobodys.json()["errors"][0]["field"]) == (422, "whatsapp_number")


async def test_who_never_wrote_is_booked_for_and_found_once_they_write(shop: Business) -> None:
    headers = {"Idempotency-Key": "order-1"}
    booked = [
        await shop.create(whatsapp_number=NUMBER, name="Bia", headers=headers) for _ in range(2)
    ]
    assert [each.status_code for each in booked] == [201, 201]
    assert len(await shop.appointments()) == 1
    [contact] = await shop.contacts()
    assert (contact.space, contact.name, contact.last_inbound_at) == ("whatsapp", "Bia", None)
    # Meta's ids of older numbers lack the ninth digit.
    assert await shop.writes_on_whatsapp("551187654321") == contact.id


@pytest.mark.parametrize("user_id", [f"w:{NUMBER}", NUMBER, f"u:{NUMBER}"])
async def test_no_user_id_books_for_a_whatsapp_contact_or_lists_theirs(
    shop: Business, user_id: str
) -> None:
    known = await shop.writes_on_whatsapp(NUMBER)
    await shop.create("09:00", whatsapp_number=NUMBER)
    booked = await shop.create("11:00", user_id=user_id)
    assert booked.json()["contact_id"] != str(known)
    listed = (await page(shop, user_id=user_id))["appointments"]
    assert [each["id"] for each in listed] == [booked.json()["id"]]


@cases(
    "wrong, field",
    [
        ({"service": "nada"}, "service"),
        ({"professional": "nobody"}, "professional"),
        ({"start": f"{TUESDAY}T10:00:00"}, "start"),
        ({"start": f"{TUESDAY} 10:00:00-03:00"}, "start"),
        ({"start": 1796000000}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"start": "9999-12-31T23:59:59-14:00"}, "start"),
        ({"start": "2026-13-01T10:00:00-03:00"}, "start"),
        ({"start": at("10:07")}, "start"),
        ({"start": at("03:00")}, "start"),
        ({"start": at("10:00", SUNDAY)}, "start"),
        ({"start": at("10:00", "2026-11-02")}, "start"),
        ({"start": at("10:00", "2028-12-01")}, "start"),
        ({"user_id": "a\u0000"}, "user_id"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"whatsapp_number": "55 11"}, "whatsapp_number"),
        ({"status": "booked"}, "status"),
        ({"price_cents": 1}, "price_cents"),
    ],
)
async def test_a_booking_that_cannot_be_is_refused_with_its_field(
    shop: Business, wrong: dict[str, Any], field: str
) -> None:
    for professional in ("ze", None):
        answer = await shop.create(**{"professional": professional, **wrong})
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await shop.appointments() == []


@cases("key", ["", "x" * 129, "a b"])
async def test_an_odd_idempotency_key_is_refused(shop: Business, key: str) -> None:
    answer = await shop.create(headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_an_appointment_is_moved_in_place(shop: Business) -> None:
    made = (await shop.create()).json()
    answer = await shop.ask(
        "PATCH", f"/appointments/{made['id']}", json={"start": at("15:00"), "professional": "ana"}
    )
    assert answer.status_code == 200, answer.text
    moved = answer.json()
    assert (moved["id"], moved["start"], moved["professional"]) == (made["id"], at("15:00"), "ana")
    assert (moved["version"], answer.headers["etag"]) == (2, '"2"')
    assert (await shop.create(user_id="bia")).status_code == 201


async def test_moving_onto_another_appointment_is_a_conflict_with_alternatives(
    shop: Business,
) -> None:
    await shop.create("15:00", user_id="bia")
    made = (await shop.create("10:00")).json()
    answer = await shop.ask("PATCH", f"/appointments/{made['id']}", json={"start": at("15:00")})
    assert answer.status_code == 409
    assert answer.json()["alternatives"]


async def test_what_was_changed_meanwhile_is_not_changed_blindly(shop: Business) -> None:
    made = await shop.create()
    path, seen = f"/appointments/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    moved = await shop.ask("PATCH", path, json={"start": at("11:00")}, headers=seen)
    assert moved.status_code == 200
    stale = [
        await shop.ask("PATCH", path, json={"start": at("12:00")}, headers=seen),
        await shop.ask("PATCH", path, json={"status": "confirmed"}, headers=seen),
        await shop.ask("DELETE", path, headers=seen),
        await shop.ask("DELETE", path, headers={"If-Match": 'W/"2"'}),
        await shop.ask("DELETE", path, headers={"If-Match": "garbage"}),
    ]
    assert {each.status_code for each in stale} == {412}
    assert (await shop.ask("GET", path)).json() == moved.json()
    for tag in ('"2"', "*"):
        again = await shop.ask("DELETE", path, headers={"If-Match": tag})
        assert again.status_code == 200


async def test_of_two_who_saw_the_same_version_one_moves_it(shop: Business) -> None:
    made = await shop.create()
    answers = await asyncio.gather(
        *(
            shop.ask(
                "PATCH",
                f"/appointments/{made.json()['id']}",
                json={"start": at(time)},
                headers={"If-Match": '"1"'},
            )
            for time in ("11:00", "12:00", "13:00", "14:00")
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]


async def test_cancelling_twice_is_cancelling_once(shop: Business) -> None:
    made = (await shop.create()).json()
    first, second = [await shop.ask("DELETE", f"/appointments/{made['id']}") for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert (first.json()["status"], first.json()["version"]) == ("cancelled", 2)
    assert (await shop.create(user_id="bia")).status_code == 201


async def test_what_became_of_an_appointment_is_marked(world: World, shop: Business) -> None:
    made = (await shop.create()).json()
    path = f"/appointments/{made['id']}"
    marked = []

    async def mark(status: str) -> int:
        answer = await shop.ask("PATCH", path, json={"status": status}, token=token)
        marked.append(answer.json().get("version"))
        return answer.status_code

    token = shop.token(ttl=timedelta(days=3))
    assert await mark("confirmed") == 200
    assert await mark("confirmed") == 200  # repeatable, and no new version
    assert await mark("completed") == 409  # it has not begun
    world.now = NOW + timedelta(days=1, hours=2)
    assert await mark("no_show") == 200
    assert await mark("completed") == 200  # corrected
    assert await mark("confirmed") == 409
    assert marked == [2, 2, None, 3, 4, None]
    deleted = await shop.ask("DELETE", path, token=token)
    moved = await shop.ask("PATCH", path, json={"start": at("15:00")}, token=token)
    assert (deleted.status_code, moved.status_code) == (409, 409)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"status": "confirmed", "start": at("11:00")},
        {"status": "booked"},
        {"status": "cancelled"},
        {"start": at("11:01")},
        {"start": None},
        {"service": "nada"},
        {"professional": "nobody"},
        {"user_id": "bia"},
        {"name": "Bia"},
    ],
)
async def test_a_change_that_cannot_be_is_refused(shop: Business, change: dict[str, Any]) -> None:
    made = (await shop.create()).json()
    answer = await shop.ask("PATCH", f"/appointments/{made['id']}", json=change)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_a_hold_is_nobodys_to_see(shop: Business) -> None:
    made = (await shop.create()).json()
    await shop.execute(
        "UPDATE appointments SET status = 'held', hold_expires_at = now() WHERE tenant_id = :tenant"
    )
    path = f"/appointments/{made['id']}"
    assert (await page(shop))["appointments"] == []
    assert (await shop.ask("GET", path)).status_code == 404
    assert (await shop.ask("DELETE", path)).status_code == 404
    assert (
        await shop.ask("PATCH", path, json={"status": "confirmed"}, headers={"If-Match": '"1"'})
    ).status_code == 404


@cases("made_up", ["x", "create", "1", "%00", "..%2f", "12345678"])
async def test_what_is_no_id_is_no_appointment(shop: Business, made_up: str) -> None:
    answer = await shop.ask("DELETE", f"/appointments/{made_up}")
    assert answer.status_code in (404, 405)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_list_is_paged_without_loss_even_among_equal_starts(shop: Business) -> None:
    ids = []
    for number, (time, who) in enumerate(
        (time, who) for time in ("10:00", "10:30", "11:00") for who in ("ze", "ana")
    ):
        made = await shop.create(time, professional=who, user_id=f"user-{number}")
        ids.append((made.json()["start"], made.json()["id"]))
    seen, cursor = [], None
    while True:
        said = await page(shop, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [(each["start"], each["id"]) for each in said["appointments"]]
        cursor = said["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(ids)


async def test_a_list_is_narrowed(shop: Business, other: Business) -> None:
    await other.create("17:30", user_id="ana")
    await shop.create("17:30", user_id="ana")
    await shop.create(start=at("08:00", "2026-12-02"), user_id="bia")
    gone = (await shop.create(start=at("10:00", "2026-12-03"), user_id="bia")).json()
    await shop.ask("DELETE", f"/appointments/{gone['id']}")

    async def starts(**query: Any) -> list[str]:
        return [each["start"][:10] for each in (await page(shop, **query))["appointments"]]

    assert await starts() == [TUESDAY, "2026-12-02", "2026-12-03"]
    assert await starts(**{"from": "2026-12-02"}) == ["2026-12-02", "2026-12-03"]
    assert await starts(to=TUESDAY) == [TUESDAY]
    assert await starts(**{"from": TUESDAY, "to": TUESDAY}) == [TUESDAY]
    assert await starts(user_id="bia") == ["2026-12-02", "2026-12-03"]
    assert await starts(user_id="nobody") == []
    assert await starts(status="cancelled") == ["2026-12-03"]
    assert await starts(user_id="bia", status="booked") == ["2026-12-02"]
    assert await starts(**{"from": "1970-01-01", "to": "2999-12-31"}) == await starts()


@cases(
    "query",
    [
        {"cursor": "x"},
        {"cursor": "é"},
        {"cursor": "MjAyNi0xMi0wMXwx"},
        {"cursor": "x" * 201},
        {"limit": 0},
        {"limit": 201},
        {"status": "held"},
        {"from": "yesterday"},
        {"to": "9999-12-31"},
        {"first": TUESDAY},
        {"user_id": ""},
        {"contact_id": "x"},
    ],
)
async def test_an_odd_list_is_refused(shop: Business, query: dict[str, Any]) -> None:
    answer = await shop.ask("GET", "/appointments/list", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_a_longer_list_takes_no_more_statements(
    shop: Business, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await page(shop)  # tenant and catalogue are in their caches now
    engine: AsyncEngine = world.sessions.everywhere.kw["bind"]
    said: list[str] = []
    rows = Driver.rows
    # What else runs in this process asks as well: only what this test asks is counted.
    ours = ContextVar("ours", default=False)
    ours.set(True)

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if ours.get():
            said.append(statement)

    async def noted(driver: Driver, statement: Sql, **values: Any) -> list[Any]:
        if ours.get():
            said.append(statement.text)
        return await rows(driver, statement, **values)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    monkeypatch.setattr(Driver, "rows", noted)
    counts = []
    for number in range(6):
        await shop.create(f"1{number}:00", user_id=f"user-{number}")
        said.clear()
        assert len((await page(shop))["appointments"]) == number + 1
        counts.append(len(said))
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert counts == [1] * 6


async def test_everything_that_is_answered_is_documented(world: World) -> None:
    document = world.app.openapi()
    base = "/{client_name}/{environment}/api/v1"
    documented = {
        (method, path.removeprefix(base)): set(operation["responses"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    always = {"401", "403", "404", "422", "503"}
    one, conversation = "/appointments/{appointment_id}", "/conversations/{conversation_id}"
    assert documented == {
        ("post", "/chat"): {"200", "202", "408", "409", "413", *always},
        ("get", "/appointments/available"): {"200", *always},
        ("get", "/appointments/list"): {"200", *always},
        ("post", "/appointments/create"): {"201", "408", "409", "413", *always},
        ("get", one): {"200", *always},
        ("patch", one): {"200", "408", "409", "412", "413", *always},
        ("delete", one): {"200", "409", "412", *always},
        ("get", "/appointments/calls"): {"200", *always},
        ("post", f"{one}/called"): {"204", *always},
        ("post", f"{one}/undo"): {"200", "409", *always},
        ("get", "/appointments/sheet"): {"200", *always},
        ("get", "/appointments/check"): {"200", *always},
        ("post", "/appointments/preview"): {"200", "408", "413", *always},
        ("post", f"{one}/preview"): {"200", "408", "413", *always},
        ("get", "/conversations"): {"200", *always},
        ("post", "/conversation-search"): {"200", "408", "413", *always},
        ("get", conversation): {"200", *always},
        ("get", f"{conversation}/messages"): {"200", *always},
        ("post", f"{conversation}/take"): {"200", "408", "409", "413", *always},
        ("post", f"{conversation}/reply"): {"200", "408", "409", "413", *always},
        ("post", f"{conversation}/return"): {"200", *always},
    }
    text = str(document)
    assert "HTTPValidationError" not in text
    parameters = document["paths"][f"{base}{one}"]["get"]["parameters"]
    assert {each["name"] for each in parameters if each["in"] == "path"} == {
        "client_name",
        "environment",
        "appointment_id",
    }
    assert document["components"]["securitySchemes"]["tenantToken"]["scheme"] == "bearer"
    references = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert references <= set(document["components"]["schemas"])


async def test_a_bug_and_a_database_that_is_away_are_problems_too(
    shop: Business, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failure, status in ((RuntimeError("secret"), 500), (ConnectionRefusedError("secret"), 503)):

        async def fail(*_: Any, raised: Exception = failure, **__: Any) -> None:
            raise raised

        monkeypatch.setattr(world.appointments, "page", fail)
        answer = await shop.ask("GET", "/appointments/list")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert "secret" not in answer.text


async def test_days_at_the_edges_of_the_calendar_are_answered_by_the_rules(shop: Business) -> None:
    """The API's own bounds are not what keeps the rules from failing."""
    tenant = await shop.world.tenants.by_id(shop.id)
    for day in (date.min, date.max):
        found = await shop.world.appointments.available(
            tenant, day=day, service="corte", minutes=None, professional=None
        )
        assert found.status == "out_of_range"
        assert SearchWindow(first=day, last=day).first == day
