"""Who answers a contact: one worker at a time, and the fence against one that slept.

A lease is a row per contact. Taking it raises the epoch; every write of a turn checks holder and
epoch under a row lock, so that a worker which was frozen past its lease changes nothing.

All leases of a process are kept up together, on a connection that is opened for that: were each
turn to wait for one of those that turns use, the busiest hour would be when leases are lost.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

log = structlog.get_logger(__name__)


# Every write of every turn begins with the fence.
_MINE = "tenant_id = :tenant AND contact_id = :contact AND holder = :holder AND epoch = :epoch"
TAKE = Sql(
    "UPDATE contact_leases SET holder = :holder, epoch = epoch + 1,"
    " heartbeat_at = clock_timestamp() WHERE tenant_id = :tenant AND contact_id = :contact"
    " AND (holder IS NULL OR heartbeat_at < clock_timestamp() - CAST(:lasts AS interval))"
    " RETURNING epoch"
)
FENCE = Sql(f"SELECT 1 FROM contact_leases WHERE {_MINE} FOR UPDATE")  # noqa: S608  # constants
# A row that is locked is passed over until the next look: a turn of ours writes, and one that is
# stuck must not hold up the others' beats.
BEAT = Sql("""
    WITH mine AS (
        SELECT lease.tenant_id, lease.contact_id
        FROM contact_leases lease
        JOIN unnest(
            CAST(:tenants AS bigint[]), CAST(:contacts AS uuid[]), CAST(:holders AS uuid[]),
            CAST(:epochs AS bigint[])
        ) AS kept (tenant_id, contact_id, holder, epoch)
        USING (tenant_id, contact_id, holder, epoch)
        FOR UPDATE OF lease SKIP LOCKED
    )
    UPDATE contact_leases lease SET heartbeat_at = clock_timestamp() FROM mine
    WHERE lease.tenant_id = mine.tenant_id AND lease.contact_id = mine.contact_id
    RETURNING lease.holder
""")
HELD = Sql(
    "SELECT holder FROM contact_leases WHERE tenant_id = :tenant AND contact_id = :contact FOR UPDATE"
)
REVOKE = Sql(
    "UPDATE contact_leases SET holder = NULL, epoch = epoch + 1"
    " WHERE tenant_id = :tenant AND contact_id = :contact"
)
EXCUSE = Sql(
    "UPDATE turns SET starts = 0 WHERE tenant_id = :tenant AND contact_id = :contact"
    " AND state = 'open'"
)
RELEASE = Sql(f"UPDATE contact_leases SET holder = NULL WHERE {_MINE}")  # noqa: S608


LOOKS = 4  # for leases whose beat is due, in the time from one beat to the next


class LeaseLost(Conflict):
    """Another worker answers this contact now: everything not yet committed is void."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write in one contact's conversation, for as long as it is kept up."""

    tenant_id: TenantId
    contact_id: ContactId
    holder: uuid.UUID
    epoch: int


class Leases:
    """Takes, keeps up, checks and returns leases. `lasts` is how long silence is forgiven.

    `beats` are the sessions by which they are kept up, of connections that no turn uses.
    """

    def __init__(self, sessions: Sessions, *, beats: Sessions, lasts: timedelta) -> None:
        self._sessions = sessions
        self._beats = beats
        self._lasts = lasts
        self._kept: dict[Lease, float] = {}  # and when each was last kept up, by the loop's clock
        self._beating: asyncio.Task[None] | None = None

    async def take(
        self, session: AsyncSession, *, tenant_id: TenantId, contact_id: ContactId
    ) -> Lease | None:
        """Take the lease in the caller's transaction; None while somebody else keeps it up."""
        holder = uuid.uuid4()
        epoch = await Driver(session).value(
            TAKE, tenant=tenant_id, contact=contact_id, holder=holder, lasts=self._lasts
        )
        return None if epoch is None else Lease(tenant_id, contact_id, holder, epoch)

    @asynccontextmanager
    async def fenced(self, lease: Lease) -> AsyncIterator[AsyncSession]:
        """Open a transaction in which the lease is ours, and stays so until it ends.

        Raises:
            LeaseLost: somebody else took it; nothing is written.
        """
        async with self._sessions.of(lease.tenant_id).begin() as session:
            await check(session, lease)
            yield session

    @asynccontextmanager
    async def kept(self, lease: Lease) -> AsyncIterator[None]:
        """Keep the lease up for the duration of the block."""
        self._kept[lease] = asyncio.get_running_loop().time()
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            del self._kept[lease]
            if not self._kept:
                beating, self._beating = self._beating, None
                beating.cancel()
                # Gathered, so that a cancellation of our own that comes just now is not swallowed.
                await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self) -> None:
        # Three beats in a lease: one may be lost and one late.
        every_s = self._lasts.total_seconds() / 3
        while True:
            await asyncio.sleep(every_s / LOOKS)
            now = asyncio.get_running_loop().time()
            due = [lease for lease, at in self._kept.items() if now - at >= every_s]
            if not due:
                continue
            try:
                async with self._beats.everywhere.begin() as session:
                    beaten = set(await Driver(session).column(BEAT, **_columns(due)))
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("conversations.lease.beat_failed", error=repr(error))
                continue
            # What was passed over is due again at the next look; what was given back is gone.
            self._kept.update(
                {each: now for each in due if each.holder in beaten and each in self._kept}
            )


async def check(session: AsyncSession, lease: Lease) -> None:
    """Lock the lease's row in the session's transaction. Raises LeaseLost if it is not ours."""
    mine = await Driver(session).value(FENCE, **_names(lease))
    if mine is None:
        raise LeaseLost("Another worker answers this contact now.")


async def revoke(session: AsyncSession, tenant_id: TenantId, contact_id: ContactId) -> bool:
    """End the turn that answers the contact; return whether there was one.

    Their turn stays open, to be taken up again: that it was ended is no failure of it.
    """
    driver, names = Driver(session), {"tenant": tenant_id, "contact": contact_id}
    if await driver.value(HELD, **names) is None:
        return False
    await driver.execute(REVOKE, **names)
    return await driver.execute(EXCUSE, **names) > 0


async def release(session: AsyncSession, lease: Lease) -> None:
    """Return the lease, in a transaction that has checked it."""
    await Driver(session).execute(RELEASE, **_names(lease))


def _columns(leases: Sequence[Lease]) -> dict[str, list[object]]:
    return {
        "tenants": [each.tenant_id for each in leases],
        "contacts": [each.contact_id for each in leases],
        "holders": [each.holder for each in leases],
        "epochs": [each.epoch for each in leases],
    }


def _names(lease: Lease) -> dict[str, object]:
    return {
        "tenant": lease.tenant_id,
        "contact": lease.contact_id,
        "holder": lease.holder,
        "epoch": lease.epoch,
    }
