"""Postgres is killed under load: webhooks are refused, and nothing else is ever noticed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from mcp_platform.embedded import EmbeddedPostgres, EmbeddedValkey
from mcp_platform.schema import migrate
from tests.conftest import FOLDER_VARIABLE
from tests.crash.processes import ForkServer
from tests.crash.world import (
    KILLED_AT_RANDOM,
    RECOVERY_S,
    TIMEOUT_S,
    CrashWorld,
    open_installation,
    open_world,
)
from tests.world import Simulators, eventually, tomorrow

pytestmark = pytest.mark.timeout(TIMEOUT_S)

CUSTOMERS = [f"55119777700{number:02d}" for number in range(12)]


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, which keeps what it has committed when it is killed."""
    folder = Path(os.environ[FOLDER_VARIABLE]) / f"killed-{uuid4().hex}"
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        migrate(server.url)
        yield server
    finally:
        server.stop()


async def test_everything_is_answered_once_after_postgres_was_killed(
    own_postgres: EmbeddedPostgres,
    simulators: Simulators,
    fork_server: ForkServer,
    valkey: EmbeddedValkey,
    tmp_path: Path,
) -> None:
    async with (
        open_installation(
            simulators,
            fork_server,
            database_url=own_postgres.url,
            redis_url=valkey.url,
            credentials=tmp_path,
        ) as own,
        open_world(own, **KILLED_AT_RANDOM) as here,
    ):
        await here.open("worker")
        async with asyncio.TaskGroup() as load:
            load.create_task(_load(here))
            await eventually(lambda: _some_sent(here), within=RECOVERY_S, why="the first replies")

            await asyncio.to_thread(_kill, own_postgres)

            refused = await here.world.say("oi", as_="5511966660000")
            assert refused["http_status"] == 503
            await asyncio.to_thread(own_postgres.start)
        await here.until_answered(1, as_="5511966660000")
        for customer in CUSTOMERS:
            await here.until_answered(2, as_=customer)
        # A send whose worker lost Postgres in the middle may be uncertain: then it is counted.
        await here.check_messages(counted_only=True)
        slots = [_slot(number) for number in range(len(CUSTOMERS))]
        await here.check_calendar([("booked", slot) for slot in slots])
        assert all(process.alive for process in here.processes)


async def _load(here: CrashWorld) -> None:
    """Let customers come one after the other, and each write twice."""
    for number, customer in enumerate(CUSTOMERS):
        start = _slot(number)
        await here.world.say(
            f"Quero marcar um corte amanhã às {start:%H:%M} com o Zé", as_=customer
        )
        await asyncio.sleep(0.1)
    for customer in CUSTOMERS:
        await here.until_replied(1, customer)
        await here.world.say("Sim, obrigado!", as_=customer)


def _slot(number: int):
    return tomorrow(8 + number // 2, 30 * (number % 2))


async def _some_sent(here: CrashWorld) -> bool:
    return len(await here.world.sent(as_=None)) >= 2


def _kill(server: EmbeddedPostgres) -> None:
    """Kill the postmaster, and return when all of the server is gone."""
    pid = int((server.data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert server._supervisor is not None
    with contextlib.suppress(ProcessLookupError):
        server._supervisor.wait(30)
