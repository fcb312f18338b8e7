"""A customer is erased while they are answered: nothing more is said, and nothing of them comes back."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from mcp_platform.assistant.assistant import Assistant
from mcp_platform.audit.actor import system
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.bootstrap.keys import keys_folder
from mcp_platform.kit.queue import INBOX, WakeUp, wake
from mcp_platform.rights import requested
from mcp_platform.rights.erasure import ContactErasure
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.rights.requested import RequestedErasures
from mcp_platform.tenants.directory import tenant_at
from tests import factories
from tests.flows.test_person import anas, stopped_at
from tests.world import ANA, World, choice, text_of, tomorrow

BOOKS = "Marca um corte amanhã às 15h com o Zé"


async def erase(here: World, *, cancel: bool = False) -> None:
    async with here.session() as session:
        work = ContactErasure(
            session,
            await tenant_at(session, here.tenant.client_name, here.tenant.environment),
            fingerprints=Fingerprints(keys_folder(here.settings)),
            now=datetime.now(UTC),
        )
        trail = ActorTrail(system("tests"))
        await work.erase(UUID(await anas(here)), cancel=cancel, trail=trail)


async def left(here: World) -> list[int]:
    tables = ("contact_aliases", "contact_leases", "messages", "turns", "turn_steps", "offers")
    return [
        await here.value(f"SELECT count(*) FROM {each} WHERE tenant_id = :tenant")
        for each in tables
    ]


async def test_a_turn_under_way_ends_and_who_writes_again_is_somebody_new(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.ask("oi")
    before = await anas(here)
    async with stopped_at(monkeypatch, Assistant, "answer") as (reached, go):
        await here.say("vocês têm estacionamento?")
        await reached.wait()
        await erase(here)
        go.set()
        await here.idle()
    assert len(await here.sent()) == 1
    assert await left(here) == [0] * 6

    await here.ask("oi, sou eu de novo")

    assert await anas(here) != before
    assert await here.value("SELECT count(*) FROM messages WHERE tenant_id = :tenant") == 2


async def test_a_wake_up_that_outlived_them_makes_nobody(here: World) -> None:
    await here.ask("oi")
    await here.idle()
    await erase(here)
    async with here.session() as session:
        await wake(session, INBOX, WakeUp(here.tenant.id, f"w:{ANA}"))
    await here.idle()
    assert await left(here) == [0] * 6


async def erase_who_asked(here: World) -> int:
    """Do what the part `admin` does again and again."""
    return await erasures(here).look()


def erasures(here: World) -> RequestedErasures:
    assert here.platform is not None
    shared = here.platform.shared
    return RequestedErasures(
        shared.admin_sessions,
        notices=shared.notices,
        fingerprints=Fingerprints(keys_folder(here.settings)),
        clock=shared.clock,
    )


async def test_a_customer_has_themself_erased_by_a_button_and_is_sent_a_receipt(
    here: World,
) -> None:
    await here.ask_and_agree(BOOKS)
    asked = await here.ask("quero que vocês apaguem meus dados, por favor")
    assert "Não dá para desfazer" in text_of(asked)
    confirmed = await here.choose(choice(asked, "Sim, apagar tudo"))
    assert "Pedido confirmado" in text_of(confirmed)
    await here.idle()

    assert await erase_who_asked(here) == 1
    assert await erase_who_asked(here) == 0
    said = text_of((await here.replies(5))[-1])
    await here.idle()

    receipt = str(await here.value("SELECT id FROM erasures WHERE tenant_id = :tenant"))
    assert said.startswith("Seus dados foram apagados.")
    assert said.endswith(receipt)
    assert await left(here) == [0] * 6
    assert await here.statuses() == ["cancelled"]
    assert await here.events() == []
    [told] = [text_of(each) for each in await here.replies(1, as_=here.tenant.owner)]
    assert receipt in told
    assert ANA not in told
    about = "SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND contact_id IS NOT NULL"
    assert await here.value(about) == 0


async def test_an_erasure_that_was_asked_for_ends_a_turn_under_way(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await here.ask("apaga meus dados")
    await here.choose(choice(asked, "Sim, apagar tudo"))
    before = await anas(here)
    async with stopped_at(monkeypatch, Assistant, "answer") as (reached, go):
        await here.say("tem estacionamento?")
        await reached.wait()
        assert await erase_who_asked(here) == 1
        go.set()
        await here.idle()
    assert "Recibo" in text_of((await here.replies(3))[-1])
    assert await left(here) == [0] * 6

    await here.ask("oi")

    assert await anas(here) != before
    assert await erase_who_asked(here) == 0


@pytest.mark.parametrize("error", [KeyError("a bug"), TimeoutError("their row is locked")])
async def test_who_cannot_be_erased_keeps_nobody_else_waiting(
    here: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    now = datetime.now(UTC)
    async with here.session() as session:
        first, second = [
            await factories.add_contact(
                session, here.tenant.id, erasure_asked_at=now + timedelta(seconds=at), **address
            )
            for at, address in enumerate(({"wa_id": "5511977776666"}, {"name": "Without a number"}))
        ]
    erase = ContactErasure.erase

    async def broken(self: ContactErasure, contact_id: UUID, **more: Any) -> Any:
        if contact_id == first:
            raise error
        return await erase(self, contact_id, **more)

    monkeypatch.setattr(ContactErasure, "erase", broken)
    monkeypatch.setattr(requested, "MOST", 1)
    work = erasures(here)
    with suppress(TimeoutError):
        assert await work.look() == 0
    assert await work.look() == 1
    spaces = "SELECT space FROM contacts WHERE tenant_id = :tenant AND id = :id"
    assert await here.value(spaces, id=second) in (None, "erased")
    assert await here.value(spaces, id=first) == "whatsapp"
    monkeypatch.undo()
    assert await work.look() == 1


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("apagar meus dados", "Não apagar"),
        ("please delete my data", "Don't erase"),
        ("borren mis datos", "No borrar"),
    ],
)
async def test_who_does_not_confirm_is_not_erased(here: World, words: str, kept: str) -> None:
    asked = await here.ask(words)
    await here.choose(choice(asked, kept))
    assert await erase_who_asked(here) == 0


async def test_a_copy_is_asked_of_the_owner_who_reads_how_it_is_made(here: World) -> None:
    asked = await here.ask("meus dados")
    copied = await here.choose(choice(asked, "Cópia dos dados"))
    assert text_of(copied) == "Pedi à equipe uma cópia dos seus dados para você."
    [told] = [text_of(each) for each in await here.replies(1, as_=here.tenant.owner)]
    assert f"conversations export {here.tenant.client_name}/{here.tenant.environment} {ANA}" in told


async def test_while_a_person_has_the_conversation_one_s_own_data_are_one_s_own(
    here: World,
) -> None:
    await here.ask("quero falar com uma pessoa")
    asked = await here.ask("apaga os meus dados")
    await here.choose(choice(asked, "Sim, apagar tudo"))
    assert await erase_who_asked(here) == 1


async def test_without_an_owner_s_number_nobody_is_said_to_have_been_asked(alone: World) -> None:
    await alone.change(owner_whatsapp=None)
    said = text_of(await alone.ask("quero uma cópia dos meus dados"))
    assert said == "Quem entrega a cópia dos seus dados, ou os apaga, é a equipe."


async def test_their_events_are_cancelled_or_lose_their_name(here: World) -> None:
    await here.ask_and_agree(BOOKS)
    await here.idle()
    [event] = await here.events()
    assert "Ana" in event["summary"]
    at = f"UPDATE appointments SET starts_at = now() - interval '1 day' WHERE tenant_id = {here.tenant.id}"
    await here.as_owner(at)

    await erase(here)
    await here.idle()

    [event] = await here.events()
    assert "Ana" not in str(event)
    assert await here.shows(tomorrow(15))  # where it stood
