"""Messages and calendar events leave the outbox in order, once, and are never lost."""

import asyncio
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text, update

from mcp_platform.conversations.models import CONTACTS
from mcp_platform.errors import CredentialRefused
from mcp_platform.kit.sql import Driver
from mcp_platform.outbox import delivery as delivery_module
from mcp_platform.outbox import lanes, metrics
from mcp_platform.outbox.calendar import CalendarEvent
from mcp_platform.outbox.dead import DeadLetters
from mcp_platform.outbox.models import OUTBOX
from mcp_platform.outbox.outbox import OWNER_LANE, Outbox, appointment_lane
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.changing.undoing import UNSEND
from mcp_platform.tenants.credentials import Credentials, CredentialsUnreadable
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.graph_errors import SendUncertain
from tests.outbox.world import TOKEN, World


def counted(counter, *labels):
    return (counter.labels(*labels) if labels else counter)._value.get()


class Crash(BaseException):
    """Stands for the process ending there: nothing in the code may catch it."""


@pytest.fixture
def crash_at(monkeypatch):
    """Let the process end once at a failpoint."""

    def arm(name):
        armed = [name]

        def pass_(here):
            if here in armed:
                armed.clear()
                raise Crash(here)

        monkeypatch.setattr(delivery_module, "failpoint", pass_)

    return arm


async def test_replies_of_a_lane_go_out_in_the_order_they_were_recorded(world: World):
    await world.record("one", "two", "three")
    assert await world.work() is None
    assert world.sent == ["one", "two", "three"]
    assert await world.states() == {"one": "sent", "two": "sent", "three": "sent"}
    assert (await world.row("two")).wamid == world.meta.sent()[1]["wamid"]


async def test_a_key_recorded_twice_is_one_message_and_one_wakeup(world: World):
    await world.record("one", "one")
    assert await world.wakeups() == [world.lane]
    await world.work()
    assert world.sent == ["one"]


async def test_a_transaction_that_rolls_back_leaves_neither_message_nor_wakeup(world: World):
    async with world.sessions.everywhere() as session:
        await Outbox(session, world.tenant_id).remove_event(
            key="k", appointment_id=uuid.uuid4(), calendar_id="c", event_id="event"
        )
        await session.rollback()
    assert await world.states() == {}
    assert await world.wakeups() == []


async def test_many_wakeups_at_once_send_each_message_once(world: World):
    await world.record("one", "two", "three", "four")
    await asyncio.gather(*(world.work(by=world.new_delivery()) for _ in range(8)))
    await world.work()
    assert world.sent == ["one", "two", "three", "four"]


async def test_what_another_worker_has_finished_meanwhile_cannot_be_claimed(world: World):
    await world.record("one")
    async with world.sessions.everywhere.begin() as session:
        head = await lanes.head_of(session, tenant_id=world.tenant_id, lane=world.lane)
    assert head is not None
    await world.work()
    async with world.sessions.everywhere.begin() as session:
        assert not await lanes.claim(
            session,
            head.effect,
            by=uuid.uuid4(),
            until=world.clock.now,
            give_up_at=world.clock.now,
            resend=False,
        )


@pytest.mark.parametrize(
    ("told", "then"),
    [
        (("sending", None), ("sent", "wamid.second")),
        (("delivered", "wamid.first"), ("delivered", "wamid.first")),
        (("failed", "wamid.first"), ("sent", "wamid.second")),
        (("failed", "wamid.second"), ("failed", "wamid.second")),
    ],
)
async def test_a_success_written_late_overwrites_nothing_that_is_known_of_it(
    world: World, told: tuple[str, str | None], then: tuple[str, str]
):
    await world.record("one")
    by = uuid.uuid4()
    state, wamid = told
    async with world.sessions.everywhere.begin() as session:
        head = await lanes.head_of(session, tenant_id=world.tenant_id, lane=world.lane)
        assert head is not None
        await session.execute(update(OUTBOX).values(state=state, wamid=wamid, claimed_by=by))
        assert await lanes.write_success(session, head.effect, by=by, wamid="wamid.second")

    row = await world.row("one")
    assert (row.state, row.wamid, row.claimed_by) == (*then, None)


