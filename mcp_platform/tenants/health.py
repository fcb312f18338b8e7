"""Which tenants are degraded: something fails for them, and only a person can mend it.

Postgres keeps it, so every process and the operator see the same. Only changes are written.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.models import TenantRow, TroubleRow
from mcp_platform.tenants.tenant import TenantId

log = structlog.get_logger(__name__)

DEGRADED = Gauge(
    "mcp_tenants_degraded", "Tenants whose credential or account is refused.", ["what"]
)
LOOK_AGAIN = timedelta(seconds=15)
LONGEST_REASON = 300


async def note(session: AsyncSession, tenant_id: TenantId, what: str, reason: str) -> None:
    """Write a trouble down, in the transaction that finds it; the first reason stays."""
    await session.execute(
        insert(TroubleRow)
        .values(tenant_id=tenant_id, what=what, reason=reason[:LONGEST_REASON])
        .on_conflict_do_nothing()
    )


async def strike(session: AsyncSession, tenant_id: TenantId, what: str) -> None:
    """Forget a trouble, in the transaction that finds it mended."""
    await session.execute(
        delete(TroubleRow).where(TroubleRow.tenant_id == tenant_id, TroubleRow.what == what)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantTrouble:
    """What a person must mend for a tenant, named by its path."""

    tenant: str
    what: str
    reason: str
    since: datetime


async def troubles(session: AsyncSession) -> list[TenantTrouble]:
    """Return the troubles of all tenants, the oldest first."""
    path = func.concat(TenantRow.client_name, "/", TenantRow.environment)
    rows = await session.execute(
        select(path, TroubleRow.what, TroubleRow.reason, TroubleRow.since)
        .join(TenantRow, TenantRow.id == TroubleRow.tenant_id)
        .order_by(TroubleRow.since)
    )
    return [
        TenantTrouble(tenant=tenant, what=what, reason=reason, since=since)
        for tenant, what, reason, since in rows
    ]


class TenantHealth:
    """Hears of every refusal and every success; remembers what it wrote."""

    def __init__(self, sessions: Sessions, *, timer: Callable[[], float]) -> None:
        self._sessions = sessions
        self._timer = timer
        self._known: set[tuple[TenantId, str]] = set()
        self._looked_at = float("-inf")

    async def refused(self, tenant_id: TenantId, what: str, reason: str) -> None:
        """Mark a tenant degraded, if it is not already."""
        await self.look()
        if (tenant_id, what) in self._known:
            return
        log.error("tenants.health.degraded", tenant_id=tenant_id, what=what, reason=reason)
        async with self._sessions.of(tenant_id).begin() as session:
            await note(session, tenant_id, what, reason)
        self._known.add((tenant_id, what))
        self._measure()

    async def accepted(self, tenant_id: TenantId, what: str) -> None:
        """Mark a tenant healthy again, if it was degraded."""
        await self.look()
        if (tenant_id, what) not in self._known:
            return
        log.info("tenants.health.recovered", tenant_id=tenant_id, what=what)
        async with self._sessions.of(tenant_id).begin() as session:
            await strike(session, tenant_id, what)
        self._known.discard((tenant_id, what))
        self._measure()

    async def troubles(self) -> list[dict[str, str]]:
        """Return every degraded tenant, for the internal health page."""
        async with self._sessions.everywhere() as session:
            return [
                asdict(each) | {"since": each.since.isoformat()} for each in await troubles(session)
            ]

    async def look(self) -> None:
        """Measure what any process found, unless that was just done."""
        if self._timer() - self._looked_at < LOOK_AGAIN.total_seconds():
            return
        async with self._sessions.everywhere() as session:
            rows = await session.execute(select(TroubleRow.tenant_id, TroubleRow.what))
            self._known = {(TenantId(tenant_id), what) for tenant_id, what in rows}
        self._looked_at = self._timer()
        self._measure()

    def _measure(self) -> None:
        DEGRADED.clear()
        for _, what in self._known:
            DEGRADED.labels(what=what).inc()
