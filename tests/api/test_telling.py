"""What a business changes of an appointment reaches its customer: by a message, or by a call."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from mcp_platform.audit.trail import CallerTrail
from mcp_platform.outbox.outbox import Outbox
from mcp_platform.retention import prune
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.telling import worded
from mcp_platform.templates.texts import own_words
from mcp_platform.tenants.tenant import Tenant
from tests.api.world import NOW, TUESDAY, Business, World
from tests.scheduling.shop import PlainCommit

NUMBER = "5511987654321"
STAFF = CallerTrail("lia@example.com", role="staff")


async def booked(
    shop: Business, at: str = "10:00", *, ago: timedelta | None = timedelta(0), **more: Any
) -> str:
    """Book for a contact who wrote so long ago; None: never. Return the appointment's id."""
    made = await shop.create(at, whatsapp_number=NUMBER, name="Bia", **more)
    assert made.status_code == 201, made.text
    await shop.execute(
        "UPDATE contacts SET last_inbound_at = :at WHERE tenant_id = :tenant",
        at=None if ago is None else NOW - ago,
    )
    return str(made.json()["id"])


async def move(shop: Business, id_: str, at: str, **more: Any) -> httpx.Response:
    body = {"start": f"{TUESDAY}T{at}:00-03:00", **more}
    answer = await shop.ask("PATCH", f"/appointments/{id_}", json=body)
    assert answer.status_code == 200, answer.text
    return answer


async def cancel(shop: Business, id_: str, **query: Any) -> httpx.Response:
    answer = await shop.ask("DELETE", f"/appointments/{id_}", params=query)
    assert answer.status_code == 200, answer.text
    return answer


async def calls(shop: Business, **query: Any) -> list[dict[str, Any]]:
    token = shop.token(ttl=timedelta(days=30))  # the clock of a test is moved on
    answer = await shop.ask("GET", "/appointments/calls", params=query, token=token)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["calls"])


async def told(shop: Business) -> list[str]:
    sent = sorted(await shop.sent(), key=lambda each: each.id)
    return [each.body["message"]["text"]["body"] for each in sent]


async def tenant_of(shop: Business) -> Tenant:
    return await shop.world.tenants.by_id(shop.id)


async def test_in_the_window_a_move_and_a_cancellation_are_told_by_message(shop: Business) -> None:
    id_ = await booked(shop)
    moved = await move(shop, id_, "14:00")
    await move(shop, id_, "14:00")  # as it stands already
    gone = await cancel(shop, id_)
    await cancel(shop, id_)

    assert (moved.json()["told"], gone.json()["told"]) == ("message", "message")
    assert await told(shop) == [
        "📅 Seu horário em Barbearia do Zé mudou: era amanhã, terça-feira, 1º de dezembro, às 10:00;"
        " agora é Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 14:00. Se não der para"
        " você, é só responder aqui.",
        "❌ Seu horário em Barbearia do Zé foi cancelado: Corte com Zé, amanhã, terça-feira, 1º de"
        " dezembro, às 14:00. Para marcar outro, é só responder aqui.",
    ]
    [contact] = await shop.contacts()
    assert {each.lane for each in await shop.sent()} == {f"c:{contact.id}"}
    assert [(each.author, each.content) for each in await shop.messages()] == [
        ("system", {"by": "site"})
    ] * 2
    assert await calls(shop) == []
    assert [each[1] for each in await shop.audited()] == [
        "appointment.book",
        "appointment.move",
        "appointment.cancel",
    ]


async def test_told_not_to_nobody_is_told_and_nobody_is_listed(shop: Business) -> None:
    for number, ago in enumerate((timedelta(0), None)):
        id_ = await booked(shop, f"1{number}:00", ago=ago)
        assert (await move(shop, id_, f"1{number}:30", tell_customer=False)).json()["told"] is None
        assert (await cancel(shop, id_, tell_customer=False)).json()["told"] is None
    assert await told(shop) == []
    assert await calls(shop) == []


