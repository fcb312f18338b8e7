"""Booking on behalf of others: what the tenant API asks of the agenda.

Owns how a request names its service, its professional and its contact, and what makes a repeated
request one booking. The booking itself is the agenda's.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contact, Contacts, Identity
from mcp_platform.errors import Conflict, Invalid, NotFound, Unavailable
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.cursor import Place
from mcp_platform.kit.database import Sessions
from mcp_platform.scheduling.agenda import Agenda, AgendaSource, cancel
from mcp_platform.scheduling.appointment import Appointment, ChosenSlot, ListedStatus, Mark
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.availability import SearchWindow, validate_start
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.catalogue import Catalogue, Professional, ProfessionalId, Service
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.changing.undoing import Undos
from mcp_platform.scheduling.finding.openings import Standing
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.finding.sheets import (
    MOST_DAYS,
    AgendaSheet,
    StartCheck,
    check_start,
    nothing_known,
    working_days,
)
from mcp_platform.scheduling.mirror import Mirror
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    LimitReached,
    Moved,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)
from mcp_platform.scheduling.telling import (
    BusinessCommit,
    CallToMake,
    TellingPreview,
    Tellings,
)
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.credentials import CredentialsUnreadable
from mcp_platform.tenants.tenant import Tenant

CLOSED = "The calendar cannot be read now, so nothing is known to be free."
CLOSED_FOR = timedelta(seconds=30)  # about how long a vendor's hiccup lasts
MOST_BOOKED = 1_000  # a week of twelve people who are never idle
MOST_SLOTS = 500  # more than a day has in steps of five minutes
# Names of holds: two requests are one booking if contact and Idempotency-Key are the same.
HOLDS = UUID("5f4f7b0e-6a39-4dd0-8a52-2f3c2a6f6b1d")


class SlotGone(Conflict):
    """The slot cannot be had; `alternatives` are the nearest that can."""

    def __init__(self, alternatives: Sequence[SlotView]) -> None:
        super().__init__("This time is taken.")
        self.alternatives = tuple(alternatives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A wish to book, for a user of the caller's, a contact, or a number on WhatsApp.

    `start` carries an offset; `request_key` makes it once.
    """

    service: str
    professional: str | None
    start: datetime
    user_id: str | None = None
    contact_id: UUID | None = None
    name: str | None = None
    whatsapp_number: str | None = None
    request_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentChange:
    """Where an appointment is to be instead; what is None stays."""

    service: str | None = None
    professional: str | None = None
    start: datetime | None = None


