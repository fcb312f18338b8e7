"""Books, moves and cancels at one tenant, so that one slot is one booking.

The order is: the hold is committed, the calendar is asked, the hold is promoted or dropped. The
calendar's event is recorded in the outbox together with what the caller records. No transaction is
open while the calendar is asked.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import Appointments, Placement, SlotTaken
from mcp_platform.scheduling.availability import blocked, validate_start
from mcp_platform.scheduling.calendar import Calendar, CalendarUnreadable
from mcp_platform.scheduling.catalogue import BookingRules, Catalogue
from mcp_platform.scheduling.mirror import Mirror, presentable
from mcp_platform.scheduling.openings import ClosingNotice, Openings
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Outcome,
    SlotView,
    Taken,
    UnknownAppointment,
)
from mcp_platform.tenants.tenant import Tenant

# A parent books for a family of five; more from one phone is somebody emptying the agenda.
MOST_AHEAD = 5

Result = TypeVar("Result", bound=Outcome)


class EffectCommit(Protocol):
    """How an effect is committed: the caller's fence before it and the caller's record beside it."""

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a transaction in which the caller may still act; leaving it commits."""

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        """Record `outcome` in the transaction of its effect. Called once for each outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSlot:
    """The slot that somebody chose, maybe some time ago: it need not exist any more."""

    service_id: str
    professional_id: str
    start: datetime

    def __post_init__(self) -> None:
        try:
            aware = self.start.tzinfo is not None and self.start.astimezone(UTC)
        except OverflowError:
            aware = False
        if not aware:
            raise Invalid("The start is no moment.", fields={"start": "must carry an offset"})


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot that is kept for a contact while the calendar is asked."""

    placement: Placement


