"""The statements of delivery: the head of a lane, claiming it, and writing down what came of it.

Every write names the state it expects, so that of two workers one changes nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.queue import WakeUp
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.effects import Effect
from mcp_platform.outbox.states import IS_UNFINISHED
from mcp_platform.tenants.tenant import TenantId, Topology

_EFFECT = ", ".join(f"o.{field.name}" for field in fields(Effect))
HEAD = Sql(f"""
    SELECT {_EFFECT}, c.last_inbound_at
    FROM outbox o LEFT JOIN contacts c ON c.tenant_id = o.tenant_id AND c.id = o.contact_id
    WHERE o.tenant_id = :tenant AND o.lane = :lane AND o.{IS_UNFINISHED}
    ORDER BY o.id
    LIMIT 1
""")  # noqa: S608  # constants of this module and names of columns
CLAIM = Sql(f"""
    UPDATE outbox
    SET state = 'sending', claimed_by = :by, attempts = attempts + 1, resends = resends + :resends,
        due_at = :until, give_up_at = coalesce(give_up_at, :give_up_at),
        updated_at = clock_timestamp()
    WHERE tenant_id = :tenant AND id = :id AND state = :state AND attempts = :attempts
      AND claimed_by IS NOT DISTINCT FROM :claimed_by
      AND NOT EXISTS (
        SELECT FROM outbox other
        WHERE other.tenant_id = :tenant AND other.lane = :lane AND other.id <> :id
          AND other.state = 'sending' AND other.{IS_UNFINISHED})
""")  # noqa: S608  # constants of this module
_UNSETTLED = "state IN ('sending', 'uncertain') OR state = 'failed' AND wamid <> :wamid"
SENT = Sql(f"""
    UPDATE outbox
    SET claimed_by = NULL,
        state = CASE WHEN {_UNSETTLED} THEN 'sent' ELSE state END,
        wamid = CASE WHEN {_UNSETTLED} THEN :wamid ELSE wamid END,
        error_code = CASE WHEN {_UNSETTLED} THEN NULL ELSE error_code END,
        error = CASE WHEN {_UNSETTLED} THEN NULL ELSE error END,
        updated_at = clock_timestamp()
    WHERE tenant_id = :tenant AND id = :id AND claimed_by = :by
""")  # noqa: S608  # constants of this module
# `claimed_by` stays: a claimer that was only asleep may still write down that it was sent.
MOVE = Sql("""
    UPDATE outbox
    SET state = :to, due_at = :due_at, error_code = :code, error = :error,
        updated_at = clock_timestamp()
    WHERE tenant_id = :tenant AND id = :id AND state = :state AND attempts = :attempts
      AND claimed_by IS NOT DISTINCT FROM :claimed_by
""")
FAILED = Sql("""
    UPDATE outbox
    SET state = :to, due_at = :due_at, claimed_by = NULL, error_code = :code, error = :error,
        updated_at = clock_timestamp()
    WHERE tenant_id = :tenant AND id = :id AND claimed_by = :by AND state = 'sending'
""")
DONE = Sql("""
    UPDATE outbox
    SET state = 'done', claimed_by = NULL, error_code = NULL, error = NULL,
        updated_at = clock_timestamp()
    WHERE tenant_id = :tenant AND id = :id AND claimed_by = :by