async def test_a_long_lane_gives_other_lanes_their_turn(world: World):
    await world.record("one", "two", "three")
    short = world.new_delivery(lane_batch=2)
    assert await world.work(by=short) == timedelta(0)
    assert world.sent == ["one", "two"]


async def test_a_lost_answer_is_settled_by_a_status_and_the_lane_goes_on(world: World):
    world.meta.faults.add("response_lost")
    await world.record("one", "two")
    assert await world.work() == timedelta(minutes=2)
    assert await world.states() == {"one": "uncertain", "two": "pending"}
    await world.wakeups()
    await world.apply(world.told("delivered"))
    assert (await world.row("one")).wamid == world.meta.sent()[0]["wamid"]
    assert await world.wakeups() == [world.lane]
    await world.work()
    assert world.sent == ["one", "two"]
    assert await world.states() == {"one": "delivered", "two": "sent"}


async def test_a_lost_answer_without_any_status_is_sent_again_once_and_counted(world: World):
    world.meta.faults.add("response_lost")
    await world.record("one", "two")
    await world.work()
    resends = counted(metrics.RESENDS)
    world.clock.advance(seconds=119)
    assert await world.work() == timedelta(seconds=1)
    assert world.sent == ["one"]
    world.clock.advance(seconds=1)
    assert await world.work() is None
    assert world.sent == ["one", "one", "two"]
    assert counted(metrics.RESENDS) == resends + 1
    row = await world.row("one")
    assert (row.state, row.resends) == ("sent", 1)


async def test_after_a_second_doubt_the_message_is_dead_and_the_lane_goes_on(world: World):
    world.meta.faults.add("response_lost", times=2)
    await world.record("one", "two")
    await world.work()
    world.clock.advance(minutes=2)
    assert await world.work() == timedelta(minutes=2)
    assert await world.states() == {"one": "uncertain", "two": "pending"}
    world.clock.advance(minutes=2)
    await world.work()
    assert await world.states() == {"one": "dead", "two": "sent"}
    assert "Sent twice" in ((await world.row("one")).error or "")
    assert [key for key, _, _ in world.around.given_up] == ["one"]
    assert world.sent == ["one", "one", "two"]


async def test_a_message_given_up_is_delivered_after_all_if_a_late_status_says_so(world: World):
    world.meta.faults.add("response_lost", times=2)
    await world.record("one")
    for _ in range(3):
        await world.work()
        world.clock.advance(minutes=2)
    assert await world.states() == {"one": "dead"}
    await world.apply(world.told("delivered", nth=0))
    row = await world.row("one")
    assert (row.state, row.error) == ("delivered", None)


async def test_a_status_before_our_own_commit_is_kept(world: World, monkeypatch):
    await world.record("one")
    send = world.whatsapp.send

    async def send_and_hear(**arguments):
        wamid = await send(**arguments)
        await world.apply(world.told("delivered"))
        return wamid

    monkeypatch.setattr(world.whatsapp, "send", send_and_hear)
    assert await world.work() is None
    row = await world.row("one")
    assert (row.state, row.wamid, row.error) == ("delivered", world.meta.sent()[0]["wamid"], None)


async def test_a_failure_told_before_our_own_commit_is_kept(world: World, monkeypatch):
    await world.record("one")
    send = world.whatsapp.send

    async def send_and_hear(**arguments):
        wamid = await send(**arguments)
        await world.apply(world.told("failed", code=131026))
        return wamid

    monkeypatch.setattr(world.whatsapp, "send", send_and_hear)
    await world.work()
    row = await world.row("one")
    assert (row.state, row.error_code) == ("failed", 131026)


async def test_a_doubt_that_a_status_has_settled_meanwhile_stays_settled(world: World, monkeypatch):
    await world.record("one", "two")
    send = world.whatsapp.send

    async def send_and_lose(**arguments):
        await send(**arguments)
        if len(world.sent) == 1:
            await world.apply(world.told("sent"))
            raise SendUncertain("lost")
        return "wamid.2"

    monkeypatch.setattr(world.whatsapp, "send", send_and_lose)
    assert await world.work() is None
    assert await world.states() == {"one": "sent", "two": "sent"}
    assert world.sent == ["one", "two"]


