"""Turns: what waits from one contact, frozen, answered once, or parked for a person.

Owns the states of events and turns. A turn that was begun and not closed is taken up again with
the same events; messages that came meanwhile belong to the next one.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Select, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import ContactId
from mcp_platform.conversations.models import ContactAliasRow
from mcp_platform.inbox.models import EventRow, TurnRow
from mcp_platform.kit.jsons import loads
from mcp_platform.tenants.tenant import TenantId

# One turn never takes more than this: the rest of a flood is the next turn's.
MOST_EVENTS = 50
# How the keys of what comes by the tenant API begin; Meta's 24 hours are not for them.
API = "api:"
# Source: Meta delivers again for seven days. A time further back, or ahead by more than clocks
# differ, is no time.
REDELIVERED_FOR = timedelta(days=7)
CLOCKS_DIFFER = timedelta(minutes=10)


# Every wake-up asks this, most of them more than once; as text it costs a quarter of what composing
# it would.
WAITING = text("""
    SELECT min(received_at), max(received_at), bool_or(instant), clock_timestamp(),
           EXISTS (SELECT FROM turns WHERE tenant_id = :tenant AND contact_id = :contact
                   AND state = 'open')
    FROM inbox_events
    WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'
      AND contact_key IN (SELECT alias FROM contact_aliases
                          WHERE tenant_id = :tenant AND contact_id = :contact)