class Agenda:
    """The agenda of one tenant. Made anew for each turn or request: `catalogue` is as of now."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        catalogue: Catalogue,
        sessions: Sessions,
        calendar: Calendar,
        hold_for: timedelta,
        tell: ClosingNotice,
    ) -> None:
        """Bind to a tenant. `sessions` may read only; what is written goes through a `EffectCommit`."""
        self._tenant = tenant
        self._catalogue = catalogue
        self._rules = catalogue.rules
        self._sessions = sessions.of(tenant.id)
        self._hold_for = hold_for
        self._mirror = Mirror(tenant=tenant, rules=catalogue.rules)
        self.openings = Openings(
            tenant=tenant, catalogue=catalogue, sessions=sessions, calendar=calendar, tell=tell
        )

    async def upcoming(
        self, *, contact_id: UUID, now: datetime, session: AsyncSession | None = None
    ) -> tuple[Appointment, ...]:
        """Return the contact's appointments that are not over, earliest first.

        In the transaction of `session`, or in one of its own.
        """
        if session is None:
            async with self._sessions() as own:
                return await self.upcoming(contact_id=contact_id, now=now, session=own)
        found = await Appointments(session, self._tenant.id).upcoming(contact_id, now=now)
        return tuple(each.local(self._rules) for each in found)

    async def book(
        self,
        *,
        hold_id: UUID,
        contact_id: UUID,
        choice: ChosenSlot,
        now: datetime,
        work: EffectCommit,
        contact_name: str | None = None,
    ) -> Booked | Taken | CalendarClosed | LimitReached:
        """Book a slot. Repeatable with the same `hold_id`, which becomes the appointment's id.

        Raises:
            Conflict: `hold_id` is another contact's.
        """
        placement = self._placement(choice, now=now)
        held = await self._hold(
            hold_id=hold_id,
            contact_id=contact_id,
            placement=placement,
            booked_for=presentable(contact_name),
            now=now,
            work=work,
        )
        match held:
            case Booked() | LimitReached():
                return held
            case Hold(placement=kept):
                failpoint("turn.after_hold")
                try:
                    free = await self._is_free(kept, of=hold_id, now=now)
                except CalendarUnreadable:
                    return await self._let_go(hold_id, CalendarClosed(), work=work)
                failpoint("turn.after_calendar")
                if free:
                    booked = await self._promote(hold_id, now=now, work=work)
                    if booked is not None:
                        return booked
        alternatives = await self._alternatives(choice, now=now, excluding=hold_id)
        return await self._let_go(hold_id, Taken(alternatives=alternatives), work=work)

    async def move(
        self,
        *,
        appointment_id: UUID,
        contact_id: UUID | None,
        choice: ChosenSlot,
        now: datetime,
        work: EffectCommit,
    ) -> Moved | Taken | CalendarClosed | UnknownAppointment:
        """Move an appointment in place. `contact_id` None: whoever's it is, for the owner.

        Its price stays as it was booked, unless the service changes too.
        """
        current = await self._current(appointment_id, contact_id=contact_id, now=now)
        if current is None:
            return await self._conclude(UnknownAppointment(), work=work)
        if _stands(current, choice):
            stands = current.local(self._rules)
            moved = Moved(appointment=stands, previous_start=stands.starts_at)
            return await self._conclude(moved, work=work)
        placement = self._placement(choice, now=now)
        if placement is not None:
            if current.service_id == choice.service_id:
                placement = replace(
                    placement, price_cents=current.price_cents, currency=current.currency
                )
            try:
                free = await self._is_free(placement, of=appointment_id, now=now)
            except CalendarUnreadable:
                return await self._conclude(CalendarClosed(), work=work)
            failpoint("turn.after_calendar")
            if free:
                try:
                    return await self._put(
                        appointment_id, contact_id, placement=placement, now=now, work=work
                    )
                except SlotTaken:
                    pass  # between our asking and now; what was begun is rolled back
        alternatives = await self._alternatives(choice, now=now, excluding=appointment_id)
        return await self._conclude(Taken(alternatives=alternatives), work=work)

    async def cancel(
        self, *, appointment_id: UUID, contact_id: UUID | None, now: datetime, work: EffectCommit
    ) -> Cancelled | UnknownAppointment:
        """Cancel an appointment; repeatable. `contact_id` None: whoever's it is, for the owner."""
        return await cancel(
            self._tenant,
            self._rules,
            appointment_id=appointment_id,
            contact_id=contact_id,
            now=now,
            work=work,
        )

    def _placement(self, choice: ChosenSlot, *, now: datetime) -> Placement | None:
        """Return where `choice` puts an appointment; None if the rules have no such slot now."""
        try:
            service = self._catalogue.service(choice.service_id)
            professional = self._catalogue.professional(choice.professional_id)
            slot = validate_start(
                catalogue=self._catalogue,
                service=service,
                professional=professional,
                start=choice.start,
                now=now,
            )
        except (Invalid, NotFound):
            return None
        return Placement(
            slot=slot,
            blocked=blocked(service=service, start=slot.start),
            price_cents=service.price_cents,
            currency=service.currency,
            calendar_id=self.openings.calendar_id(professional),
        )

    async def _hold(
        self,
        *,
        hold_id: UUID,
        contact_id: UUID,
        placement: Placement | None,
        booked_for: str | None,
        now: datetime,
        work: EffectCommit,
    ) -> Booked | LimitReached | Hold | None:
        """Hold the slot, unless this was done before or may not be done; None: it is taken."""
        async with work.begin() as session:
            appointments = Appointments(session, self._tenant.id)
            await appointments.lock()  # before anything is read that must still be so when written
            known = await appointments.find(hold_id)
            if known is not None and known.contact_id != contact_id:
                raise Conflict("This id belongs to another booking.")
            if known is not None and known.status == "held":
                known = None
            if known is None and placement is not None:
                known = await appointments.same(contact_id=contact_id, slot=placement.slot)
            settled: Booked | LimitReached | None = None
            if known is not None:
                settled = Booked(appointment=known.local(self._rules))
            elif len(await appointments.upcoming(contact_id, now=now)) >= MOST_AHEAD:
                settled = LimitReached(limit=MOST_AHEAD)
            if settled is not None:
                await appointments.drop(hold_id)
                await work.conclude(session, settled)
                return settled
            if placement is None:
                return None
            try:
                await appointments.hold(
                    hold_id=hold_id,
                    contact_id=contact_id,
                    placement=placement,
                    booked_for=booked_for,
                    now=now,
                    hold_for=self._hold_for,
                )
            except SlotTaken:
                return None
            return Hold(placement)

    async def _promote(self, hold_id: UUID, *, now: datetime, work: EffectCommit) -> Booked | None:
        try:
            async with work.begin() as session:
                appointment = await Appointments(session, self._tenant.id).promote(hold_id, now=now)
                await self._mirror.put(session, appointment)
                booked = Booked(appointment=appointment.local(self._rules))
                await work.conclude(session, booked)
        except SlotTaken:  # the hold had expired, and somebody cleared it away
            return None
        return booked

    async def _put(
        self,
        appointment_id: UUID,
        contact_id: UUID | None,
        *,
        placement: Placement,
        now: datetime,
        work: EffectCommit,
    ) -> Moved | UnknownAppointment:
        outcome: Moved | UnknownAppointment
        async with work.begin() as session:
            moved = await Appointments(session, self._tenant.id).move(
                appointment_id, contact_id=contact_id, placement=placement, now=now
            )
            if moved is None:
                outcome = UnknownAppointment()
            else:
                await self._mirror.put(session, moved.after)
                if moved.before.calendar_id != moved.after.calendar_id:
                    await self._mirror.remove(
                        session, moved.after, calendar_id=moved.before.calendar_id
                    )
                outcome = Moved(
                    appointment=moved.after.local(self._rules),
                    previous_start=self._rules.local(moved.before.starts_at),
                )
            await work.conclude(session, outcome)
        return outcome

    async def _current(
        self, appointment_id: UUID, *, contact_id: UUID | None, now: datetime
    ) -> Appointment | None:
        async with self._sessions() as session:
            found = await Appointments(session, self._tenant.id).find(
                appointment_id, contact_id=contact_id
            )
        if found is None or not found.active:
            return None
        return found if contact_id is None or found.ends_at > now else None

    async def _is_free(self, placement: Placement, *, of: UUID, now: datetime) -> bool:
        """Ask the owner's calendar, once more, whether nothing is in the way of an appointment."""
        busy = await self.openings.busy(
            calendar_id=placement.calendar_id, span=placement.blocked, now=now, excluding=of
        )
        return not any(placement.blocked.overlaps(each) for each in busy)

    async def _alternatives(
        self, choice: ChosenSlot, *, now: datetime, excluding: UUID
    ) -> tuple[SlotView, ...]:
        return await self.openings.alternatives(
            service_id=choice.service_id,
            professional_id=choice.professional_id,
            start=choice.start,
            now=now,
            excluding=excluding,
        )

    async def _let_go(self, hold_id: UUID, outcome: Result, *, work: EffectCommit) -> Result:
        async with work.begin() as session:
            await Appointments(session, self._tenant.id).drop(hold_id)
            await work.conclude(session, outcome)
        return outcome

    async def _conclude(self, outcome: Result, *, work: EffectCommit) -> Result:
        async with work.begin() as session:
            await work.conclude(session, outcome)
        return outcome


