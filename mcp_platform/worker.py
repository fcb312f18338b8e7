"""The background: wake-ups taken from the queue, and periodic work.

Owns how work reaches `flow.py` and the outbox, and what happens when it fails: it comes back,
later each time. Owns no work itself.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import structlog
from cachetools import TTLCache
from sqlalchemy.exc import SQLAlchemyError

from mcp_platform.conversations.idle import IdleConversations
from mcp_platform.doctor.daily import DailyCheck
from mcp_platform.errors import NotFound, PlatformError
from mcp_platform.flow import InboxHandler
from mcp_platform.followups import follow_up
from mcp_platform.inbox.sweep import sweep
from mcp_platform.kit.consumer import Consumer, Handle, Places, Queue
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import INBOX, OUTBOX, WakeUp
from mcp_platform.outbox.delivery import Delivery
from mcp_platform.outbox.notices import Notices
from mcp_platform.registry.fleet.rows import EVERY as FLEET_EVERY
from mcp_platform.registry.fleet.rows import FleetRefresher
from mcp_platform.reminders.reminders import Reminders
from mcp_platform.retention import prune
from mcp_platform.scheduling.calendar_watch import CalendarWatch
from mcp_platform.templates.watch import TemplateWatch
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import TenantId, Topology

log = structlog.get_logger(__name__)

HEARTBEAT_TIMEOUT = timedelta(seconds=10)  # after it a worker is taken for dead
FOLLOW_UP_EVERY_S = 0.2
PRUNE_EVERY_S = 3600.0
EXAMINE_EVERY_S = 30.0  # how late an examination may begin
LOOK_EVERY_S = 15.0  # how late a look at calendars may begin
REMIND_EVERY_S = 15.0  # how late a reminder may be
TEMPLATES_EVERY_S = 15.0  # how late a look at templates may begin
KEEP_QUEUE_LOG = timedelta(days=1)
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 60.0
MOST_DOUBLED = 10  # beyond the longest pause; after a night's failures a float would overflow
# For which wake-ups we count failures: those of the last minutes. What is forgotten begins at zero.
FAILING_MOST = 10_000
FAILING_FOR_S = 5 * LONGEST_PAUSE_S

AWAY = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Worker:
    """Runs until `stop` is called; what is under way then is finished first."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        queue: Queue,
        news: asyncio.Event,
        answering: InboxHandler,
        delivery: Delivery,
        notices: Notices,
        daily: DailyCheck,
        calendars: CalendarWatch,
        templates: TemplateWatch,
        reminders: Reminders,
        idle: IdleConversations,
        places: Places,
        sweep_every: timedelta,
        patience: timedelta,
        lease: timedelta,
        keep: timedelta,
        topology: Topology,
        fleet: FleetRefresher,
    ) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._consumer = Consumer(
            queue,
            {INBOX: self._job(INBOX, answering.handle), OUTBOX: self._job(OUTBOX, delivery.handle)},
            places=places,
            # Who is silent for so long that its contacts are free loses its wake-ups too.
            silent_for=min(HEARTBEAT_TIMEOUT, lease),
            news=news,
        )
        self._delivery = delivery
        self._notices = notices
        self._daily = daily
        self._calendars = calendars
        self._templates = templates
        self._reminders = reminders
        self._idle = idle
        self._sweep_every = sweep_every
        self._patience = patience
        self._lease = lease
        self._keep = keep
        self._topology = topology
        self._fleet = fleet
        # The queue's own count of attempts has those too that only came too early: a contact who
        # typed for long, or found the lease taken, would wait a minute for its first failure.
        self._failures: TTLCache[tuple[str, int, str], int] = TTLCache(FAILING_MOST, FAILING_FOR_S)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()
        self._consumer.stop()

    async def run(self) -> None:
        """Work until stopped. A part that fails is logged and begins again."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._forever("queue", self._consumer.run, every_s=0))
                group.create_task(
                    self._forever("followups", self._follow_up, every_s=FOLLOW_UP_EVERY_S)
                )
                sweep_s = self._sweep_every.total_seconds()
                group.create_task(self._forever("sweep", self._sweep, every_s=sweep_s))
                group.create_task(self._forever("doctor", self._examine, every_s=EXAMINE_EVERY_S))
                group.create_task(self._forever("calendars", self._look, every_s=LOOK_EVERY_S))
                group.create_task(
                    self._forever("templates", self._look_at_templates, every_s=TEMPLATES_EVERY_S)
                )
                group.create_task(self._forever("reminders", self._remind, every_s=REMIND_EVERY_S))
                group.create_task(self._forever("prune", self._prune, every_s=PRUNE_EVERY_S))
                if self._topology == "shared":  # a tenant's own worker sees no other's rows
                    every_s = FLEET_EVERY.total_seconds()
                    group.create_task(self._forever("fleet", self._fleet.run, every_s=every_s))
        finally:
            await self._drain()

    async def _drain(self) -> None:
        """Finish what is under way although its queue was away when we were stopped."""
        try:
            await self._consumer.drain()
        except AWAY as error:  # its wake-ups come back, and find nothing to do
            log.warning("worker.queue.not_settled", error=repr(error))

    async def _forever(
        self, part: str, work: Callable[[], Awaitable[None]], *, every_s: float
    ) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                await work()
                failures = 0
                pause = every_s * random.uniform(0.8, 1.2)
            except AWAY as error:
                failures += 1
                pause = _pause(failures)
                log.warning(
                    "worker.part.away", part=part, error=repr(error), again_in_s=round(pause, 1)
                )
            except Exception:
                failures += 1
                pause = _pause(failures)
                log.exception("worker.part.failed", part=part, again_in_s=round(pause, 1))
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _job(self, entrypoint: str, handle: Handle) -> Handle:
        async def run(wakeup: WakeUp) -> timedelta | None:
            with structlog.contextvars.bound_contextvars(trace_id=wakeup.trace_id):
                return await self._handled(entrypoint, handle, wakeup)

        return run

    async def _handled(self, entrypoint: str, handle: Handle, wakeup: WakeUp) -> timedelta | None:
        place = entrypoint, wakeup.tenant_id, wakeup.key
        try:
            tenant = await self._tenants.by_id(TenantId(wakeup.tenant_id))
            if tenant.topology == self._topology:
                later = await handle(wakeup)
                self._failures.pop(place, None)
                return later
            # It moved to other workers with all that waits: theirs look for what is forgotten.
            log.info("worker.job.elsewhere", entrypoint=entrypoint, tenant=tenant.path)
        except NotFound as error:
            log.warning("worker.job.nobody", entrypoint=entrypoint, error=str(error))
        except (PlatformError, *AWAY) as error:
            pause = self._failed(place)
            log.warning(
                "worker.job.later", entrypoint=entrypoint, error=repr(error), again_in_s=pause
            )
            return timedelta(seconds=pause)
        except Exception:
            pause = self._failed(place)
            log.exception("worker.job.failed", entrypoint=entrypoint, again_in_s=pause)
            return timedelta(seconds=pause)
        return None

    def _failed(self, place: tuple[str, int, str]) -> float:
        """Count a failure, and return for how many seconds to leave it."""
        self._failures[place] = failures = self._failures.get(place, 0) + 1
        return _pause(failures)

    async def _follow_up(self) -> None:
        while await self._followed_up() and not self._stopping.is_set():
            pass

    async def _followed_up(self) -> int:
        return await follow_up(self._sessions, self._notices, topology=self._topology)

    async def _sweep(self) -> None:
        woken = await sweep(
            self._sessions, patience=self._patience, lease=self._lease, topology=self._topology
        )
        await self._idle.count_waiting()
        woken += await self._delivery.sweep()
        await self._idle.give_back()
        if woken:
            log.info("worker.sweep.woken", count=woken)

    async def _examine(self) -> None:
        await self._daily.run(stopping=self._stopping.is_set)

    async def _look(self) -> None:
        await self._calendars.run(stopping=self._stopping.is_set)

    async def _look_at_templates(self) -> None:
        await self._templates.run(stopping=self._stopping.is_set)

    async def _remind(self) -> None:
        await self._reminders.run(stopping=self._stopping.is_set)

    async def _prune(self) -> None:
        pruned = await prune(
            self._sessions, keep=self._keep, log=KEEP_QUEUE_LOG, topology=self._topology
        )
        if pruned:
            log.info("worker.prune.done", rows=pruned)


def _pause(failures: int) -> float:
    """Full jitter over an exponentially growing span."""
    doubled = min(failures, MOST_DOUBLED)
    return random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**doubled))
