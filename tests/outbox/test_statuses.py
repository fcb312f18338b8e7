"""Statuses come in any order, any number of times, and the message ends where it really is."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from mcp_platform.outbox import metrics
from mcp_platform.outbox.models import OUTBOX
from mcp_platform.outbox.states import MESSAGE_STATES
from mcp_platform.outbox.statuses import FollowedMessage, StatusUpdate, advanced
from mcp_platform.tenants.tenant import TenantId
from tests.factories import add_tenant
from tests.outbox.world import World

TENANT = TenantId(1)
WAITING = ("pending", "sending", "uncertain", "dead", "dropped")


def update_of(status, wamid="A", **more):
    return StatusUpdate(tenant_id=TENANT, wamid=wamid, status=status, callback="k", **more)


def message(state, wamid=None):
    return FollowedMessage(TENANT, id=1, key="k", lane="c:1", state=state, wamid=wamid)


def told(first, *updates):
    for each in updates:
        first = advanced(first, each)
    return first


statuses = st.sampled_from(["sent", "delivered", "read", "failed"])


@given(
    start=st.sampled_from(["sending", "uncertain"]),
    order=st.lists(statuses, min_size=1, max_size=8),
    shuffled=st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_of_one_sends_statuses_matters(start, order, shuffled):
    mixed = order * 2
    shuffled.shuffle(mixed)
    one = told(message(start), *map(update_of, order))
    other = told(message(start), *map(update_of, mixed))
    assert (one.state, one.wamid) == (other.state, other.wamid)


@given(
    start=st.sampled_from(["sent", "delivered", "read", "failed"]),
    updates=st.lists(st.builds(update_of, statuses, st.sampled_from("AB")), max_size=6),
)
def test_what_was_delivered_is_never_less_than_delivered_again(start, updates):
    state = message(start, "A")
    for each in updates:
        after = advanced(state, each)
        if state.state in ("delivered", "read"):
            assert after.state in ("delivered", "read")
        if state.state == "read":
            assert after.state == "read"
        state = after


def test_what_failed_stays_failed_unless_it_was_delivered():
    assert told(message("sent", "A"), update_of("failed"), update_of("sent")).state == "failed"
    both = [update_of("failed"), update_of("delivered")]
    for order in itertools.permutations(both):
        assert told(message("sent", "A"), *order).state == "delivered"


def test_an_old_failure_does_not_stop_a_message_that_is_tried_again():
    assert advanced(message("pending"), update_of("failed")) == message("pending")
    assert advanced(message("dead"), update_of("failed")) == message("dead")


@given(state=st.sampled_from(MESSAGE_STATES), status=statuses, wamid=st.sampled_from("AB"))
def test_whatever_became_of_a_message_a_status_of_it_is_understood(state, status, wamid):
    assert advanced(message(state, "A"), update_of(status, wamid)).state in (state, status)


def test_what_was_dropped_in_doubt_is_delivered_if_a_late_status_says_so():
    assert advanced(message("dropped"), update_of("failed")) == message("dropped")
    assert advanced(message("dropped"), update_of("delivered")).state == "delivered"


def test_of_two_sends_the_one_that_arrives_counts():
    assert advanced(message("sent", "B"), update_of("failed", "A")).state == "sent"
    assert advanced(message("failed", "A"), update_of("sent", "B")).wamid == "B"
    assert advanced(message("failed", "A"), update_of("delivered", "B")).state == "delivered"
    assert advanced(message("delivered", "A"), update_of("failed", "B")).state == "delivered"


async def test_statuses_follow_a_message_to_read(world: World):
    await world.record("one")
    await world.work()
    for status in ("sent", "delivered", "read"):
        await world.apply(world.told(status))
        assert await world.states() == {"one": status}
    applied = await world.apply(world.told("delivered"), world.told("sent"))
    assert applied.changed == ()
    assert await world.states() == {"one": "read"}


async def test_a_batch_in_disorder_with_duplicates_is_applied_at_once(world: World):
    await world.record("one", "two", "three")
    await world.work()
    applied = await world.apply(
        world.told("read", nth=0),
        world.told("delivered", nth=0),
        world.told("failed", nth=1, code=131026),
        world.told("sent", nth=1),
        world.told("sent", nth=2),
        world.told("read", nth=0),
    )
    assert await world.states() == {"one": "read", "two": "failed", "three": "sent"}
    assert [each.key for each in applied.failed] == ["two"]
    row = await world.row("two")
    assert (row.error_code, row.error) == (131026, "Message undeliverable: Message Undeliverable.")


async def test_a_status_whose_callback_meta_left_out_is_matched_by_its_id(world: World):
    await world.record("one")
    await world.work()
    await world.apply(replace(world.told("delivered"), callback=None))
    assert await world.states() == {"one": "delivered"}


async def test_a_status_of_a_message_that_is_not_ours_changes_nothing(world: World):
    await world.record("one")
    await world.work()
    stranger = replace(world.told("read"), wamid="wamid.other", callback="other")
    applied = await world.apply(stranger, replace(stranger, callback=None))
    assert (applied.changed, applied.unknown) == ((), 2)
    assert (await world.apply()).unknown == 0


async def test_another_tenants_status_with_the_same_key_changes_nothing(world: World):
    await world.record("one")
    await world.work()
    other = await add_tenant(world.sessions)
    await world.apply(replace(world.told("read"), tenant_id=other.id))
    assert await world.states() == {"one": "sent"}


@pytest.mark.parametrize("state", WAITING)
async def test_a_message_in_doubt_is_settled_and_its_lane_woken(world: World, state):
    await world.record("one")
    await world.work()
    await world.wakeups()
    async with world.sessions.everywhere.begin() as session:
        await session.execute(update(OUTBOX).values(state=state, wamid=None, error="doubt"))
    await world.apply(world.told("sent"))
    row = await world.row("one")
    assert (row.state, row.error) == ("sent", None)
    assert row.wamid == world.meta.sent()[0]["wamid"]
    assert await world.wakeups() == ([] if state in ("dead", "dropped") else [world.lane])


async def test_a_status_never_touches_a_calendar_write_of_the_same_key(world: World):
    await world.record("one")
    await world.work()
    async with world.sessions.everywhere.begin() as session:
        await session.execute(update(OUTBOX).values(kind="calendar_put", state="pending"))
    await world.apply(world.told("delivered"))
    assert await world.states() == {"one": "pending"}


async def test_a_delivered_message_is_billed_once(world: World):
    await world.record("one")
    await world.work()
    billed = metrics.BILLED.labels("service")
    before = billed._value.get()
    await world.apply(world.told("sent"), world.told("delivered"), world.told("read"))
    assert billed._value.get() == before + 1


async def test_a_thousand_statuses_are_two_statements(world: World):
    keys = [f"k{n}" for n in range(1000)]
    async with world.sessions.everywhere.begin() as session:
        await session.execute(
            insert(OUTBOX),
            [
                {
                    "tenant_id": world.tenant_id,
                    "key": key,
                    "lane": "c:x",
                    "kind": "whatsapp",
                    "body": {},
                    "state": "sent",
                    "wamid": f"wamid.{key}",
                }
                for key in keys
            ],
        )
    applied = await world.apply(
        *(replace(update_of("read", f"wamid.{key}"), tenant_id=world.tenant_id) for key in keys)
    )
    assert len(applied.changed) == 1000
    assert set((await world.states()).values()) == {"read"}