async def cancel(
    tenant: Tenant,
    rules: BookingRules,
    *,
    appointment_id: UUID,
    contact_id: UUID | None,
    now: datetime,
    work: EffectCommit,
) -> Cancelled | UnknownAppointment:
    """Cancel an appointment as `Agenda.cancel` does, for which no calendar need be readable."""
    async with work.begin() as session:
        appointments = Appointments(session, tenant.id)
        found = await appointments.cancel(appointment_id, contact_id=contact_id, now=now)
        if found is not None:
            mirror = Mirror(tenant=tenant, rules=rules)
            await mirror.remove(session, found, calendar_id=found.calendar_id)
        else:
            found = await appointments.find(appointment_id, contact_id=contact_id)
        outcome = (
            Cancelled(appointment=found.local(rules))
            if found is not None and found.status == "cancelled"
            else UnknownAppointment()
        )
        await work.conclude(session, outcome)
    return outcome


def _stands(appointment: Appointment, choice: ChosenSlot) -> bool:
    return (appointment.service_id, appointment.professional_id, appointment.starts_at) == (
        choice.service_id,
        choice.professional_id,
        choice.start.astimezone(UTC),
    )


class AgendaSource(Protocol):
    """Makes the agenda of a tenant, over the calendars its credentials reach."""

    async def of(self, tenant: Tenant, catalogue: Catalogue) -> Agenda: ...
