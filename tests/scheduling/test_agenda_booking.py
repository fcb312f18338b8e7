"""Booking: one slot is one booking, whatever happens at the same time or in between."""

import asyncio
import uuid
from collections import Counter
from datetime import UTC, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Update, text, update

from mcp_platform.errors import Conflict, CredentialRefused
from mcp_platform.scheduling import agenda as agenda_module
from mcp_platform.scheduling.agenda import MOST_AHEAD
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.models import AppointmentRow
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    LimitReached,
    Taken,
)
from tests.scheduling.conftest import OpenShop
from tests.scheduling.shop import (
    ANA,
    BARBA,
    CORTE,
    NOW,
    PACOTE,
    SHOP_CALENDAR,
    ZE,
    Shop,
    catalogue,
)

WAITS = text("""
    SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
        AND datname = current_database()
""")


class PowerCutError(BaseException):
    """The process dies here."""


def cut_power_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def failpoint(passed: str) -> None:
        if passed == name:
            raise PowerCutError

    monkeypatch.setattr(agenda_module, "failpoint", failpoint)


async def test_a_booking_is_an_appointment_with_the_price_of_now_and_an_event_to_write(
    shop: Shop,
) -> None:
    journal = shop.journal()
    hold = uuid.uuid4()
    outcome = await shop.book("01 10:00", hold=hold, work=journal, name=" João\n\u202e da\tSilva ")

    assert isinstance(outcome, Booked)
    assert outcome.appointment.id == hold
    assert outcome.appointment.status == "booked"
    assert outcome.appointment.starts_at.isoformat() == "2026-12-01T10:00:00-03:00"
    assert outcome.appointment.ends_at.isoformat() == "2026-12-01T10:30:00-03:00"
    assert (outcome.appointment.price_cents, outcome.appointment.currency) == (4500, "BRL")
    assert journal.concluded == [outcome]
    assert journal.statuses_seen == [["booked"]]  # recorded in the transaction of the effect
    (effect,) = await shop.effects()
    assert (effect.kind, effect.key, effect.lane) == ("calendar_put", f"cal:{hold}:1", f"a:{hold}")
    assert effect.body["calendar_id"] == SHOP_CALENDAR
    event = effect.body["event"]
    assert event["summary"] == "Corte — João da Silva"
    assert event["description"] == "Corte\nZé"
    assert event["event_id"] == hold.hex
    assert event["key"] == shop.tenant.path
    assert (event["start"], event["time_zone"]) == (
        "2026-12-01T10:00:00-03:00",
        "America/Sao_Paulo",
    )


async def test_an_effect_whose_record_fails_did_not_happen(shop: Shop) -> None:
    journal = shop.journal(fail=PowerCutError())
    with pytest.raises(PowerCutError):
        await shop.book("01 10:00", work=journal)
    assert [row.status for row in await shop.rows()] == ["held"]
    assert await shop.effects() == []


async def test_a_hundred_customers_racing_for_one_slot_book_it_once(shop: Shop) -> None:
    contacts = await shop.contacts(100)
    outcomes = await asyncio.gather(*(shop.book("01 10:00", contact=each) for each in contacts))
    assert Counter(type(each) for each in outcomes) == {Booked: 1, Taken: 99}
    assert [row.status for row in await shop.rows()] == ["booked"]
    assert len(await shop.effects()) == 1


async def test_customers_racing_for_overlapping_slots_never_overlap(shop: Shop) -> None:
    contacts = await shop.contacts(40)
    starts = [f"01 {hour:02}:{minute}" for hour in (10, 11) for minute in ("00", "30")]
    outcomes = await asyncio.gather(
        *(
            shop.book(starts[number % 4], contact=each, service=PACOTE, who=ANA)
            for number, each in enumerate(contacts)
        )
    )
    booked = [row for row in await shop.rows() if row.status == "booked"]
    assert len(booked) == sum(isinstance(each, Booked) for each in outcomes) >= 1
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(booked))
    assert all(row.status == "booked" for row in await shop.rows())  # no hold is left


async def test_a_contact_who_asks_twice_at_once_has_one_appointment(shop: Shop) -> None:
    contact, hold = await shop.contact(), uuid.uuid4()
    outcomes = await asyncio.gather(
        *(shop.book("01 10:00", contact=contact, hold=hold) for _ in range(8))
    )
    assert any(isinstance(each, Booked) for each in outcomes)
    assert [row.id for row in await shop.rows()] == [hold]
    assert len(await shop.effects()) == 1


