"""Who answers a contact: one worker at a time, and the fence against one that slept.

A lease is a row per contact. Taking it raises the epoch; every write of a turn checks holder and
epoch under a row lock, so that a worker which was frozen past its lease changes nothing.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import ContactId
from mcp_platform.conversations.models import ContactLeaseRow
from mcp_platform.errors import Conflict
from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.tenant import TenantId

log = structlog.get_logger(__name__)


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
    """Takes, keeps up, checks and returns leases. `lasts` is how long silence is forgiven."""

    def __init__(self, sessions: Sessions, *, lasts: timedelta) -> None:
        self._sessions = sessions
        self._lasts = lasts

    async def take(
        self, session: AsyncSession, *, tenant_id: TenantId, contact_id: ContactId
    ) -> Lease | None:
        """Take the lease in the caller's transaction; None while somebody else keeps it up."""
        holder = uuid.uuid4()
        silent = ContactLeaseRow.heartbeat_at < func.clock_timestamp() - self._lasts
        epoch = await session.scalar(
            update(ContactLeaseRow)
            .where(
                ContactLeaseRow.tenant_id == tenant_id,
                ContactLeaseRow.contact_id == contact_id,
                or_(ContactLeaseRow.holder.is_(None), silent),
            )
            .values(
                holder=holder,
                epoch=ContactLeaseRow.epoch + 1,
                heartbeat_at=func.clock_timestamp(),
            )
            .returning(ContactLeaseRow.epoch)
        )
        return None if epoch is None else Lease(tenant_id, contact_id, holder, epoch)

    @asynccontextmanager
    async def fenced(self, lease: Lease) -> AsyncIterator[AsyncSession]:
        """Open a transaction in which the lease is ours, and stays so until it ends.

        Raises:
            LeaseLost: somebody else took it; nothing is written.
        """
        async with self._sessions.begin() as session:
            await check(session, lease)
            yield session

    @asynccontextmanager
    async def kept(self, lease: Lease) -> AsyncIterator[None]:
        """Keep the lease up for the duration of the block."""
        beating = asyncio.create_task(self._beat(lease))
        try:
            yield
        finally:
            beating.cancel()
            # Gathered, so that a cancellation of our own that comes just now is not swallowed.
            await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self, lease: Lease) -> None:
        # Three beats in a lease: one may be lost and one late.
        while True:
            await asyncio.sleep(self._lasts.total_seconds() / 3)
            try:
                async with self._sessions.begin() as session:
                    await session.execute(
                        update(ContactLeaseRow)
                        .where(*_held(lease))
                        .values(heartbeat_at=func.clock_timestamp())
                    )
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("conversations.lease.beat_failed", error=repr(error))


async def check(session: AsyncSession, lease: Lease) -> None:
    """Lock the lease's row in the session's transaction. Raises LeaseLost if it is not ours."""
    mine = await session.scalar(select(1).where(*_held(lease)).with_for_update())
    if mine is None:
        raise LeaseLost("Another worker answers this contact now.")


async def release(session: AsyncSession, lease: Lease) -> None:
    """Return the lease, in a transaction that has checked it."""
    await session.execute(update(ContactLeaseRow).where(*_held(lease)).values(holder=None))


def _held(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    return (
        ContactLeaseRow.tenant_id == lease.tenant_id,
        ContactLeaseRow.contact_id == lease.contact_id,
        ContactLeaseRow.holder == lease.holder,
        ContactLeaseRow.epoch == lease.epoch,
    )
