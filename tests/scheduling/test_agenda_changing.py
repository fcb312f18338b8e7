"""Moving and cancelling: in place, for whom it belongs to, with the calendar following."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest

from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    Cancelled,
    Moved,
    Taken,
    UnknownAppointment,
)
from tests.scheduling.conftest import OpenShop
from tests.scheduling.shop import ANA, NOW, PACOTE, SHOP_CALENDAR, ZE, Shop, catalogue


async def booked(shop: Shop, stamp: str, **more: Any) -> uuid.UUID:
    outcome = await shop.book(stamp, **more)
    assert isinstance(outcome, Booked)
    return outcome.appointment.id


async def test_a_move_keeps_the_appointment_and_changes_its_event(shop: Shop) -> None:
    contact = await shop.contact()
    id_ = await booked(shop, "01 10:00", contact=contact, name="João")
    journal = shop.journal()
    outcome = await shop.move(id_, shop.choice("02 15:00"), contact_id=contact, work=journal)

    assert isinstance(outcome, Moved)
    assert outcome.appointment.id == id_
    assert outcome.appointment.starts_at == shop.at("02 15:00")
    assert outcome.previous_start == shop.at("01 10:00")
    assert journal.concluded == [outcome]
    (row,) = await shop.rows()
    assert (row.starts_at, row.version, row.status) == (shop.at("02 15:00"), 2, "booked")
    _, effect = await shop.effects()
    assert (effect.kind, effect.key) == ("calendar_put", f"cal:{id_}:2")
    assert effect.body["event"]["start"] == "2026-12-02T15:00:00-03:00"
    assert effect.body["event"]["summary"] == "Corte — João"


async def test_an_appointment_may_move_into_its_own_time(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00", service=PACOTE)
    await shop.deliver()
    assert isinstance(await shop.move(id_, shop.choice("01 10:30", service=PACOTE)), Moved)
    await shop.deliver()
    (event,) = shop.calendar.events[SHOP_CALENDAR].values()
    assert event.start == shop.at("01 10:30")


async def test_a_move_onto_somebody_else_is_taken_and_changes_nothing(shop: Shop) -> None:
    await booked(shop, "01 11:00")
    id_ = await booked(shop, "01 10:00")
    journal = shop.journal()
    outcome = await shop.move(id_, shop.choice("01 11:00"), work=journal)
    assert isinstance(outcome, Taken)
    assert outcome.alternatives
    assert journal.concluded == [outcome]
    assert [row.version for row in await shop.rows()] == [1, 1]
    assert len(await shop.effects()) == 2


async def test_two_who_move_to_one_slot_at_once_have_it_once(shop: Shop) -> None:
    ids = [await booked(shop, f"01 {hour}:00") for hour in (10, 11, 12, 13)]
    outcomes = await asyncio.gather(*(shop.move(each, shop.choice("02 10:00")) for each in ids))
    assert sorted(type(each).__name__ for each in outcomes) == ["Moved", "Taken", "Taken", "Taken"]


async def test_two_who_swap_at_once_are_both_refused(shop: Shop) -> None:
    one, other = await booked(shop, "01 10:00"), await booked(shop, "01 11:00")
    outcomes = await asyncio.gather(
        shop.move(one, shop.choice("01 11:00")), shop.move(other, shop.choice("01 10:00"))
    )
    assert all(isinstance(each, Taken) for each in outcomes)


async def test_a_move_where_the_owner_is_busy_is_taken(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    shop.calendar.block(shop.at("01 14:00"))
    assert isinstance(await shop.move(id_, shop.choice("01 14:00")), Taken)


async def test_a_move_with_an_unreadable_calendar_changes_nothing_and_a_person_is_told(
    shop: Shop,
) -> None:
    id_ = await booked(shop, "01 10:00")
    shop.calendar.unreadable = {SHOP_CALENDAR}
    journal = shop.journal()
    assert await shop.move(id_, shop.choice("01 14:00"), work=journal) == CalendarClosed()
    assert journal.concluded == [CalendarClosed()]
    assert shop.told == [(CalendarUnreadable, SHOP_CALENDAR)]
    assert [row.version for row in await shop.rows()] == [1]


async def test_a_move_to_a_closed_time_is_taken(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    assert isinstance(await shop.move(id_, shop.choice("01 20:00")), Taken)


async def test_a_move_to_where_it_stands_writes_nothing(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    outcome = await shop.move(id_, shop.choice("01 10:00"))
    assert isinstance(outcome, Moved)
    assert outcome.previous_start == outcome.appointment.starts_at
    assert len(await shop.effects()) == 1


async def test_a_move_clears_dead_holds_out_of_its_way(shop: Shop) -> None:
    async def die() -> None:
        raise KeyboardInterrupt

    id_ = await booked(shop, "01 10:00")
    shop.calendar.while_asked = die
    with pytest.raises(KeyboardInterrupt):
        await shop.book("01 14:00")
    shop.calendar.while_asked = None
    assert isinstance(await shop.move(id_, shop.choice("01 14:00")), Taken)
    later = NOW + timedelta(minutes=6)
    assert isinstance(await shop.move(id_, shop.choice("01 14:00"), now=later), Moved)


async def test_the_price_stays_unless_the_service_changes(open_shop: OpenShop) -> None:
    shop = await open_shop()
    id_ = await booked(shop, "01 10:00")
    raised = catalogue()
    (corte, *_) = raised.services
    object.__setattr__(corte, "price_cents", 9900)
    shop.catalogue = raised
    moved = await shop.move(id_, shop.choice("01 11:00"))
    assert moved.appointment.price_cents == 4500
    moved = await shop.move(id_, shop.choice("01 12:00", service=PACOTE))
    assert (moved.appointment.service_name, moved.appointment.price_cents) == ("Pacote", 8000)


async def test_a_move_to_another_calendar_takes_the_event_along(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(calendars={ANA: "ana@example.com"}))
    id_ = await booked(shop, "01 10:00", who=ZE)
    await shop.deliver()
    assert isinstance(await shop.move(id_, shop.choice("01 10:00", who=ANA)), Moved)
    await shop.deliver()
    assert list(shop.calendar.events["ana@example.com"]) == [id_.hex]
    assert shop.calendar.events[SHOP_CALENDAR] == {}

    assert isinstance(await shop.move(id_, shop.choice("01 11:00", who=ZE)), Moved)
    await shop.cancel(id_)
    await shop.deliver()
    assert shop.calendar.events == {SHOP_CALENDAR: {}, "ana@example.com": {}}


async def test_a_cancelled_appointment_frees_its_slot_and_leaves_the_calendar(shop: Shop) -> None:
    contact = await shop.contact()
    id_ = await booked(shop, "01 10:00", contact=contact)
    await shop.deliver()
    journal = shop.journal()
    outcome = await shop.cancel(id_, contact_id=contact, work=journal)
    assert isinstance(outcome, Cancelled)
    assert outcome.appointment.status == "cancelled"
    assert journal.concluded == [outcome]
    assert journal.statuses_seen == [["cancelled"]]
    await shop.deliver()
    assert shop.calendar.events[SHOP_CALENDAR] == {}
    assert await shop.agenda.upcoming(contact_id=contact, now=NOW) == ()
    assert isinstance(await shop.book("01 10:00"), Booked)


async def test_a_cancellation_needs_no_calendar(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    shop.calendar.unreadable = {SHOP_CALENDAR}
    assert isinstance(await shop.cancel(id_), Cancelled)
    assert shop.told == []


async def test_cancelling_twice_is_cancelling_once(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    first = await shop.cancel(id_)
    assert await shop.cancel(id_) == first
    assert [each.kind for each in await shop.effects()] == ["calendar_put", "calendar_remove"]


async def test_a_cancelled_appointment_cannot_be_moved(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    await shop.cancel(id_)
    assert await shop.move(id_, shop.choice("01 11:00")) == UnknownAppointment()


async def test_the_appointment_of_another_contact_is_unknown(shop: Shop) -> None:
    id_, stranger = await booked(shop, "01 10:00"), await shop.contact()
    journal = shop.journal()
    unknown = UnknownAppointment()
    assert await shop.cancel(id_, contact_id=stranger, work=journal) == unknown
    to = shop.choice("01 11:00")
    assert await shop.move(id_, to, contact_id=stranger, work=journal) == unknown
    assert journal.concluded == [unknown, unknown]
    assert [(row.status, row.version) for row in await shop.rows()] == [("booked", 1)]


async def test_the_appointment_of_another_shop_is_unknown_even_to_its_owner(
    open_shop: OpenShop,
) -> None:
    one, other = await open_shop(), await open_shop()
    id_ = await booked(one, "01 10:00")
    assert await other.cancel(id_) == UnknownAppointment()
    assert await other.move(id_, other.choice("01 11:00")) == UnknownAppointment()
    assert [row.status for row in await one.rows()] == ["booked"]


async def test_what_is_over_is_the_owners_to_change_only(shop: Shop) -> None:
    contact = await shop.contact()
    id_ = await booked(shop, "01 10:00", contact=contact)
    after = shop.at("01 10:30")
    unknown = UnknownAppointment()
    assert await shop.agenda.upcoming(contact_id=contact, now=after) == ()
    assert await shop.cancel(id_, contact_id=contact, now=after) == unknown
    to = shop.choice("02 10:00")
    assert await shop.move(id_, to, contact_id=contact, now=after) == unknown
    assert isinstance(await shop.cancel(id_, now=after), Cancelled)


async def test_a_change_whose_record_fails_did_not_happen(shop: Shop) -> None:
    id_ = await booked(shop, "01 10:00")
    with pytest.raises(KeyboardInterrupt):
        await shop.move(id_, shop.choice("01 11:00"), work=shop.journal(fail=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        await shop.cancel(id_, work=shop.journal(fail=KeyboardInterrupt()))
    assert [(row.status, row.version) for row in await shop.rows()] == [("booked", 1)]
    assert len(await shop.effects()) == 1


async def test_upcoming_appointments_are_told_in_order_by_the_shops_clock(shop: Shop) -> None:
    contact = await shop.contact()
    for stamp in ("03 10:00", "01 10:00"):
        await booked(shop, stamp, contact=contact)
    await booked(shop, "02 10:00")
    found = await shop.agenda.upcoming(contact_id=contact, now=NOW)
    assert [each.starts_at.isoformat() for each in found] == [
        "2026-12-01T10:00:00-03:00",
        "2026-12-03T10:00:00-03:00",
    ]
