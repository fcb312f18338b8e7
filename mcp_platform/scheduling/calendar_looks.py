"""When the calendars of a tenant are looked at: every few minutes while it has appointments ahead.

A tenant gets a due row with its first appointment, and loses it when nothing is ahead any more. So a
business at rest costs nothing. Workers claim due rows in order.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.jsons import dumps
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

# How late the owner's doing may be noticed. A project at Google may ask 600 times a minute for each
# user, and each calendar costs one call.
EVERY = timedelta(minutes=5)
# An update, since it waits for a worker that takes the row away; DO NOTHING would trust that row.
WANTED = Sql("""
    INSERT INTO calendar_looks (tenant_id, next_due_at)
    VALUES (:tenant, clock_timestamp() + CAST(:every AS interval))
    ON CONFLICT (tenant_id) DO UPDATE SET next_due_at = calendar_looks.next_due_at
""")
CLAIM = Sql("""
    UPDATE calendar_looks SET next_due_at = :again
    WHERE tenant_id = (
        SELECT l.tenant_id
        FROM calendar_looks l JOIN tenants t ON t.id = l.tenant_id
        WHERE l.next_due_at <= :now AND t.status = 'active'
          AND (CAST(:topology AS text) IS NULL OR t.topology = :topology)
        ORDER BY l.next_due_at
        LIMIT 1
        FOR UPDATE OF l SKIP LOCKED)
    RETURNING tenant_id
""")
TOLD = Sql("SELECT told FROM calendar_looks WHERE tenant_id = :tenant FOR UPDATE")
TELL = Sql("UPDATE calendar_looks SET told = CAST(:told AS jsonb) WHERE tenant_id = :tenant")
NO_MORE = Sql("DELETE FROM calendar_looks WHERE tenant_id = :tenant")


async def look_soon(session: AsyncSession, tenant_id: TenantId) -> None:
    """Have a tenant's calendars looked at from now on, in the transaction that writes to one."""
    await Driver(session).execute(WANTED, tenant=tenant_id, every=EVERY)


@dataclass(frozen=True, slots=True)
class CalendarLooks:
    """The due rows of all tenants that the session may see."""

    session: AsyncSession

    async def claim(self, *, topology: str | None, now: datetime) -> TenantId | None:
        """Take the next tenant that is due, if there is one. `topology` None: of any."""
        claimed = await Driver(self.session).value(
            CLAIM, topology=topology, now=now, again=now + EVERY
        )
        return None if claimed is None else TenantId(claimed)

    async def told(self, tenant_id: TenantId) -> dict[str, str | None]:
        """Return what the owner was told of, and keep bookings and other looks out meanwhile."""
        return await Driver(self.session).value(TOLD, tenant=tenant_id) or {}

    async def tell(self, tenant_id: TenantId, told: dict[str, str | None]) -> None:
        """Keep what the owner knows by now."""
        await Driver(self.session).execute(TELL, tenant=tenant_id, told=dumps(told).decode())

    async def no_more(self, tenant_id: TenantId) -> None:
        """Forget a tenant that has nothing ahead, read after its row was locked by `told`."""
        await Driver(self.session).execute(NO_MORE, tenant=tenant_id)
