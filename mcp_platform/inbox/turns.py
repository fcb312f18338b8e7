"""Turns: what waits from one contact, frozen, answered once, or parked for a person.

A turn that was begun and not closed is taken up again with the same events. Messages that came
meanwhile belong to the next one.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.inbox.event import API, ContactId, corrected_key
from mcp_platform.kit.jsons import dumps, loads
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

# One turn never takes more than this: the rest of a flood is the next turn's.
MOST_EVENTS = 50
MOST_CORRECTIONS = 500  # read beyond that; more are the work of a program
# Source: Meta delivers again for seven days. A time further back, or ahead by more than clocks
# differ, is no time.
REDELIVERED_FOR = timedelta(days=7)
CLOCKS_DIFFER = timedelta(minutes=10)


# Every wake-up asks this, most of them more than once.
WAITING = Sql("""
    SELECT min(received_at), max(received_at), bool_or(instant), clock_timestamp(),
           (SELECT max(starts) FROM turns WHERE tenant_id = :tenant AND contact_id = :contact
            AND state = 'open')
    FROM inbox_events
    WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'
      AND contact_key IN (SELECT alias FROM contact_aliases
                          WHERE tenant_id = :tenant AND contact_id = :contact)
""")
WROTE = Sql("""
    SELECT EXISTS (SELECT FROM inbox_events
                   WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'
                     AND contact_key = :alias)
""")
# The start is counted as the turn is taken up. There are several where contacts were merged.
RESUME = Sql("""
    UPDATE turns SET starts = starts + 1
    WHERE tenant_id = :tenant AND id = (
        SELECT id FROM turns
        WHERE tenant_id = :tenant AND contact_id = :contact AND state = 'open'
        ORDER BY opened_at, id LIMIT 1)
    RETURNING id, starts, opened_at
""")
_EVENT = "id, key, contact_key, instant, body, sent_at, received_at, trace_id"
FROZEN = Sql(f"SELECT {_EVENT} FROM inbox_events WHERE tenant_id = :tenant AND turn_id = :id")  # noqa: S608  # constants
TO_FREEZE = Sql(f"""
    SELECT {_EVENT} FROM inbox_events
    WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'
      AND contact_key IN (SELECT alias FROM contact_aliases
                          WHERE tenant_id = :tenant AND contact_id = :contact)
    ORDER BY id
    LIMIT :most
""")  # noqa: S608  # constants
# What corrects other messages, behind more than one turn takes. The mark only saves reading bodies.
CORRECTIONS = Sql(f"""
    SELECT {_EVENT} FROM inbox_events
    WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'
      AND position(convert_to('original_message_id', 'UTF8') IN body) > 0
      AND contact_key IN (SELECT alias FROM contact_aliases
                          WHERE tenant_id = :tenant AND contact_id = :contact)
    ORDER BY id
    LIMIT :most
""")  # noqa: S608  # constants
OPEN = Sql(
    "INSERT INTO turns (tenant_id, id, contact_id, starts, opened_at)"
    " VALUES (:tenant, :id, :contact, 1, :now)"
)
CLAIM = Sql(
    "UPDATE inbox_events SET state = 'claimed', turn_id = :id"
    " WHERE tenant_id = :tenant AND key = ANY(:keys)"
)

END_TURN = Sql(
    "UPDATE turns SET state = :state, closed_at = :now, error = :error"
    " WHERE tenant_id = :tenant AND id = :id"
)
END_EVENTS = Sql(
    "UPDATE inbox_events SET state = :state WHERE tenant_id = :tenant AND turn_id = :id"
)

# A start that failed for a reason outside of the turn does not count.
EXCUSE = Sql("""
    UPDATE turns SET starts = starts - 1
    WHERE tenant_id = :tenant AND id = :id AND state = 'open' AND starts > 0
""")
PARKED = Sql("""
    SELECT id, starts, opened_at, error FROM turns
    WHERE tenant_id = :tenant AND state = 'parked'
    ORDER BY opened_at
""")
# Their events wait again, and are the events of another turn: the parked one is over.
LOCK_PARKED = Sql("""
    SELECT id FROM turns WHERE tenant_id = :tenant AND id = ANY(:turns) AND state = 'parked'
    FOR UPDATE
