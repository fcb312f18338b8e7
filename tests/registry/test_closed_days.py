"""Closing on days, hours and holidays, with the bookings that there are then."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.registry.world import NOW, RegistryWorld, fields

MORNING_OF_THE_2ND = datetime(2026, 12, 2, 13, tzinfo=UTC)  # ten o'clock in São Paulo


async def _booked(registry: RegistryWorld) -> str:
    shop = await registry.offering()
    await registry.book(shop, starts_at=MORNING_OF_THE_2ND)
    return shop


async def _statuses(registry: RegistryWorld, shop: str) -> list[str]:
    tenant_id = await registry.tenant_id(shop)
    async with registry.sessions.everywhere() as session:
        found = await session.execute(
            text("SELECT status FROM appointments WHERE tenant_id = :id"), {"id": tenant_id}
        )
        return [row.status for row in found]


async def test_who_closes_a_day_with_bookings_is_told_of_them_and_says_what_becomes_of_them(
    registry: RegistryWorld,
) -> None:
    shop = await _booked(registry)
    days = f"{shop}/closed-days"

    refused = await registry.ask("POST", days, json={"day": "2026-12-02"})
    assert (refused.status_code, list(fields(refused))) == (409, ["bookings"])
    (booking,) = refused.json()["bookings"]
    assert (booking["starts_at"], booking["service"], booking["professional"]) == (
        "2026-12-02T10:00:00-03:00",
        "Corte",
        "Zé",
    )
    assert (await registry.ask("GET", days)).json()["items"] == []

    elsewhere = [
        {"day": "2026-12-03"},
        {"day": "2026-12-02", "begins": "10:30", "ends": "00:00"},
        {"day": "2026-12-02", "begins": "00:00", "ends": "10:00"},
    ]
    for each in elsewhere:
        assert (await registry.ask("POST", days, json=each)).status_code == 201, each
    reaching = {"day": "2026-12-02", "begins": "10:29", "ends": "12:00"}
    assert (await registry.ask("POST", days, json=reaching)).status_code == 409

    kept = await registry.ask("POST", days, json={**reaching, "bookings": "keep"})
    assert kept.status_code == 201
    assert await _statuses(registry, shop) == ["booked"]
    one = kept.headers["location"].removeprefix("/api/v1/admin")
    moved = {"begins": "10:00"}
    assert (await registry.ask("PATCH", one, seen=1, json=moved)).status_code == 409
    named = await registry.ask("PATCH", one, seen=1, json={"reason": "Dentista"})
    assert named.status_code == 200
    cancelled = await registry.ask("PATCH", one, seen=2, json={**moved, "bookings": "cancel"})
    assert cancelled.status_code == 200
    assert await _statuses(registry, shop) == ["cancelled"]


async def test_a_range_is_closed_as_a_whole_or_not_at_all_and_twice_is_once(
    registry: RegistryWorld,
) -> None:
    shop = await _booked(registry)
    many = f"{shop}/closed-days/many"
    days = [{"day": f"2026-12-0{day}", "reason": "Férias"} for day in (1, 2, 3)]

    refused = await registry.ask("POST", many, json={"days": days})
    assert (refused.status_code, len(refused.json()["bookings"])) == (409, 1)
    assert (await registry.ask("GET", f"{shop}/closed-days")).json()["items"] == []

    wish = {"days": [{**each, "bookings": "cancel"} for each in days]}
    done = (await registry.ask("POST", many, json=wish)).json()
    assert [each["day"] for each in done["items"]] == ["2026-12-01", "2026-12-02", "2026-12-03"]
    assert (len(done["cancelled"]), done["kept"]) == (1, [])
    again = (await registry.ask("POST", many, json={"days": days})).json()
    assert ([each["id"] for each in again["items"]], again["cancelled"]) == (
        [each["id"] for each in done["items"]],
        [],
    )
    wrong = await registry.ask(
        "POST", many, json={"days": [{"day": "2026-12-04", "begins": "09:00"}]}
    )
    assert (wrong.status_code, list(fields(wrong))) == (422, ["ends"])


async def test_what_is_cancelled_leaves_the_calendar_too(registry: RegistryWorld) -> None:
    shop = await _booked(registry)
    await registry.execute("UPDATE appointments SET calendar_id = 'ze@example.com'")
    await registry.ask(
        "POST", f"{shop}/closed-days", json={"day": "2026-12-02", "bookings": "cancel"}
    )
    tenant_id = await registry.tenant_id(shop)
    async with registry.sessions.everywhere() as session:
        found = await session.execute(
            text("SELECT kind FROM outbox WHERE tenant_id = :id"), {"id": tenant_id}
        )
        assert [row.kind for row in found] == ["calendar_remove"]


async def test_whose_booking_is_cancelled_is_told_or_listed_to_be_called(
    registry: RegistryWorld,
) -> None:
    shop = await _booked(registry)
    closed = {"day": "2026-12-02", "bookings": "cancel"}
    await registry.ask("POST", f"{shop}/closed-days", json=closed)
    async with registry.sessions.everywhere() as session:
        rows = await session.execute(
            text("SELECT key, by, called_at FROM tellings WHERE tenant_id = :id"),
            {"id": await registry.tenant_id(shop)},
        )
        [telling] = rows.all()
    assert (telling.key, telling.called_at) == (None, None)  # they never wrote
    async with registry.sessions.everywhere() as session:
        trail = "SELECT actor FROM audit_entries WHERE action = 'appointment.cancel'"
        assert telling.by in set(await session.scalars(text(trail)))


async def test_bookings_that_are_over_and_those_of_others_are_not_in_the_way(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    await registry.ask("POST", f"{shop}/professionals", json={"id": "ana", "name": "Ana"})
    await registry.book(shop, starts_at=NOW - timedelta(hours=2))  # this morning
    await registry.book(shop, starts_at=MORNING_OF_THE_2ND)
    for wish in ({"day": "2026-11-30"}, {"day": "2026-12-02", "professional_id": "ana"}):
        assert (await registry.ask("POST", f"{shop}/closed-days", json=wish)).status_code == 201


async def test_holidays_are_offered_and_closed_on_only_where_somebody_says_yes(
    registry: RegistryWorld,
) -> None:
    shop = await registry.environment()
    town = {"own_holidays": [{"day": "01-25", "name": "Aniversário"}], "holidays_of": "BR-SP"}
    assert (await registry.ask("PATCH", shop, seen=1, json=town)).status_code == 200
    holidays, days = f"{shop}/holidays/2027", f"{shop}/closed-days"

    offered = (await registry.ask("GET", holidays)).json()
    named = {each["day"]: each for each in offered["items"]}
    assert named["2027-02-09"] == {
        "day": "2027-02-09", "name": "Carnaval", "optional": True, "closed": False
    }  # fmt: skip
    assert named["2027-01-25"]["name"] == "Aniversário"
    assert named["2027-07-09"]["name"] == "Revolução Constitucionalista"
    assert not offered["decided"]
    assert (await registry.ask("GET", days)).json()["items"] == []

    chosen = await registry.ask("PUT", holidays, json={"days": ["2027-02-09", "2027-12-25"]})
    assert [each["reason"] for each in chosen.json()["items"]] == ["Carnaval", "Natal"]
    offered = (await registry.ask("GET", holidays)).json()
    assert [each["day"] for each in offered["items"] if each["closed"]] == [
        "2027-02-09", "2027-12-25",
    ]  # fmt: skip
    assert offered["decided"]
    assert (await registry.ask("GET", shop)).json()["holidays_decided"] == 2027

    for year, day in (("2027", "2027-03-03"), ("2031", "2027-12-25")):
        wrong = await registry.ask("PUT", f"{shop}/holidays/{year}", json={"days": [day]})
        assert (wrong.status_code, list(fields(wrong))) == (422, ["days.0"])
    assert (await registry.ask("GET", f"{shop}/holidays/2032")).status_code == 422


async def test_a_holiday_with_bookings_is_not_decided_until_it_is_said_what_becomes_of_them(
    registry: RegistryWorld,
) -> None:
    shop = await registry.offering()
    await registry.book(shop, starts_at=datetime(2026, 12, 25, 13, tzinfo=UTC))
    refused = await registry.ask("PUT", f"{shop}/holidays/2026", json={"days": ["2026-12-25"]})
    assert refused.status_code == 409
    assert len(refused.json()["bookings"]) == 1
    assert (await registry.ask("GET", shop)).json()["holidays_decided"] is None
    none = await registry.ask("PUT", f"{shop}/holidays/2026", json={"days": []})
    assert none.json() == {"items": [], "kept": [], "cancelled": []}
    assert (await registry.ask("GET", shop)).json()["holidays_decided"] == 2026