class TenantAppointments:
    """The agenda of a tenant for its own systems. One for the process."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        catalogues: Catalogues,
        agendas: AgendaSource,
        clock: Callable[[], datetime],
        queue_of: Callable[[Tenant], str | None] = lambda _: None,
    ) -> None:
        """`queue_of` tells by which queue a tenant's workers are woken; None: as `sessions` wake."""
        self._sessions = sessions
        self._queue_of = queue_of
        self._catalogues = catalogues
        self._agendas = agendas
        self._clock = clock

    async def catalogue(self, tenant: Tenant) -> Catalogue:
        return await self._catalogues.of(tenant.id)

    async def available(
        self,
        tenant: Tenant,
        *,
        day: date,
        service: str | None,
        minutes: int | None,
        professional: str | None,
        moving: UUID | None = None,
    ) -> SlotsFound:
        """Return what is free on a day, one slot for each start and professional asked for.

        The time of the appointment `moving` counts as free.

        Raises:
            Invalid: no such service or professional, or more than one service is meant.
            Unavailable: the calendar cannot be read.
        """
        catalogue = await self.catalogue(tenant)
        who = None if professional is None else _professional(catalogue, professional)
        what = _wanted_service(catalogue, service, minutes=minutes, who=who)
        _check_offered(what, who)
        async with self._agenda(tenant, catalogue) as agenda:
            return await agenda.openings.find(
                SlotSearch(
                    service_ids=(what.id,),
                    professional_id=professional,
                    window=SearchWindow(first=day, last=day),
                    moving=moving,
                ),
                now=self._clock(),
                limit=MOST_SLOTS,
            )

    async def sheet(self, tenant: Tenant, *, first: date, last: date) -> AgendaSheet:
        """Return everybody's days from `first` to `last`, with what is booked then.

        Each calendar is read once; what cannot be read is said.

        Raises:
            Invalid: more days than one sheet has, or none.
        """
        if not 0 <= (last - first).days < MOST_DAYS:
            raise _invalid("to", f"1 to {MOST_DAYS} days")
        catalogue = await self.catalogue(tenant)
        standing = await self._standing(tenant, catalogue, first=first, last=last)
        moment = catalogue.rules.moment
        async with self._sessions.of(tenant.id)() as session:
            booked = await Appointments(session, tenant.id).page(
                first=moment(datetime.combine(first, time.min)),
                before=moment(datetime.combine(last + timedelta(days=1), time.min)),
                limit=MOST_BOOKED,
            )
        return AgendaSheet(
            days=working_days(catalogue, standing, first=first, last=last),
            appointments=tuple(booked),
        )

    async def check(
        self, tenant: Tenant, *, service: str, professional: str, start: datetime
    ) -> StartCheck:
        """Say what keeps a service from beginning then, with this professional.

        Raises:
            Invalid: there is no such service or professional, or they do not do it.
        """
        catalogue = await self.catalogue(tenant)
        what, who = _service(catalogue, service), _professional(catalogue, professional)
        _check_offered(what, who)
        day = catalogue.rules.local(start).date()
        standing = await self._standing(tenant, catalogue, first=day, last=day)
        return check_start(
            catalogue,
            standing[who.id],
            service=what,
            professional=who,
            start=start,
            now=self._clock(),
        )

    async def contact(self, tenant: Tenant, contact_id: UUID) -> Contact:
        """Return whose an appointment is. Raises NotFound."""
        async with self._sessions.of(tenant.id)() as session:
            return await Contacts(session, tenant.id).get(ContactId(contact_id))

    async def preview_booking(
        self, tenant: Tenant, booking: Booking, *, trail: Trail
    ) -> TellingPreview:
        """Return how the customer of a booking would be told, and in which words.

        Nothing is kept, and whether the time is free is not asked.

        Raises:
            Invalid: the rules have no such slot, there is no such contact, or it is no phone number.
        """
        catalogue = await self.catalogue(tenant)
        service = _service(catalogue, booking.service)
        now = self._clock()
        who = _candidates(catalogue, service, booking, now=now)[0]
        async with self._sessions.of(tenant.id)() as session:
            contact_id = await self._found(Contacts(session, tenant.id), tenant, booking)
            after = Appointment(
                id=uuid4(),
                contact_id=contact_id or uuid4(),
                user_id=booking.user_id,
                service_id=service.id,
                service_name=service.name,
                professional_id=who.id,
                professional_name=who.name,
                status="booked",
                starts_at=booking.start.astimezone(UTC),
                ends_at=booking.start.astimezone(UTC) + service.duration,
                booked_for=booking.name,
                calendar_id=None,
                price_cents=service.price_cents,
                currency=service.currency,
                version=1,
                told=None,
            )
            return await self._preview(
                session, tenant, catalogue, contact_id, before=None, after=after, trail=trail
            )

    async def preview_change(
        self,
        tenant: Tenant,
        current: Appointment,
        change: AppointmentChange | None,
        *,
        trail: Trail,
    ) -> TellingPreview:
        """Return how the customer would be told of a move, or where `change` is None of a cancelling.

        Raises:
            Invalid: there is no such service or professional.
        """
        catalogue = await self.catalogue(tenant)
        after = replace(current, status="cancelled")
        if change is not None:
            service = _service(catalogue, change.service or current.service_id)
            who = _professional(catalogue, change.professional or current.professional_id)
            start = (change.start or current.starts_at).astimezone(UTC)
            after = replace(
                current,
                service_id=service.id,
                service_name=service.name,
                professional_id=who.id,
                professional_name=who.name,
                starts_at=start,
                ends_at=start + service.duration,
            )
        async with self._sessions.of(tenant.id)() as session:
            contact_id = ContactId(current.contact_id)
            return await self._preview(
                session, tenant, catalogue, contact_id, before=current, after=after, trail=trail
            )

    async def _preview(
        self,
        session: AsyncSession,
        tenant: Tenant,
        catalogue: Catalogue,
        contact_id: ContactId | None,
        *,
        before: Appointment | None,
        after: Appointment,
        trail: Trail,
    ) -> TellingPreview:
        return await Tellings(session, tenant.id).preview(
            tenant,
            catalogue.rules,
            contact_id=contact_id,
            before=before,
            after=after,
            by=trail,
            now=self._clock(),
        )

    async def book(
        self,
        tenant: Tenant,
        booking: Booking,
        *,
        trail: Trail,
        tell: bool = True,
        undoable: bool = False,
    ) -> Appointment:
        """Book. Repeated with the same request key, it is booked once and returned as it is now.

        For a number from which nobody has ever written too: they find it once they do. Whom a person
        books for is told of it unless `tell` is false. `undoable`: they are told ten seconds later,
        and until then `undo` takes it back.

        Raises:
            SlotGone: somebody else has the time.
            Conflict: the contact has as many appointments ahead as one may have.
            Invalid: the rules have no such slot, or it is for nobody.
            Unavailable: the calendar cannot be read.
        """
        now = self._clock()
        catalogue = await self.catalogue(tenant)
        contact_id = await self._contact(tenant, booking)
        hold_id = uuid4()
        if booking.request_key is not None:
            name = [tenant.id, str(contact_id), booking.request_key]
            hold_id = uuid5(HOLDS, json.dumps(name))
            if (known := await self._booked(tenant, hold_id)) is not None:
                return _same(known, booking)
        service = _service(catalogue, booking.service)
        candidates = _candidates(catalogue, service, booking, now=now)
        async with self._agenda(tenant, catalogue) as agenda:
            for _ in candidates:  # whoever was free a moment ago may be taken now
                who = await _free_one(agenda, catalogue, service, booking, candidates, now=now)
                outcome = await agenda.book(
                    hold_id=hold_id,
                    contact_id=contact_id,
                    choice=ChosenSlot(
                        service_id=service.id, professional_id=who, start=booking.start
                    ),
                    now=now,
                    work=BusinessCommit(
                        sessions=self._sessions,
                        tenant=tenant,
                        rules=catalogue.rules,
                        appointment_id=hold_id,
                        trail=trail,
                        now=now,
                        tell=tell,
                        queue=self._queue_of(tenant),
                        undoable=undoable,
                    ),
                    contact_name=booking.name,
                )
                if not isinstance(outcome, Taken):
                    break
                # The same request, twice at once: the other one has booked it.
                if (known := await self._booked(tenant, hold_id)) is not None:
                    return _same(known, booking)
        match outcome:
            case Booked(appointment=appointment):
                return await self.get(tenant, appointment.id)
            case Taken(alternatives=alternatives):
                raise SlotGone(alternatives)
            case CalendarClosed():
                raise Unavailable(CLOSED, retry_after=CLOSED_FOR)
            case LimitReached(limit=limit):
                raise Conflict(f"This contact has {limit} appointments ahead, which is the most.")

    async def move(
        self,
        tenant: Tenant,
        current: Appointment,
        change: AppointmentChange,
        *,
        trail: Trail,
        tell: bool = True,
        versions: frozenset[int] | None = None,
        undoable: bool = False,
    ) -> Appointment:
        """Move an appointment; its customer is told unless `tell` is false. `undoable` as in `book`.

        Raises:
            SlotGone, Invalid, Unavailable: as `book` does.
            Conflict: it is over, or cancelled.
            PreconditionFailed: it is in none of `versions`.
        """
        now = self._clock()
        catalogue = await self.catalogue(tenant)
        choice = ChosenSlot(
            service_id=change.service or current.service_id,
            professional_id=change.professional or current.professional_id,
            start=change.start or current.starts_at,
        )
        if current.active:
            service = _service(catalogue, choice.service_id)
            who = _professional(catalogue, choice.professional_id)
            _check_offered(service, who)
            if choice.start != current.starts_at:
                _check_start(catalogue, service, who, start=choice.start, now=now)
        async with self._agenda(tenant, catalogue) as agenda:
            outcome = await agenda.move(
                appointment_id=current.id,
                contact_id=None,
                choice=choice,
                now=now,
                work=BusinessCommit(
                    sessions=self._sessions,
                    tenant=tenant,
                    rules=catalogue.rules,
                    appointment_id=current.id,
                    trail=trail,
                    now=now,
                    tell=tell,
                    versions=versions,
                    queue=self._queue_of(tenant),
                    undoable=undoable,
                ),
            )
        match outcome:
            case Moved():
                return await self.get(tenant, current.id)
            case Taken(alternatives=alternatives):
                raise SlotGone(alternatives)
            case CalendarClosed():
                raise Unavailable(CLOSED, retry_after=CLOSED_FOR)
            case UnknownAppointment():
                raise Conflict("Only an appointment that is booked or confirmed can be moved.")

    async def mark(
        self,
        tenant: Tenant,
        appointment_id: UUID,
        mark: Mark,
        *,
        trail: Trail,
        versions: frozenset[int] | None = None,
    ) -> Appointment:
        """Say what became of an appointment. Raises as `Appointments.mark` and `move` do."""
        work = BusinessCommit(
            sessions=self._sessions,
            tenant=tenant,
            rules=(await self.catalogue(tenant)).rules,
            appointment_id=appointment_id,
            trail=trail,
            now=self._clock(),
            versions=versions,
        )
        async with work.begin() as session:
            appointments = Appointments(session, tenant.id)
            if await appointments.mark(appointment_id, mark, now=work.now):
                await work.record(session, "mark")
            return await appointments.get(appointment_id)

    async def cancel(
        self,
        tenant: Tenant,
        appointment_id: UUID,
        *,
        trail: Trail,
        tell: bool = True,
        versions: frozenset[int] | None = None,
        undoable: bool = False,
    ) -> Appointment:
        """Cancel an appointment; repeatable. Its customer is told unless `tell` is false.

        `undoable` as in `book`.

        Raises:
            NotFound: this tenant has no such appointment.
            Conflict: it is over.
            PreconditionFailed: it is in none of `versions`.
        """
        await self.get(tenant, appointment_id)
        now, rules = self._clock(), (await self.catalogue(tenant)).rules
        outcome = await cancel(
            tenant,
            rules,
            appointment_id=appointment_id,
            contact_id=None,
            now=now,
            work=BusinessCommit(
                sessions=self._sessions,
                tenant=tenant,
                rules=rules,
                appointment_id=appointment_id,
                trail=trail,
                now=now,
                tell=tell,
                versions=versions,
                queue=self._queue_of(tenant),
                undoable=undoable,
            ),
        )
        if isinstance(outcome, UnknownAppointment):
            raise Conflict("An appointment that is over cannot be cancelled.")
        return await self.get(tenant, appointment_id)

    async def undoable_until(self, tenant: Tenant, appointment_id: UUID) -> datetime | None:
        """Return until when the last change may be undone; None: it may not."""
        async with self._sessions.of(tenant.id)() as session:
            return await Undos(session, tenant.id).until(appointment_id, now=self._clock())

    async def undo(self, tenant: Tenant, appointment_id: UUID, *, trail: Trail) -> Appointment:
        """Take back the last change: its customer is never told, and the calendar shows it no more.

        Raises:
            NotFound: this tenant has no such appointment.
            NothingToUndo: it is too late, the customer was written to, or it was changed again.
            SlotTaken: somebody else has the old time. Then the change stays, and is told.
        """
        await self.get(tenant, appointment_id)
        rules, now = (await self.catalogue(tenant)).rules, self._clock()
        work = BusinessCommit(
            sessions=self._sessions,
            tenant=tenant,
            rules=rules,
            appointment_id=appointment_id,
            trail=trail,
            now=now,
            queue=self._queue_of(tenant),
        )
        async with work.begin() as session:
            restored, shown_by = await Undos(session, tenant.id).undo(appointment_id, now=now)
            mirror = Mirror(tenant=tenant, rules=rules)
            if restored.active:
                await mirror.put(session, restored)
            if not restored.active or shown_by != restored.calendar_id:
                await mirror.remove(session, restored, calendar_id=shown_by)
            await work.record(session, "undo")
        return await self.get(tenant, appointment_id)

    async def calls(
        self, tenant: Tenant, *, after: Place | None = None, limit: int
    ) -> list[CallToMake]:
        """Return whose customer is to be called, the most urgent first, from `after` on."""
        async with self._sessions.of(tenant.id)() as session:
            return await Tellings(session, tenant.id).calls(
                now=self._clock(), after=after, limit=limit
            )

    async def called(self, tenant: Tenant, appointment_id: UUID, *, trail: Trail) -> None:
        """Note that the customer was called. Raises NotFound."""
        async with self._sessions.of(tenant.id).begin() as session:
            await Tellings(session, tenant.id).called(appointment_id, by=trail, now=self._clock())

    async def get(self, tenant: Tenant, appointment_id: UUID) -> Appointment:
        """Return an appointment. Raises NotFound."""
        async with self._sessions.of(tenant.id)() as session:
            return await Appointments(session, tenant.id).get(appointment_id)

    async def page(
        self,
        tenant: Tenant,
        *,
        first: datetime | None,
        before: datetime | None,
        user_id: str | None,
        status: ListedStatus | None,
        after: Place | None,
        limit: int,
    ) -> list[Appointment]:
        """Return appointments, earliest first, from `after` on."""
        async with self._sessions.of(tenant.id)() as session:
            return await Appointments(session, tenant.id).page(
                first=first,
                before=before,
                contact_alias=None if user_id is None else f"a:{user_id}",
                status=status,
                after=after,
                limit=limit,
            )

    async def _booked(self, tenant: Tenant, hold_id: UUID) -> Appointment | None:
        """Return what this hold has become; None if it is one still, or was dropped."""
        async with self._sessions.of(tenant.id)() as session:
            found = await Appointments(session, tenant.id).find(hold_id)
        return None if found is None or found.status == "held" else found

    async def _contact(self, tenant: Tenant, booking: Booking) -> ContactId:
        async with self._sessions.of(tenant.id).begin() as session:
            contacts = Contacts(session, tenant.id)
            if booking.contact_id is not None:
                return (await _known(contacts, booking.contact_id)).id
            if booking.whatsapp_number is not None:
                return await contacts.by_phone(
                    booking.whatsapp_number, time_zone=tenant.time_zone, name=booking.name
                )
            if booking.user_id is None:
                raise _invalid("user_id", "say whose it is, or give a number on WhatsApp")
            return await contacts.ensure(Identity(api_user_id=booking.user_id, name=booking.name))

    @staticmethod
    async def _found(contacts: Contacts, tenant: Tenant, booking: Booking) -> ContactId | None:
        """Return whose a booking would be; None: somebody who is not known yet."""
        if booking.contact_id is not None:
            return (await _known(contacts, booking.contact_id)).id
        if booking.whatsapp_number is not None:
            zone = tenant.time_zone
            return (await contacts.at_phone(booking.whatsapp_number, time_zone=zone))[0]
        return await contacts.known_as(f"a:{booking.user_id}")

    async def _standing(
        self, tenant: Tenant, catalogue: Catalogue, *, first: date, last: date
    ) -> Mapping[ProfessionalId, Standing]:
        try:
            async with self._agenda(tenant, catalogue) as agenda:
                return await agenda.openings.standing(first, last, now=self._clock())
        except Unavailable:
            return nothing_known(catalogue)

    @asynccontextmanager
    async def _agenda(self, tenant: Tenant, catalogue: Catalogue) -> AsyncIterator[Agenda]:
        """Open the agenda. Why the calendar cannot be read is the agency's business, not told."""
        try:
            yield await self._agendas.of(tenant, catalogue)
        except (CalendarUnreadable, CredentialsUnreadable) as error:
            raise Unavailable(CLOSED, retry_after=CLOSED_FOR) from error


