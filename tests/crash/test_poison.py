"""A turn that never ends well is set aside, and harms nobody else."""

import signal
import uuid

import pytest

from mcp_platform.inbox.turns import Turns
from mcp_platform.kit.queue import INBOX, WakeUp, wake
from tests.crash.world import RECOVERY_S, TIMEOUT_S, CrashWorld
from tests.world import eventually, text_of

POISON = "veneno"
# Whatever the reason: the transaction that would close this turn is refused, each time.
REFUSAL = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'poison'; END $$
"""
TRIGGER = f"""
    CREATE TRIGGER poison BEFORE INSERT ON messages
    FOR EACH ROW WHEN (new.text = '{POISON}') EXECUTE FUNCTION refuse()
"""

pytestmark = [
    pytest.mark.timeout(TIMEOUT_S),
    pytest.mark.parametrize("here", [{"park_after": 2}], indirect=True),
]


async def test_a_turn_that_always_fails_is_parked_and_later_messages_get_through(
    here: CrashWorld,
) -> None:
    await here.open("worker")
    await here.world.as_owner(REFUSAL, TRIGGER)

    await here.world.say(POISON)
    turn_id = await _parked(here)

    assert await here.world.sent() == []
    assert await here.world.value("SELECT starts FROM turns WHERE id = :id", id=turn_id) == 3
    await here.world.say("Oi, tudo bem?")
    await here.until_replied(1)

    await here.world.as_owner("DROP FUNCTION refuse CASCADE")
    await _replay(here, turn_id)
    await here.until_answered(2)
    heard = await here.world.rows(
        "SELECT text FROM messages WHERE tenant_id = :tenant AND direction = 'in' ORDER BY id"
    )
    assert [row.text for row in heard] == ["Oi, tudo bem?", POISON]
    assert all(text_of(each) for each in await here.world.sent())


async def test_a_turn_that_kills_its_worker_each_time_is_parked(here: CrashWorld) -> None:
    await here.open()
    await here.world.say(POISON)
    for _ in range(2):
        victim = await here.start("worker", failpoint="turn.after_claim")
        await here.died(victim)
        assert victim.ended_by == signal.SIGKILL
        await here.bury(victim)
    await here.start("worker")

    turn_id = await _parked(here)

    await here.world.say("Oi, tudo bem?")
    await here.until_replied(1)
    await _replay(here, turn_id)
    await here.until_answered(2)


async def _parked(here: CrashWorld) -> uuid.UUID:
    async def parked() -> bool:
        async with here.world.session() as session:
            return bool(await Turns(session, here.world.tenant.id).parked())

    await eventually(parked, within=RECOVERY_S, why="the turn being parked")
    async with here.world.session() as session:
        (turn,) = await Turns(session, here.world.tenant.id).parked()
    assert "never finished" in (turn.error or "")
    return turn.id


async def _replay(here: CrashWorld, turn_id: uuid.UUID) -> None:
    tenant_id = here.world.tenant.id
    async with here.world.session() as session:
        for alias in await Turns(session, tenant_id).replay([turn_id]):
            await wake(session, INBOX, WakeUp(tenant_id, alias))
