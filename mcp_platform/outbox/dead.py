"""Effects that were given up: listed for a person, and started again when that person says so."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.queue import OUTBOX, WakeUp, wake
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId


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


LATEST = Sql(f"""
    SELECT {", ".join(field.name for field in fields(DeadEffect))} FROM outbox
    WHERE tenant_id = :tenant AND state IN ('dead', 'failed')
    ORDER BY id DESC
    LIMIT :most
""")  # noqa: S608  # names of columns
REPLAY = Sql("""
    UPDATE outbox
    SET state = 'pending', attempts = 0, resends = 0, give_up_at = NULL, claimed_by = NULL,
        wamid = NULL, error_code = NULL, error = NULL, due_at = clock_timestamp(),
        updated_at = clock_timestamp()
    WHERE tenant_id = :tenant AND state IN ('dead', 'failed')
      AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(:ids))
    RETURNING lane
""")


class DeadLetters:
    """The dead effects of one tenant."""

    def __init__(self, session: AsyncSession, tenant: TenantId) -> None:
        self._session = session
        self._tenant = tenant

    async def list(self, *, limit: int = 100) -> list[DeadEffect]:
        """Return the latest, newest first."""
        found = await Driver(self._session).rows(LATEST, tenant=self._tenant, most=limit)
        return [DeadEffect(*row) for row in found]

    async def replay(self, *, ids: Sequence[int] | None = None) -> int:
        """Start these again, or all if none are named; return how many there were.

        A message goes out again although an earlier attempt may have reached the contact: that is
        for the person who replays to judge. It is done before what waits in its lane.
        """
        wanted = None if ids is None else list(ids)
        lanes = await Driver(self._session).column(REPLAY, tenant=self._tenant, ids=wanted)
        for lane in dict.fromkeys(lanes):
            await wake(self._session, OUTBOX, WakeUp(self._tenant, lane))
        return len(lanes)
