"""A tenant's appointments for the platform's users: by role, masked for viewers, on the trail."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mcp_platform.kit.queue import schema_for
from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.tenants.tenant import TenantId
from tests.api.world import Shops
from tests.platform_api import Api
from tests.scheduling.shop import catalogue

NUMBER = "5511987654321"
ZONE = ZoneInfo("America/Sao_Paulo")
TODAY = datetime.now(ZONE).date()
DAY = TODAY + timedelta(days=7 - TODAY.weekday())  # a Monday
ANY = {"If-Match": "*"}


def at(clock: str) -> str:
    return datetime.fromisoformat(f"{DAY}T{clock}:00").replace(tzinfo=ZONE).isoformat()


class Shop:
    """A client of the routes of one tenant."""

    def __init__(self, api: Api, path: str) -> None:
        self.api, self.path = api, path

    async def ask(
        self, token: str, method: str, rest: str = "", *, headers: Any = None, **more: Any
    ) -> tuple[int, Any]:
        client, environment = self.path.split("/")
        where = f"/admin/clients/{client}/environments/{environment}/appointments{rest}"
        answer = await self.api.ask(method, where, token=token, headers=headers, **more)
        return answer.status_code, answer.json() if answer.content else None

    async def book(self, token: str, clock: str, **more: Any) -> tuple[int, Any]:
        body = {"service": "corte", "professional": "ze", "start": at(clock), **more}
        headers = body.pop("headers", None)
        return await self.ask(
            token, "POST", headers=headers, json={"whatsapp_number": NUMBER, "name": "Bia", **body}
        )

    async def told(self) -> list[str]:
        rows = await self.api.sql(
            "SELECT body #>> '{message,text,body}' AS said FROM outbox"
            " WHERE kind = 'whatsapp' ORDER BY id"
        )
        return [row.said for row in rows]


async def opened(api: Api) -> Shop:
    path = await api.make_tenant()
    [(tenant,)] = await api.sql(
        "UPDATE tenants SET calendar_id = :path WHERE client_name || '/' || environment = :path"
        " RETURNING id",
        path=path,
    )
    async with api.platform.shared.admin_sessions.everywhere.begin() as session:
        await save_catalogue(session, TenantId(tenant), catalogue())
    return Shop(api, path)


@pytest.fixture
async def shop(api: Api) -> Shop:
    """A barber's shop over calendars in memory."""
    served = TenantAppointments(
        sessions=api.admin.sessions,
        catalogues=api.platform.shared.catalogues,
        agendas=Shops(api.admin.sessions),
        clock=api.clock,
        queue_of=lambda tenant: schema_for(tenant.id, tenant.topology),
    )
    made = replace(api.platform, admin=replace(api.admin, appointments=served))
    return await opened(Api(made, api.clock, api.keys))


async def test_staff_books_for_who_never_wrote_moves_and_cancels(api: Api, shop: Shop) -> None:
    token = await api.sign_in("staff", tenant=shop.path)
    status, free = await shop.ask(
        token, "GET", "/available", params={"date": str(DAY), "service": "corte"}
    )
    assert (status, free["status"]) == (200, "ok")

    status, made = await shop.book(token, "10:00")

    assert (status, made["told"], made["name"]) == (201, "call", "Bia")
    status, listed = await shop.ask(token, "GET", params={"from": str(DAY), "to": str(DAY)})
    assert [each["id"] for each in listed["appointments"]] == [made["id"]]
    one = f"/{made['id']}"
    status, found = await shop.ask(token, "GET", "/calls")
    [call] = found["calls"]
    assert (call["appointment_id"], call["known_start"], call["phone"]) == (
        made["id"],
        None,
        NUMBER,
    )
    move = {"json": {"start": at("11:00")}}
    assert (await shop.ask(token, "PATCH", one, **move))[0] == 428
    assert (await shop.ask(token, "PATCH", one, headers={"If-Match": '"9"'}, **move))[0] == 412
    status, moved = await shop.ask(token, "PATCH", one, headers={"If-Match": '"1"'}, **move)
    assert (status, moved["start"], moved["told"]) == (200, at("11:00"), "call")
    assert (await shop.ask(token, "POST", f"{one}/called"))[0] == 204
    assert (await shop.ask(token, "GET", one))[1]["told"] == "called"
    assert (await shop.ask(token, "GET", "/calls"))[1]["calls"] == []
    assert (await shop.ask(token, "DELETE", one))[0] == 428
    status, gone = await shop.ask(token, "DELETE", one, headers=ANY)
    assert (status, gone["status"], gone["told"]) == (200, "cancelled", "call")
    assert await shop.told() == []
    actions = [each for each in await api.audited() if each.startswith("appointment.")]
    assert actions == ["appointment.book", "appointment.move", "appointment.cancel"]


