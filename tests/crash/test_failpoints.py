"""A process is killed at each named place while a customer books, moves and cancels."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

import mcp_platform
from mcp_platform.kit.failpoints import FAILPOINTS
from tests.crash.world import TIMEOUT_S, CrashWorld
from tests.world import tomorrow

BOOK = "Oi! Quero marcar um corte amanhã às 15h com o Zé"
MOVE = "Quero remarcar meu corte para depois de amanhã às 10h"
CANCEL = "Quero cancelar meu horário"
# Nobody passes these who answers: see tests/rights and tests/crash/test_reminders.py.
ELSEWHERE = {"erasure.before_commit", "templates.after_create"} | {
    "reminders.before_commit",
    "reminders.after_commit",
}
YES = "Sim"  # what was proposed is done by the next turn
pytestmark = pytest.mark.timeout(TIMEOUT_S)


def test_every_failpoint_is_somewhere_in_the_code_and_every_one_there_is_registered() -> None:
    package = Path(mcp_platform.__file__).parent
    called = {
        name
        for source in package.rglob("*.py")
        for name in re.findall(r'failpoint\("([^"]+)"\)', source.read_text())
    }
    assert called == set(FAILPOINTS)


@pytest.mark.parametrize("name", [each for each in FAILPOINTS if each not in ELSEWHERE])
@pytest.mark.parametrize(
    "wishes",
    [
        [BOOK, YES],
        pytest.param([BOOK, YES, MOVE, YES, CANCEL, YES], marks=pytest.mark.full),
    ],
    ids=len,
)
async def test_nothing_is_lost_or_doubled_when_a_process_is_killed(
    here: CrashWorld, name: str, wishes: list[str]
) -> None:
    part = "gateway" if name.startswith("ingest.") else "worker"
    await here.open(*() if part == "worker" else ("worker",))
    deaths = 0
    process = await here.start(part, failpoint=name)
    for count, said in enumerate(wishes, start=1):
        await process.arm()
        await here.world.say(said)
        await here.until_dead_or_answered(process, count)
        if process.alive:
            continue
        assert process.ended_by == signal.SIGKILL
        deaths += 1
        if part == "worker":
            await here.bury(process)
        # Who does its work dies of the next message, and not of this one.
        process = await here.start(part, failpoint=name, armed=False)
        await here.until_answered(count)
    assert deaths, "no process passed this failpoint"
    await here.check_messages()
    booked, cancelled = ("booked", tomorrow(15)), ("cancelled", tomorrow(10, days=2))
    await here.check_calendar([cancelled if CANCEL in wishes else booked])


async def test_the_command_dies_at_the_failpoint_that_its_environment_names(
    here: CrashWorld,
) -> None:
    await here.open()
    env = {**os.environ, **here.env, "MCP_FAILPOINT": "turn.after_hold"}
    command = (sys.executable, "-m", "mcp_platform.cli", "serve", "worker")
    async with here.running_command(*command, env=env) as serving:
        await here.world.say(BOOK)
        assert await serving.wait() == -signal.SIGKILL
    await here.bury()
    await here.start("worker")
    await here.until_answered(1)
    await here.world.say(YES)
    await here.until_answered(2)
    await here.check_messages()
    await here.check_calendar([("booked", tomorrow(15))])


async def test_the_command_refuses_a_failpoint_that_does_not_exist(here: CrashWorld) -> None:
    env = {**os.environ, **here.env, "MCP_FAILPOINT": "turn.sometime"}
    command = (sys.executable, "-m", "mcp_platform.cli", "serve", "worker")
    async with here.running_command(*command, env=env) as serving:
        assert await serving.wait() == 1


async def test_an_interrupted_send_that_meta_tells_of_is_not_sent_again(here: CrashWorld) -> None:
    await _interrupt_the_reply(here)
    await here.until_answered(1)
    await here.check_messages()
    assert here.doubts == 0


async def test_an_interrupted_send_that_meta_is_silent_about_is_sent_again_once_and_counted(
    here: CrashWorld,
) -> None:
    await here.world.meta.post("/_control/settings", json={"statuses": []})
    await _interrupt_the_reply(here)
    await here.until_answered(1, doubted=True)
    await here.check_messages()
    assert here.doubts == 1
    assert len(await here.world.sent()) == 2


async def _interrupt_the_reply(here: CrashWorld) -> None:
    """Let a worker die after Meta took the reply and before that was written down."""
    await here.open()
    armed = await here.start("worker", failpoint="outbox.after_call")
    await here.world.say("Oi, tudo bem?")
    await here.died(armed)
    assert armed.ended_by == signal.SIGKILL
    assert len(await here.world.sent()) == 1
    await here.bury(armed)
    await here.start("worker")
