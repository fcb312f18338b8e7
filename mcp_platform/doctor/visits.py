"""When tenants are examined: once a day each, spread over the day, no account asked too often.

Workers claim due visits in order. A visit that was not finished is due again soon. Postgres keeps
all of it.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mcp_platform.doctor.checks_whatsapp import CALLS
from mcp_platform.doctor.models import VisitRow
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.tenant import TenantId

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
# Source: Meta, "Rate limits": 200 management calls an hour for an app and account. Half of them is
# for people, who fix things meanwhile.
CALLS_AN_HOUR = 200
MOST_AN_HOUR = CALLS_AN_HOUR // 2 // CALLS
AGAIN = timedelta(minutes=15)  # after a visit that began and did not end: its process died
_MOST_NEW = 1_000  # rows made at once


class Visits:
    """The visits of all tenants that the session may see."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def began(self, tenant_id: TenantId, *, account: str | None, now: datetime) -> None:
        """Note that a tenant is being examined, for the count of calls."""
        values = {"started_at": now, "account": account}
        await self._session.execute(
            insert(VisitRow)
            .values(tenant_id=tenant_id, next_due_at=next_visit(tenant_id, now=now), **values)
            .on_conflict_do_update(index_elements=[VisitRow.tenant_id], set_=values)
        )

    async def schedule(self, *, now: datetime) -> None:
        """Give every tenant that has none its time of the day."""
        missing = await self._session.scalars(
            select(TenantRow.id)
            .outerjoin(VisitRow, VisitRow.tenant_id == TenantRow.id)
            .where(VisitRow.tenant_id.is_(None))
            .limit(_MOST_NEW)
        )
        rows = [
            {"tenant_id": each, "next_due_at": next_visit(TenantId(each), now=now)}
            for each in missing
        ]
        if rows:
            await self._session.execute(insert(VisitRow).values(rows).on_conflict_do_nothing())

    async def claim(self, *, topology: str | None, now: datetime) -> TenantId | None:
        """Take the next due visit, if there is one. `topology` None: of any tenant there is to see.

        A visit is passed over while its account was asked about too often in the last hour.
        """
        other = aliased(VisitRow)
        asked = (
            select(func.count())
            .where(other.account == VisitRow.account, other.started_at > now - HOUR)
            .scalar_subquery()
        )
        due = (
            select(VisitRow.tenant_id)
            .join(TenantRow, TenantRow.id == VisitRow.tenant_id)
            .where(
                VisitRow.next_due_at <= now,
                TenantRow.status == "active",
                or_(VisitRow.account.is_(None), asked < MOST_AN_HOUR),
            )
            .order_by(VisitRow.next_due_at)
            .limit(1)
            .with_for_update(of=VisitRow, skip_locked=True)
        )
        if topology is not None:
            due = due.where(TenantRow.topology == topology)
        claimed = await self._session.scalar(
            update(VisitRow)
            .where(VisitRow.tenant_id == due.scalar_subquery())
            .values(next_due_at=now + AGAIN, started_at=now)
            .returning(VisitRow.tenant_id)
        )
        return None if claimed is None else TenantId(claimed)

    async def finished(self, tenant_id: TenantId, *, now: datetime) -> None:
        """Let the tenant be until its time tomorrow."""
        await self._session.execute(
            update(VisitRow)
            .where(VisitRow.tenant_id == tenant_id)
            .values(next_due_at=next_visit(tenant_id, now=now))
        )

    async def progress(self, *, now: datetime) -> tuple[datetime | None, int]:
        """Return when the last visit began, and how many of active tenants are an hour late."""
        row = await self._session.execute(
            select(
                func.max(VisitRow.started_at),
                func.count().filter(
                    VisitRow.next_due_at < now - HOUR, TenantRow.status == "active"
                ),
            ).join(TenantRow, TenantRow.id == VisitRow.tenant_id)
        )
        last, late = row.one()
        return last, late


def next_visit(tenant_id: TenantId, *, now: datetime) -> datetime:
    """Return the next time of day at which a tenant is examined: always the same, by its id."""
    digest = hashlib.sha256(f"visit:{tenant_id}".encode()).digest()
    second = int.from_bytes(digest[:4], "big") % int(DAY.total_seconds())
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = today + timedelta(seconds=second)
    return at if at > now else at + DAY
