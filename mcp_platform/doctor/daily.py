"""The daily check: due tenants are examined one after the other, and what is newly wrong is told."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import func, select

from mcp_platform.doctor.doctor import Doctor
from mcp_platform.doctor.findings import failed
from mcp_platform.doctor.metrics import LAST_RUN, OVERDUE, RESULTS
from mcp_platform.doctor.models import FindingRow
from mcp_platform.doctor.visits import Visits
from mcp_platform.errors import NotFound
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.tenants.directory import TenantDirectory

log = structlog.get_logger(__name__)


class DailyCheck:
    """Examines what is due, for one worker; several share the work."""

    def __init__(
        self,
        *,
        doctor: Doctor,
        sessions: Sessions,
        tenants: TenantDirectory,
        pinned: bool,
        clock: Callable[[], datetime],
    ) -> None:
        """Examine the shared tenants, or the one to which this process is `pinned`."""
        self._doctor = doctor
        self._sessions = sessions
        self._tenants = tenants
        self._topology = None if pinned else "shared"
        self._clock = clock

    async def run(self, *, stopping: Callable[[], bool]) -> int:
        """Examine what is due until nothing is, or `stopping`; return how many it were."""
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            await Visits(session).schedule(now=now)
        examined = 0
        while not stopping() and await self._one():
            examined += 1
        await self._measure()
        return examined

    async def _one(self) -> bool:
        async with self._sessions.everywhere.begin() as session:
            tenant_id = await Visits(session).claim(topology=self._topology, now=self._clock())
        if tenant_id is None:
            return False
        try:
            tenant = await self._tenants.by_id(tenant_id)
        except NotFound:
            return True  # purged since it was claimed
        try:
            found = await self._doctor.examine(tenant, notify=True)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("doctor.daily.failed", tenant=tenant.path)  # it is due again, later
            return True
        async with self._sessions.of(tenant_id).begin() as session:
            await Visits(session).finished(tenant_id, now=self._clock())
        wrong = [f"{each.check}:{each.code}" for each in failed(found)]
        log.info("doctor.daily.examined", tenant=tenant.path, failed=wrong)
        return True

    async def _measure(self) -> None:
        """Set the gauges to what Postgres holds: every worker shows the same, and none a sum."""
        now = self._clock()
        async with self._sessions.everywhere() as session:
            counted = await session.execute(
                select(FindingRow.name, FindingRow.state, func.count()).group_by(
                    FindingRow.name, FindingRow.state
                )
            )
            last, overdue = await Visits(session).progress(now=now)
            RESULTS.clear()
            for name, state, count in counted:
                RESULTS.labels(check=name, state=state).set(count)
        OVERDUE.set(overdue)
        if last is not None:
            LAST_RUN.set(last.timestamp())