@pytest.mark.parametrize("ago", [None, timedelta(hours=24)])
async def test_outside_the_window_they_are_listed_until_they_are_called(
    shop: Business, ago: timedelta | None
) -> None:
    later = await booked(shop, "15:00", ago=ago)
    first = await booked(shop, "16:00", ago=ago)
    assert (await cancel(shop, later)).json()["told"] == "call"
    assert (await move(shop, first, "09:00")).json()["told"] == "call"

    found = await calls(shop)

    assert [each["appointment_id"] for each in found] == [first, later]  # the most urgent first
    assert found[0] == {
        "appointment_id": first,
        "call_by": f"{TUESDAY}T09:00:00-03:00",
        "known_start": f"{TUESDAY}T16:00:00-03:00",
        "status": "booked",
        "start": f"{TUESDAY}T09:00:00-03:00",
        "service_name": "Corte",
        "professional_name": "Zé",
        "name": "Bia",
        "phone": NUMBER,
        "conversation_id": str((await shop.contacts())[0].id),
        "changed_by": "site",
        "changed_at": NOW.isoformat().replace("+00:00", "Z"),
        "error": None,
    }
    page = await shop.ask("GET", "/appointments/calls", params={"limit": 1})
    [second] = await calls(shop, cursor=page.json()["next_cursor"])
    assert second["appointment_id"] == later
    assert (await shop.ask("POST", f"/appointments/{first}/called")).status_code == 204
    assert [each["appointment_id"] for each in await calls(shop)] == [later]
    shown = (await shop.ask("GET", f"/appointments/{first}")).json()
    assert shown["told"] == "called"
    assert await told(shop) == []


async def test_outside_the_window_an_approved_template_tells_it(shop: Business) -> None:
    for purpose in ("moved", "cancelled"):
        await shop.execute(
            "INSERT INTO message_templates (tenant_id, purpose, language, version, name, words,"
            " buttons, own, status, category, wanted_at, changed_at) VALUES (:tenant, :purpose,"
            " 'pt-BR', 1, 'mcp_' || :purpose || '_v1', :words, '{}', false, 'APPROVED', 'UTILITY',"
            " now(), now())",
            purpose=purpose,
            words=own_words(purpose, "pt-BR"),
        )
    later = await booked(shop, "15:00", ago=timedelta(hours=25))
    first = await booked(shop, "16:00", ago=timedelta(hours=25))
    assert (await cancel(shop, later)).json()["told"] == "message"
    assert (await move(shop, first, "09:00")).json()["told"] == "message"
    assert await calls(shop) == []
    sent = sorted(await shop.sent(), key=lambda each: each.id)
    said = [each.body["message"]["template"] for each in sent]
    assert [each["name"] for each in said] == ["mcp_cancelled_v1", "mcp_moved_v1"]
    moved = {
        each["parameter_name"]: each["text"] for each in said[1]["components"][0]["parameters"]
    }
    assert moved["before"].endswith("16:00")
    assert moved["when"].endswith("9:00")


async def test_a_call_is_listed_until_the_start_and_no_longer(shop: Business, world: World) -> None:
    gone, moved = await booked(shop, "10:00", ago=None), await booked(shop, "15:00", ago=None)
    await cancel(shop, gone)
    await move(shop, moved, "09:00")
    start = datetime.fromisoformat(f"{TUESDAY}T10:00:00-03:00")
    for at, expected in (
        (start - timedelta(minutes=1), {gone, moved}),
        (start, {moved}),  # who comes at three still does not know that it was at nine
        (start + timedelta(hours=5), set()),
    ):
        world.now = at
        assert {each["appointment_id"] for each in await calls(shop)} == expected


async def test_what_a_customer_believes_is_what_they_were_told_last(shop: Business) -> None:
    id_ = await booked(shop, "10:00", ago=None)
    await move(shop, id_, "11:00")
    await move(shop, id_, "12:00")
    [call] = await calls(shop)
    assert call["known_start"] == f"{TUESDAY}T10:00:00-03:00"
    await shop.execute(
        "UPDATE contacts SET last_inbound_at = :at WHERE tenant_id = :tenant", at=NOW
    )
    await move(shop, id_, "13:00")
    [message] = await told(shop)
    assert "era amanhã, terça-feira, 1º de dezembro, às 10:00; agora é" in message
    assert await calls(shop) == []

    back = await booked(shop, "15:00", ago=None)
    await move(shop, back, "16:00")
    assert (await move(shop, back, "15:00")).json()["told"] is None  # as they believe
    assert await calls(shop) == []


