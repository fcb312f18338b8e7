"""Books, moves and cancels at one tenant, so that one slot is one booking.

The order is: the holds are committed, the calendar is asked, the holds are promoted or dropped. The
calendar's event is recorded in the outbox together with what the caller records. No transaction is
open while the calendar is asked. What is proposed is held for longer, and confirmed in this order.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.scheduling.appointment import Appointment, ChosenSlot, Proposal
from mcp_platform.scheduling.appointments import (
    NOTHING_SAID,
    Appointments,
    Placement,
    SlotTaken,
    VisitDetails,
)
from mcp_platform.scheduling.availability import blocked, validate_start
from mcp_platform.scheduling.calendar import Calendar, CalendarUnreadable
from mcp_platform.scheduling.catalogue import BookingRules, Catalogue
from mcp_platform.scheduling.changing.undoing import Undos
from mcp_platform.scheduling.finding.openings import ClosingNotice, Openings
from mcp_platform.scheduling.mirror import LONGEST_NOTE, Mirror, presentable
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Outcome,
    Proposed,
    ProposedSlot,
    Released,
    Taken,
    UnknownAppointment,
)
from mcp_platform.tenants.tenant import Tenant

# A parent books for a family of five; more from one phone is somebody emptying the agenda.
MOST_AHEAD = 5
MOST_NOTED = 3 * LONGEST_NOTE  # characters of all notes of one appointment: an owner reads them

Result = TypeVar("Result", bound=Outcome)


class EffectCommit(Protocol):
    """How an effect is committed: the caller's fence before it and the caller's record beside it."""

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a transaction in which the caller may still act; leaving it commits."""

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        """Record `outcome` in the transaction of its effect. Called once for each outcome."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """Nothing is left to be done: this is what there is."""

    outcome: "Booked | BookedTogether | LimitReached"


@dataclass(frozen=True, slots=True)
class _Held:
    """Slots that are kept for a contact while the calendar is asked, and what was theirs before."""

    placements: Mapping[UUID, Placement]
    known: Mapping[UUID, Appointment]


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

    async def last_service(self, *, contact_id: UUID) -> str | None:
        """Return the id of the service that the contact had last, or has ahead; None: they had none."""
        async with self._sessions() as session:
            return await Appointments(session, self._tenant.id).last_service(contact_id)

    async def book(
        self,
        *,
        hold_id: UUID,
        contact_id: UUID,
        choice: ChosenSlot,
        now: datetime,
        work: EffectCommit,
        contact_name: str | None = None,
        person: str | None = None,
        note: str | None = None,
    ) -> Booked | Taken | CalendarClosed | LimitReached:
        """Book a slot. Repeatable with the same `hold_id`, which becomes the appointment's id.

        Raises:
            Conflict: `hold_id` is another contact's.
        """
        outcome = await self._book(
            {hold_id: choice},
            contact_id=contact_id,
            details=_presented(contact_name, person=person, note=note),
            now=now,
            work=work,
        )
        # One slot makes one appointment.
        return cast("Booked | Taken | CalendarClosed | LimitReached", outcome)

    async def propose(
        self, proposal: Proposal, *, now: datetime, work: EffectCommit
    ) -> (
        Proposed
        | Booked
        | BookedTogether
        | Moved
        | Taken
        | CalendarClosed
        | LimitReached
        | UnknownAppointment
    ):
        """Hold what is proposed, all or none, instead of anything else held for the contact.

        Repeatable. What the contact has already is told as booked, or as moved. For a move the old
        time stays theirs; of the new one is held what it does not cover.

        Raises:
            Conflict: an id of the proposal is another contact's.
        """
        if proposal.moving is not None:
            return await self._propose_move(proposal, proposal.moving, now=now, work=work)
        held = await self._hold(
            proposal.holds,
            contact_id=proposal.contact_id,
            details=_details(proposal),
            now=now,
            work=work,
            proposal_id=proposal.id,
        )
        if isinstance(held, _Settled):
            return held.outcome
        gone = held if isinstance(held, UUID) else None
        if isinstance(held, _Held):
            failpoint("turn.after_hold")
            try:
                gone = await self._first_taken(held.placements, now=now)
            except CalendarUnreadable:
                return await self._let_go(proposal.holds, CalendarClosed(), work=work)
            failpoint("turn.after_calendar")
            if gone is None and (
                proposed := await self._keep(
                    proposal,
                    held.placements,
                    slots=tuple(
                        _proposed(each, self.openings) for each in held.placements.values()
                    ),
                    moving=None,
                    now=now,
                    work=work,
                )
            ):
                return proposed
        return await self._taken(
            proposal.holds, gone, contact_id=proposal.contact_id, now=now, work=work
        )

    async def confirm(
        self, proposal: Proposal, *, now: datetime, work: EffectCommit
    ) -> (
        Booked | BookedTogether | Moved | Taken | CalendarClosed | LimitReached | UnknownAppointment
    ):
        """Book, or move to, what was proposed, all or none; repeatable with the same result.

        The calendar is asked once more. What is no longer held is booked if it is free still, at
        the price of now.

        Raises:
            Conflict: an id of the proposal is another contact's.
        """
        if proposal.moving is not None:
            return await self.move(
                appointment_id=proposal.moving,
                contact_id=proposal.contact_id,
                choice=proposal.choices[0],
                now=now,
                work=work,
                details=_details(proposal),
            )
        return await self._book(
            proposal.holds,
            contact_id=proposal.contact_id,
            details=_details(proposal),
            now=now,
            work=work,
            proposal_id=proposal.id,
        )

    async def release(self, proposal_id: UUID, *, contact_id: UUID, work: EffectCommit) -> Released:
        """Let go of what is held for a proposal; repeatable. What was confirmed stays."""
        outcome = Released(proposal_id=proposal_id)
        async with work.begin() as session:
            await Appointments(session, self._tenant.id).release(proposal_id, contact_id=contact_id)
            await work.conclude(session, outcome)
        return outcome

    async def move(
        self,
        *,
        appointment_id: UUID,
        contact_id: UUID | None,
        choice: ChosenSlot,
        now: datetime,
        work: EffectCommit,
        details: VisitDetails = NOTHING_SAID,
    ) -> Moved | Taken | CalendarClosed | UnknownAppointment:
        """Move an appointment in place. `contact_id` None: whoever's it is, for the owner.

        Its price stays as it was booked, unless the service changes too. Of `details` what is said
        replaces what was known.
        """
        current = await self._current(appointment_id, contact_id=contact_id, now=now)
        if current is None:
            return await self._conclude(UnknownAppointment(), work=work)
        if _stands(current, choice):
            stands = current.local(self._rules)
            moved = Moved(appointment=stands, previous_start=stands.starts_at)
            return await self._conclude(moved, work=work)
        placement = self._placement(choice, now=now, current=current)
        if placement is not None:
            try:
                free = await self._is_free(placement, of=appointment_id, now=now)
            except CalendarUnreadable:
                return await self._conclude(CalendarClosed(), work=work)
            failpoint("turn.after_calendar")
            if free:
                try:
                    return await self._put(
                        appointment_id,
                        contact_id,
                        placement=placement,
                        details=details,
                        now=now,
                        work=work,
                    )
                except SlotTaken:
                    pass  # between our asking and now; what was begun is rolled back
        taken = await self._not_free(
            choice, now=now, excluding=appointment_id, contact_id=current.contact_id
        )
        return await self._conclude(taken, work=work)

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

    async def add_note(
        self,
        session: AsyncSession,
        *,
        appointment_id: UUID,
        contact_id: UUID,
        note: str,
        now: datetime,
    ) -> Appointment | None:
        """Add a note to an appointment that stands, and to its event, in the caller's transaction.

        None: there is none such of this contact's ahead, or it has no room for the note.
        """
        appointments = Appointments(session, self._tenant.id)
        noted = await appointments.add_note(
            appointment_id, contact_id=contact_id, note=note, most=MOST_NOTED, now=now
        )
        if noted is None:
            return None
        await self._mirror.put(session, noted)
        return noted.local(self._rules)

    def _placement(
        self, choice: ChosenSlot, *, now: datetime, current: Appointment | None = None
    ) -> Placement | None:
        """Return where `choice` puts an appointment; None if the rules have no such slot now.

        What is `current`, a hold included, keeps its price if it is of the same service.
        """
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
        agreed = current if current is not None and current.service_id == service.id else service
        return Placement(
            slot=slot,
            blocked=blocked(service=service, start=slot.start),
            price_cents=agreed.price_cents,
            currency=agreed.currency,
            calendar_id=self.openings.calendar_id(professional),
        )

    async def _book(
        self,
        wanted: Mapping[UUID, ChosenSlot],
        *,
        contact_id: UUID,
        details: VisitDetails,
        now: datetime,
        work: EffectCommit,
        proposal_id: UUID | None = None,
    ) -> Booked | BookedTogether | Taken | CalendarClosed | LimitReached:
        """Book slots by the ids that their appointments get, all or none."""
        held = await self._hold(
            wanted,
            contact_id=contact_id,
            details=details,
            now=now,
            work=work,
            proposal_id=proposal_id,
        )
        if isinstance(held, _Settled):
            return held.outcome
        gone = held if isinstance(held, UUID) else None
        if isinstance(held, _Held):
            failpoint("turn.after_hold")
            try:
                gone = await self._first_taken(held.placements, now=now)
            except CalendarUnreadable:
                return await self._let_go(wanted, CalendarClosed(), work=work)
            failpoint("turn.after_calendar")
            if gone is None:
                booked = await self._promote(wanted, held, now=now, work=work)
                if not isinstance(booked, UUID):
                    return booked
                gone = booked
        return await self._taken(wanted, gone, contact_id=contact_id, now=now, work=work)

    async def _hold(
        self,
        wanted: Mapping[UUID, ChosenSlot],
        *,
        contact_id: UUID,
        details: VisitDetails,
        now: datetime,
        work: EffectCommit,
        proposal_id: UUID | None,
    ) -> _Settled | _Held | UUID:
        """Hold the slots, unless this was done before or may not be done.

        Returns the id of one that cannot be had.
        """
        async with work.begin() as session:
            appointments = Appointments(session, self._tenant.id)
            await appointments.lock()  # before anything is read that must still be so when written
            known: dict[UUID, Appointment] = {}
            missing: dict[UUID, Placement | None] = {}
            for hold_id, choice in wanted.items():
                found = await appointments.find(hold_id)
                if found is not None and found.contact_id != contact_id:
                    raise Conflict("This id belongs to another booking.")
                held = found if found is not None and found.status == "held" else None
                placement = self._placement(choice, now=now, current=held)
                if placement is not None and found is held:
                    found = await appointments.same(contact_id=contact_id, slot=placement.slot)
                if found is None or found is held:
                    missing[hold_id] = placement
                else:
                    known[hold_id] = found
            settled: Booked | BookedTogether | LimitReached | None = None
            if not missing:
                settled = self._all_booked(wanted, known)
            elif len(await appointments.upcoming(contact_id, now=now)) + len(missing) > MOST_AHEAD:
                settled = LimitReached(limit=MOST_AHEAD)
            if settled is not None:
                await appointments.drop(*wanted)
                await work.conclude(session, settled)
                return _Settled(settled)
            placements: dict[UUID, Placement] = {}
            for hold_id, placement in missing.items():
                if placement is None:
                    return hold_id
                placements[hold_id] = placement
            try:
                await appointments.hold(
                    placements,
                    contact_id=contact_id,
                    details=details,
                    now=now,
                    until=now + self._hold_for,
                    proposal_id=proposal_id,
                )
            except SlotTaken as error:
                return error.of or next(iter(wanted))
            return _Held(placements, known)

    async def _promote(
        self, wanted: Collection[UUID], held: _Held, *, now: datetime, work: EffectCommit
    ) -> Booked | BookedTogether | UUID:
        """Make appointments of the holds, all or none; return the id of one that is gone."""
        done = dict(held.known)
        try:
            async with work.begin() as session:
                appointments = Appointments(session, self._tenant.id)
                for hold_id in held.placements:
                    done[hold_id] = await appointments.promote(hold_id, now=now)
                    await self._mirror.put(session, done[hold_id])
                booked = self._all_booked(wanted, done)
                await work.conclude(session, booked)
        except SlotTaken as error:  # a hold had expired, and somebody cleared it away
            return error.of or next(iter(wanted))
        return booked

    def _all_booked(
        self, wanted: Collection[UUID], booked: Mapping[UUID, Appointment]
    ) -> Booked | BookedTogether:
        shown = tuple(booked[each].local(self._rules) for each in wanted)
        if len(shown) == 1:
            return Booked(appointment=shown[0])
        return BookedTogether(appointments=shown)

    async def _propose_move(
        self, proposal: Proposal, appointment_id: UUID, *, now: datetime, work: EffectCommit
    ) -> Proposed | Moved | Taken | CalendarClosed | UnknownAppointment:
        choice, contact_id = proposal.choices[0], proposal.contact_id
        current = await self._current(appointment_id, contact_id=contact_id, now=now)
        if current is None:
            return await self._conclude(UnknownAppointment(), work=work)
        stands = current.local(self._rules)
        if _stands(current, choice):
            moved = Moved(appointment=stands, previous_start=stands.starts_at)
            return await self._conclude(moved, work=work)
        placement = self._placement(choice, now=now, current=current)
        holds: dict[UUID, Placement] = {}
        if placement is not None:
            try:
                holds = await self._hold_beside(
                    proposal, appointment_id, placement=placement, now=now, work=work
                )
            except SlotTaken:
                placement = None
        if placement is not None:
            failpoint("turn.after_hold")
            try:
                free = await self._is_free(placement, of=appointment_id, now=now)
            except CalendarUnreadable:
                return await self._let_go(holds, CalendarClosed(), work=work)
            failpoint("turn.after_calendar")
            slots = (_proposed(placement, self.openings),)
            if free and (
                proposed := await self._keep(
                    proposal, holds, slots=slots, moving=stands, now=now, work=work
                )
            ):
                return proposed
        taken = await self._not_free(
            choice, now=now, excluding=appointment_id, contact_id=contact_id
        )
        return await self._let_go(holds, taken, work=work)

    async def _hold_beside(
        self,
        proposal: Proposal,
        appointment_id: UUID,
        *,
        placement: Placement,
        now: datetime,
        work: EffectCommit,
    ) -> dict[UUID, Placement]:
        """Hold what a move needs and its own old time does not cover; return the holds by id.

        Raises:
            SlotTaken: somebody has it.
        """
        async with work.begin() as session:
            appointments = Appointments(session, self._tenant.id)
            await appointments.lock()
            beside = await appointments.beside(appointment_id, placement)
            holds = {proposal.hold_id(number): each for number, each in enumerate(beside)}
            await appointments.hold(
                holds,
                contact_id=proposal.contact_id,
                details=_details(proposal),
                now=now,
                until=now + self._hold_for,
                proposal_id=proposal.id,
            )
        return holds

    async def _keep(
        self,
        proposal: Proposal,
        holds: Collection[UUID],
        *,
        slots: tuple[ProposedSlot, ...],
        moving: Appointment | None,
        now: datetime,
        work: EffectCommit,
    ) -> Proposed | None:
        """Keep the holds for as long as a proposal lasts; None: one of them is gone."""
        until = proposal.until(now)
        details = _details(proposal)
        proposed = Proposed(
            proposal_id=proposal.id,
            slots=slots,
            until=self._rules.local(until),
            moving=moving,
            person=details.person,
            note=details.note,
        )
        try:
            async with work.begin() as session:
                await Appointments(session, self._tenant.id).keep(holds, until=until)
                await work.conclude(session, proposed)
        except SlotTaken:
            return None
        return proposed

    async def _put(
        self,
        appointment_id: UUID,
        contact_id: UUID | None,
        *,
        placement: Placement,
        details: VisitDetails,
        now: datetime,
        work: EffectCommit,
    ) -> Moved | UnknownAppointment:
        outcome: Moved | UnknownAppointment
        async with work.begin() as session:
            moved = await Appointments(session, self._tenant.id).move(
                appointment_id,
                contact_id=contact_id,
                placement=placement,
                details=details,
                now=now,
            )
            if moved is None:
                outcome = UnknownAppointment()
            else:
                undos = Undos(session, self._tenant.id)
                await undos.take_message_back(appointment_id, version=moved.before.version)
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

    async def _first_taken(
        self, placements: Mapping[UUID, Placement], *, now: datetime
    ) -> UUID | None:
        """Return the id of the first in whose way the owner's calendar has something."""
        for appointment_id, placement in placements.items():
            if not await self._is_free(placement, of=appointment_id, now=now):
                return appointment_id
        return None

    async def _taken(
        self,
        wanted: Mapping[UUID, ChosenSlot],
        gone: UUID | None,
        *,
        contact_id: UUID,
        now: datetime,
        work: EffectCommit,
    ) -> Taken:
        """Let go of everything, since one cannot be had; None: nobody knows which."""
        which = next(iter(wanted)) if gone is None else gone
        taken = await self._not_free(wanted[which], now=now, excluding=which, contact_id=contact_id)
        return await self._let_go(wanted, taken, work=work)

    async def _not_free(
        self, choice: ChosenSlot, *, now: datetime, excluding: UUID, contact_id: UUID
    ) -> Taken:
        return await self.openings.alternatives(
            service_id=choice.service_id,
            professional_id=choice.professional_id,
            start=choice.start,
            now=now,
            excluding=excluding,
            contact_id=contact_id,
        )

    async def _let_go(
        self, hold_ids: Collection[UUID], outcome: Result, *, work: EffectCommit
    ) -> Result:
        async with work.begin() as session:
            await Appointments(session, self._tenant.id).drop(*hold_ids)
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
            undos = Undos(session, tenant.id)
            await undos.take_message_back(appointment_id, version=found.version - 1)
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


def _details(proposal: Proposal) -> VisitDetails:
    return _presented(proposal.contact_name, person=proposal.person, note=proposal.note)


def _presented(name: str | None, *, person: str | None, note: str | None) -> VisitDetails:
    """Return what a stranger said of themself as it may be kept and shown."""
    return VisitDetails(
        booked_for=presentable(name),
        person=presentable(person),
        note=presentable(note, longest=LONGEST_NOTE),
    )


def _proposed(placement: Placement, openings: Openings) -> ProposedSlot:
    return ProposedSlot(
        slot=openings.view(placement.slot),
        price_cents=placement.price_cents,
        currency=placement.currency,
    )


def _stands(appointment: Appointment, choice: ChosenSlot) -> bool:
    return (appointment.service_id, appointment.professional_id, appointment.starts_at) == (
        choice.service_id,
        choice.professional_id,
        choice.start.astimezone(UTC),
    )


class AgendaSource(Protocol):
    """Makes the agenda of a tenant, over the calendars its credentials reach."""

    async def of(self, tenant: Tenant, catalogue: Catalogue) -> Agenda: ...
