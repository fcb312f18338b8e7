"""A business whose gateway and workers are processes that die, and what must be true afterwards."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from mcp_platform.bootstrap.service import platform
from mcp_platform.kit.embedded_server import free_port
from mcp_platform.settings import Settings
from tests.crash.processes import ROOT, Nursery, Process
from tests.flows.world import Simulators, World, eventually

# Everything that is waited for after a death, shortened; in their proportions as by default.
HASTE = {
    "debounce_s": 0.1,
    "debounce_cap_s": 0.5,
    "lease_s": 2.0,
    "standstill_s": 60.0,  # a process that is frozen on purpose, or by a busy machine, goes on
    "sweep_s": 0.3,
    "forgotten_s": 0.5,
    "vendor_timeout_s": 4.0,
    "claim_s": 5.0,
    "uncertain_s": 2.0,
}
CUSTOMER = "5511999998888"
RECOVERY_S = 90.0  # far more than all of the above; only a test that fails waits so long

# Of a whole test, which may wait for several recoveries, on a machine that has other things to do.
TIMEOUT_S = 300

UNFINISHED = """
    SELECT (SELECT count(*) FROM inbox_events WHERE state IN ('waiting', 'claimed'))
         + (SELECT count(*) FROM turns WHERE state = 'open')
         + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'uncertain'))
"""


@dataclass(slots=True)
class Place:
    """A world whose service runs in other processes."""

    world: World
    nursery: Nursery
    env: dict[str, str]
    running: list[Process] = field(default_factory=list)

    async def open(self, *parts: str) -> None:
        """Start the first processes, a gateway among them, and open the business."""
        await self.start(*parts)
        await self.world.add_tenant()

    async def start(self, *parts: str, failpoint: str = "") -> Process:
        """Start a process; a gateway is waited for until it answers."""
        process = await self.nursery.serve(*parts, env=self.env, failpoint=failpoint)
        self.running.append(process)
        if "gateway" in parts:
            await eventually(self._answers, within=RECOVERY_S, why="the gateway")
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

    async def stop(self) -> None:
        for process in self.running:
            await process.kill()

    async def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.world.url}/health/live")).is_success
        return False

    # -- waiting -------------------------------------------------------------------------------

    async def quiet(self) -> bool:
        """Tell whether nothing is left to be done, here or at Meta."""
        answer = await self.world.meta.get("/_control/undelivered")
        return not answer.json()["undelivered"] and not await self.world.value(UNFINISHED)

    async def until_answered(self, count: int, *, as_: str = CUSTOMER) -> None:
        """Wait until this many turns of a contact are answered, and nothing is left to be done."""
        why = f"{count} replies, and quiescence"
        await eventually(lambda: self._answered(count, as_), within=RECOVERY_S, why=why)

    async def until_dead_or_answered(self, process: Process, count: int) -> None:
        async def either() -> bool:
            return not process.alive or await self._answered(count, CUSTOMER)

        await eventually(either, within=RECOVERY_S, why=f"a death, or {count} replies")

    async def replied(self, count: int, as_: str = CUSTOMER) -> bool:
        """Tell whether so many different replies were sent."""
        sent = await self.world.sent(as_=as_)
        return len({each["biz_opaque_callback_data"] for each in sent}) >= count

    async def _answered(self, count: int, as_: str) -> bool:
        return await self.replied(count, as_) and await self.quiet()

    async def settle(self) -> None:
        """Wait until nothing is left to be done."""
        await eventually(self.quiet, within=RECOVERY_S, why="quiescence")

    async def frozen(self, sleeper: Process) -> None:
        """Wait until a process is frozen."""
        async with asyncio.timeout(RECOVERY_S):
            await sleeper.frozen.wait()

    async def died(self, victim: Process) -> None:
        """Wait until a process is dead."""
        async with asyncio.timeout(RECOVERY_S):
            await victim.dead.wait()

    # -- what must be true ---------------------------------------------------------------------

    async def check_messages(self, *, resends: int | None = 0) -> None:
        """Check that every message was answered in one turn, and every reply sent once.

        `resends`: how many uncertain sends were sent again; None: as many as were counted.
        """
        world = self.world
        states = await world.rows("SELECT kind, state, count(*) FROM inbox_events GROUP BY 1, 2")
        assert {state for _, state, _ in states} <= {"done"}, states
        unanswered = await world.rows(
            "SELECT turn.id, turn.state, count(outbox.id) FROM turns turn LEFT JOIN outbox"
            " ON outbox.tenant_id = turn.tenant_id AND outbox.key = 'r:' || turn.id"
            " GROUP BY 1, 2 HAVING turn.state <> 'done' OR count(outbox.id) <> 1"
        )
        assert unanswered == []
        heard = await world.value("SELECT count(*) FROM messages WHERE direction = 'in'")
        events = await world.value("SELECT count(*) FROM inbox_events WHERE kind = 'message'")
        assert heard == events
        rows = await world.rows("SELECT key, kind, state, resends FROM outbox")
        lost = [row for row in rows if row.state not in ("sent", "delivered", "read", "done")]
        assert lost == []
        counted = {row.key: row.resends for row in rows if row.kind == "whatsapp"}
        sent = Counter(each["biz_opaque_callback_data"] for each in await world.sent(as_=None))
        assert set(sent) == set(counted)
        doubled = {key: times for key, times in sent.items() if times > 1 + counted[key]}
        assert doubled == {}, "sent more often than was counted"
        if resends is not None:
            assert sum(counted.values()) == resends

    async def check_calendar(self, appointments: list[tuple[str, datetime]]) -> None:
        """Check what bookings there are, and that each has one event that shows its time.

        `appointments`: status and start of each booking there ever was, in any order.
        """
        world = self.world
        rows = await world.rows("SELECT status, starts_at FROM appointments")
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
async def place(
    simulators: Simulators,
    nursery: Nursery,
    *,
    database_url: str,
    redis_url: str,
    credentials: Path,
    **changes: Any,
) -> AsyncIterator[Place]:
    """Make a place on an own database; the tenant is added when a gateway runs."""
    chosen: dict[str, Any] = {
        **HASTE,
        "database_url": database_url,
        "redis_url": redis_url,
        "credentials_dir": credentials,
        "meta_graph_url": simulators.meta.url,
        "gemini_url": simulators.gemini.url,
        "google_calendar_url": f"{simulators.google.url}/calendar/v3/",
        "google_token_url": f"{simulators.google.url}/token",
        "port": free_port(preferred=None),
        "internal_port": 0,
        **changes,
    }
    env = {name.upper(): str(value) for name, value in chosen.items()}
    async with (
        httpx.AsyncClient(base_url=simulators.meta.url, timeout=RECOVERY_S) as meta,
        httpx.AsyncClient(base_url=simulators.gemini.url, timeout=RECOVERY_S) as gemini,
        httpx.AsyncClient(base_url=simulators.google.url, timeout=RECOVERY_S) as google,
        platform(Settings(**chosen), (), database_url=database_url, redis_url=None) as looking_on,
    ):
        for each in (meta, gemini, google):
            (await each.post("/_control/reset")).raise_for_status()
        world = World(looking_on.settings, database_url, meta, gemini, google, credentials)
        world.platform, world.url = looking_on, f"http://127.0.0.1:{chosen['port']}"
        made = Place(world, nursery, env)
        try:
            yield made
        finally:
            await made.stop()
