"""Effects that were given up: listed for a person, and started again when that person says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.queue import OUTBOX, WakeUp, wake
from mcp_platform.outbox.models import OutboxRow
from mcp_platform.tenants.tenant import TenantId

_DEAD = ("dead", "failed")


@dataclass(frozen=True, slots=True)
class DeadEffect:
    """An effect that nobody works on any more: given up by us, or failed at Meta."""

    id: int
    key: str
    kind: str
    lane: str
    state: str
    attempts: int
    resends: int
    error_code: int | None
    error: str | None
    trace_id: str | None
    created_at: datetime
    updated_at: datetime


class DeadLetters:
    """The dead effects of one tenant."""

    def __init__(self, session: AsyncSession, tenant: TenantId) -> None:
        self._session = session
        self._tenant = tenant

    async def list(self, *, limit: int = 100) -> list[DeadEffect]:
        """Return the latest, newest first."""
        columns = (getattr(OutboxRow, name) for name in DeadEffect.__dataclass_fields__)
        found = await self._session.execute(
            select(*columns)
            .where(OutboxRow.tenant_id == self._tenant, OutboxRow.state.in_(_DEAD))
            .order_by(OutboxRow.id.desc())
            .limit(limit)
        )
        return [DeadEffect(*row) for row in found]

    async def replay(self, *, ids: Sequence[int] | None = None) -> int:
        """Start these again, or all if none are named; return how many there were.

        A message goes out again although an earlier attempt may have reached the contact: that is
        for the person who replays to judge. It is done before what waits in its lane.
        """
        statement = (
            update(OutboxRow)
            .where(OutboxRow.tenant_id == self._tenant, OutboxRow.state.in_(_DEAD))
            .values(
                state="pending",
                attempts=0,
                resends=0,
                give_up_at=None,
                claimed_by=None,
                wamid=None,
                error_code=None,
                error=None,
                due_at=func.clock_timestamp(),
                updated_at=func.clock_timestamp(),
            )
            .returning(OutboxRow.lane)
        )
        if ids is not None:
            statement = statement.where(OutboxRow.id.in_(ids))
        lanes = list(await self._session.scalars(statement))
        for lane in dict.fromkeys(lanes):
            await wake(self._session, OUTBOX, WakeUp(self._tenant, lane))
        return len(lanes)
