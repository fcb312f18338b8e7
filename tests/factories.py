"""Makes what tests begin with: clients, tenants, catalogues, contacts, appointments.

A test says what it is about; the rest is that of a barbershop in São Paulo. `database` is what rows
are written through: sessions, of which a transaction is opened here, or one that is open.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from mcp_platform.conversations.contacts import ContactId
from mcp_platform.conversations.models import CONTACT_ALIASES, CONTACT_LEASES, CONTACTS
from mcp_platform.kit.database import Sessions
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    ClosedDay,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
    every_day,
)
from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.scheduling.models import AppointmentRow
from mcp_platform.tenants.directory import tenant_of
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import Tenant, TenantId

ZONE = ZoneInfo("America/Sao_Paulo")
BUSINESS = "Barbearia do Zé"
CORTE, BARBA, COMPLETO = ServiceId("corte"), ServiceId("barba"), ServiceId("completo")
ZE, BETO = ProfessionalId("ze"), ProfessionalId("beto")
Database = Sessions | AsyncSession | AsyncConnection


# -- values ----------------------------------------------------------------------------------------


def tenant(**changes: Any) -> Tenant:
    """Return the tenant `shop/production`, or another; it has no row."""
    values: dict[str, Any] = {
        "id": 1,
        "client_name": "shop",
        "environment": "production",
        "status": "active",
        "topology": "shared",
        "business_name": BUSINESS,
        "language": "pt-BR",
        "time_zone": ZONE.key,
        "phone_number_id": "100",
        "calendar_id": None,
        "owner_whatsapp": None,
        "model_enabled": True,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Tenant(**{**values, **changes})


def service(id_: str, name: str, *, minutes: int = 30, **more: Any) -> Service:
    return Service(id=ServiceId(id_), name=name, duration=timedelta(minutes=minutes), **more)


SERVICES = (
    service(CORTE, "Corte", price_cents=4500),
    service(BARBA, "Barba", price_cents=3000),
    service(COMPLETO, "Corte e barba", minutes=60, price_cents=7000),
)


def professional(
    id_: str = ZE, name: str = "Zé", *, services: tuple[Service, ...] = SERVICES, **changes: Any
) -> Professional:
    """Return who does these services every day from 8 to 18."""
    does = frozenset(each.id for each in services)
    values = {"service_ids": does, "hours": every_day(weekdays=range(7)), **changes}
    return Professional(id=ProfessionalId(id_), name=name, **values)


def catalogue(
    *,
    services: tuple[Service, ...] = SERVICES,
    professionals: tuple[Professional, ...] | None = None,
    calendars: dict[str, str | None] | None = None,
    closed_days: tuple[ClosedDay, ...] = (),
    **rules: Any,
) -> Catalogue:
    """Return two barbers who do these services; `calendars` are those of their own."""
    calendars = calendars or {}
    if professionals is None:
        professionals = tuple(
            professional(id_, name, services=services, calendar_id=calendars.get(id_))
            for id_, name in ((ZE, "Zé"), (BETO, "Beto"))
        )
    return Catalogue(
        services=services,
        professionals=professionals,
        closed_days=closed_days,
        rules=BookingRules(**rules),
    )


# -- rows ------------------------------------------------------------------------------------------


@asynccontextmanager
async def _writing(database: Database) -> AsyncIterator[AsyncSession | AsyncConnection]:
    if isinstance(database, Sessions):
        async with database.everywhere.begin() as session:
            yield session
    else:
        yield database


async def add_tenant(
    database: Database,
    client_name: str | None = None,
    *,
    environment: str = "production",
    business_name: str = BUSINESS,
    offers: Catalogue | None = None,
    **columns: Any,
) -> Tenant:
    """Make a tenant, of a client that is there or is made too; return it as features know it."""
    client_name = client_name or f"shop-{uuid.uuid4().hex[:12]}"
    async with _writing(database) as writing:
        client = upsert(ClientRow).values(name=client_name, business_name=business_name)
        await writing.execute(client.on_conflict_do_nothing())
        values = {"client_name": client_name, "environment": environment, **columns}
        table = TenantRow.__table__
        made = await writing.execute(insert(table).values(**values).returning(*table.c))
        found = tenant_of(made.one(), business_name)
        if offers is not None:
            assert isinstance(writing, AsyncSession)
            await save_catalogue(writing, found.id, offers)
    return found


async def add_contact(
    database: Database, tenant_id: TenantId, *, space: str = "whatsapp", **columns: Any
) -> ContactId:
    """Make a contact; one with a `wa_id` has written: they are known by it, and have a lease."""
    contact_id = ContactId(columns.pop("id", None) or uuid.uuid4())
    mine = {"tenant_id": tenant_id}
    async with _writing(database) as writing:
        values = {**mine, "id": contact_id, "space": space, **columns}
        await writing.execute(insert(CONTACTS).values(**values))
        if wa_id := columns.get("wa_id"):
            known = {**mine, "contact_id": contact_id}
            await writing.execute(insert(CONTACT_LEASES).values(**known))
            alias = {**known, "alias": f"w:{wa_id}"}
            await writing.execute(insert(CONTACT_ALIASES).values(**alias))
    return contact_id


async def add_appointment(
    database: Database,
    tenant_id: TenantId,
    contact_id: uuid.UUID,
    *,
    starts_at: datetime,
    minutes: int = 30,
    **columns: Any,
) -> uuid.UUID:
    """Book Zé for a haircut, or as `columns` say; nothing is asked and nothing is mirrored."""
    appointment_id = columns.pop("id", None) or uuid.uuid4()
    ends_at = starts_at + timedelta(minutes=minutes)
    values = {
        "tenant_id": tenant_id,
        "id": appointment_id,
        "contact_id": contact_id,
        "professional_id": ZE,
        "service_id": CORTE,
        "status": "booked",
        "starts_at": starts_at,
        "ends_at": ends_at,
        "blocked": Range(starts_at, ends_at),
        **columns,
    }
    async with _writing(database) as writing:
        await writing.execute(insert(AppointmentRow).values(**values))
    return appointment_id