async def test_a_message_that_does_not_arrive_becomes_a_call(shop: Business) -> None:
    id_ = await booked(shop)
    await cancel(shop, id_)
    for state in ("pending", "sending", "uncertain", "sent", "delivered", "failed", "dead"):
        await shop.execute(
            "UPDATE outbox SET state = :state, error = 'Undeliverable'"
            " WHERE tenant_id = :tenant AND kind = 'whatsapp'",
            state=state,
        )
        found = [(each["appointment_id"], each["error"]) for each in await calls(shop)]
        expected = [(id_, "Undeliverable")] if state in ("failed", "dead") else []
        assert found == expected, state


@pytest.mark.parametrize("state", ["pending", "sending", "uncertain"])
async def test_a_message_that_still_waits_after_minutes_becomes_a_call(
    shop: Business, world: World, state: str
) -> None:
    id_ = await booked(shop)
    await cancel(shop, id_)
    await shop.execute(
        "UPDATE outbox SET state = :state WHERE tenant_id = :tenant AND kind = 'whatsapp'",
        state=state,
    )
    world.now = NOW + timedelta(minutes=9)
    assert await calls(shop) == []
    world.now = NOW + timedelta(minutes=11)
    assert [each["appointment_id"] for each in await calls(shop)] == [id_]
    await shop.execute(
        "UPDATE outbox SET state = 'sent' WHERE tenant_id = :tenant AND kind = 'whatsapp'"
    )
    assert await calls(shop) == []


async def test_what_was_sent_and_not_delivered_for_half_a_day_becomes_a_call(
    shop: Business, world: World
) -> None:
    id_ = await booked(shop)
    await cancel(shop, id_)
    put = "UPDATE outbox SET state = :state WHERE tenant_id = :tenant AND kind = 'whatsapp'"
    await shop.execute(put, state="sent")
    world.now = NOW + timedelta(hours=12)
    assert await calls(shop) == []
    world.now = NOW + timedelta(hours=12, minutes=11)
    assert [each["appointment_id"] for each in await calls(shop)] == [id_]
    await shop.execute(put, state="delivered")
    assert await calls(shop) == []


async def test_what_the_customer_does_then_is_known_to_them(shop: Business, world: World) -> None:
    id_ = await booked(shop, ago=None)
    await move(shop, id_, "14:00")
    assert len(await calls(shop)) == 1
    [contact] = await shop.contacts()
    agenda = await world.shops.of(await tenant_of(shop), await world.catalogues.of(shop.id))

    await agenda.cancel(
        appointment_id=uuid.UUID(id_),
        contact_id=contact.id,
        now=NOW,
        work=PlainCommit(world.sessions.of(shop.id)),
    )

    assert await calls(shop) == []
    assert await told(shop) == []


async def test_a_systems_own_users_are_its_own_to_tell_and_the_staffs_are_not(
    shop: Business, world: World
) -> None:
    ids = [(await shop.create(at)).json()["id"] for at in ("10:00", "11:00")]
    assert (await cancel(shop, ids[0])).json()["told"] is None
    entry = await world.appointments.cancel(await tenant_of(shop), uuid.UUID(ids[1]), trail=STAFF)

    assert entry.told == "call"
    assert [(each["appointment_id"], each["phone"]) for each in await calls(shop)] == [
        (ids[1], None)
    ]


async def test_what_a_token_books_is_for_its_system_to_tell(shop: Business) -> None:
    await shop.writes_on_whatsapp(NUMBER)
    made = await shop.create("10:00", whatsapp_number=NUMBER)
    assert (made.status_code, made.json()["told"]) == (201, None)
    assert (await told(shop), await calls(shop)) == ([], [])


