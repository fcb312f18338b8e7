"""A barber's shop to book at: a tenant with a catalogue, contacts, and an owner with calendars."""

import uuid
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import CredentialRefused
from mcp_platform.kit.database import Sessions, TenantSessions
from mcp_platform.outbox.calendar import CalendarEvent
from mcp_platform.outbox.models import OUTBOX
from mcp_platform.scheduling.agenda import Agenda, EffectCommit
from mcp_platform.scheduling.appointment import ChosenSlot, Proposal
from mcp_platform.scheduling.calendar import (
    Calendar,
    CalendarReading,
    CalendarUnreadable,
    Interval,
    OwnEvent,
)
from mcp_platform.scheduling.catalogue import (
    Catalogue,
    ProfessionalId,
    ServiceId,
    every_day,
)
from mcp_platform.scheduling.models import AppointmentRow
from mcp_platform.scheduling.outcome import Outcome
from mcp_platform.tenants.tenant import Tenant, TenantId
from tests import factories

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)  # a Monday; 09:00 in São Paulo
CORTE, PACOTE, BARBA = ServiceId("corte"), ServiceId("pacote"), ServiceId("barba")
ZE, ANA = ProfessionalId("ze"), ProfessionalId("ana")
SHOP_CALENDAR = "shop@example.com"
QUARTER = timedelta(minutes=15)


class PlainCommit(EffectCommit):
    """No fence and no record."""

    def __init__(self, sessions: TenantSessions) -> None:
        self._sessions = sessions

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._sessions.begin()

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        """Do nothing."""


def catalogue(
    *,
    time_zone: str = "America/Sao_Paulo",
    calendars: dict[ProfessionalId, str | None] | None = None,
    who: tuple[ProfessionalId, ...] = (ZE, ANA),
) -> Catalogue:
    services = (
        factories.service(CORTE, "Corte", price_cents=4500),
        factories.service(PACOTE, "Pacote", minutes=60, price_cents=8000),
        factories.service(BARBA, "Barba", buffer_before=QUARTER, buffer_after=QUARTER),
    )
    names, calendars = {ZE: "Zé", ANA: "Ana"}, calendars or {}
    hours = every_day(weekdays=range(6))
    return factories.catalogue(
        services=services,
        professionals=tuple(
            factories.professional(
                each, names[each], services=services, hours=hours, calendar_id=calendars.get(each)
            )
            for each in who
        ),
        time_zone=time_zone,
        minimum_notice=timedelta(hours=1),
    )


class OwnersCalendars(Calendar):
    """Calendars that keep the port's promises, in memory, and fail when they are told to."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, CalendarEvent]] = {}
        self.unreadable: set[str] = set()
        self.refused = False
        self.also: dict[str, Any] = {}
        """What a reading holds besides."""
        self.asked: list[str] = []
        self.while_asked: Callable[[], Awaitable[None]] | None = None

    def block(self, start: datetime, *, minutes: int = 30, calendar_id: str = SHOP_CALENDAR):
        """Enter something of the owner's own."""
        event_id = uuid.uuid4().hex
        self.events.setdefault(calendar_id, {})[event_id] = CalendarEvent(
            event_id=event_id,
            start=start,
            end=start + timedelta(minutes=minutes),
            time_zone="UTC",
            summary="Dentista",
            description="",
            key="",
        )

    async def read(self, *, calendar_id: str, span: Interval, key: str) -> CalendarReading:
        self.asked.append(calendar_id)
        if self.while_asked is not None:
            await self.while_asked()
        if self.refused:
            raise CredentialRefused("The key is revoked.")
        if calendar_id in self.unreadable:
            raise CalendarUnreadable("503")
        found = [
            (each, where)
            for each in self.events.get(calendar_id, {}).values()
            if (where := Interval(start=each.start, end=each.end)).overlaps(span)
        ]
        reading = CalendarReading(
            blocking=[where for each, where in found if each.key != key],
            own=[OwnEvent(each.event_id, where) for each, where in found if each.key == key],
        )
        return replace(reading, **self.also)

    async def put(self, *, calendar_id: str, event: CalendarEvent) -> None:
        self.events.setdefault(calendar_id, {})[event.event_id] = event

    async def remove(self, *, calendar_id: str, event_id: str) -> None:
        self.events.get(calendar_id, {}).pop(event_id, None)


@dataclass
class Journal(EffectCommit):
    """Work that writes down what was concluded, and whether it could see the effect when it did."""

    sessions: Sessions
    tenant_id: TenantId
    concluded: list[Outcome] = field(default_factory=list)
    statuses_seen: list[list[str]] = field(default_factory=list)
    fail: BaseException | None = None

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.sessions.everywhere.begin()

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        seen = await session.scalars(
            select(AppointmentRow.status).where(AppointmentRow.tenant_id == self.tenant_id)
        )
        self.statuses_seen.append(list(seen))
        self.concluded.append(outcome)
        if self.fail is not None:
            raise self.fail