async def test_a_reply_outside_the_24_hour_window_is_dead_and_somebody_is_told(world: World):
    await world.record("one")
    world.clock.advance(hours=24)
    assert await world.work() is None
    row = await world.row("one")
    assert (row.state, row.error_code) == ("dead", 131047)
    assert world.sent == []
    assert world.around.given_up[0][:2] == ("one", 131047)


async def test_a_reply_just_inside_the_window_is_sent(world: World):
    await world.record("one")
    world.clock.advance(hours=23, minutes=59)
    await world.work()
    assert world.sent == ["one"]


async def test_a_window_that_only_meta_knows_to_be_closed_ends_in_131047(world: World):
    async with world.sessions.everywhere.begin() as session:
        await session.execute(update(CONTACTS).values(last_inbound_at=None))
    world.meta.faults.add("window_closed", mode="sync")
    await world.record("one")
    await world.work()
    row = await world.row("one")
    assert (row.state, row.error_code) == ("dead", 131047)


async def test_a_notice_to_the_owner_is_tried_outside_the_window(world: World):
    await world.record("note", lane=OWNER_LANE, purpose="notice")
    world.clock.advance(hours=30)
    await world.work(lane=OWNER_LANE)
    assert world.sent == ["note"]


async def test_a_refused_notice_makes_no_further_notice(world: World):
    world.meta.faults.add("window_closed", mode="sync")
    await world.record("note", lane=OWNER_LANE, purpose="notice")
    await world.work(lane=OWNER_LANE)
    assert await world.states() == {"note": "dead"}
    assert world.around.given_up == []


async def test_the_pair_limit_is_waited_out_four_times_longer_each_time(world: World):
    world.meta.faults.add("pair_limited", times=3)
    await world.record("one", "two")
    waits = []
    while wait := await world.work():
        waits.append(wait)
        world.clock.now += wait
    assert waits == [timedelta(seconds=1.1), timedelta(seconds=4.4), timedelta(seconds=17.6)]
    assert world.sent == ["one", "two"]


async def test_a_refused_token_degrades_the_tenant_and_loses_nothing(world: World):
    world.around.credentials = Credentials(
        whatsapp_api_token="expired", whatsapp_phone_number_id="106540352242922"
    )
    await world.record("one", "two")
    wait = await world.work()
    assert wait == timedelta(minutes=5.5)
    assert "access token" in world.around.degraded["whatsapp"]
    row = await world.row("one")
    assert (row.state, row.error_code) == ("pending", 190)
    world.around.credentials = Credentials(
        whatsapp_api_token=TOKEN, whatsapp_phone_number_id="106540352242922"
    )
    world.clock.now += wait
    await world.work()
    assert world.sent == ["one", "two"]
    assert world.around.degraded == {}


async def test_an_absent_token_is_a_refused_credential_too(world: World):
    world.around.credentials = Credentials()
    await world.record("one")
    await world.work()
    assert "WHATSAPP_API_TOKEN" in world.around.degraded["whatsapp"]
    assert await world.states() == {"one": "pending"}


async def test_credentials_that_cannot_be_read_now_are_asked_for_again(world: World, monkeypatch):
    async def away(_):
        raise CredentialsUnreadable("the store is away")

    await world.record("one")
    with monkeypatch.context() as patched:
        patched.setattr(world.around, "of", away)
        wait = await world.work(by=world.new_delivery())
    assert wait == timedelta(seconds=2)
    assert world.around.degraded == {}
    world.clock.now += wait
    await world.work()
    assert world.sent == ["one"]


async def test_a_vendor_away_for_long_is_given_up_at_the_limit_and_not_before(world: World):
    world.meta.faults.add("server_error", times=None, status=503)
    await world.record("one")
    started, patient = world.clock.now, world.new_delivery(message_limit=timedelta(hours=1))
    while wait := await world.work(by=patient):
        world.clock.now += wait
    assert await world.states() == {"one": "dead"}
    assert timedelta(minutes=54) < world.clock.now - started <= timedelta(hours=1)
    assert world.around.given_up[0][0] == "one"


async def test_what_meta_calls_its_own_fault_is_tried_five_times(world: World):
    world.meta.faults.add("server_error", times=None, status=500)
    await world.record("one")
    while wait := await world.work():
        world.clock.now += wait
    row = await world.row("one")
    assert (row.state, row.attempts, row.error_code) == ("dead", 5, 131000)