async def test_the_change_and_its_message_are_one(
    shop: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, other = await booked(shop), await booked(shop, "15:00")
    await shop.ask("PATCH", f"/appointments/{id_}", json={"start": f"{TUESDAY}T15:00:00-03:00"})
    assert await told(shop) == []  # taken, and so nothing changed

    async def dying(*_: Any, **__: Any) -> bool:
        raise RuntimeError("killed here")

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "send", dying)
        failed = await shop.ask("DELETE", f"/appointments/{other}")
    assert failed.status_code == 500
    statuses = {each.status for each in await shop.appointments()}
    assert (statuses, await shop.messages(), await calls(shop)) == ({"booked"}, [], [])
    stale = await shop.ask("DELETE", f"/appointments/{id_}", headers={"If-Match": '"7"'})
    assert (stale.status_code, await told(shop)) == (412, [])


async def test_nobody_is_called_or_told_for_another_tenant(shop: Business, other: Business) -> None:
    theirs = await booked(other, ago=None)
    await cancel(other, theirs)
    assert await calls(shop) == []
    assert (await shop.ask("POST", f"/appointments/{theirs}/called")).status_code == 404
    refused = await other.ask("GET", "/appointments/calls", token=shop.token())
    assert refused.status_code == 404
    reader = shop.token(scopes=frozenset({"appointments:read"}))
    assert (
        await shop.ask("POST", f"/appointments/{theirs}/called", token=reader)
    ).status_code == 403
    assert len(await calls(other)) == 1


async def test_old_tellings_go_with_retention(shop: Business, world: World) -> None:
    await cancel(shop, await booked(shop, ago=None))
    keep = timedelta(days=8)
    for ago, left in ((timedelta(0), 1), (timedelta(days=400), 0)):
        await shop.execute(
            "UPDATE tellings SET until = now() - CAST(:ago AS interval) WHERE tenant_id = :tenant",
            ago=ago,
        )
        await prune(world.sessions, keep=keep, log=keep)
        async with world.sessions.everywhere() as session:
            found = await session.execute(
                text("SELECT 1 FROM tellings WHERE tenant_id = :tenant"), {"tenant": shop.id}
            )
            assert len(found.all()) == left


@pytest.mark.parametrize(
    ("language", "status", "said"),
    [
        (
            "en",
            "booked",
            "📅 Your appointment at {b} has changed: it was tomorrow, Tuesday, December 1 at"
            " 10:00 AM; it is now Corte, tomorrow, Tuesday, December 1 at 2:00 PM. If that does not"
            " suit you, just reply here.",
        ),
        (
            "es",
            "cancelled",
            "❌ Su cita en {b} fue cancelada: Corte, mañana, martes, 1 de diciembre, a las 10:00."
            " Para agendar otra, responda por aquí.",
        ),
        (
            "de",
            "cancelled",
            "❌ Seu horário em {b} foi cancelado: Corte, amanhã, terça-feira, 1º de dezembro, às"
            " 10:00. Para marcar outro, é só responder aqui.",
        ),
    ],
)
def test_each_language_says_it_and_nobody_is_named_where_one_works_alone(
    language: str, status: Any, said: str
) -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    view = Appointment(
        id=uuid.uuid4(),
        contact_id=uuid.uuid4(),
        user_id=None,
        service_id="corte",  # type: ignore[arg-type]  # a name of it
        service_name="Corte",
        professional_id="ze",  # type: ignore[arg-type]  # as above
        professional_name="Zé",
        starts_at=datetime(2026, 12, 1, 14, tzinfo=zone),
        ends_at=datetime(2026, 12, 1, 15, tzinfo=zone),
        status=status,
        booked_for=None,
        calendar_id=None,
        price_cents=None,
        currency=None,
        version=2,
        told=None,
    )
    business = "{0} %s <b>Zé</b> \u202e"  # no form of ours is filled in by a name
    known = datetime(2026, 12, 1, 10, tzinfo=zone)
    written = worded(view, known=known, business=business, alone=True, language=language, now=NOW)
    assert written == said.replace("{b}", business)