""")
# Lanes whose head is due, each tenant's oldest before any tenant's second oldest. They are due
# again by `now`, so that they are found once in a grace period.
OVERDUE = Sql(f"""
    WITH overdue AS (
        SELECT o.tenant_id, o.id,
            row_number() OVER (PARTITION BY o.tenant_id ORDER BY o.due_at) AS nth
        FROM outbox o
        WHERE o.{IS_UNFINISHED} AND o.due_at < :before
          AND NOT EXISTS (
            SELECT 1 FROM outbox e
            WHERE e.tenant_id = o.tenant_id AND e.lane = o.lane AND e.id < o.id
              AND e.{IS_UNFINISHED})
          AND EXISTS (
            SELECT 1 FROM tenants t WHERE t.id = o.tenant_id AND t.topology = :topology)
    ), due AS (
        SELECT o.tenant_id, o.id FROM overdue JOIN outbox o USING (tenant_id, id)
        WHERE o.{IS_UNFINISHED} AND o.due_at < :before
        ORDER BY overdue.nth, o.due_at
        LIMIT :limit
        FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox o SET due_at = :now FROM due
    WHERE o.tenant_id = due.tenant_id AND o.id = due.id
    RETURNING o.tenant_id, o.lane, o.trace_id
""")  # noqa: S608  # constants of this module


@dataclass(frozen=True, slots=True)
class LaneHead:
    """The effect whose turn it is in its lane, and when its contact last wrote."""

    effect: Effect
    last_inbound_at: datetime | None


async def head_of(session: AsyncSession, *, tenant_id: TenantId, lane: str) -> LaneHead | None:
    """Return the first unfinished effect of a lane."""
    row = await Driver(session).row(HEAD, tenant=tenant_id, lane=lane)
    return None if row is None else LaneHead(Effect(*row[:-1]), row[-1])


async def claim(
    session: AsyncSession,
    effect: Effect,
    *,
    by: uuid.UUID,
    until: datetime,
    give_up_at: datetime,
    resend: bool,
) -> bool:
    """Mark `effect` as being done until `until`; return whether it was still as read, and free.

    An effect that is replayed, or whose id was committed late, may become the head while a later
    one of its lane is being done: it waits for that.
    """
    claimed = await Driver(session).execute(
        CLAIM,
        **_as_read(effect),
        lane=effect.lane,
        by=by,
        until=until,
        give_up_at=give_up_at,
        resends=1 if resend else 0,
    )
    return claimed > 0


async def move(
    session: AsyncSession,
    effect: Effect,
    *,
    state: str,
    due_at: datetime,
    code: int | None = None,
    error: str | None = None,
) -> bool:
    """Change what nobody is doing; return whether it was still as read."""
    moved = await Driver(session).execute(
        MOVE, **_as_read(effect), to=state, due_at=due_at, code=code, error=error
    )
    return moved > 0


async def write_failure(
    session: AsyncSession,
    effect: Effect,
    *,
    by: uuid.UUID,
    state: str,
    due_at: datetime,
    code: int | None,
    error: str,
) -> bool:
    """Write down that a claimed effect did not succeed; return whether it was still ours.

    A status that came meanwhile knows better: then nothing changes.
    """
    written = await Driver(session).execute(
        FAILED, **_mine(effect, by), to=state, due_at=due_at, code=code, error=error
    )
    return written > 0


async def write_success(
    session: AsyncSession, effect: Effect, *, by: uuid.UUID, wamid: str | None
) -> bool:
    """Write down that a claimed effect is done; return whether it was still ours.

    A status may have come before: then the message is further already, and stays so. Unless what
    failed was an earlier send of the same message, of which this is the second.
    """
    driver, mine = Driver(session), _mine(effect, by)
    if effect.is_message:
        return await driver.execute(SENT, **mine, wamid=wamid) > 0
    return await driver.execute(DONE, **mine) > 0


async def overdue(
    session: AsyncSession,
    *,
    before: datetime,
    now: datetime,
    limit: int,
    topology: Topology = "shared",
) -> Sequence[WakeUp]:
    """Return lanes whose head is due since `before`, and make it due again."""
    found = await Driver(session).rows(
        OVERDUE, before=before, now=now, limit=limit, topology=topology
    )
    return [WakeUp(*row) for row in found]


def _mine(effect: Effect, by: uuid.UUID) -> dict[str, object]:
    return {"tenant": effect.tenant_id, "id": effect.id, "by": by}


def _as_read(effect: Effect) -> dict[str, object]:
    return {
        "tenant": effect.tenant_id,
        "id": effect.id,
        "state": effect.state,
        "attempts": effect.attempts,
        "claimed_by": effect.claimed_by,
    }