@pytest.mark.parametrize("place", ["turn.after_hold", "turn.after_calendar"])
async def test_a_booking_that_was_cut_off_is_finished_by_its_replay(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    contact, hold = await shop.contact(), uuid.uuid4()
    with monkeypatch.context() as patched:
        cut_power_at(patched, place)
        with pytest.raises(PowerCutError):
            await shop.book("01 10:00", contact=contact, hold=hold)
    assert [row.status for row in await shop.rows()] == ["held"]

    outcome = await shop.book("01 10:00", contact=contact, hold=hold)
    assert isinstance(outcome, Booked)
    assert [(row.id, row.status) for row in await shop.rows()] == [(hold, "booked")]


async def test_a_booking_that_was_done_is_not_done_again(shop: Shop) -> None:
    contact, hold = await shop.contact(), uuid.uuid4()
    first = await shop.book("01 10:00", contact=contact, hold=hold)
    journal = shop.journal()
    again = await shop.book("01 10:00", contact=contact, hold=hold, work=journal)
    assert again == first
    assert journal.concluded == [first]
    assert len(await shop.effects()) == 1


async def test_the_same_slot_asked_for_anew_is_the_appointment_that_stands(shop: Shop) -> None:
    contact = await shop.contact()
    first = await shop.book("01 10:00", contact=contact)
    assert await shop.book("01 10:00", contact=contact) == first
    assert len(await shop.rows()) == len(await shop.effects()) == 1


async def test_a_replay_after_a_cancellation_books_nothing_and_says_so(shop: Shop) -> None:
    contact, hold = await shop.contact(), uuid.uuid4()
    await shop.book("01 10:00", contact=contact, hold=hold)
    await shop.cancel(hold)
    again = await shop.book("01 10:00", contact=contact, hold=hold)
    assert isinstance(again, Booked)
    assert again.appointment.status == "cancelled"


async def test_an_id_of_another_contact_books_nothing(shop: Shop) -> None:
    hold = uuid.uuid4()
    await shop.book("01 10:00", hold=hold)
    with pytest.raises(Conflict):
        await shop.book("01 11:00", hold=hold)
    assert len(await shop.rows()) == 1


async def test_an_expired_hold_is_taken_by_another_and_its_owner_is_offered_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, hold = await shop.contact(), uuid.uuid4()
    with monkeypatch.context() as patched:
        cut_power_at(patched, "turn.after_hold")
        with pytest.raises(PowerCutError):
            await shop.book("01 10:00", contact=slow, hold=hold)

    assert isinstance(await shop.book("01 10:00"), Taken)  # the hold lives
    later = NOW + timedelta(minutes=6)
    assert isinstance(await shop.book("01 10:00", now=later), Booked)
    replayed = await shop.book("01 10:00", contact=slow, hold=hold, now=later)
    assert isinstance(replayed, Taken)
    assert replayed.alternatives
    assert len(await shop.rows()) == 1


async def test_a_hold_that_is_lost_while_the_calendar_is_asked_is_not_booked(shop: Shop) -> None:
    async def overtake() -> None:
        shop.calendar.while_asked = None
        other = await shop.book("01 10:00", now=NOW + timedelta(minutes=6))
        assert isinstance(other, Booked)

    shop.calendar.while_asked = overtake
    journal = shop.journal()
    assert isinstance(await shop.book("01 10:00", work=journal), Taken)
    assert [type(each) for each in journal.concluded] == [Taken]
    assert len(await shop.effects()) == 1


async def test_an_expired_hold_that_nobody_took_is_booked(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, hold = await shop.contact(), uuid.uuid4()
    with monkeypatch.context() as patched:
        cut_power_at(patched, "turn.after_hold")
        with pytest.raises(PowerCutError):
            await shop.book("01 10:00", contact=contact, hold=hold)
    later = NOW + timedelta(hours=1)
    assert isinstance(await shop.book("01 10:00", contact=contact, hold=hold, now=later), Booked)


async def test_a_contact_holds_one_slot_at_most(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = await shop.contact()
    with monkeypatch.context() as patched:
        cut_power_at(patched, "turn.after_hold")
        for stamp in ("01 10:00", "01 11:00"):
            with pytest.raises(PowerCutError):
                await shop.book(stamp, contact=contact)
    assert [row.starts_at for row in await shop.rows()] == [shop.at("01 11:00")]


@pytest.mark.parametrize(
    ("service", "stamp", "fits"),
    [
        (CORTE, "01 10:30", False),
        (CORTE, "01 11:00", True),
        (CORTE, "01 09:30", False),
        (CORTE, "01 09:00", True),
        (BARBA, "01 10:30", False),
        (BARBA, "01 11:00", True),
    ],
)
async def test_buffers_keep_others_away(
    shop: Shop, service: str, stamp: str, *, fits: bool
) -> None:
    await shop.book("01 10:00", service=BARBA)  # blocks 09:45 to 10:45
    assert isinstance(await shop.book(stamp, service=service), Booked) is fits


async def test_a_slot_the_owner_has_filled_is_taken_and_the_nearest_are_offered(
    shop: Shop,
) -> None:
    shop.calendar.block(shop.at("01 10:00"))
    journal = shop.journal()
    outcome = await shop.book("01 10:00", work=journal)
    assert isinstance(outcome, Taken)
    assert [each.start.strftime("%d %H:%M") for each in outcome.alternatives] == [
        "01 08:30",
        "01 09:00",
        "01 09:30",
        "01 10:30",
        "01 11:00",
    ]
    assert journal.concluded == [outcome]
    assert await shop.rows() == []


async def test_a_taken_slot_is_offered_with_a_colleague(shop: Shop) -> None:
    await shop.book("01 10:00")
    outcome = await shop.book("01 10:00")
    assert isinstance(outcome, Taken)
    offered = {each.start.strftime("%H:%M"): each.professional_id for each in outcome.alternatives}
    assert offered == {"09:00": ZE, "09:30": ZE, "10:00": ANA, "10:30": ZE, "11:00": ZE}


@pytest.mark.parametrize(
    ("stamp", "who"),
    [
        ("01 19:00", ZE),  # closed by now
        ("01 10:10", ZE),  # off the grid
        ("06 10:00", ZE),  # Sunday
        ("2026-11-30 09:30", ZE),  # sooner than the notice
        ("2027-03-01 10:00", ZE),  # beyond the horizon
        ("01 10:00", "gone"),
    ],
)
async def test_an_old_offer_that_the_rules_no_longer_allow_is_taken(
    shop: Shop, stamp: str, who: str
) -> None:
    outcome = await shop.book(stamp, who=who)
    assert isinstance(outcome, Taken)
    assert outcome.alternatives
    assert await shop.rows() == []


async def test_an_offer_of_a_service_that_is_gone_is_taken(shop: Shop) -> None:
    assert await shop.book("01 10:00", service="gone") == Taken(alternatives=())


@pytest.mark.parametrize("refused", [False, True])
async def test_an_unreadable_calendar_closes_booking_and_a_person_is_told(
    shop: Shop, *, refused: bool
) -> None:
    shop.calendar.refused = refused
    shop.calendar.unreadable = {SHOP_CALENDAR}
    journal = shop.journal()
    assert await shop.book("01 10:00", work=journal) == CalendarClosed()
    assert journal.concluded == [CalendarClosed()]
    assert shop.told == [(CredentialRefused if refused else CalendarUnreadable, SHOP_CALENDAR)]
    assert await shop.rows() == []
    assert await shop.effects() == []


async def test_a_shop_without_a_calendar_takes_no_bookings_and_a_person_is_told(
    open_shop: OpenShop,
) -> None:
    shop = await open_shop(calendar_id=None)
    assert await shop.book("01 10:00") == CalendarClosed()
    assert shop.told == [(CalendarUnreadable, None)]
    assert await shop.rows() == []


async def test_one_contact_cannot_fill_the_agenda(shop: Shop) -> None:
    contact = await shop.contact()
    stamps = [f"{day:02} 10:00" for day in (1, 2, 3, 4, 5)]
    for stamp in stamps:
        assert isinstance(await shop.book(stamp, contact=contact), Booked)
    journal = shop.journal()
    refused = await shop.book("07 10:00", contact=contact, work=journal)
    assert refused == LimitReached(limit=MOST_AHEAD)
    assert journal.concluded == [refused]
    assert len(await shop.rows()) == MOST_AHEAD

    (first, *_) = await shop.agenda.upcoming(contact_id=contact, now=NOW)
    await shop.cancel(first.id)
    assert isinstance(await shop.book("07 10:00", contact=contact), Booked)


async def test_the_limit_holds_when_a_contact_asks_for_everything_at_once(shop: Shop) -> None:
    contact = await shop.contact()
    stamps = [f"{day:02} {hour}:00" for day in (1, 2, 3, 4) for hour in (10, 14)]
    for each in stamps[: MOST_AHEAD - 1]:
        await shop.book(each, contact=contact)
    await asyncio.gather(*(shop.book(each, contact=contact) for each in stamps))
    assert sum(row.status == "booked" for row in await shop.rows()) <= MOST_AHEAD


async def test_what_is_booked_while_one_waits_counts_towards_the_limit(shop: Shop) -> None:
    contact = await shop.contact()
    stamps = [f"{day:02} {hour}:00" for day in (1, 2, 3, 4) for hour in (10, 14)]
    for each in stamps[: MOST_AHEAD - 1]:
        await shop.book(each, contact=contact)
    another = await shop.book(stamps[MOST_AHEAD])

    async with shop.sessions.everywhere.begin() as session:
        await Appointments(session, shop.tenant.id).lock()
        waiting = asyncio.create_task(shop.book(stamps[MOST_AHEAD - 1], contact=contact))
        while not await session.scalar(WAITS):  # noqa: ASYNC110  # Postgres tells nobody
            await asyncio.sleep(0.01)
        await session.execute(_given(another, to=contact))

    assert await waiting == LimitReached(limit=MOST_AHEAD)


async def test_a_hold_that_may_not_become_a_booking_any_more_is_let_go(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact, hold = await shop.contact(), uuid.uuid4()
    stamps = [f"{day:02} {hour}:00" for day in (1, 2, 3, 4) for hour in (10, 14)]
    for each in stamps[: MOST_AHEAD - 1]:
        await shop.book(each, contact=contact)
    with monkeypatch.context() as patched:
        cut_power_at(patched, "turn.after_hold")
        with pytest.raises(PowerCutError):
            await shop.book("05 10:00", contact=contact, hold=hold)
    another = await shop.book(stamps[MOST_AHEAD])
    async with shop.sessions.everywhere.begin() as session:
        await session.execute(_given(another, to=contact))  # as when two contacts are merged

    again = await shop.book("05 10:00", contact=contact, hold=hold)

    assert again == LimitReached(limit=MOST_AHEAD)
    assert {row.status for row in await shop.rows()} == {"booked"}


def _given(booked: Booked, *, to: uuid.UUID) -> Update:
    return (
        update(AppointmentRow)
        .where(AppointmentRow.id == booked.appointment.id)
        .values(contact_id=to)
    )


async def test_booking_over_a_clock_change_keeps_the_length_absolute(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(time_zone="America/New_York"))
    now = shop.at("2027-03-12 09:00").astimezone(UTC)  # clocks go forward on Sunday the 14th
    monday = await shop.book("2027-03-15 10:00", now=now)
    saturday = await shop.book("2027-03-13 10:00", now=now)
    assert isinstance(monday, Booked)
    assert isinstance(saturday, Booked)
    assert saturday.appointment.starts_at.isoformat() == "2027-03-13T10:00:00-05:00"
    assert monday.appointment.starts_at.isoformat() == "2027-03-15T10:00:00-04:00"
    starts = [row.starts_at.astimezone(UTC) for row in await shop.rows()]
    assert starts[1] - starts[0] == timedelta(hours=47)


async def test_two_barbers_on_one_calendar_do_not_block_each_other_but_the_owner_blocks_both(
    shop: Shop,
) -> None:
    await shop.book("01 10:00", who=ZE)
    await shop.deliver()
    assert len(shop.calendar.events[SHOP_CALENDAR]) == 1  # Zé's, on the calendar Ana shares

    assert isinstance(await shop.book("01 10:00", who=ANA), Booked)
    shop.calendar.block(shop.at("01 11:00"))
    assert isinstance(await shop.book("01 11:00", who=ZE), Taken)
    assert isinstance(await shop.book("01 11:00", who=ANA), Taken)


async def test_the_appointments_of_another_shop_block_nothing(open_shop: OpenShop) -> None:
    one, other = await open_shop(), await open_shop()
    assert isinstance(await one.book("01 10:00"), Booked)
    assert isinstance(await other.book("01 10:00"), Booked)
