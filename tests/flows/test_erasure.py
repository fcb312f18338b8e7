"""A customer is erased while they are answered: nothing more is said, and nothing of them comes back."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from mcp_platform.assistant.assistant import Assistant
from mcp_platform.audit.actor import system
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.bootstrap.keys import keys_folder
from mcp_platform.kit.queue import INBOX, WakeUp, wake
from mcp_platform.rights.erasure import ContactErasure
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.tenants.directory import tenant_at
from tests.flows.test_person import anas, stopped_at
from tests.world import ANA, World, tomorrow

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