class Shop:
    """One tenant. What it does goes through a real database; its calendars are the owner's."""

    def __init__(self, *, sessions: Sessions, tenant: Tenant, catalogue: Catalogue) -> None:
        self.sessions = sessions
        self.tenant = tenant
        self.catalogue = catalogue
        self.calendar = OwnersCalendars()
        self.told: list[tuple[type[Exception], str | None]] = []

    @classmethod
    async def open(
        cls, sessions: Sessions, *, offering: Catalogue, calendar_id: str | None = SHOP_CALENDAR
    ) -> "Shop":
        tenant = await factories.add_tenant(
            sessions, offers=offering, calendar_id=calendar_id, time_zone=offering.rules.time_zone
        )
        return cls(sessions=sessions, tenant=tenant, catalogue=offering)

    async def contact(self) -> uuid.UUID:
        return (await self.contacts(1))[0]

    async def contacts(self, count: int) -> list[uuid.UUID]:
        async with self.sessions.everywhere.begin() as session:
            return [await factories.add_contact(session, self.tenant.id) for _ in range(count)]

    def journal(self, *, fail: BaseException | None = None) -> Journal:
        return Journal(sessions=self.sessions, tenant_id=self.tenant.id, fail=fail)

    @property
    def agenda(self) -> Agenda:
        return Agenda(
            tenant=self.tenant,
            catalogue=self.catalogue,
            sessions=self.sessions,
            calendar=self.calendar,
            hold_for=timedelta(minutes=5),
            tell=self._tell,
        )

    def at(self, stamp: str) -> datetime:
        """Return a wall time of December 2026 or of another full date: "01 10:00"."""
        full = stamp if stamp.count("-") else f"2026-12-{stamp}"
        return datetime.fromisoformat(full).replace(tzinfo=self.catalogue.rules.zone)

    def choice(self, stamp: str, *, service: str = CORTE, who: str = ZE) -> ChosenSlot:
        return ChosenSlot(service_id=service, professional_id=who, start=self.at(stamp))

    async def book(
        self,
        stamp: str,
        *,
        contact: uuid.UUID | None = None,
        hold: uuid.UUID | None = None,
        service: str = CORTE,
        who: str = ZE,
        now: datetime = NOW,
        work: EffectCommit | None = None,
        name: str | None = None,
    ) -> Any:
        return await self.agenda.book(
            hold_id=hold or uuid.uuid4(),
            contact_id=contact or await self.contact(),
            choice=self.choice(stamp, service=service, who=who),
            now=now,
            work=work or PlainCommit(self.sessions.of(self.tenant.id)),
            contact_name=name,
        )

    async def move(self, appointment_id: uuid.UUID, to: ChosenSlot, **more: Any) -> Any:
        arguments: dict[str, Any] = {
            "contact_id": None,
            "now": NOW,
            "work": PlainCommit(self.sessions.of(self.tenant.id)),
        }
        return await self.agenda.move(
            appointment_id=appointment_id, choice=to, **{**arguments, **more}
        )

    def proposal(
        self,
        *choices: ChosenSlot,
        contact: uuid.UUID,
        id_: uuid.UUID | None = None,
        **more: Any,
    ) -> Proposal:
        return Proposal(id=id_ or uuid.uuid4(), contact_id=contact, choices=choices, **more)

    async def propose(
        self, proposal: Proposal, *, now: datetime = NOW, work: EffectCommit | None = None
    ) -> Any:
        work = work or PlainCommit(self.sessions.of(self.tenant.id))
        return await self.agenda.propose(proposal, now=now, work=work)

    async def confirm(
        self, proposal: Proposal, *, now: datetime = NOW, work: EffectCommit | None = None
    ) -> Any:
        work = work or PlainCommit(self.sessions.of(self.tenant.id))
        return await self.agenda.confirm(proposal, now=now, work=work)

    async def release(self, proposal: Proposal, *, work: EffectCommit | None = None) -> Any:
        return await self.agenda.release(
            proposal.id,
            contact_id=proposal.contact_id,
            work=work or PlainCommit(self.sessions.of(self.tenant.id)),
        )

    async def cancel(self, appointment_id: uuid.UUID, **more: Any) -> Any:
        arguments: dict[str, Any] = {
            "contact_id": None,
            "now": NOW,
            "work": PlainCommit(self.sessions.of(self.tenant.id)),
        }
        return await self.agenda.cancel(appointment_id=appointment_id, **{**arguments, **more})

    async def rows(self) -> list[AppointmentRow]:
        async with self.sessions.everywhere() as session:
            found = await session.scalars(
                select(AppointmentRow)
                .where(AppointmentRow.tenant_id == self.tenant.id)
                .order_by(AppointmentRow.starts_at)
            )
            return list(found)

    async def effects(self) -> list[Row[Any]]:
        async with self.sessions.everywhere() as session:
            found = await session.execute(
                select(OUTBOX).where(OUTBOX.c.tenant_id == self.tenant.id).order_by(OUTBOX.c.id)
            )
            return list(found)

    async def deliver(self) -> None:
        """Do what the outbox holds, as its worker would."""
        for effect in await self.effects():
            if effect.state != "pending":
                continue
            body = effect.body
            if effect.kind == "calendar_put":
                times = {edge: datetime.fromisoformat(body["event"][edge]) for edge in EDGES}
                event = CalendarEvent(**{**body["event"], **times})
                await self.calendar.put(calendar_id=body["calendar_id"], event=event)
            else:
                await self.calendar.remove(
                    calendar_id=body["calendar_id"], event_id=body["event_id"]
                )
            async with self.sessions.everywhere.begin() as session:
                await session.execute(
                    update(OUTBOX)
                    .where(OUTBOX.c.tenant_id == effect.tenant_id, OUTBOX.c.id == effect.id)
                    .values(state="done", updated_at=func.clock_timestamp())
                )

    async def _tell(self, error: Exception, *, calendar_id: str | None) -> None:
        self.told.append((type(error), calendar_id))


EDGES = ("start", "end")