""")
WAIT_AGAIN = Sql("""
    UPDATE inbox_events SET state = 'waiting', turn_id = NULL
    WHERE tenant_id = :tenant AND turn_id = ANY(:turns)
    RETURNING contact_key
""")
REPLAYED = Sql("""
    UPDATE turns SET state = 'done', error = 'replayed'
    WHERE tenant_id = :tenant AND id = ANY(:turns)
""")

# What a contact took back or rewrote is not kept; only that there was something. Meta promises no
# order: what comes after it was taken back finds its key taken, and is no event.
FORGET = Sql("""
    INSERT INTO inbox_events AS event (tenant_id, key, kind, contact_key, body, state)
    VALUES (:tenant, :key, 'message', :alias, :body, 'done')
    ON CONFLICT (tenant_id, key) DO UPDATE SET body = excluded.body
    WHERE event.contact_key IN (SELECT alias FROM contact_aliases
                                WHERE tenant_id = :tenant AND contact_id = :contact)
""")


@dataclass(frozen=True, slots=True)
class WaitingMessages:
    """What waits from a contact: when it began and last grew, and whether it can wait at all."""

    first: datetime
    last: datetime
    instant: bool
    now: datetime
    starts: int = 0
    """Of a turn that was begun before."""


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
    """A frozen set of events. `opened_at` is when it was begun first, maybe long ago."""

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


@dataclass(frozen=True, slots=True)
class ParkedTurn:
    """A turn that failed too often."""

    id: uuid.UUID
    starts: int
    opened_at: datetime
    error: str | None


class Turns:
    """The turns of one tenant. Every statement names it first."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def wrote(self, alias: str) -> bool:
        """Tell whether something waits that came under this alias."""
        return bool(await self._driver.value(WROTE, tenant=self._tenant, alias=alias))

    async def waiting(self, contact_id: ContactId) -> WaitingMessages | None:
        """Tell what waits from a contact, or None; an open turn counts as something instant."""
        first, last, instant, now, starts = await self._driver.row(
            WAITING, tenant=self._tenant, contact=contact_id
        )
        if starts is not None:
            return WaitingMessages(first or now, last or now, instant=True, now=now, starts=starts)
        return None if first is None else WaitingMessages(first, last, instant=instant, now=now)

    async def begin(self, contact_id: ContactId, *, now: datetime) -> Turn | None:
        """Take up the contact's oldest open turn, or freeze what waits into a new one.

        Taps and typed messages make separate turns, in the order they came: a tap acts without
        the model. What takes a message back, or replaces it, comes along wherever it waits. Each
        call of the tenant API waits for an answer of its own. The start is counted before anything
        else happens, so that what kills its worker is counted too.
        """
        begun = await self._driver.row(RESUME, tenant=self._tenant, contact=contact_id)
        if begun is not None:
            turn_id, starts, opened_at = begun
            events = await self._driver.rows(FROZEN, tenant=self._tenant, id=turn_id)
            return Turn(
                id=turn_id,
                tenant_id=self._tenant,
                contact_id=contact_id,
                opened_at=opened_at,
                starts=starts,
                resumed=True,
                events=tuple(_in_order(events)),
            )
        frozen = await self._freeze(contact_id)
        if not frozen:
            return None
        turn_id = uuid.uuid4()
        await self._driver.execute(
            OPEN, tenant=self._tenant, contact=contact_id, id=turn_id, now=now
        )
        await self._claim(turn_id, frozen)
        return Turn(
            id=turn_id,
            tenant_id=self._tenant,
            contact_id=contact_id,
            opened_at=now,
            starts=1,
            resumed=False,
            events=tuple(frozen),
        )

    async def _freeze(self, contact_id: ContactId) -> list[TurnEvent]:
        waiting = _in_order(
            await self._driver.rows(
                TO_FREEZE, tenant=self._tenant, contact=contact_id, most=MOST_EVENTS
            )
        )
        if waiting and waiting[0].key.startswith(API):
            return waiting[:1]
        frozen = list(
            takewhile(
                lambda event: event.instant == waiting[0].instant and not event.key.startswith(API),
                waiting,
            )
        )
        others = waiting[len(frozen) :]
        if len(waiting) == MOST_EVENTS:
            others += await self._corrections(contact_id)
        return [*frozen, *_correcting(frozen, others)]

    async def take_corrections(self, turn: Turn) -> Turn:
        """Add to an open turn what waits and takes its messages back, or replaces them."""
        found = _correcting(turn.events, await self._corrections(turn.contact_id))
        if not found:
            return turn
        await self._claim(turn.id, found)
        return replace(turn, events=(*turn.events, *found))

    async def _corrections(self, contact_id: ContactId) -> list[TurnEvent]:
        return _in_order(
            await self._driver.rows(
                CORRECTIONS, tenant=self._tenant, contact=contact_id, most=MOST_CORRECTIONS
            )
        )

    async def _claim(self, turn_id: uuid.UUID, events: Iterable[TurnEvent]) -> None:
        keys = [event.key for event in events]
        await self._driver.execute(CLAIM, tenant=self._tenant, id=turn_id, keys=keys)

    async def excuse(self, turn: Turn) -> None:
        """Take one start of an open turn back: it failed for a reason outside of it."""
        await self._driver.execute(EXCUSE, tenant=self._tenant, id=turn.id)

    async def close(self, turn: Turn, *, now: datetime) -> None:
        """Finish a turn and its events, in the transaction that commits the reply."""
        await self._end(turn, state="done", now=now, error=None)

    async def park(self, turn: Turn, *, now: datetime, error: str) -> None:
        """Set a turn aside for a person, so that the contact's next messages get through."""
        await self._end(turn, state="parked", now=now, error=error)

    async def forget(self, contact_id: ContactId, *, key: str, alias: str) -> None:
        """Forget the words of an event that its writer took back, come or still to come.

        `alias` is under whom it was taken back.
        """
        await self._driver.execute(
            FORGET,
            tenant=self._tenant,
            contact=contact_id,
            key=key,
            alias=alias,
            body=dumps({"message": {"type": "revoke"}}),
        )

    async def _end(self, turn: Turn, *, state: str, now: datetime, error: str | None) -> None:
        names = {"tenant": self._tenant, "id": turn.id, "state": state}
        await self._driver.execute(END_TURN, **names, now=now, error=error)
        await self._driver.execute(END_EVENTS, **names)

    async def parked(self) -> list[ParkedTurn]:
        """Return the turns set aside for a person, the oldest first."""
        return [ParkedTurn(*row) for row in await self._driver.rows(PARKED, tenant=self._tenant)]

    async def replay(self, turn_ids: Sequence[uuid.UUID]) -> list[str]:
        """Let the events of parked turns wait again; return the aliases to wake."""
        parked = await self._driver.column(LOCK_PARKED, tenant=self._tenant, turns=list(turn_ids))
        keys = await self._driver.column(WAIT_AGAIN, tenant=self._tenant, turns=parked)
        await self._driver.execute(REPLAYED, tenant=self._tenant, turns=parked)
        return sorted({key for key in keys if key is not None})


