"""A person works on a conversation: the assistant is silent, the customer reads the person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mcp_platform.access.tenant_tokens import TenantTokens
from mcp_platform.assistant.assistant import Assistant
from mcp_platform.audit.actor import system
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.bootstrap.commands import appointments_alone
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.flow import InboxHandler
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.tenant_appointments import AppointmentChange, Booking
from tests.world import ANA, World, choice, choices_of, eventually, text_of, tomorrow

WANTS = "quero falar com uma pessoa"
BOOKS = "Marca um corte amanhã às 15h com o Zé"


async def asked(
    here: World, method: str, path: str, *, at: str = "conversations", **more: Any
) -> dict[str, Any]:
    token = TenantTokens(token_keys(here.settings)).mint(
        tenant=here.tenant.path,
        subject="bia",
        scopes=["conversations", "appointments:read", "appointments:write"],
        ttl=timedelta(hours=1),
        now=datetime.now(UTC),
    )
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {token}"}) as client:
        answer = await client.request(
            method, f"{here.url}/{here.tenant.path}/api/v1/{at}{path}", **more
        )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def anas(here: World) -> str:
    return str(
        await here.value(
            "SELECT contact_id FROM contact_aliases WHERE alias = :ana AND tenant_id = :tenant",
            ana=f"w:{ANA}",
        )
    )


@asynccontextmanager
async def stopped_at(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> AsyncIterator[tuple[asyncio.Event, asyncio.Event]]:
    """Stop the first call of a method before it does anything: `reached`, then wait for `go`."""
    reached, go = asyncio.Event(), asyncio.Event()
    real, calls = getattr(owner, name), []

    async def stopping(*args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            reached.set()
            await go.wait()
        return await real(*args, **more)

    monkeypatch.setattr(owner, name, stopping)
    try:
        yield reached, go
    finally:
        go.set()


async def test_from_the_handoff_to_the_assistants_return(here: World) -> None:
    await here.ask(WANTS)
    [notice] = await here.replies(1, as_=here.tenant.owner)
    assert f"conversations take {here.tenant.path} {ANA}" in text_of(notice)
    [waiting] = (await asked(here, "GET", "?handling=waiting"))["conversations"]
    assert (waiting["name"], waiting["phone"]) == ("Ana", ANA)

    await asked(here, "POST", f"/{waiting['id']}/take", json={})
    await here.say("vocês têm estacionamento?")
    await here.idle()
    unanswered = await asked(here, "GET", f"/{waiting['id']}")
    assert unanswered["unanswered_since"] is not None
    assert unanswered["last_message"]["text"] == "vocês têm estacionamento?"
    for _ in range(2):  # as a client does whose connection broke
        await asked(
            here,
            "POST",
            f"/{waiting['id']}/reply",
            json={"text": "Temos sim, na rua ao lado."},
            headers={"Idempotency-Key": "k1"},
        )
    await here.idle()

    sent = await here.sent()
    assert [text_of(each) for each in sent][1:] == ["Temos sim, na rua ao lado."]

    async def delivered() -> bool:
        said = (await asked(here, "GET", f"/{waiting['id']}/messages"))["messages"]
        return said[0]["delivery"] in ("delivered", "read") and said[0]["by"] == "bia"

    await eventually(delivered, why="the delivery of what a person wrote")
    await asked(here, "POST", f"/{waiting['id']}/return")
    assert "✅ Agendado" in text_of(await here.ask_and_agree(BOOKS))


async def test_who_was_left_without_an_answer_is_told_to_the_owner_once(here: World) -> None:
    await here.ask("oi")
    contact = await anas(here)
    expire = (
        "UPDATE contacts SET human_until = now() - interval '1 second'"
        f" WHERE tenant_id = {here.tenant.id} AND human_by IS NOT NULL"
    )
    await asked(here, "POST", f"/{contact}/take", json={})
    await here.as_owner(expire)

    async def given_back() -> bool:
        return not await here.value(
            "SELECT count(*) FROM contacts WHERE tenant_id = :tenant AND answered_by = 'human'"
        )

    await eventually(given_back, why="the assistant's return")
    await here.idle()
    assert await here.sent(as_=here.tenant.owner) == []  # nobody waits for anything

    await asked(here, "POST", f"/{contact}/take", json={})
    await here.say("e aí?")
    await here.idle()
    await here.as_owner(expire)
    await eventually(given_back, why="the assistant's return")
    [notice] = await here.replies(1, as_=here.tenant.owner)
    await here.idle()

    assert f"Ana (+{ANA}) escreveu e ninguém respondeu." in text_of(notice)
    assert len(await here.sent(as_=here.tenant.owner)) == 1
    assert len(await here.sent()) == 1
    assert "✅ Agendado" in text_of(await here.ask_and_agree(BOOKS))


async def test_a_conversation_that_cannot_be_given_back_keeps_no_other(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "5511999997777"
    for who in (ANA, other):
        await here.ask("oi", as_=who)
    contacts = await here.rows("SELECT id, wa_id FROM contacts WHERE tenant_id = :tenant")
    for contact, _ in contacts:
        await asked(here, "POST", f"/{contact}/take", json={})
    for who in (ANA, other):
        await here.say("e aí?", as_=who)
    await here.idle()
    real = Notices.left_alone

    async def left_alone(self: Notices, *arguments: Any, **more: Any) -> None:
        if arguments[2].wa_id == ANA:
            raise ValueError("a fault of ours")
        await real(self, *arguments, **more)

    monkeypatch.setattr(Notices, "left_alone", left_alone)
    await here.as_owner(
        "UPDATE contacts SET human_until = now() - interval '1 second'"
        f" - CASE WHEN wa_id = '{ANA}' THEN interval '1 second' ELSE interval '0' END"
        f" WHERE tenant_id = {here.tenant.id}"
    )

    [notice] = await here.replies(1, as_=here.tenant.owner)

    assert other in text_of(notice)
    assert await here.value(
        "SELECT count(*) FROM contacts WHERE tenant_id = :tenant AND answered_by = 'human'"
    )


async def test_the_reply_that_was_under_way_is_held_back(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.ask("oi")
    contact = await anas(here)
    async with stopped_at(monkeypatch, Assistant, "answer") as (reached, go):
        await here.say("vocês abrem domingo?")
        await reached.wait()
        taken = await asked(here, "POST", f"/{contact}/take", json={})
        assert taken["under_way"]
        await here.idle()  # somebody else has taken the turn up, and ended it
        go.set()
        await here.idle()

    assert len(await here.sent()) == 1
    heard = await here.rows(
        "SELECT text FROM messages WHERE tenant_id = :tenant AND direction = 'in' ORDER BY id"
    )
    assert [text for (text,) in heard] == ["oi", "vocês abrem domingo?"]


async def test_what_was_booked_as_a_person_took_over_is_still_told(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.ask("oi")
    contact = await anas(here)
    await here.ask(BOOKS)
    async with stopped_at(monkeypatch, InboxHandler, "_close") as (reached, go):
        await here.say("Sim")
        await reached.wait()
        taken = await asked(here, "POST", f"/{contact}/take", json={})
        assert taken["under_way"]
        told = (await here.replies(3))[-1]
        go.set()
        await here.idle()

    assert "✅ Agendado" in text_of(told)
    assert len(await here.sent()) == 3
    assert await here.statuses() == ["booked"]
    assert (await asked(here, "GET", f"/{contact}"))["taken_by"] == "bia"


async def test_a_cancellation_by_the_business_reaches_a_customer_who_is_being_answered(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.without_model()
    await here.ask("oi")
    shown = await _booked_by_menu(here)
    async with stopped_at(monkeypatch, Assistant, "answer") as (reached, go):
        await here.tap(choice(shown, "Remarcar"))
        await reached.wait()
        [listed] = (await asked(here, "GET", "/list", at="appointments"))["appointments"]
        gone = await asked(here, "DELETE", f"/{listed['id']}", at="appointments")
        assert (gone["status"], gone["told"]) == ("cancelled", "message")
        go.set()
        await here.idle()

    said = [text_of(each) for each in await here.sent()]
    [told] = [each for each in said if "foi cancelado" in each]
    assert "Para marcar outro, é só responder aqui." in told
    assert any("Não encontrei esse agendamento" in each for each in said)
    assert await here.statuses() == ["cancelled"]
    await eventually(here.shows, why="an empty calendar")


async def test_a_reply_that_names_the_old_time_of_a_moved_appointment_says_the_new_one(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.ask(BOOKS)
    async with stopped_at(monkeypatch, InboxHandler, "_close") as (reached, go):
        await here.say("Sim")
        await reached.wait()
        [booked] = (await asked(here, "GET", "/list", at="appointments"))["appointments"]
        start = {"start": tomorrow(16, 30).isoformat()}
        moved = await asked(here, "PATCH", f"/{booked['id']}", at="appointments", json=start)
        assert moved["told"] == "message"
        go.set()
        await here.idle()

    said = [text_of(each) for each in await here.sent()][1:]
    assert len(said) == 2
    assert "agora é Corte com Zé, amanhã" in said[0]
    assert "Esse horário mudou nesse meio-tempo.\n\nSeus próximos horários:" in said[1]
    assert not any("Agendado" in each for each in said)
    assert "às 16:30" in said[1]


async def _booked_by_menu(here: World) -> dict[str, Any]:
    """Book the first free time by taps; return the list of the customer's own appointments."""
    reply = await here.ask("oi")
    for title in ("Agendar", "Corte", "Zé"):
        reply = await here.choose(choice(reply, title))
    reply = await here.choose(choices_of(reply)[1])
    reply = await here.choose(choices_of(reply)[0])
    assert "✅ Agendado" in text_of(reply)
    reply = await here.ask("oi")
    return await here.choose(choice(reply, "Meus horários"))


async def test_who_never_wrote_is_booked_for_by_command_and_finds_it_once_they_write(
    here: World,
) -> None:
    await here.without_model()
    trail = ActorTrail(system("tests"))
    path = (here.tenant.client_name, here.tenant.environment)
    async with appointments_alone(here.settings, database_url=here.database_url, path=path) as at:
        booking = Booking(
            service="corte",
            professional="ze",
            start=tomorrow(10, days=2),
            name="Ana",
            whatsapp_number=ANA,
        )
        made = await at.appointments.book(at.tenant, booking, trail=trail)
        change = AppointmentChange(start=tomorrow(14, days=2))
        moved = await at.appointments.move(at.tenant, made, change, trail=trail)
    assert moved.told == "call"
    await here.idle()
    assert await here.shows(tomorrow(14, days=2))
    assert await here.sent() == []

    reply = await here.choose(choice(await here.ask("oi"), "Meus horários"))

    assert "14:00" in text_of(reply)