async def test_a_message_that_meta_will_never_take_is_dead_at_once(world: World):
    world.meta.faults.add("error", code=131026)
    await world.record("one", "two")
    await world.work()
    assert await world.states() == {"one": "dead", "two": "sent"}


async def test_a_suspended_tenant_sends_nothing_until_it_is_active(world: World):
    await world.record("one")
    active = world.around.tenant
    world.around.tenant = replace(active, status="suspended")
    wait = await world.work()
    assert wait == timedelta(minutes=5)
    assert (world.sent, (await world.row("one")).attempts) == ([], 0)
    world.around.tenant = active
    world.clock.now += wait
    await world.work()
    assert world.sent == ["one"]


async def test_pacing_makes_a_message_wait_without_an_attempt(world: World):
    waits = [timedelta(seconds=6), timedelta(0)]

    class Slow:
        async def wait_time(self, **_):
            return waits.pop(0)

    world.pacing = Slow()
    paced = world.new_delivery()
    await world.record("one")
    assert await world.work(by=paced) == timedelta(seconds=6)
    assert (await world.row("one")).attempts == 0
    world.clock.advance(seconds=6)
    await world.work(by=paced)
    assert world.sent == ["one"]


async def test_a_moment_of_pacing_is_waited_out_without_going_back_to_the_queue(world: World):
    waits = [timedelta(milliseconds=12), timedelta(milliseconds=5), timedelta(0)]

    class Quick:
        async def wait_time(self, **_):
            return waits.pop(0)

    world.pacing = Quick()
    await world.record("one")
    assert await world.work(by=world.new_delivery()) is None
    assert world.sent == ["one"]
    assert waits == []


@pytest.mark.parametrize(
    ("where", "sent_before", "settled"),
    [
        ("outbox.after_claim", [], False),
        ("outbox.after_call", ["one"], False),
        ("outbox.after_done", ["one"], True),
    ],
)
async def test_a_sender_that_dies_is_found_and_only_a_doubtful_message_is_repeated(
    world: World, crash_at, where, sent_before, settled
):
    await world.record("one", "two")
    crash_at(where)
    with pytest.raises(Crash):
        await world.work()
    assert world.sent == sent_before
    await world.wakeups()
    world.clock.advance(seconds=91)
    assert await world.delivery.sweep() == 1
    assert await world.wakeups() == [world.lane]
    wait = await world.work()
    if settled:
        assert wait is None
        assert world.sent == ["one", "two"]
        return
    assert await world.states() == {"one": "uncertain", "two": "pending"}
    assert wait == timedelta(minutes=2)
    world.clock.now += wait
    await world.work()
    assert world.sent == [*sent_before, "one", "two"]
    assert (await world.row("one")).resends == 1


async def test_a_status_settles_what_a_dead_sender_left(world: World, crash_at):
    await world.record("one", "two")
    crash_at("outbox.after_call")
    with pytest.raises(Crash):
        await world.work()
    await world.wakeups()
    await world.apply(world.told("sent"))
    assert await world.wakeups() == [world.lane]
    await world.work()
    assert world.sent == ["one", "two"]


async def test_a_sender_that_overslept_its_claim_still_says_that_it_sent(world: World, monkeypatch):
    await world.record("one")
    send = world.whatsapp.send

    async def send_and_sleep(**arguments):
        wamid = await send(**arguments)
        world.clock.advance(seconds=61)
        await world.work()  # another worker finds the claim run out
        assert await world.states() == {"one": "uncertain"}
        return wamid

    with monkeypatch.context() as patched:
        patched.setattr(world.whatsapp, "send", send_and_sleep)
        await world.work()
    assert await world.states() == {"one": "sent"}
    world.clock.advance(minutes=3)
    await world.work()
    assert world.sent == ["one"]


async def test_a_sender_that_slept_through_the_second_send_changes_nothing(
    world: World, monkeypatch
):
    await world.record("one")
    send, first = world.whatsapp.send, [True]

    async def send_and_sleep(**arguments):
        wamid = await send(**arguments)
        if first:
            first.clear()
            world.clock.advance(seconds=61)
            await world.work()
            world.clock.advance(minutes=2)
            await world.work()
        return wamid

    monkeypatch.setattr(world.whatsapp, "send", send_and_sleep)
    fenced = counted(metrics.FENCED)
    await world.work()
    row = await world.row("one")
    assert (row.state, row.wamid) == ("sent", world.meta.sent()[1]["wamid"])
    assert counted(metrics.FENCED) == fenced + 1


