"""A business whose gateway and workers are processes that die, and what must be true afterwards."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from mcp_platform.bootstrap.service import platform
from mcp_platform.embedded.server import free_port
from tests.crash.processes import ROOT, ForkServer, Process
from tests.world import Simulators, World, eventually, unstarted_world

# Looking for what was forgotten is quick. What a process is given to do its work is what it is by
# default, however busy the machine: who is late is not taken for dead. `CrashWorld.bury` lets that time pass.
HASTE = {
    "debounce_s": 0.1,
    "debounce_cap_s": 0.5,
    "standstill_s": 600.0,  # a process that is frozen on purpose, or by a busy machine, goes on
    "sweep_s": 0.3,
    "forgotten_s": 0.5,
}
# Where nobody can tell which of many processes died, their time has to pass by itself. Silence of a
# send is long compared with what a busy machine needs to bring its status.
KILLED_AT_RANDOM = {"lease_s": 3.0, "vendor_timeout_s": 5.0, "claim_s": 6.0, "uncertain_s": 15.0}
CUSTOMER = "5511999998888"
RECOVERY_S = 120.0  # far more than all of the above; only a test that fails waits so long

# Of a whole test, which may wait for several recoveries, on a machine that has other things to do.
TIMEOUT_S = 600

# More time passes than any lease, claim or doubt lasts.
BURIED = (
    "UPDATE contact_leases SET heartbeat_at = heartbeat_at - interval '1 day'"
    " WHERE tenant_id = {tenant} AND holder IS NOT NULL",
    "UPDATE outbox SET due_at = due_at - interval '1 day'"
    " WHERE tenant_id = {tenant} AND state = 'sending'",
)
IN_DOUBT = (
    "SELECT key FROM outbox"
    " WHERE tenant_id = :tenant AND state = 'uncertain' AND due_at > clock_timestamp()"
)
DOUBTED = (
    "UPDATE outbox SET due_at = due_at - interval '1 day'"
    " WHERE tenant_id = {tenant} AND key = '{key}' AND state = 'uncertain'"
)


@dataclass(slots=True)
class Installation:
    """A database, and the gateway in front of it: many worlds use it, one after the other."""

    world: World
    fork_server: ForkServer
    env: dict[str, str]
    gateway: Process | None = None

    async def stop(self) -> None:
        if self.gateway is not None:
            await self.gateway.kill()


@dataclass(slots=True)
class CrashWorld:
    """A business whose service runs in other processes."""

    installation: Installation
    world: World
    changes: dict[str, Any]
    workers: list[Process] = field(default_factory=list)
    doubts: int = 0
    """How often a message was sent again since nobody will ever hear of it."""

    @property
    def processes(self) -> list[Process]:
        """All that run, or ran, for this world: the gateway last."""
        assert self.installation.gateway is not None
        return [*self.workers, self.installation.gateway]

    @property
    def env(self) -> dict[str, str]:
        """The environment of what is started here."""
        return {**self.installation.env, **_environment(self.changes)}

    async def open(self, *parts: str) -> None:
        """Open the business, at a gateway that answers; start what else is asked for."""
        gateway = self.installation.gateway
        if gateway is None or not gateway.alive or gateway.failpoint:
            await self.start("gateway")
        await self.world.add_tenant()
        for part in parts:
            await self.start(part)

    async def start(
        self, part: str, *, failpoint: str = "", armed: bool = True, **changes: Any
    ) -> Process:
        """Start a process. A gateway takes the place of the one before, and answers.

        `armed`: at once; else when `Process.arm` is called. `changes` are settings of its own.
        """
        if part == "gateway":
            await self.installation.stop()
        env = {**self.env, **_environment(changes)}
        process = await self.installation.fork_server.serve(
            part, env=env, failpoint=failpoint, armed=armed
        )
        if part == "gateway":
            self.installation.gateway = process
            await eventually(self._answers, within=RECOVERY_S, why="the gateway")
        else:
            self.workers.append(process)
        return process

    @contextlib.asynccontextmanager
    async def running_command(
        self, *command: str, env: dict[str, str], piped: bool = False, within: float = RECOVERY_S
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a command beside everything else; it does not outlive the block."""
        pipe = asyncio.subprocess.PIPE if piped else asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, env=env, cwd=ROOT
        )
        try:
            async with asyncio.timeout(within):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """End the workers, and the business: nobody works for it, or looks for it, any more."""
        for worker in self.workers:
            await worker.kill()
        for tenant in self.world.tenants:
            await self.world.change(of=tenant, status="suspended")

    async def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.world.url}/health/live")).is_success
        return False

    async def bury(self, *dead: Process) -> None:
        """Let the time pass after which the dead, or frozen, are given up: their work is free.

        Nobody else may be at work: whose time is up is not asked whether they live.
        """
        assert all(not each.alive or each.frozen.is_set() for each in dead)
        await self.world.as_owner(*(each.format(tenant=self.world.tenant.id) for each in BURIED))

    # -- waiting -------------------------------------------------------------------------------

    async def until_answered(
        self, count: int, *, as_: str = CUSTOMER, doubted: bool = False
    ) -> None:
        """Wait until this many turns of a contact are answered, and nothing is left to be done.

        Nobody will ever hear of a message whose sender died before Meta had it. The time in which
        somebody might passes at once. `doubted`: nor of one that Meta has.
        """

        async def answered() -> bool:
            await self._let_doubts_pass(of_all=doubted)
            return await self.replied(count, as_) and await self.world.is_idle()

        await eventually(answered, within=RECOVERY_S, why=f"{count} replies, and nothing left")

    async def _let_doubts_pass(self, *, of_all: bool) -> None:
        if in_doubt := {key for (key,) in await self.world.rows(IN_DOUBT)}:
            sent = [] if of_all else await self.world.sent(as_=None)
            in_doubt -= {each["biz_opaque_callback_data"] for each in sent}
        for key in in_doubt:
            await self.world.as_owner(DOUBTED.format(tenant=self.world.tenant.id, key=key))
            self.doubts += 1

    async def until_dead_or_answered(self, process: Process, count: int) -> None:
        """Wait for the first of the two."""
        dead = asyncio.ensure_future(process.dead.wait())
        answered = asyncio.ensure_future(self.until_answered(count))
        try:
            done, _ = await asyncio.wait({dead, answered}, return_when=asyncio.FIRST_COMPLETED)
            if answered in done:
                answered.result()
        finally:
            for each in (dead, answered):
                each.cancel()
            await asyncio.gather(dead, answered, return_exceptions=True)

    async def replied(self, count: int, as_: str = CUSTOMER) -> bool:
        """Tell whether so many different replies were sent."""
        sent = await self.world.sent(as_=as_)
        return len({each["biz_opaque_callback_data"] for each in sent}) >= count

    async def until_replied(self, count: int, as_: str = CUSTOMER) -> None:
        why = f"{count} replies"
        await eventually(lambda: self.replied(count, as_), within=RECOVERY_S, why=why)

    async def settle(self) -> None:
        """Wait until nothing is left to be done."""
        await eventually(self.world.is_idle, within=RECOVERY_S, why="an end of all that is to do")

    async def frozen(self, sleeper: Process) -> None:
        """Wait until a process is frozen."""
        async with asyncio.timeout(RECOVERY_S):
            await sleeper.frozen.wait()

    async def died(self, victim: Process) -> None:
        """Wait until a process is dead."""
        async with asyncio.timeout(RECOVERY_S):
            await victim.dead.wait()

    # -- what must be true ---------------------------------------------------------------------

    async def check_messages(self, *, counted_only: bool = False) -> None:
        """Check that every message was answered in one turn, and every reply sent once.

        And again only where there was a doubt. `counted_only`: doubts passed by themselves; as
        many were sent again as were counted.
        """
        world = self.world
        states = await world.rows(
            "SELECT kind, state, count(*) FROM inbox_events WHERE tenant_id = :tenant GROUP BY 1, 2"
        )
        assert {state for _, state, _ in states} <= {"done"}, states
        unanswered = await world.rows(
            "SELECT turn.id, turn.state, count(outbox.id) FROM turns turn LEFT JOIN outbox"
            " ON outbox.tenant_id = turn.tenant_id AND outbox.key = 'r:' || turn.id"
            " WHERE turn.tenant_id = :tenant GROUP BY 1, 2 HAVING turn.state <> 'done' OR count(outbox.id) <> 1"
        )
        assert unanswered == []
        heard = await world.value(
            "SELECT count(*) FROM messages WHERE tenant_id = :tenant AND direction = 'in'"
        )
        events = await world.value(
            "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant AND kind = 'message'"
        )
        assert heard == events
        rows = await world.rows(
            "SELECT key, kind, state, resends FROM outbox WHERE tenant_id = :tenant"
        )
        lost = [row for row in rows if row.state not in ("sent", "delivered", "read", "done")]
        assert lost == [], lost
        counted = {row.key: row.resends for row in rows if row.kind == "whatsapp"}
        sent = Counter(each["biz_opaque_callback_data"] for each in await world.sent(as_=None))
        assert set(sent) == set(counted)
        doubled = {key: times for key, times in sent.items() if times > 1 + counted[key]}
        assert doubled == {}, "sent more often than was counted"
        if not counted_only:
            assert sum(counted.values()) == self.doubts

    async def check_calendar(self, appointments: list[tuple[str, datetime]]) -> None:
        """Check what bookings there are, and that each has one event that shows its time.

        `appointments`: status and start of each booking there ever was, in any order.
        """
        world = self.world
        rows = await world.rows(
            "SELECT status, starts_at FROM appointments WHERE tenant_id = :tenant"
        )
        assert sorted((row.status, row.starts_at) for row in rows) == sorted(appointments)
        answer = await world.google.get(f"/_control/calendars/{world.tenant.calendar_id}/events")
        # Cancelled ones too: an event that was written twice would leave its double behind.
        events = answer.json()["events"]
        shown = sorted(
            (datetime.fromisoformat(each["start"]["dateTime"]), each["status"] == "cancelled")
            for each in events
        )
        assert shown == sorted((row.starts_at, row.status == "cancelled") for row in rows)


