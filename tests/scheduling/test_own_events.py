"""Our own events in the owner's calendar: they count where they stand, whoever put them there."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.outcome import Booked, Cancelled, Moved, Taken
from tests.scheduling.conftest import OpenShop
from tests.scheduling.shop import ANA, CORTE, NOW, SHOP_CALENDAR, ZE, Shop, catalogue


async def settle(shop: Shop) -> None:
    """Write what waits into the calendar, and let a day go by since."""
    await shop.deliver()
    async with shop.sessions.everywhere.begin() as session:
        tenant = {"tenant": shop.tenant.id}
        await session.execute(
            text(
                "UPDATE outbox SET updated_at = updated_at - interval '1 day'"
                " WHERE tenant_id = :tenant"
            ),
            tenant,
        )
        await session.execute(
            text(
                "UPDATE appointments SET updated_at = updated_at - interval '1 day'"
                " WHERE tenant_id = :tenant"
            ),
            tenant,
        )


async def owner_drags(shop: Shop, appointment_id: uuid.UUID, to: str, *, minutes: int = 30) -> None:
    events = shop.calendar.events[SHOP_CALENDAR]
    start = shop.at(to)
    event = replace(events[appointment_id.hex], start=start, end=start + timedelta(minutes=minutes))
    await shop.calendar.put(calendar_id=SHOP_CALENDAR, event=event)


async def starts(shop: Shop, day: str = "01", **more: Any) -> list[str]:
    date = shop.at(f"{day} 12:00").date()
    found = await shop.agenda.openings.find(
        SlotSearch(
            service_ids=(CORTE,),
            professional_id=ZE,
            window=SearchWindow(first=date, last=date),
            **more,
        ),
        now=NOW,
    )
    return [f"{slot.start:%H:%M}" for slot in found.slots if slot.start.date() == date]


async def booked(shop: Shop, stamp: str, *, contact: uuid.UUID | None = None) -> uuid.UUID:
    outcome = await shop.book(stamp, contact=contact)
    assert isinstance(outcome, Booked)
    return outcome.appointment.id


async def test_an_event_that_the_owner_dragged_closes_the_time_where_it_lies_now(
    shop: Shop,
) -> None:
    mine = await booked(shop, "01 10:00")
    await settle(shop)
    await owner_drags(shop, mine, "01 14:00")

    free = await starts(shop)

    assert "14:00" not in free
    assert "10:00" not in free  # the customer still comes then
    assert {"13:30", "14:30"} <= set(free)
    assert isinstance(await shop.book("01 14:00"), Taken)


async def test_an_event_that_the_owner_stretched_closes_all_of_its_time(shop: Shop) -> None:
    mine = await booked(shop, "01 10:00")
    await settle(shop)
    await owner_drags(shop, mine, "01 10:00", minutes=120)

    assert not {"10:00", "10:30", "11:00", "11:30"} & set(await starts(shop))
    assert isinstance(await shop.book("01 11:00"), Taken)
    assert isinstance(await shop.book("01 12:00"), Booked)


async def test_a_colleague_in_the_same_calendar_is_not_closed_by_an_event_in_its_place(
    shop: Shop,
) -> None:
    await booked(shop, "01 10:00")
    await settle(shop)
    assert isinstance(await shop.book("01 10:00", who=ANA), Booked)


async def test_an_event_that_the_owner_moved_into_a_colleagues_calendar_closes_it_there(
    open_shop: OpenShop,
) -> None:
    hers = "ana@example.com"
    shop = await open_shop(offering=catalogue(calendars={ANA: hers}))
    mine = await booked(shop, "01 10:00")
    await settle(shop)
    await shop.calendar.put(
        calendar_id=hers, event=shop.calendar.events[SHOP_CALENDAR].pop(mine.hex)
    )

    assert isinstance(await shop.book("01 10:00", who=ANA), Taken)
    assert isinstance(await shop.book("01 10:30", who=ANA), Booked)


async def test_an_event_of_ours_that_nobody_knows_closes_its_time(shop: Shop) -> None:
    mine = await booked(shop, "01 10:00")
    await settle(shop)
    [event] = shop.calendar.events[SHOP_CALENDAR].values()
    for stray in (uuid.uuid4().hex, "0restored"):
        await shop.calendar.put(
            calendar_id=SHOP_CALENDAR,
            event=replace(
                event, event_id=stray, start=shop.at("01 16:00"), end=shop.at("01 16:30")
            ),
        )
        assert "16:00" not in await starts(shop)
        await shop.calendar.remove(calendar_id=SHOP_CALENDAR, event_id=stray)
        assert "16:00" in await starts(shop)
    assert mine.hex in shop.calendar.events[SHOP_CALENDAR]


async def test_an_event_that_the_owner_revived_after_it_was_cancelled_closes_its_time(
    shop: Shop,
) -> None:
    mine = await booked(shop, "01 10:00")
    await settle(shop)
    event = shop.calendar.events[SHOP_CALENDAR][mine.hex]
    assert isinstance(await shop.cancel(mine), Cancelled)
    assert "10:00" in await starts(shop)  # the event stands there until the outbox has removed it
    await settle(shop)
    await shop.calendar.put(calendar_id=SHOP_CALENDAR, event=event)
    assert "10:00" not in await starts(shop)


async def test_an_event_that_is_still_to_be_written_closes_nothing_where_it_was(
    shop: Shop,
) -> None:
    mine = await booked(shop, "01 10:00")
    await settle(shop)
    assert isinstance(await shop.move(mine, shop.choice("01 15:00")), Moved)
    # In the calendar it is at ten still, also in a list that is older than the write.
    assert "10:00" in await starts(shop)
    stale = dict(shop.calendar.events[SHOP_CALENDAR])
    await shop.deliver()
    shop.calendar.events[SHOP_CALENDAR] = stale
    assert "10:00" in await starts(shop)


async def test_an_event_is_in_nobodys_way_when_its_own_appointment_moves(shop: Shop) -> None:
    contact = await shop.contact()
    mine = await booked(shop, "01 10:00", contact=contact)
    await settle(shop)
    await owner_drags(shop, mine, "01 14:00")

    assert "14:00" in await starts(shop, moving=mine)
    moved = await shop.move(mine, shop.choice("01 14:00"), contact_id=contact)
    assert isinstance(moved, Moved)


@pytest.mark.parametrize(
    ("kind", "rule"), [("days_shown_free", "free_days_close"), ("unanswered", "unanswered_close")]
)
@pytest.mark.parametrize("closes", [True, False])
async def test_what_a_rule_closes_is_neither_offered_nor_booked(
    shop: Shop, kind: str, rule: str, *, closes: bool
) -> None:
    shop.catalogue = replace(shop.catalogue, rules=replace(shop.catalogue.rules, **{rule: closes}))
    shop.calendar.also = {kind: [Interval(shop.at("01 00:00"), shop.at("02 00:00"))]}

    assert ("10:00" in await starts(shop)) is not closes
    assert isinstance(await shop.book("01 10:00"), Taken if closes else Booked)


def test_a_free_day_closes_and_an_unanswered_invitation_does_not_unless_chosen(
    shop: Shop,
) -> None:
    assert shop.catalogue.rules.free_days_close
    assert not shop.catalogue.rules.unanswered_close
