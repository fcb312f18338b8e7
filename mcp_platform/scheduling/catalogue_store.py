"""Where a tenant's catalogue is kept: its rows, and a short memory of them.

It reads and writes the catalogue whole; `catalogue.py` judges it. What is no longer offered is made
inactive, because appointments refer to it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from cachetools import TTLCache
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    ClosedDay,
    OpeningSpan,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
)
from mcp_platform.scheduling.holidays import HolidayRules
from mcp_platform.scheduling.models import (
    ClosedDayRow,
    OfferingRow,
    OpeningSpanRow,
    ProfessionalRow,
    ServiceRow,
)
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.tenant import TenantId

KNOWN_FOR = timedelta(seconds=15)  # a changed price or hour is seen in every process within this
KNOWN_MOST = 5_000  # some kB each; more tenants than this in use at once only means more reading
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Catalogues:
    """Catalogues by tenant, remembered for a few seconds. `timer` counts seconds, as `monotonic`."""

    def __init__(self, *, sessions: Sessions, timer: Callable[[], float]) -> None:
        self._sessions = sessions
        self._known: TTLCache[TenantId, Catalogue] = TTLCache(
            KNOWN_MOST, KNOWN_FOR.total_seconds(), timer=timer
        )
        self._reading: dict[TenantId, asyncio.Task[Catalogue]] = {}

    async def of(self, tenant_id: TenantId) -> Catalogue:
        """Return what a tenant offers.

        Raises:
            NotFound: there is no such tenant.
        """
        known = self._known.get(tenant_id)
        if known is not None:
            return known
        task = self._reading.get(tenant_id)
        if task is None:  # many who ask at once read once
            task = self._reading[tenant_id] = asyncio.create_task(self._read(tenant_id))
            task.add_done_callback(lambda done: self._keep(tenant_id, done))
        return await asyncio.shield(task)

    def forget(self, tenant_id: TenantId) -> None:
        """Drop what is remembered of a tenant, after a change made in this process."""
        self._known.pop(tenant_id, None)
        self._reading.pop(tenant_id, None)  # who asks from now on does not get what was read before

    async def _read(self, tenant_id: TenantId) -> Catalogue:
        async with self._sessions.of(tenant_id)() as session:
            return await load_catalogue(session, tenant_id)

    def _keep(self, tenant_id: TenantId, done: asyncio.Task[Catalogue]) -> None:
        if self._reading.get(tenant_id) is done:
            del self._reading[tenant_id]
            if not done.cancelled() and done.exception() is None:
                self._known[tenant_id] = done.result()


async def load_catalogue(session: AsyncSession, tenant_id: TenantId) -> Catalogue:
    """Read what a tenant offers now, in the owner's order; what is inactive is left out.

    Raises:
        NotFound: there is no such tenant.
    """
    tenant = await session.get(TenantRow, tenant_id, populate_existing=True)
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_id}.")
    services = await session.scalars(
        select(ServiceRow)
        .where(ServiceRow.tenant_id == tenant_id, ServiceRow.active)
        .order_by(ServiceRow.position, ServiceRow.id)
        .execution_options(populate_existing=True)
    )
    professionals = await _load_professionals(session, tenant_id)
    return Catalogue(
        services=tuple(_service(row) for row in services),
        professionals=professionals,
        closed_days=await _load_closed_days(session, tenant_id, of=professionals),
        rules=BookingRules(
            time_zone=tenant.time_zone,
            slot_step=tenant.slot_step_minutes * MINUTE,
            minimum_notice=tenant.minimum_notice_minutes * MINUTE,
            horizon=tenant.horizon_days * DAY,
            free_days_close=tenant.free_days_close,
            unanswered_close=tenant.unanswered_close,
        ),
        holidays=holiday_rules(tenant),
    )


def holiday_rules(tenant: TenantRow) -> HolidayRules:
    """Return whose holidays are offered to a tenant."""
    return HolidayRules(
        of=tenant.holidays_of,
        own={each["day"]: each["name"] for each in tenant.own_holidays},
        decided=tenant.holidays_decided,
    )


async def _load_professionals(
    session: AsyncSession, tenant_id: TenantId
) -> tuple[Professional, ...]:
    offered: defaultdict[str, set[ServiceId]] = defaultdict(set)
    offerings = await session.execute(
        select(OfferingRow.professional_id, OfferingRow.service_id)
        .join(ServiceRow)
        .where(OfferingRow.tenant_id == tenant_id, ServiceRow.active)
    )
    for professional_id, service_id in offerings:
        offered[professional_id].add(ServiceId(service_id))
    hours: defaultdict[str, list[OpeningSpan]] = defaultdict(list)
    spans = await session.execute(
        select(
            OpeningSpanRow.professional_id,
            OpeningSpanRow.weekday,
            OpeningSpanRow.opens,
            OpeningSpanRow.closes,
        )
        .where(OpeningSpanRow.tenant_id == tenant_id)
        .order_by(OpeningSpanRow.weekday, OpeningSpanRow.opens)
    )
    for professional_id, weekday, opens, closes in spans:
        hours[professional_id].append(OpeningSpan(weekday=weekday, opens=opens, closes=closes))
    rows = await session.execute(
        select(ProfessionalRow.id, ProfessionalRow.name, ProfessionalRow.calendar_id)
        .where(ProfessionalRow.tenant_id == tenant_id, ProfessionalRow.active)
        .order_by(ProfessionalRow.position, ProfessionalRow.id)
    )
    return tuple(
        Professional(
            id=ProfessionalId(professional_id),
            name=name,
            calendar_id=calendar_id,
            service_ids=frozenset(offered[professional_id]),
            hours=tuple(hours[professional_id]),
        )
        for professional_id, name, calendar_id in rows
    )


async def _load_closed_days(
    session: AsyncSession, tenant_id: TenantId, *, of: Iterable[Professional]
) -> tuple[ClosedDay, ...]:
    known = {each.id for each in of}
    rows = await session.execute(
        select(
            ClosedDayRow.day,
            ClosedDayRow.professional_id,
            ClosedDayRow.begins,
            ClosedDayRow.ends,
            ClosedDayRow.reason,
        )
        .where(ClosedDayRow.tenant_id == tenant_id)
        .order_by(ClosedDayRow.day, ClosedDayRow.id)
    )
    return tuple(
        ClosedDay(
            day=day,
            professional_id=None if professional_id is None else ProfessionalId(professional_id),
            begins=begins,
            ends=ends,
            reason=reason,
        )
        for day, professional_id, begins, ends, reason in rows
        if professional_id is None or professional_id in known
    )


async def save_catalogue(session: AsyncSession, tenant_id: TenantId, catalogue: Catalogue) -> None:
    """Make the stored catalogue this one, booking rules included. Repeatable.

    Raises:
        Invalid: a length of time is not in whole minutes (the horizon: days), which is all that is
            kept.
        NotFound: there is no such tenant.
    """
    rules = catalogue.rules
    found = await session.scalar(
        update(TenantRow)
        .where(TenantRow.id == tenant_id)
        .values(
            time_zone=rules.time_zone,
            slot_step_minutes=_whole(rules.slot_step, unit=MINUTE, field="slot_step"),
            minimum_notice_minutes=_whole(
                rules.minimum_notice, unit=MINUTE, field="minimum_notice"
            ),
            horizon_days=_whole(rules.horizon, unit=DAY, field="horizon"),
            free_days_close=rules.free_days_close,
            unanswered_close=rules.unanswered_close,
        )
        .returning(TenantRow.id)
    )
    if found is None:
        raise NotFound(f"There is no tenant {tenant_id}.")
    for retired in (ServiceRow, ProfessionalRow):
        await session.execute(
            update(retired).where(retired.tenant_id == tenant_id).values(active=False)
        )
    for position, service in enumerate(catalogue.services):
        await _keep(session, ServiceRow, tenant_id, {**_columns(service), "position": position})
    for position, each in enumerate(catalogue.professionals):
        columns = {"id": each.id, "name": each.name, "calendar_id": each.calendar_id}
        await _keep(session, ProfessionalRow, tenant_id, {**columns, "position": position})
    await _replace(session, OfferingRow, tenant_id, _offerings(catalogue))
    await _replace(session, OpeningSpanRow, tenant_id, _spans(catalogue))
    await _replace(session, ClosedDayRow, tenant_id, _closed_days(catalogue))


async def _keep(
    session: AsyncSession,
    table: type[ServiceRow | ProfessionalRow],
    tenant_id: TenantId,
    columns: Mapping[str, Any],
) -> None:
    row = {"tenant_id": tenant_id, "active": True, **columns}
    await session.execute(
        upsert(table)
        .values(row)
        .on_conflict_do_update(index_elements=["tenant_id", "id"], set_=row)
    )


async def _replace(
    session: AsyncSession,
    table: type[OfferingRow | OpeningSpanRow | ClosedDayRow],
    tenant_id: TenantId,
    rows: list[dict[str, Any]],
) -> None:
    await session.execute(delete(table).where(table.tenant_id == tenant_id))
    if rows:
        await session.execute(insert(table), [{"tenant_id": tenant_id, **row} for row in rows])


def _offerings(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {"professional_id": each.id, "service_id": service_id}
        for each in catalogue.professionals
        for service_id in sorted(each.service_ids)
    ]


def _spans(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "professional_id": each.id,
            "weekday": span.weekday,
            "opens": span.opens,
            "closes": span.closes,
        }
        for each in catalogue.professionals
        for span in each.hours
    ]


def _closed_days(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            "professional_id": each.professional_id,
            "day": each.day,
            "begins": each.begins,
            "ends": each.ends,
            "reason": each.reason,
        }
        for each in catalogue.closed_days
    ]


def _service(row: ServiceRow) -> Service:
    return Service(
        id=ServiceId(row.id),
        name=row.name,
        duration=row.duration_minutes * MINUTE,
        buffer_before=row.buffer_before_minutes * MINUTE,
        buffer_after=row.buffer_after_minutes * MINUTE,
        price_cents=row.price_cents,
        currency=row.currency,
    )


def _columns(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "duration_minutes": _whole(service.duration, unit=MINUTE, field="duration"),
        "buffer_before_minutes": _whole(service.buffer_before, unit=MINUTE, field="buffer_before"),
        "buffer_after_minutes": _whole(service.buffer_after, unit=MINUTE, field="buffer_after"),
        "price_cents": service.price_cents,
        "currency": service.currency,
    }


def _whole(length: timedelta, *, unit: timedelta, field: str) -> int:
    count, rest = divmod(length, unit)
    if rest:
        kept = "days" if unit == DAY else "minutes"
        raise Invalid(f"`{field}` must be in whole {kept}.", fields={field: f"whole {kept} only"})
    return count