async def test_the_sweeper_waits_for_no_lane_that_somebody_holds(world: World):
    await world.record("held", lane="c:held")
    await world.record("free", lane="c:free")
    await world.wakeups()
    world.clock.advance(seconds=31)
    async with world.sessions.everywhere.begin() as session:
        await session.execute(text("SELECT FROM outbox WHERE key = 'held' FOR UPDATE"))
        async with asyncio.timeout(30):
            assert await world.delivery.sweep() == 1
    assert await world.wakeups() == ["c:free"]


async def test_the_sweeper_wakes_a_lane_once_per_grace_and_leaves_what_is_not_due(world: World):
    await world.record("one", "two")
    await world.wakeups()
    assert await world.delivery.sweep() == 1
    assert await world.wakeups() == [world.lane]
    assert await world.delivery.sweep() == 0
    world.meta.faults.add("pair_limited")
    await world.work()
    assert await world.delivery.sweep() == 0
    assert world.around.looks == 3, "degraded tenants are measured although nothing is sent"
    world.clock.advance(minutes=1)
    assert await world.delivery.sweep() == 1


async def test_dead_messages_are_listed_and_sent_when_replayed(world: World):
    world.meta.faults.add("error", times=2, code=131026)
    await world.record("one", "two", "three")
    await world.work()
    async with world.sessions.everywhere.begin() as session:
        letters = DeadLetters(session, world.tenant_id)
        listed = await letters.list()
        assert [(each.key, each.error_code) for each in listed] == [
            ("two", 131026),
            ("one", 131026),
        ]
        assert await letters.replay(ids=[listed[0].id]) == 1
        assert await letters.replay() == 1
        assert await letters.list() == []
    world.clock.advance(hours=1)
    await world.work()
    assert world.sent == ["three", "one", "two"]


async def test_another_tenants_dead_messages_are_neither_seen_nor_replayed(world: World):
    world.meta.faults.add("error", code=131026)
    await world.record("one")
    await world.work()
    async with world.sessions.everywhere.begin() as session:
        letters = DeadLetters(session, world.tenant_id + 1)
        assert await letters.list() == []
        assert await letters.replay() == 0


async def test_a_head_that_appears_late_waits_for_the_message_being_sent(world: World, monkeypatch):
    world.meta.faults.add("error", code=131026)
    await world.record("one", "two")
    send, during = world.whatsapp.send, []

    async def replay_meanwhile(**arguments):
        if arguments["message"]["text"]["body"] == "two" and not during:
            async with world.sessions.everywhere.begin() as session:
                await DeadLetters(session, world.tenant_id).replay()
            during.append(await world.work())
            assert world.sent == []
        return await send(**arguments)

    monkeypatch.setattr(world.whatsapp, "send", replay_meanwhile)
    await world.work()
    assert during == [None]
    assert world.sent == ["two", "one"]


# Calendar

APPOINTMENT = uuid.UUID(int=7)
LANE = appointment_lane(APPOINTMENT)
START = datetime.fromisoformat("2026-12-01T10:00:00-03:00")
EVENT = CalendarEvent(
    event_id="a1b2c3",
    start=START,
    end=START + timedelta(minutes=30),
    time_zone="America/Sao_Paulo",
    summary="Corte: Ana",
    description="WhatsApp",
    key="mark",
)


async def put(world: World, key: str = "put") -> None:
    async with world.sessions.everywhere.begin() as session:
        await Outbox(session, world.tenant_id).put_event(
            key=key,
            appointment_id=APPOINTMENT,
            calendar_id="ze@group",
            event_id=EVENT.event_id,
            start=EVENT.start,
            end=EVENT.end,
            time_zone=EVENT.time_zone,
            summary=EVENT.summary,
            description=EVENT.description,
            mark=EVENT.key,
        )


async def remove(world: World) -> None:
    async with world.sessions.everywhere.begin() as session:
        await Outbox(session, world.tenant_id).remove_event(
            key="remove", appointment_id=APPOINTMENT, calendar_id="ze@group", event_id="a1b2c3"
        )


