"""Finding: what is free by the rules, our own appointments and the owner's calendars together."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from mcp_platform.errors import CredentialRefused, NotFound
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.catalogue import ProfessionalId
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.outcome import Booked, SlotsFound
from tests.scheduling.conftest import OpenShop
from tests.scheduling.shop import ANA, CORTE, NOW, SHOP_CALENDAR, ZE, Shop, catalogue

TUESDAY, SATURDAY, SUNDAY = date(2026, 12, 1), date(2026, 12, 5), date(2026, 12, 6)


async def find(shop: Shop, first: date, last: date | None = None, **more: Any) -> SlotsFound:
    times = {key: more.pop(key) for key in ("from_time", "to_time") if key in more}
    limit = more.pop("limit", None)
    search = SlotSearch(
        window=SearchWindow(first=first, last=last or first, **times),
        **{"service_ids": (CORTE,), **more},
    )
    return await shop.agenda.openings.find(search, now=NOW, limit=limit)


def any_day(who: ProfessionalId | None) -> SlotSearch:
    window = SearchWindow(first=TUESDAY, last=TUESDAY)
    return SlotSearch(service_ids=(CORTE,), professional_id=who, window=window)


def starts(found: SlotsFound) -> list[str]:
    return [each.start.strftime("%d %H:%M") for each in found.slots]


async def test_free_slots_come_earliest_first_with_names_and_the_shops_clock(shop: Shop) -> None:
    found = await find(shop, TUESDAY, professional_id=ZE, limit=3)
    assert found.status == "ok"
    assert starts(found) == ["01 08:00", "01 08:30", "01 09:00"]
    first = found.slots[0]
    assert (first.service_name, first.professional_name) == ("Corte", "Zé")
    assert first.start.isoformat() == "2026-12-01T08:00:00-03:00"
    assert first.end - first.start == timedelta(minutes=30)


async def test_what_is_booked_and_what_the_owner_has_are_left_out(shop: Shop) -> None:
    await shop.book("01 08:30")
    shop.calendar.block(shop.at("01 09:15"))
    found = await find(shop, TUESDAY, professional_id=ZE, limit=3)
    assert starts(found) == ["01 08:00", "01 10:00", "01 10:30"]


async def test_an_appointment_that_is_to_be_moved_is_not_in_its_own_way(shop: Shop) -> None:
    booked = await shop.book("01 08:00")
    found = await find(shop, TUESDAY, professional_id=ZE, limit=1, moving=booked.appointment.id)
    assert starts(found) == ["01 08:00"]


async def test_spread_slots_cover_the_whole_day(shop: Shop) -> None:
    found = await find(shop, TUESDAY, professional_id=ZE, limit=3, order="spread")
    assert starts(found) == ["01 08:00", "01 13:00", "01 17:30"]


async def test_spread_gives_everything_where_there_is_little(shop: Shop) -> None:
    found = await find(shop, TUESDAY, limit=5, order="spread", from_time=time(17), to_time=time(18))
    assert starts(found) == ["01 17:00", "01 17:30"]


async def test_without_a_professional_each_start_is_given_once_to_who_has_least_to_do(
    shop: Shop,
) -> None:
    both_free = await find(shop, TUESDAY, limit=4)
    assert starts(both_free) == ["01 08:00", "01 08:30", "01 09:00", "01 09:30"]
    assert {each.professional_id for each in both_free.slots} == {ZE}  # first in the catalogue

    await shop.book("01 17:00", who=ZE)
    assert {each.professional_id for each in (await find(shop, TUESDAY)).slots} == {ANA}
    next_day = await find(shop, date(2026, 12, 2))
    assert {each.professional_id for each in next_day.slots} == {ZE}

    await shop.book("01 08:00", who=ANA)
    await shop.book("01 08:30", who=ANA)
    found = await find(shop, TUESDAY, limit=2)
    assert [each.professional_id for each in found.slots] == [ZE, ZE]


async def test_a_closed_day_is_closed_and_the_next_slots_are_offered(shop: Shop) -> None:
    found = await find(shop, SUNDAY, limit=2)
    assert found.status == "closed"
    assert starts(found) == ["07 08:00", "07 08:30"]


async def test_a_full_day_is_full_and_the_next_slots_are_offered(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(who=(ZE,)))
    shop.calendar.block(shop.at("01 08:00"), minutes=600)
    found = await find(shop, TUESDAY, limit=1)
    assert (found.status, starts(found)) == ("full", ["02 08:00"])


async def test_a_full_time_of_day_offers_other_times_of_that_day(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(who=(ZE,)))
    shop.calendar.block(shop.at("01 14:00"), minutes=240)
    found = await find(shop, TUESDAY, limit=1, from_time=time(14))
    assert (found.status, starts(found)) == ("full", ["01 13:30"])


@pytest.mark.parametrize(
    ("day", "next_start"),
    [
        (date(2026, 11, 20), "30 10:00"),  # gone by: the next there is
        (date(2028, 1, 1), "15 08:00"),  # beyond the horizon: the furthest fortnight
        (date.max, "15 08:00"),
        (date.min, "30 10:00"),
    ],
)
async def test_days_out_of_range_offer_the_nearest_there_are(
    shop: Shop, day: date, next_start: str
) -> None:
    found = await find(shop, day, limit=1)
    assert (found.status, starts(found)) == ("out_of_range", [next_start])


@pytest.mark.parametrize("hours", [0, 24])
async def test_of_today_nothing_is_left_after_closing_or_within_the_notice(
    open_shop: OpenShop, hours: int
) -> None:
    usual = catalogue()
    rules = replace(usual.rules, minimum_notice=timedelta(hours=hours))
    shop = await open_shop(replace(usual, rules=rules))
    found = await find(shop, NOW.date(), limit=1, to_time=time(8, 30))
    assert found.status == "full"
    assert found.slots


async def test_a_century_is_no_more_than_the_horizon(shop: Shop) -> None:
    found = await find(shop, date.min, date.max, limit=500, professional_id=ZE)
    assert found.status == "ok"
    assert starts(found)[0] == "30 10:00"
    assert found.slots[-1].start <= NOW + shop.catalogue.rules.horizon
    assert len(shop.calendar.asked) == 1


async def test_a_shared_calendar_is_asked_once(shop: Shop) -> None:
    await find(shop, TUESDAY)
    assert shop.calendar.asked == [SHOP_CALENDAR]


@pytest.mark.parametrize("refused", [False, True])
async def test_an_unreadable_calendar_is_neither_free_nor_full(
    shop: Shop, *, refused: bool
) -> None:
    shop.calendar.refused = refused
    shop.calendar.unreadable = {SHOP_CALENDAR}
    with pytest.raises(CalendarUnreadable):
        await find(shop, TUESDAY)
    assert shop.told == [(CredentialRefused if refused else CalendarUnreadable, SHOP_CALENDAR)]


async def test_one_unreadable_calendar_closes_only_its_professional(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(calendars={ANA: "ana@example.com"}))
    shop.calendar.unreadable = {"ana@example.com"}
    found = await find(shop, TUESDAY)
    assert {each.professional_id for each in found.slots} == {ZE}
    assert shop.told == [(CalendarUnreadable, "ana@example.com")]
    with pytest.raises(CalendarUnreadable):
        await find(shop, TUESDAY, professional_id=ANA)


async def test_what_does_not_exist_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await find(shop, TUESDAY, service_ids=("massagem",))
    with pytest.raises(NotFound):
        await find(shop, TUESDAY, professional_id="nobody")


async def test_what_is_offered_can_be_booked(shop: Shop) -> None:
    await shop.book("01 08:00")
    for slot in (await find(shop, TUESDAY, limit=4, order="spread")).slots:
        stamp = slot.start.strftime("%d %H:%M")
        assert isinstance(await shop.book(stamp, who=slot.professional_id), Booked)


async def test_free_days_leave_out_the_closed_and_the_full(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(who=(ZE,)))
    shop.calendar.block(shop.at("02 08:00"), minutes=600)
    days = await shop.agenda.openings.days(any_day(None), now=NOW, limit=6)
    assert [each.day for each in days] == [30, 1, 3, 4, 5, 7]


async def test_free_days_look_as_far_as_the_horizon(open_shop: OpenShop) -> None:
    shop = await open_shop(catalogue(who=(ZE,)))
    shop.calendar.block(NOW, minutes=40 * 24 * 60)
    days = await shop.agenda.openings.days(any_day(ZE), now=NOW, limit=2)
    assert days == [date(2027, 1, 9), date(2027, 1, 11)]
    shop.calendar.block(NOW, minutes=100 * 24 * 60)
    assert await shop.agenda.openings.days(any_day(ZE), now=NOW, limit=2) == []
