"""The stored catalogue: read as it was written, and remembered no longer than is right."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Self

import pytest
from sqlalchemy import event, func, select

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    ClosedDay,
    OpeningSpan,
    Professional,
)
from mcp_platform.scheduling.catalogue_store import (
    KNOWN_FOR,
    Catalogues,
    load_catalogue,
    save_catalogue,
)
from mcp_platform.scheduling.models import ClosedDayRow, ProfessionalRow, ServiceRow
from mcp_platform.tenants.tenant import TenantId
from tests.scheduling.conftest import OpenShop
from tests.scheduling.shop import ANA, BARBA, CORTE, PACOTE, ZE, Shop, catalogue

RICH = replace(
    catalogue(calendars={ANA: "ana@example.com"}, time_zone="America/Manaus"),
    closed_days=(
        ClosedDay(day=date(2026, 12, 24), professional_id=ANA, reason="férias"),
        ClosedDay(day=date(2026, 12, 25)),
        ClosedDay(day=date(2026, 12, 31), begins=time(12), ends=time(0), reason="Réveillon"),
    ),
    rules=BookingRules(
        time_zone="America/Manaus",
        slot_step=timedelta(minutes=20),
        minimum_notice=timedelta(0),
        horizon=timedelta(days=30),
    ),
)


def with_breaks(offering: Catalogue) -> Catalogue:
    split = (
        OpeningSpan(weekday=0, opens=time(8), closes=time(12)),
        OpeningSpan(weekday=0, opens=time(13), closes=time(0)),
    )
    ze, *others = offering.professionals
    changed: Professional = replace(ze, hours=split, service_ids=frozenset({CORTE, BARBA}))
    return replace(offering, professionals=(*others, changed))


async def load(shop: Shop) -> Catalogue:
    async with shop.sessions.everywhere() as session:
        return await load_catalogue(session, shop.tenant.id)


async def save(shop: Shop, offering: Catalogue) -> None:
    async with shop.sessions.everywhere.begin() as session:
        await save_catalogue(session, shop.tenant.id, offering)


@pytest.mark.parametrize("offering", [catalogue(), RICH, with_breaks(RICH)])
async def test_a_catalogue_is_read_as_it_was_written(shop: Shop, offering: Catalogue) -> None:
    await save(shop, offering)
    assert await load(shop) == offering


async def test_writing_twice_is_writing_once(shop: Shop) -> None:
    await save(shop, RICH)
    await save(shop, RICH)
    assert await load(shop) == RICH
    async with shop.sessions.everywhere() as session:
        closed = select(func.count()).where(ClosedDayRow.tenant_id == shop.tenant.id)
        assert await session.scalar(closed) == 3


async def test_what_is_no_longer_offered_is_kept_for_the_appointments_that_name_it(
    shop: Shop,
) -> None:
    booked = await shop.book("01 10:00", service=BARBA, who=ANA)
    smaller = replace(
        catalogue(who=(ZE,)),
        services=tuple(each for each in catalogue().services if each.id == CORTE),
    )
    (ze,) = smaller.professionals
    smaller = replace(smaller, professionals=(replace(ze, service_ids=frozenset({CORTE})),))
    await save(shop, smaller)
    shop.catalogue = await load(shop)
    assert shop.catalogue == smaller

    (row,) = await shop.rows()
    (view,) = await shop.agenda.upcoming(contact_id=row.contact_id, now=row.created_at)
    assert (view.service_name, view.professional_name) == ("Barba", "Ana")
    assert (await shop.cancel(booked.appointment.id)).appointment.status == "cancelled"

    await save(shop, catalogue())
    assert await load(shop) == catalogue()


async def test_an_inactive_service_is_done_by_nobody(shop: Shop) -> None:
    async with shop.sessions.everywhere.begin() as session:
        service = await session.get(ServiceRow, (shop.tenant.id, PACOTE))
        assert service is not None
        service.active = False
        ana = await session.get(ProfessionalRow, (shop.tenant.id, ANA))
        assert ana is not None
        ana.active = False
    loaded = await load(shop)
    assert [each.id for each in loaded.services] == [CORTE, BARBA]
    assert [(each.id, each.service_ids) for each in loaded.professionals] == [
        (ZE, frozenset({CORTE, BARBA}))
    ]


async def test_one_tenants_catalogue_is_not_anothers(open_shop: OpenShop) -> None:
    one, other = await open_shop(RICH), await open_shop()
    await save(one, with_breaks(RICH))
    assert await load(other) == catalogue()


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (BookingRules(slot_step=timedelta(seconds=90)), "slot_step"),
        (BookingRules(horizon=timedelta(hours=30)), "horizon"),
    ],
)
async def test_lengths_that_would_be_rounded_are_refused(
    shop: Shop, rules: BookingRules, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await save(shop, replace(catalogue(), rules=rules))
    assert list(refused.value.fields) == [field]
    assert await load(shop) == catalogue()


async def test_there_is_no_catalogue_without_a_tenant(sessions: Sessions) -> None:
    async with sessions.everywhere() as session:
        with pytest.raises(NotFound):
            await load_catalogue(session, TenantId(-1))
        with pytest.raises(NotFound):
            await save_catalogue(session, TenantId(-1), catalogue())


class Reads:
    """Counts the readings of a catalogue, and keeps the time of its memory."""

    def __init__(self, sessions: Sessions) -> None:
        self.now = 0.0
        self.count = 0
        self._engine = sessions.everywhere.kw["bind"].sync_engine
        self.catalogues = Catalogues(sessions=sessions, timer=lambda: self.now)

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._seen)

    def _seen(self, _c: object, _u: object, statement: str, *_: object) -> None:
        self.count += "FROM closed_days" in statement


async def test_many_who_ask_at_once_read_once_and_again_when_it_is_old(shop: Shop) -> None:
    with Reads(shop.sessions) as reads:
        of = reads.catalogues.of
        found = await asyncio.gather(*(of(shop.tenant.id) for _ in range(20)))
        assert all(each == catalogue() for each in found)
        reads.now += KNOWN_FOR.total_seconds() - 1
        await of(shop.tenant.id)
        assert reads.count == 1
        reads.now += 2
        await of(shop.tenant.id)
        assert reads.count == 2


async def test_a_change_is_seen_at_once_by_who_forgets(shop: Shop) -> None:
    with Reads(shop.sessions) as reads:
        catalogues = reads.catalogues
        await catalogues.of(shop.tenant.id)
        await save(shop, RICH)
        assert await catalogues.of(shop.tenant.id) == catalogue()
        catalogues.forget(shop.tenant.id)
        assert await catalogues.of(shop.tenant.id) == RICH


async def test_what_was_being_read_when_it_was_forgotten_is_not_remembered(shop: Shop) -> None:
    with Reads(shop.sessions) as reads:
        reading = asyncio.create_task(reads.catalogues.of(shop.tenant.id))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        reads.catalogues.forget(shop.tenant.id)
        await reading
        await reads.catalogues.of(shop.tenant.id)
        assert reads.count == 2


async def test_a_failed_reading_is_not_remembered(shop: Shop) -> None:
    with Reads(shop.sessions) as reads:
        for _ in range(2):
            with pytest.raises(NotFound):
                await reads.catalogues.of(TenantId(-1))
        assert await reads.catalogues.of(shop.tenant.id) == catalogue()
