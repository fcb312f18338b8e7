"""What waits from a contact is frozen into turns in its order, and each ends once."""

import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mcp_platform.conversations.contacts import Contacts, Identity
from mcp_platform.inbox.event import ContactId
from mcp_platform.inbox.turns import (
    CLOCKS_DIFFER,
    MOST_EVENTS,
    REDELIVERED_FOR,
    Turn,
    Turns,
    WaitingMessages,
)
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.jsons import dumps
from mcp_platform.tenants.tenant import TenantId
from tests.factories import add_tenant

AT = datetime(2026, 12, 1, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PEOPLE = itertools.count(5511900000000)


class Inbox:
    """One tenant's inbox and a contact who writes to it."""

    def __init__(self, sessions: Sessions, tenant: TenantId) -> None:
        self.sessions, self.tenant = sessions, tenant
        self.alias, self.contact = "", ContactId(uuid.uuid4())

    async def meet(self) -> None:
        self.alias = f"w:{next(PEOPLE)}"
        async with self.sessions.of(self.tenant).begin() as session:
            self.contact = await Contacts(session, self.tenant).ensure(Identity.of(self.alias))

    async def hear(self, *keys: str, **more: Any) -> None:
        values = {
            "instant": False,
            "sent": None,
            "at": AT,
            "alias": self.alias,
            "body": b"{}",
        } | more
        async with self.sessions.of(self.tenant).begin() as session:
            for key in keys:
                await session.execute(
                    text(
                        "INSERT INTO inbox_events (tenant_id, key, kind, contact_key, body,"
                        " instant, sent_at, received_at) VALUES (:tenant, :key, 'message', :alias,"
                        " :body, :instant, :sent, :at)"
                    ),
                    {"tenant": self.tenant, "key": key, **values},
                )

    @asynccontextmanager
    async def turns(self) -> AsyncIterator[Turns]:
        async with self.sessions.of(self.tenant).begin() as session:
            yield Turns(session, self.tenant)

    async def begin(self, *, now: datetime = AT) -> Turn:
        async with self.turns() as turns:
            begun = await turns.begin(self.contact, now=now)
        assert begun is not None
        return begun

    async def next(self) -> list[str]:
        """Begin a turn, close it, and return the keys of its events."""
        turn = await self.begin()
        async with self.turns() as turns:
            await turns.close(turn, now=AT)
        return [event.key for event in turn.events]

    async def waiting(self) -> WaitingMessages | None:
        async with self.turns() as turns:
            return await turns.waiting(self.contact)

    async def read(self, statement: str, turn: Turn) -> list[tuple[Any, ...]]:
        async with self.sessions.of(self.tenant).begin() as session:
            rows = await session.execute(text(statement), {"turn": turn.id})
            return [tuple(row) for row in rows]

    async def state(self, turn: Turn) -> tuple[Any, ...]:
        (found,) = await self.read(
            "SELECT state, starts, opened_at, closed_at, error FROM turns WHERE id = :turn", turn
        )
        return found

    async def events(self, turn: Turn) -> list[tuple[Any, ...]]:
        return await self.read(
            "SELECT key, state FROM inbox_events WHERE turn_id = :turn ORDER BY id", turn
        )


@pytest.fixture
async def inbox(shared_sessions: Sessions) -> Inbox:
    made = Inbox(shared_sessions, (await add_tenant(shared_sessions)).id)
    await made.meet()
    return made


async def test_what_waits_is_told_from_the_first_to_the_last(inbox: Inbox) -> None:
    assert await inbox.waiting() is None
    await inbox.hear("m:1", at=AT + SECOND)
    await inbox.hear("m:2", at=AT)
    await inbox.hear("m:3", at=AT + 3 * SECOND)

    told = await inbox.waiting()
    assert told is not None
    assert (told.first, told.last, told.instant) == (AT, AT + 3 * SECOND, False)

    await inbox.hear("m:tap", instant=True)
    told = await inbox.waiting()
    assert told is not None
    assert told.instant


async def test_an_open_turn_is_something_instant(inbox: Inbox) -> None:
    await inbox.hear("m:1")
    turn = await inbox.begin()

    told = await inbox.waiting()
    assert told is not None
    assert told.instant

    async with inbox.turns() as turns:
        await turns.close(turn, now=AT)
    assert await inbox.waiting() is None


async def test_a_turn_holds_what_came_by_when_it_was_written(inbox: Inbox) -> None:
    await inbox.hear("m:2", sent=AT - SECOND)
    await inbox.hear("m:1", sent=AT - 2 * SECOND)
    await inbox.hear("m:3", "m:4", sent=AT - SECOND)

    turn = await inbox.begin()

    assert [event.key for event in turn.events] == ["m:1", "m:2", "m:3", "m:4"]
    assert not turn.resumed
    assert await inbox.state(turn) == ("open", 1, AT, None, None)
    assert {state for _, state in await inbox.events(turn)} == {"claimed"}


async def test_a_time_that_makes_no_sense_is_when_it_came(inbox: Inbox) -> None:
    tick = timedelta(microseconds=1)
    times = {
        "m:oldest": (AT - REDELIVERED_FOR, AT - REDELIVERED_FOR),
        "m:older": (AT - REDELIVERED_FOR - tick, AT),
        "m:newest": (AT + CLOCKS_DIFFER, AT + CLOCKS_DIFFER),
        "m:newer": (AT + CLOCKS_DIFFER + tick, AT),
        "m:none": (None, AT),
    }
    for key, (sent, _) in times.items():
        await inbox.hear(key, sent=sent)

    turn = await inbox.begin()

    assert {event.key: event.sent_at for event in turn.events} == {
        key: meant for key, (_, meant) in times.items()
    }


async def test_a_flood_is_several_turns_of_the_most_that_one_takes(inbox: Inbox) -> None:
    await inbox.hear(*(f"m:{number:03}" for number in range(MOST_EVENTS + 1)))
    first, second = await inbox.next(), await inbox.next()
    assert first == [f"m:{number:03}" for number in range(MOST_EVENTS)]
    assert second == [f"m:{MOST_EVENTS:03}"]


async def test_taps_and_words_are_turns_of_their_own_in_their_order(inbox: Inbox) -> None:
    for number, instant in enumerate((False, False, True, True, False)):
        await inbox.hear(f"m:{number}", instant=instant, sent=AT + number * SECOND)
    assert [await inbox.next() for _ in range(3)] == [["m:0", "m:1"], ["m:2", "m:3"], ["m:4"]]


async def test_each_call_of_the_api_is_a_turn_of_its_own(inbox: Inbox) -> None:
    for number, key in enumerate(("m:tap", "api:1", "api:2", "m:last")):
        await inbox.hear(key, instant=True, sent=AT + number * SECOND)
    assert [await inbox.next() for _ in range(4)] == [["m:tap"], ["api:1"], ["api:2"], ["m:last"]]


async def test_where_nothing_waits_no_turn_begins(inbox: Inbox) -> None:
    async with inbox.turns() as turns:
        assert await turns.begin(inbox.contact, now=AT) is None


async def test_a_turn_that_was_begun_goes_on_with_its_events_and_counts_its_start(
    inbox: Inbox,
) -> None:
    await inbox.hear("m:1", "m:2")
    begun = await inbox.begin()
    await inbox.hear("m:3")

    again = await inbox.begin(now=AT + SECOND)

    assert (again.id, again.events, again.opened_at) == (begun.id, begun.events, AT)
    assert again.resumed
    assert (begun.starts, again.starts) == (1, 2)
    async with inbox.turns() as turns:
        await turns.close(again, now=AT)
    assert await inbox.next() == ["m:3"]


async def test_of_several_open_turns_the_oldest_goes_on(inbox: Inbox) -> None:
    """There are several where contacts were merged."""
    begun = []
    for number in (2, 1, 3):
        other = Inbox(inbox.sessions, inbox.tenant)
        await other.meet()
        await other.hear(f"m:{number}")
        begun.append(await other.begin(now=AT + number * SECOND))
    async with inbox.sessions.of(inbox.tenant).begin() as session:
        await session.execute(
            text("UPDATE turns SET contact_id = :contact WHERE id = ANY(:ids)"),
            {"contact": inbox.contact, "ids": [each.id for each in begun]},
        )
    assert [await inbox.next() for _ in begun] == [["m:1"], ["m:2"], ["m:3"]]


async def test_an_excused_start_is_not_counted_and_never_below_none(inbox: Inbox) -> None:
    await inbox.hear("m:1")
    turn, other = await inbox.begin(), await _another(inbox)

    for starts in (0, 0):
        async with inbox.turns() as turns:
            await turns.excuse(turn)
        assert (await inbox.state(turn))[1] == starts

    async with inbox.turns() as turns:
        await turns.close(other, now=AT)
        await turns.excuse(other)
    assert (await inbox.state(other))[1] == 1, "what is over is left as it is"


async def test_what_is_parked_is_set_aside_with_its_events_and_its_reason(inbox: Inbox) -> None:
    await inbox.hear("m:1")
    turn, other = await inbox.begin(), await _another(inbox)

    async with inbox.turns() as turns:
        await turns.park(turn, now=AT + SECOND, error="poison")

    assert await inbox.state(turn) == ("parked", 1, AT, AT + SECOND, "poison")
    assert await inbox.events(turn) == [("m:1", "parked")]
    assert (await inbox.state(other))[0] == "open"
    assert [state for _, state in await inbox.events(other)] == ["claimed"]
    async with inbox.turns() as turns:
        assert [each.id for each in await turns.parked()] == [turn.id]
    await inbox.hear("m:2")
    assert await inbox.next() == ["m:2"]


async def test_a_replayed_turn_is_answered_again_and_whom_to_wake_is_told(inbox: Inbox) -> None:
    await inbox.hear("m:1")
    turn, other = await inbox.begin(), await _another(inbox)
    async with inbox.turns() as turns:
        await turns.park(turn, now=AT, error="poison")
        await turns.park(other, now=AT, error="poison")

        assert await turns.replay([turn.id]) == [inbox.alias]
        assert await turns.replay([turn.id]) == []

    state, *_, error = await inbox.state(turn)
    assert (state, error) == ("done", "replayed")
    assert (await inbox.state(other))[0] == "parked"
    assert await inbox.next() == ["m:1"]


async def test_a_turn_that_is_not_parked_is_not_replayed(inbox: Inbox) -> None:
    await inbox.hear("m:1")
    turn = await inbox.begin()
    async with inbox.turns() as turns:
        assert await turns.replay([turn.id]) == []
    assert (await inbox.state(turn))[0] == "open"
    assert await inbox.events(turn) == [("m:1", "claimed")]


async def test_nothing_of_another_contact_or_another_tenant_is_touched(inbox: Inbox) -> None:
    elsewhere = Inbox(inbox.sessions, (await add_tenant(inbox.sessions)).id)
    elsewhere.alias = inbox.alias
    async with elsewhere.sessions.of(elsewhere.tenant).begin() as session:
        elsewhere.contact = await Contacts(session, elsewhere.tenant).ensure(
            Identity.of(inbox.alias)
        )
    beside = Inbox(inbox.sessions, inbox.tenant)
    await beside.meet()
    for each in (inbox, elsewhere, beside):
        await each.hear(f"m:{each.alias}")
    another, next_door = await elsewhere.begin(), await beside.begin()

    assert await inbox.next() == [f"m:{inbox.alias}"]

    assert await inbox.waiting() is None
    assert (await elsewhere.state(another))[0] == (await beside.state(next_door))[0] == "open"


async def _another(inbox: Inbox) -> Turn:
    other = Inbox(inbox.sessions, inbox.tenant)
    await other.meet()
    await other.hear(f"m:of {other.alias}")
    return await other.begin()


async def test_what_takes_a_message_back_comes_along_wherever_it_waits(inbox: Inbox) -> None:
    taken_back = {"type": "revoke", "revoke": {"original_message_id": "0"}}
    of_another = {"type": "edit", "edit": {"original_message_id": "tap"}}
    await inbox.hear("m:0")
    await inbox.hear("m:tap", instant=True)
    await inbox.hear(*(f"m:{number}" for number in range(1, MOST_EVENTS + 5)))
    await inbox.hear("m:edit", body=dumps({"message": of_another}))
    await inbox.hear("m:revoke", body=dumps({"message": taken_back}))

    assert await inbox.next() == ["m:0", "m:revoke"]
    assert await inbox.next() == ["m:tap", "m:edit"]
    assert len(await inbox.next()) == MOST_EVENTS
    assert len(await inbox.next()) == 4