async def _known(contacts: Contacts, contact_id: UUID) -> Contact:
    try:
        return await contacts.get(ContactId(contact_id))
    except NotFound as error:
        raise _invalid("contact_id", "there is no such contact") from error


async def _free_one(
    agenda: Agenda,
    catalogue: Catalogue,
    service: Service,
    booking: Booking,
    candidates: Sequence[Professional],
    *,
    now: datetime,
) -> str:
    """Return who is free at the start, of several who has least to do that day."""
    if len(candidates) == 1:
        return candidates[0].id
    local = catalogue.rules.local(booking.start)
    window = SearchWindow(
        first=local.date(), last=local.date(), from_time=local.time(), to_time=local.time()
    )
    search = SlotSearch(service_ids=(service.id,), window=window)
    found = await agenda.openings.find(search, now=now, limit=1)
    if found.status != "ok":
        raise SlotGone(found.slots)
    return found.slots[0].professional_id


def _candidates(
    catalogue: Catalogue, service: Service, booking: Booking, *, now: datetime
) -> Sequence[Professional]:
    """Return who could do it then, by the rules alone; at least one."""
    if booking.professional is not None:
        who = _professional(catalogue, booking.professional)
        _check_offered(service, who)
        _check_start(catalogue, service, who, start=booking.start, now=now)
        return (who,)
    refused = Invalid("Nobody offers this service.", fields={"service": "is offered by nobody"})
    candidates = []
    for each in catalogue.offering(service.id):
        try:
            _check_start(catalogue, service, each, start=booking.start, now=now)
        except Invalid as error:
            refused = error
        else:
            candidates.append(each)
    if not candidates:
        raise refused
    return candidates


