"""One thing done to many tenants: planned first, then done one after the other, and told meanwhile.

A job's row holds the snapshot of its tenants and what became of each. The process that begins it does
it; one that died in between is gone on with by whoever asks. What is done twice is done once.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from uuid import UUID

import structlog
from sqlalchemy import Text, cast, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.doctor.examining import Examinations
from mcp_platform.errors import Conflict, Invalid, NotFound, PlatformError
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.environments import EnvironmentChange, Environments
from mcp_platform.registry.fleet.models import FleetJobRow
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.models import TenantRow, was_purged
from mcp_platform.tenants.tenant import is_client_name, is_environment

log = structlog.get_logger(__name__)

JobAction = Literal["doctor", "suspend", "resume"]
ACTIONS: Final[tuple[JobAction, ...]] = get_args(JobAction)
FROM: Final[Mapping[JobAction, tuple[str, ...]]] = {
    "doctor": ("active", "suspended"),
    "suspend": ("active",),
    "resume": ("suspended",),
}
"""Of which status tenants are taken; others are skipped."""
TO: Final[Mapping[JobAction, Literal["suspended", "active"]]] = {
    "suspend": "suspended",
    "resume": "active",
}
MOST: Final = 20_000  # twice the largest fleet that is reckoned with
DEAD_AFTER: Final = timedelta(minutes=3)  # an examination takes one at most


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTenant:
    """One tenant of a plan: as it is, and whether it is taken or why not (its status)."""

    path: str
    status: str
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetJob:
    """A job as it is now. `left` and `failed` are paths; of what failed, why, in English.

    `dead`: nobody works on it, though it is not finished.
    """

    id: UUID
    action: JobAction
    by: str
    created_at: datetime
    stopped: bool
    done: int
    left: tuple[str, ...]
    failed: Mapping[str, str]
    dead: bool

    @property
    def total(self) -> int:
        return self.done + len(self.left) + len(self.failed)

    @property
    def running(self) -> bool:
        return bool(self.left) and not self.stopped and not self.dead


class FleetJobs:
    """Plans jobs, does them in this process, and tells how far they are."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        examinations: Examinations,
        tenants: TenantDirectory,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._examinations = examinations
        self._tenants = tenants
        self._clock = clock
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def plan(self, action: JobAction, paths: Sequence[str]) -> list[PlannedTenant]:
        """Return what would be done, by path. Unknown paths are left out. Raises Invalid."""
        if len(paths) > MOST:
            raise Invalid(f"More than {MOST} tenants at once are too many.")
        parted = (path.partition("/") for path in paths)
        named = [
            (client, environment)
            for client, _, environment in parted
            if is_client_name(client) and is_environment(environment)
        ]
        # Two arrays: a statement has no more than 32,767 parameters.
        clients, environments = ([each[place] for each in named] for place in (0, 1))
        wanted = select(*(func.unnest(cast(each, ARRAY(Text))) for each in (clients, environments)))
        async with self._sessions.everywhere() as session:
            rows = await session.execute(
                select(TenantRow.client_name, TenantRow.environment, TenantRow.status)
                .where(
                    tuple_(TenantRow.client_name, TenantRow.environment).in_(wanted), ~was_purged()
                )
                .order_by(TenantRow.client_name, TenantRow.environment)
            )
        return [
            PlannedTenant(
                path=f"{row.client_name}/{row.environment}",
                status=row.status,
                taken=row.status in FROM[action],
            )
            for row in rows
        ]

    async def start(self, action: JobAction, paths: Sequence[str], *, actor: Actor) -> UUID:
        """Begin what `plan` takes of these; return the job's id. Raises Invalid if it is nothing."""
        taken = [each.path for each in await self.plan(action, paths) if each.taken]
        if not taken:
            raise Invalid("There is nothing to do of these.")
        job = uuid.uuid4()
        async with self._sessions.everywhere.begin() as session:
            session.add(
                FleetJobRow(
                    id=job,
                    action=action,
                    by=actor.subject,
                    created_at=self._clock(),
                    beat_at=self._clock(),
                    pending=taken,
                    failed={},
                )
            )
            await audit.record(
                session,
                actor=actor,
                action=f"fleet.{action}",
                target=f"{len(taken)} tenants",
                after={"tenants": taken[:100]},
            )
        self._begin(job, action, actor)
        return job

    async def read(self, job: UUID) -> FleetJob:
        """Return a job. Raises NotFound."""
        async with self._sessions.everywhere() as session:
            return self._told(await session.get(FleetJobRow, job))

    def _told(self, row: FleetJobRow | None) -> FleetJob:
        if row is None:
            raise NotFound("There is no such job.")
        silent = self._clock() - row.beat_at > DEAD_AFTER
        return FleetJob(
            id=row.id,
            action=next(each for each in ACTIONS if each == row.action),
            by=row.by,
            created_at=row.created_at,
            stopped=row.stopped,
            done=row.done,
            left=tuple(row.pending),
            failed=row.failed,
            dead=bool(row.pending) and not row.stopped and silent,
        )

    async def stop(self, job: UUID) -> None:
        """Let a job end after what it does just now. Raises NotFound."""
        await self.read(job)
        async with self._sessions.everywhere.begin() as session:
            await session.execute(
                update(FleetJobRow).where(FleetJobRow.id == job).values(stopped=True)
            )

    async def go_on(self, job: UUID, *, actor: Actor) -> None:
        """Do what is left, and what failed once more.

        Raises:
            NotFound: there is no such job.
            Conflict: it is being done.
        """
        async with self._sessions.everywhere.begin() as session:
            row = await session.get(FleetJobRow, job, with_for_update=True)
            known = self._told(row)
            # Stopped, this process may still be doing the last one.
            if row is None or known.running or job in self._running:
                raise Conflict("This job is under way.")
            row.pending = [*row.pending, *row.failed]
            row.failed, row.stopped, row.beat_at = {}, False, self._clock()
        self._begin(job, known.action, actor)

    async def finished(self) -> None:
        """Wait until this process does no job any more."""
        while self._running:
            await asyncio.wait(self._running.values())

    def _begin(self, job: UUID, action: JobAction, actor: Actor) -> None:
        task = self._running[job] = asyncio.create_task(self._work(job, action, actor))
        task.add_done_callback(lambda _: self._running.pop(job))

    async def _work(self, job: UUID, action: JobAction, actor: Actor) -> None:
        try:
            await self._each(job, action, actor)
        except Exception:  # the database is away: the job counts as broken off, and is gone on with
            log.exception("fleet.job.broke_off", job=str(job))

    async def _each(self, job: UUID, action: JobAction, actor: Actor) -> None:
        while (path := await self._next(job)) is not None:
            why: str | None = None
            try:
                await self._do(action, path, actor)
            except PlatformError as error:
                why = str(error)
            except Exception as error:  # a bug: the others are done all the same
                log.exception("fleet.job.failed", job=str(job), tenant=path)
                why = type(error).__name__
            await self._note(job, path, why)

    async def _next(self, job: UUID) -> str | None:
        async with self._sessions.everywhere.begin() as session:
            row = await session.get(FleetJobRow, job, with_for_update=True)
            if row is None or row.stopped or not row.pending:
                return None
            row.beat_at = self._clock()
            return row.pending[0]

    async def _note(self, job: UUID, path: str, why: str | None) -> None:
        async with self._sessions.everywhere.begin() as session:
            row = await session.get(FleetJobRow, job, with_for_update=True)
            if row is None or path not in row.pending:
                return
            row.pending = [each for each in row.pending if each != path]
            row.beat_at = self._clock()
            if why is None:
                row.done += 1
            else:
                row.failed = {**row.failed, path: why}

    async def _do(self, action: JobAction, path: str, actor: Actor) -> None:
        client, environment = path.split("/")
        if action == "doctor":
            tenant = await self._tenants.by_path(client, environment)
            await self._examinations.run(tenant, actor=actor)
            return
        change = EnvironmentChange(status=TO[action])
        async with self._sessions.everywhere.begin() as session:
            await Environments(session, actor).update(client, environment, change, versions=None)
        self._tenants.forget()