def _correcting(events: Iterable[TurnEvent], others: Iterable[TurnEvent]) -> list[TurnEvent]:
    """Return those of the others that correct one of these, each once."""
    keys = {event.key for event in events}
    return list(
        {
            other.key: other
            for other in others
            if other.key not in keys and corrected_key(other.content) in keys
        }.values()
    )


def _in_order(rows: Iterable[Mapping[str, Any]]) -> list[TurnEvent]:
    """Return events in the order they were written; Meta promises none, by a clock of seconds."""
    return sorted((_event(row) for row in rows), key=lambda each: (each.sent_at, each.id))


def _event(row: Mapping[str, Any]) -> TurnEvent:
    return TurnEvent(
        id=row["id"],
        key=row["key"],
        contact_key=row["contact_key"] or "",
        instant=row["instant"],
        content=loads(row["body"]),
        sent_at=_sent_at(row["sent_at"], row["received_at"]),
        trace_id=row["trace_id"],
    )


def _sent_at(sent_at: datetime | None, received_at: datetime) -> datetime:
    """Return when a message was written; if that makes no sense, when it came."""
    earliest, latest = received_at - REDELIVERED_FOR, received_at + CLOCKS_DIFFER
    if sent_at is None or not earliest <= sent_at <= latest:
        return received_at
    return sent_at
