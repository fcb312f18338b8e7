"""The repository of appointments: what the database refuses, and what each statement may touch."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import (
    NOTHING_SAID,
    Appointments,
    Placement,
    SlotTaken,
)
from mcp_platform.scheduling.availability import Slot
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import ProfessionalId
from tests.scheduling.conftest import OpenShop
from tests.scheduling.shop import ANA, CORTE, NOW, SHOP_CALENDAR, ZE, Shop

TEN = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def placement(
    start: datetime = TEN, *, who: ProfessionalId = ZE, after: timedelta = timedelta(0)
) -> Placement:
    return Placement(
        slot=Slot(start=start, professional_id=who, service_id=CORTE, end=start + HALF_HOUR),
        blocked=Interval(start=start, end=start + HALF_HOUR + after),
        price_cents=4500,
        currency="BRL",
        calendar_id=SHOP_CALENDAR,
    )


async def hold(
    shop: Shop,
    where: Placement,
    *,
    contact: uuid.UUID | None = None,
    now: datetime = NOW,
    id_: uuid.UUID | None = None,
) -> uuid.UUID:
    contact = contact or await shop.contact()
    id_ = id_ or uuid.uuid4()
    async with shop.sessions.everywhere.begin() as session:
        await Appointments(session, shop.tenant.id).hold(
            {id_: where},
            contact_id=contact,
            details=NOTHING_SAID,
            now=now,
            until=now + timedelta(minutes=5),
        )
    return id_


async def promote(shop: Shop, id_: uuid.UUID) -> Appointment:
    async with shop.sessions.everywhere.begin() as session:
        return await Appointments(session, shop.tenant.id).promote(id_, now=NOW)


async def test_a_refused_hold_leaves_its_transaction_usable(shop: Shop) -> None:
    await hold(shop, placement())
    contact = await shop.contact()
    async with shop.sessions.everywhere.begin() as session:
        appointments = Appointments(session, shop.tenant.id)
        more = {
            "contact_id": contact,
            "details": NOTHING_SAID,
            "now": NOW,
            "until": NOW + HALF_HOUR,
        }
        with pytest.raises(SlotTaken):
            await appointments.hold({uuid.uuid4(): placement()}, **more)
        await appointments.hold({uuid.uuid4(): placement(TEN + HALF_HOUR)}, **more)
    assert len(await shop.rows()) == 2


async def test_what_is_blocked_is_what_may_not_overlap(shop: Shop) -> None:
    await promote(shop, await hold(shop, placement(after=timedelta(minutes=10))))
    with pytest.raises(SlotTaken):
        await hold(shop, placement(TEN + HALF_HOUR))
    await hold(shop, placement(TEN + timedelta(minutes=40)))
    await hold(shop, placement(who=ANA))


async def test_only_an_overlap_is_called_taken(shop: Shop) -> None:
    with pytest.raises(IntegrityError):
        await hold(shop, placement(who=ProfessionalId("nobody")))
    with pytest.raises(IntegrityError):
        await hold(shop, placement(), contact=uuid.uuid4())


async def test_overlapping_writers_queue_up_instead_of_killing_each_other(shop: Shop) -> None:
    contacts = await shop.contacts(30)

    async def attempt(contact: uuid.UUID) -> bool:
        try:
            await promote(shop, await hold(shop, placement(), contact=contact))
        except SlotTaken:
            return False
        return True

    assert sum(await asyncio.gather(*map(attempt, contacts))) == 1


async def test_a_hold_is_promoted_once(shop: Shop) -> None:
    id_ = await hold(shop, placement())
    promoted = await promote(shop, id_)
    assert (promoted.status, promoted.version, promoted.service_name) == ("booked", 1, "Corte")
    with pytest.raises(SlotTaken):
        await promote(shop, id_)


async def test_dropping_touches_holds_only(shop: Shop) -> None:
    id_ = await hold(shop, placement())
    await promote(shop, id_)
    async with shop.sessions.everywhere.begin() as session:
        await Appointments(session, shop.tenant.id).drop(id_)
    assert [row.status for row in await shop.rows()] == ["booked"]


async def test_a_living_hold_of_another_stays_and_a_dead_one_elsewhere_too(shop: Shop) -> None:
    await hold(shop, placement())
    await hold(shop, placement(who=ANA))
    await hold(shop, placement(TEN + HALF_HOUR), now=NOW + timedelta(hours=1))
    assert len(await shop.rows()) == 3
    await hold(shop, placement(), now=NOW + timedelta(hours=1))  # in place of the dead one
    assert len(await shop.rows()) == 3


async def test_dead_holds_and_what_is_excluded_occupy_nothing(shop: Shop) -> None:
    booked = await hold(shop, placement())
    await promote(shop, booked)
    await hold(shop, placement(TEN + HALF_HOUR))
    span = Interval(start=TEN, end=TEN + timedelta(days=1))

    async def occupied(**more: object) -> dict[ProfessionalId, list[Interval]]:
        arguments = {"professional_ids": [ZE, ANA], "span": span, "now": NOW, **more}
        async with shop.sessions.everywhere() as session:
            return await Appointments(session, shop.tenant.id).occupied(**arguments)

    first = Interval(start=TEN, end=TEN + HALF_HOUR)
    second = Interval(start=TEN + HALF_HOUR, end=TEN + 2 * HALF_HOUR)
    alive = await occupied()
    assert (sorted(alive[ZE], key=lambda each: each.start), alive[ANA]) == ([first, second], [])
    assert await occupied(now=NOW + timedelta(hours=1)) == {ZE: [first], ANA: []}
    assert await occupied(excluding=booked) == {ZE: [second], ANA: []}
    before = Interval(start=TEN - timedelta(hours=1), end=TEN)
    assert await occupied(span=before) == {ZE: [], ANA: []}


async def test_a_page_is_bounded_by_start_status_and_place_and_shows_no_hold(shop: Shop) -> None:
    early = await promote(shop, await hold(shop, placement()))
    late = await promote(shop, await hold(shop, placement(TEN + 2 * HALF_HOUR, who=ANA)))
    await hold(shop, placement(TEN + 4 * HALF_HOUR))

    async def listed(**more: object) -> list[uuid.UUID]:
        async with shop.sessions.everywhere() as session:
            found = await Appointments(session, shop.tenant.id).page(**{"limit": 9, **more})
        return [each.id for each in found]

    assert await listed() == [early.id, late.id]
    assert await listed(first=TEN, before=late.starts_at) == [early.id]
    assert await listed(first=late.starts_at) == [late.id]
    assert await listed(status="cancelled") == []
    assert await listed(contact_alias="a:nobody") == []
    assert await listed(limit=1) == [early.id]
    assert await listed(after=(early.starts_at, early.id)) == [late.id]


async def test_no_statement_reaches_another_tenants_rows(open_shop: OpenShop) -> None:
    one, other = await open_shop(), await open_shop()
    contact = await one.contact()
    held = await hold(one, placement(), contact=contact)
    booked = await hold(one, placement(who=ANA))
    await promote(one, booked)
    async with other.sessions.everywhere.begin() as session:
        theirs = Appointments(session, other.tenant.id)
        assert await theirs.find(booked) is None
        assert await theirs.upcoming(contact, now=NOW) == []
        assert await theirs.page(limit=9) == []
        span = Interval(start=NOW, end=NOW + timedelta(days=9))
        assert await theirs.occupied(professional_ids=[ZE], span=span, now=NOW) == {ZE: []}
        await theirs.drop(held)
        assert await theirs.cancel(booked, contact_id=None, now=NOW) is None
        assert (await theirs.move(booked, contact_id=None, placement=placement(), now=NOW)) is None
        with pytest.raises(SlotTaken):
            await theirs.promote(held, now=NOW)
    assert sorted(row.status for row in await one.rows()) == ["booked", "held"]


async def test_notes_come_one_after_the_other_and_only_to_what_stands_and_is_theirs(
    shop: Shop,
) -> None:
    contact, stranger = await shop.contacts(2)
    id_ = await hold(shop, placement(), contact=contact)
    await promote(shop, id_)

    async def add(note: str, *, by: uuid.UUID = contact, now: datetime = NOW) -> Appointment | None:
        async with shop.sessions.everywhere.begin() as session:
            return await Appointments(session, shop.tenant.id).add_note(
                id_, contact_id=by, note=note, most=20, now=now
            )

    first, again = await add("de carro"), await add("de carro")
    assert first is not None
    assert (first.note, first.version) == ("de carro", 2)
    assert again == first
    second = await add("alergia")
    assert second is not None
    assert second.note == "de carro · alergia"
    assert await add("mais um") is None  # no room
    assert await add("x", by=stranger) is None
    assert await add("x", now=TEN + HALF_HOUR) is None
    assert await add("de carro") == second