async def test_in_the_window_a_booking_is_told_by_a_message_once_unless_told_not_to(
    api: Api, shop: Shop
) -> None:
    token = await api.sign_in("operator")
    await shop.book(token, "09:00", tell_customer=False)
    await api.sql("UPDATE contacts SET last_inbound_at = now()")
    assert (await shop.ask(token, "GET", "/calls"))[1]["calls"] == []

    once = {"Idempotency-Key": "1"}
    status, made = await shop.book(token, "10:00", headers=once)
    again = await shop.book(token, "10:00", headers=once)
    _, untold = await shop.book(token, "15:00", tell_customer=False)

    assert (status, made["told"], untold["told"]) == (201, "message", None)
    assert again == (201, made)
    [said] = await shop.told()
    assert said.startswith("📅 Barbearia do Zé marcou um horário para você: Corte com Zé, ")
    assert "às 10:00. Se não der para você, é só responder aqui." in said


async def test_who_does_not_know_of_a_booking_hears_of_it_where_it_ends_up(
    api: Api, shop: Shop
) -> None:
    token = await api.sign_in("operator")
    _, made = await shop.book(token, "10:00")
    _, other = await shop.book(token, "15:00")
    await api.sql("UPDATE contacts SET last_inbound_at = now()")

    for id_, change in ((made["id"], ("PATCH", at("11:00"))), (other["id"], ("DELETE", None))):
        body = {"json": {"start": change[1]}} if change[1] else {}
        status, _ = await shop.ask(token, change[0], f"/{id_}", headers=ANY, **body)
        assert status == 200

    [said] = await shop.told()  # of what was booked and cancelled unheard there is nothing to say
    assert said.startswith("📅 Barbearia do Zé marcou um horário para você: Corte com Zé, ")
    assert "às 11:00" in said
    assert (await shop.ask(token, "GET", "/calls"))[1]["calls"] == []


async def test_roles_see_and_do_what_they_may(api: Api, shop: Shop) -> None:
    other = await api.make_tenant()
    _, made = await shop.book(await api.sign_in("admin"), "10:00", name=NUMBER)
    one = f"/{made['id']}"
    viewer = await api.sign_in("viewer")
    for rest in ("", one, "/calls"):
        status, found = await shop.ask(viewer, "GET", rest)
        assert status == 200
        assert NUMBER not in str(found), rest
    for method, rest, more in (
        ("POST", "", {"json": {}}),
        ("PATCH", one, {"json": {"status": "confirmed"}, "headers": ANY}),
        ("DELETE", one, {"headers": ANY}),
        ("POST", f"{one}/called", {}),
    ):
        assert (await shop.ask(viewer, method, rest, **more))[0] == 403, method
    strangers = await api.sign_in("staff", tenant=other)
    for rest in ("", one, "/calls", "/available"):
        assert (await shop.ask(strangers, "GET", rest))[0] == 404, rest
    assert (await shop.ask(strangers, "DELETE", one, headers=ANY))[0] == 404


async def test_without_credentials_what_stands_is_read_and_cancelled_all_the_same(
    api: Api, shop: Shop
) -> None:
    token, bare = await api.sign_in("operator"), await opened(api)  # has no credentials
    await shop.book(token, "10:00")
    for table in ("contacts", "appointments"):  # as they are, for another tenant
        await api.sql(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(copied)"
            " || jsonb_build_object('tenant_id', tenants.id))).* FROM tenants,"
            f" {table} copied WHERE client_name || '/' || environment = :path",
            path=bare.path,
        )

    assert (await bare.book(token, "11:00"))[0] == 503
    status, listed = await bare.ask(token, "GET")
    [one] = listed["appointments"]
    status, gone = await bare.ask(token, "DELETE", f"/{one['id']}", headers=ANY)
    assert (status, gone["status"]) == (200, "cancelled")