async def test_an_event_is_written_as_recorded_and_then_removed(world: World):
    await put(world)
    await remove(world)
    assert await world.work(lane=LANE) is None
    assert world.calendar.asked == [("put", "ze@group", EVENT), ("remove", "ze@group", "a1b2c3")]
    assert await world.states() == {"put": "done", "remove": "done"}


async def test_an_event_without_an_offset_is_a_bug_of_the_caller(world: World):
    async with world.sessions.everywhere() as session:
        with pytest.raises(ValueError, match="no offset"):
            await Outbox(session, world.tenant_id).put_event(
                key="k",
                appointment_id=APPOINTMENT,
                calendar_id="c",
                event_id="e",
                start=START.replace(tzinfo=None),
                end=EVENT.end,
                time_zone="UTC",
                summary="",
                description="",
                mark="m",
            )


async def test_a_calendar_write_that_was_interrupted_is_simply_done_again(world: World, crash_at):
    await put(world)
    crash_at("outbox.after_call")
    with pytest.raises(Crash):
        await world.work(lane=LANE)
    assert await world.work(lane=LANE) is None
    assert len(world.calendar.asked) == 1
    world.clock.advance(seconds=60)
    await world.work(lane=LANE)
    assert len(world.calendar.asked) == 2
    assert await world.states() == {"put": "done"}


async def test_an_unreadable_calendar_is_tried_to_the_limit_and_then_a_person_is_told(
    world: World,
):
    world.calendar.failures = [CalendarUnreadable("quota")] * 100
    await put(world)
    started, patient = world.clock.now, world.new_delivery(calendar_limit=timedelta(hours=1))
    while wait := await world.work(lane=LANE, by=patient):
        world.clock.now += wait
    assert await world.states() == {"put": "dead"}
    assert timedelta(minutes=54) < world.clock.now - started <= timedelta(hours=1)
    assert world.around.given_up == [("put", None, "quota")]


async def test_a_calendar_that_is_not_shared_degrades_the_tenant(world: World):
    world.calendar.failures = [CredentialRefused("share the calendar with the service account")]
    await put(world)
    assert await world.work(lane=LANE) == timedelta(minutes=5.5)
    assert world.around.degraded == {"calendar": "share the calendar with the service account"}


async def test_a_calendar_write_that_keeps_killing_its_worker_ends_at_the_limit(
    world: World, monkeypatch
):
    class OurBugError(RuntimeError):
        pass

    async def broken(**_):
        raise OurBugError

    monkeypatch.setattr(world.calendar, "put", broken)
    await put(world)
    for _ in range(3):
        with pytest.raises(OurBugError):
            await world.work(lane=LANE)
        world.clock.advance(days=3)
    await world.work(lane=LANE)
    assert await world.states() == {"put": "dead"}


async def test_a_wakeup_of_an_unknown_tenant_is_dropped(world: World):
    world.around.tenant = replace(world.around.tenant, id=TenantId(999))
    await world.record("one")
    assert await world.work() is None
    assert await world.states() == {"one": "pending"}


async def test_no_row_keeps_a_token(world: World):
    world.meta.faults.add("error", code=190, message=f"Malformed access token {TOKEN}")
    await world.record("one")
    await world.work()
    row = await world.row("one")
    assert TOKEN not in (row.error or "")
    assert TOKEN not in world.around.degraded["whatsapp"]


async def test_a_message_that_is_held_waits_its_time_and_may_be_taken_away_before(
    world: World,
) -> None:
    later = world.clock.now + timedelta(seconds=10)
    await world.record("held", due_at=later)
    assert await world.work() == timedelta(seconds=10), "it comes back then"
    assert (await world.row("held")).state == "pending"
    await world.record("taken away", due_at=later)
    async with world.sessions.everywhere.begin() as session:
        taken = await Driver(session).execute(UNSEND, tenant=world.tenant_id, key="taken away")
    assert taken == 1
    world.clock.advance(seconds=10)
    assert await world.work() is None
    assert (await world.row("held")).state == "sent"
    async with world.sessions.everywhere.begin() as session:
        assert await Driver(session).execute(UNSEND, tenant=world.tenant_id, key="held") == 0
