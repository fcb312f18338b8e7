"""The statements of delivery: the head of a lane, claiming it, and writing down what came of it.

Every write names the state it expects, so that of two workers one changes nothing.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from mcp_platform.conversations.models import ContactRow
from mcp_platform.kit.queue import WakeUp
from mcp_platform.outbox.effects import Effect
from mcp_platform.outbox.models import OutboxRow
from mcp_platform.tenants.tenant import TenantId

# Literal, because a parameter would keep Postgres from using the partial index.
_UNFINISHED = "state in ('pending', 'sending', 'uncertain')"


@dataclass(frozen=True, slots=True)
class Head:
    """The effect whose turn it is in its lane, and when its contact last wrote."""

    effect: Effect
    last_inbound_at: datetime | None


async def head_of(session: AsyncSession, *, tenant_id: TenantId, lane: str) -> Head | None:
    """Return the first unfinished effect of a lane."""
    columns = [getattr(OutboxRow, field.name) for field in fields(Effect)]
    row = (
        await session.execute(
            select(*columns, ContactRow.last_inbound_at)
            .outerjoin(
                ContactRow,
                (ContactRow.tenant_id == OutboxRow.tenant_id)
                & (ContactRow.id == OutboxRow.contact_id),
            )
            .where(OutboxRow.tenant_id == tenant_id, OutboxRow.lane == lane, _unfinished("outbox"))
            .order_by(OutboxRow.id)
            .limit(1)
        )
    ).first()
    return None if row is None else Head(Effect(*row[:-1]), row[-1])


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
    other = aliased(OutboxRow, name="other")
    busy = exists().where(
        other.tenant_id == effect.tenant_id,
        other.lane == effect.lane,
        other.id != effect.id,
        other.state == "sending",
        _unfinished("other"),
    )
    return await _change(
        session,
        [*_as_read(effect), ~busy],
        state="sending",
        claimed_by=by,
        attempts=OutboxRow.attempts + 1,
        resends=OutboxRow.resends + (1 if resend else 0),
        due_at=until,
        give_up_at=func.coalesce(OutboxRow.give_up_at, give_up_at),
    )


async def move(
    session: AsyncSession,
    effect: Effect,
    *,
    state: str,
    due_at: datetime,
    code: int | None = None,
    error: str | None = None,
) -> bool:
    """Change what nobody is doing; return whether it was still as read.

    `claimed_by` stays: a claimer that was only asleep may still write down that it was sent.
    """
    return await _change(
        session,
        _as_read(effect),
        state=state,
        due_at=due_at,
        error_code=code,
        error=error,
    )


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
    return await _change(
        session,
        [*_mine(effect, by), OutboxRow.state == "sending"],
        state=state,
        due_at=due_at,
        claimed_by=None,
        error_code=code,
        error=error,
    )


async def write_success(
    session: AsyncSession, effect: Effect, *, by: uuid.UUID, wamid: str | None
) -> bool:
    """Write down that a claimed effect is done; return whether it was still ours.

    A status may have come before: then the message is further already, and stays so. Unless what
    failed was an earlier send of the same message, of which this is the second.
    """
    if not effect.is_message:
        return await _change(
            session, _mine(effect, by), state="done", claimed_by=None, error_code=None, error=None
        )
    unsettled = OutboxRow.state.in_(("sending", "uncertain")) | (
        (OutboxRow.state == "failed") & (OutboxRow.wamid != wamid)
    )
    return await _change(
        session,
        _mine(effect, by),
        claimed_by=None,
        state=case((unsettled, "sent"), else_=OutboxRow.state),
        wamid=case((unsettled, wamid), else_=OutboxRow.wamid),
        error_code=case((unsettled, None), else_=OutboxRow.error_code),
        error=case((unsettled, None), else_=OutboxRow.error),
    )


async def overdue(
    session: AsyncSession, *, before: datetime, now: datetime, limit: int
) -> Sequence[WakeUp]:
    """Return lanes whose head is due since `before`, and make it due anew: once per grace period."""
    # The table and its states are this module's constants.
    statement = f"""
        WITH due AS (
            SELECT o.tenant_id, o.id FROM outbox o
            WHERE o.{_UNFINISHED} AND o.due_at < :before
              AND NOT EXISTS (
                SELECT 1 FROM outbox e
                WHERE e.tenant_id = o.tenant_id AND e.lane = o.lane AND e.id < o.id
                  AND e.{_UNFINISHED})
            ORDER BY o.due_at
            LIMIT :limit
            FOR UPDATE OF o SKIP LOCKED
        )
        UPDATE outbox o SET due_at = :now FROM due
        WHERE o.tenant_id = due.tenant_id AND o.id = due.id
        RETURNING o.tenant_id, o.lane, o.trace_id
    """  # noqa: S608  # constants only
    found = await session.execute(text(statement), {"before": before, "now": now, "limit": limit})
    return [WakeUp(*row) for row in found]


def _unfinished(table: str) -> ColumnElement[bool]:
    return text(f"{table}.{_UNFINISHED}")  # type: ignore[return-value]  # text() stands for a condition


def _mine(effect: Effect, by: uuid.UUID) -> list[ColumnElement[bool]]:
    return [
        OutboxRow.tenant_id == effect.tenant_id,
        OutboxRow.id == effect.id,
        OutboxRow.claimed_by == by,
    ]


def _as_read(effect: Effect) -> list[ColumnElement[bool]]:
    return [
        OutboxRow.tenant_id == effect.tenant_id,
        OutboxRow.id == effect.id,
        OutboxRow.state == effect.state,
        OutboxRow.attempts == effect.attempts,
        OutboxRow.claimed_by.is_not_distinct_from(effect.claimed_by),
    ]


async def _change(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], **values: Any
) -> bool:
    result: CursorResult[Any] = await session.execute(  # type: ignore[assignment]  # an UPDATE's result
        update(OutboxRow)
        .where(*conditions)
        .values(updated_at=func.clock_timestamp(), **values)
        .execution_options(synchronize_session=False)
    )
    return result.rowcount == 1
