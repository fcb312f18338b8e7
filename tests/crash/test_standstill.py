"""A text that a worker never comes back from: it costs its own contact an answer, and nobody else."""

import asyncio
import os
import sys

import pytest

from mcp_platform.inbox.turns import Turns
from tests.crash.processes import Process
from tests.crash.world import RECOVERY_S, TIMEOUT_S, CrashWorld
from tests.world import eventually

FREEZES = "congela"
OTHERS = [f"55119888800{number:02d}" for number in range(6)]
# In their proportions as by default; a worker that a busy machine holds up is not ended.
SETTINGS = {"park_after": 3, "lease_s": 8.0, "standstill_s": 4.0}
AT_ONCE = {"debounce_s": 0.0, "debounce_cap_s": 0.0}

pytestmark = [pytest.mark.timeout(TIMEOUT_S)]


@pytest.mark.parametrize("here", [{**SETTINGS, **AT_ONCE}], indirect=True)
async def test_a_turn_that_never_returns_is_parked_and_everybody_else_is_answered(
    here: CrashWorld,
) -> None:
    await here.open()
    # All are begun in the moment in which the worker stops: their starts are counted with its.
    await asyncio.gather(
        here.world.say(FREEZES), *(here.world.say("Oi, tudo bem?", as_=each) for each in OTHERS)
    )
    ended = 0
    while not await _parked(here):
        worker = await here.start("worker", stands_still_at=FREEZES)
        await eventually(
            lambda worker=worker: _dead_or_parked(here, worker), within=RECOVERY_S, why="an end"
        )
        ended += not worker.alive
        # By itself, and not by us: before its lease would let another answer its contacts.
        assert worker.alive or (worker.ended_by == 0 and "Timeout" in worker.log.read_text())
        if not worker.alive:
            await here.bury(worker)

    assert ended == SETTINGS["park_after"]
    for each in OTHERS:
        await here.until_replied(1, each)
    parked = "SELECT count(*) FROM turns WHERE tenant_id = :tenant AND state = 'parked'"
    assert await here.world.value(parked) == 1
    assert await here.world.sent() == []
    await here.world.say("Oi, tudo bem?")
    await here.until_replied(1)


@pytest.mark.parametrize("here", [{"lease_s": 600.0, **AT_ONCE}], indirect=True)
async def test_while_a_worker_stands_still_another_answers_everybody_else(here: CrashWorld) -> None:
    """Nobody ends it, or takes what it holds: others are answered meanwhile, not afterwards."""
    await here.open()
    another = await here.world.add_tenant()
    still = await here.start("worker", stands_still_at=FREEZES)
    await here.world.say(FREEZES)
    await eventually(
        # Begun is not enough: until it stands still it might take the others' messages too.
        lambda: still.has_said("fork_server.stands_still"),
        within=RECOVERY_S,
        why="a worker that stands still",
    )
    await here.start("worker")

    await asyncio.gather(
        *(here.world.say("Oi, tudo bem?", as_=each, to=another) for each in OTHERS),
        here.world.say("Oi, tudo bem?", as_=OTHERS[0]),
    )

    for each in OTHERS:
        await eventually(
            lambda each=each: here.world.sent(as_=each, to=another),
            within=RECOVERY_S,
            why="an answer to each contact of the other tenant",
        )
    await here.until_replied(1, OTHERS[0])
    assert still.alive
    assert await here.world.sent() == []


@pytest.mark.parametrize("here", [{**SETTINGS, "park_after": 1}], indirect=True)
async def test_the_command_starts_again_by_itself_and_says_so(here: CrashWorld) -> None:
    await here.open()
    env = {**os.environ, **here.env, "MCP_FAILPOINT": "turn.after_claim:1:spin"}
    command = (sys.executable, "-m", "mcp_platform.cli", "serve", "worker")
    async with here.running_command(*command, env=env, within=TIMEOUT_S) as serving:
        await here.world.say("Oi, tudo bem?")
        await eventually(lambda: _parked(here), within=RECOVERY_S, why="the turn being parked")
        assert serving.returncode is None
        serving.terminate()
        assert await serving.wait() == 0


async def _parked(here: CrashWorld) -> bool:
    async with here.world.session() as session:
        return bool(await Turns(session, here.world.tenant.id).parked())


async def _dead_or_parked(here: CrashWorld, worker: Process) -> bool:
    return not worker.alive or await _parked(here)