""")
OPEN = text(
    "INSERT INTO turns (tenant_id, id, contact_id, starts, opened_at)"
    " VALUES (:tenant, :id, :contact, 1, :now)"
)
CLAIM = text(
    "UPDATE inbox_events SET state = 'claimed', turn_id = :id"
    " WHERE tenant_id = :tenant AND key = ANY(:keys)"
)

END_TURN = text(
    "UPDATE turns SET state = :state, closed_at = :now, error = :error"
    " WHERE tenant_id = :tenant AND id = :id"
)
END_EVENTS = text(
    "UPDATE inbox_events SET state = :state WHERE tenant_id = :tenant AND turn_id = :id"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits from a contact: when it began and last grew, and whether it can wait at all."""

    first: datetime
    last: datetime
    instant: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """One frozen event, its body read."""

    id: int
    key: str
    contact_key: str
    instant: bool
    content: dict[str, Any]
    sent_at: datetime
    trace_id: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A frozen set of events. `opened_at` is "now" for everything this turn says and does."""

    id: uuid.UUID
    tenant_id: TenantId
    contact_id: ContactId
    opened_at: datetime
    starts: int
    resumed: bool
    """Somebody began it before, and may have written steps into its journal."""
    events: tuple[TurnEvent, ...]

    @property
    def trace_id(self) -> str | None:
        return self.events[-1].trace_id if self.events else None


class Turns:
    """The turns of one tenant. Every statement starts from `_events()` or `_turns()`."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant = tenant_id

    def _events(self) -> Select[EventRow]:
        return select(EventRow).where(EventRow.tenant_id == self._tenant)

    def _waiting(self, contact_id: ContactId) -> Select[EventRow]:
        aliases = select(ContactAliasRow.alias).where(
            ContactAliasRow.tenant_id == self._tenant, ContactAliasRow.contact_id == contact_id
        )
        return self._events().where(
            EventRow.state == "waiting",
            EventRow.kind == "message",
            EventRow.contact_key.in_(aliases),
        )

    async def waiting(self, contact_id: ContactId) -> Waiting | None:
        """Tell what waits from a contact, or None; an open turn counts as something instant."""
        first, last, instant, now, begun = (
            await self._session.execute(WAITING, {"tenant": self._tenant, "contact": contact_id})
        ).one()
        if begun:
            return Waiting(first or now, last or now, instant=True, now=now)
        return None if first is None else Waiting(first, last, instant=instant, now=now)

    async def begin(self, contact_id: ContactId, *, now: datetime) -> Turn | None:
        """Take up the contact's open turn, or freeze what waits into a new one.

        Taps and typed messages make separate turns, in the order they came: a tap acts without
        the model. Each call of the tenant API waits for an answer of its own. The start is counted before anything else happens, so that what kills its
        worker is counted too.
        """
        row = await self._session.scalar(select(TurnRow).where(*self._is_open(contact_id)))
        if row is not None:
            row.starts += 1
            await self._session.flush()
            events = await self._session.scalars(self._events().where(EventRow.turn_id == row.id))
            return self._turn(row, events, resumed=True)
        frozen = await self._freeze(contact_id)
        if not frozen:
            return None
        row = TurnRow(id=uuid.uuid4(), contact_id=contact_id, starts=1, opened_at=now)
        names = {"tenant": self._tenant, "id": row.id}
        await self._session.execute(OPEN, {**names, "contact": contact_id, "now": now})
        await self._session.execute(CLAIM, {**names, "keys": [event.key for event in frozen]})
        return self._turn(row, frozen, resumed=False)

    async def _freeze(self, contact_id: ContactId) -> list[EventRow]:
        waiting = list(
            await self._session.scalars(
                self._waiting(contact_id).order_by(EventRow.id).limit(MOST_EVENTS)
            )
        )
        # Meta promises no order; its own clock has a resolution of one second.
        waiting.sort(key=lambda event: (_sent_at(event), event.id))
        if waiting and waiting[0].key.startswith(API):
            return waiting[:1]
        return list(
            takewhile(
                lambda event: event.instant == waiting[0].instant and not event.key.startswith(API),
                waiting,
            )
        )

    async def excuse(self, turn: Turn) -> None:
        """Take one start of an open turn back: it failed for a reason outside of it."""
        await self._session.execute(
            update(TurnRow)
            .where(
                TurnRow.tenant_id == self._tenant,
                TurnRow.id == turn.id,
                TurnRow.state == "open",
                TurnRow.starts > 0,
            )
            .values(starts=TurnRow.starts - 1)
        )

    async def close(self, turn: Turn, *, now: datetime) -> None:
        """Finish a turn and its events, in the transaction that commits the reply."""
        await self._end(turn, state="done", now=now, error=None)

    async def park(self, turn: Turn, *, now: datetime, error: str) -> None:
        """Set a turn aside for a person, so that the contact's next messages get through."""
        await self._end(turn, state="parked", now=now, error=error)

    async def _end(self, turn: Turn, *, state: str, now: datetime, error: str | None) -> None:
        names = {"tenant": self._tenant, "id": turn.id, "state": state}
        await self._session.execute(END_TURN, {**names, "now": now, "error": error})
        await self._session.execute(END_EVENTS, names)

    async def parked(self) -> Sequence[TurnRow]:
        return (
            await self._session.scalars(
                select(TurnRow)
                .where(TurnRow.tenant_id == self._tenant, TurnRow.state == "parked")
                .order_by(TurnRow.opened_at)
            )
        ).all()

    async def replay(self, turn_ids: Sequence[uuid.UUID]) -> list[str]:
        """Let the events of parked turns wait again; return the aliases to wake."""
        parked = (
            await self._session.scalars(
                select(TurnRow.id)
                .where(
                    TurnRow.tenant_id == self._tenant,
                    TurnRow.id.in_(turn_ids),
                    TurnRow.state == "parked",
                )
                .with_for_update()
            )
        ).all()
        keys = await self._session.scalars(
            update(EventRow)
            .where(EventRow.tenant_id == self._tenant, EventRow.turn_id.in_(parked))
            .values(state="waiting", turn_id=None)
            .returning(EventRow.contact_key)
        )
        aliases = sorted({key for key in keys if key is not None})
        await self._session.execute(
            update(TurnRow)
            .where(TurnRow.tenant_id == self._tenant, TurnRow.id.in_(parked))
            .values(state="done", error="replayed")
        )
        return aliases

    def _is_open(self, contact_id: ContactId) -> tuple[ColumnElement[bool], ...]:
        return (
            TurnRow.tenant_id == self._tenant,
            TurnRow.contact_id == contact_id,
            TurnRow.state == "open",
        )

    def _turn(self, row: TurnRow, events: Iterable[EventRow], *, resumed: bool) -> Turn:
        return Turn(
            id=row.id,
            tenant_id=self._tenant,
            contact_id=ContactId(row.contact_id),
            opened_at=row.opened_at,
            starts=row.starts,
            resumed=resumed,
            events=tuple(
                sorted(
                    (_event(event) for event in events), key=lambda each: (each.sent_at, each.id)
                )
            ),
        )


def _event(row: EventRow) -> TurnEvent:
    return TurnEvent(
        id=row.id,
        key=row.key,
        contact_key=row.contact_key or "",
        instant=row.instant,
        content=loads(row.body),
        sent_at=_sent_at(row),
        trace_id=row.trace_id,
    )


def _sent_at(row: EventRow) -> datetime:
    """Return when a message was written; if that makes no sense, when it came."""
    earliest, latest = row.received_at - REDELIVERED_FOR, row.received_at + CLOCKS_DIFFER
    believable = row.sent_at is not None and earliest <= row.sent_at <= latest
    return row.sent_at if believable and row.sent_at is not None else row.received_at