@contextlib.asynccontextmanager
async def open_installation(
    simulators: Simulators,
    fork_server: ForkServer,
    *,
    database_url: str,
    redis_url: str,
    credentials: Path,
) -> AsyncIterator[Installation]:
    """Make an installation; the first world in it starts the gateway."""
    settings: dict[str, Any] = {
        **HASTE,
        "redis_url": redis_url,
        "port": free_port(preferred=None),
        "internal_port": 0,
    }
    async with (
        unstarted_world(simulators, database_url, credentials, **settings) as world,
        platform(world.settings, (), database_url=database_url, redis_url=None) as looking_on,
    ):
        world.platform, world.url = looking_on, f"http://127.0.0.1:{settings['port']}"
        places = {"database_url": database_url, "credentials_dir": credentials}
        told = {**settings, **simulators.settings, **places}
        made = Installation(world, fork_server, _environment(told))
        try:
            yield made
        finally:
            await made.stop()


@contextlib.asynccontextmanager
async def open_world(installation: Installation, **changes: Any) -> AsyncIterator[CrashWorld]:
    """Make a world with simulators that remember nothing; `changes` are its workers' settings."""
    world = replace(installation.world, tenants=[])
    for each in (world.meta, world.gemini, world.google):
        (await each.post("/_control/reset")).raise_for_status()
    made = CrashWorld(installation, world, changes)
    try:
        yield made
    finally:
        await made.close()


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    return {name.upper(): str(value) for name, value in settings.items()}