def _wanted_service(
    catalogue: Catalogue, service: str | None, *, minutes: int | None, who: Professional | None
) -> Service:
    """Return the service that is meant: by name, or by how long it takes."""
    if service is not None:
        named = _service(catalogue, service)
        if minutes is not None and named.duration != timedelta(minutes=minutes):
            raise _invalid("duration", f"{named.id} takes another time than {minutes} minutes")
        return named
    offered = [each for each in catalogue.services if who is None or each.id in who.service_ids]
    if minutes is not None:
        long_enough = [each for each in offered if each.duration >= timedelta(minutes=minutes)]
        shortest = min((each.duration for each in long_enough), default=None)
        offered = [each for each in long_enough if each.duration == shortest]
        if not offered:
            raise _invalid("duration", "no service takes that long")
    if len(offered) == 1:
        return offered[0]
    names = ", ".join(each.id for each in offered)
    raise _invalid("service", f"say which one: {names}" if names else "nothing is offered")


def _service(catalogue: Catalogue, service: str) -> Service:
    try:
        return catalogue.service(service)
    except NotFound as error:
        raise _invalid("service", "there is no such service") from error


def _professional(catalogue: Catalogue, professional: str) -> Professional:
    try:
        return catalogue.professional(professional)
    except NotFound as error:
        raise _invalid("professional", "nobody of that id works here") from error


def _check_offered(service: Service, who: Professional | None) -> None:
    if who is not None and service.id not in who.service_ids:
        raise _invalid("professional", "does not do this service")


def _check_start(
    catalogue: Catalogue, service: Service, who: Professional, *, start: datetime, now: datetime
) -> None:
    validate_start(catalogue=catalogue, service=service, professional=who, start=start, now=now)


def _same(known: Appointment, booking: Booking) -> Appointment:
    """Return what was booked before, if this asks for the same; once it was moved, who can tell."""
    asked: tuple[Any, ...] = (booking.service, booking.start)
    booked: tuple[Any, ...] = (known.service_id, known.starts_at)
    if booking.professional is not None:
        asked, booked = (*asked, booking.professional), (*booked, known.professional_id)
    if known.version == 1 and asked != booked:
        raise _invalid("Idempotency-Key", "was used for another booking")
    return known


def _invalid(field: str, why: str) -> Invalid:
    return Invalid(f"{field}: {why}.", fields={field: why})
