"""What tools and taps share: each step is done once, under the contact's lease, and written down.

Tenant and contact come from the turn. An id is accepted only if it was issued to this contact. The
tools that the model may call are in `tools/`.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.choosing.searches import Visit, more_action
from mcp_platform.assistant.context import TurnContext
from mcp_platform.assistant.journal import Journal
from mcp_platform.assistant.model import FunctionCall
from mcp_platform.assistant.named_days import NamedDay, named_day
from mcp_platform.assistant.offers import Action, Offers
from mcp_platform.assistant.outcomes import (
    DaysDiffer,
    Done,
    HandedOver,
    Listed,
    Outcome,
    OutcomeJson,
    Refused,
    ToCancel,
    ToChoose,
    UnknownSlot,
    WhichService,
    still_to_come,
)
from mcp_platform.assistant.quoting import quoted_note, quoted_person
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.errors import CredentialRefused, NotFound
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.agenda import Agenda
from mcp_platform.scheduling.appointment import Appointment, ChosenSlot, Proposal
from mcp_platform.scheduling.appointments import Appointments, VisitDetails
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.catalogue import Catalogue, Professional, Service, ServiceId
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    Cancelled,
    Moved,
    Proposed,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)
from mcp_platform.words.forms import their_person

# WhatsApp shows ten rows in a list; the model is told no more than the contact can be shown.
MOST_SLOTS = 10
# One list shows each of them at two hours at least; of more the customer is asked which.
MOST_SERVICES = 4


# What is wrong with a call is told to the model alone: a customer has chosen nothing.
UNKNOWN_SLOT = Refused("unknown_slot", "There is no such slot. Search again.")
UNKNOWN_APPOINTMENT = Refused("unknown_appointment", "The customer has no such appointment.")

Found = TypeVar("Found", bound=Outcome)


class Toolbox:
    """The tools of one turn. Each step is done once: the journal answers for it afterwards."""

    def __init__(
        self,
        *,
        context: TurnContext,
        journal: Journal,
        catalogue: Catalogue,
        agenda: Agenda,
        notices: Notices,
        human_for: timedelta,
        json: OutcomeJson,
    ) -> None:
        self.context = context
        self.journal = journal
        self.catalogue = catalogue
        self.agenda = agenda
        self.notices = notices
        self._human_for = human_for
        self._json = json
        self.searched: dict[str, SlotsFound] = {}
        """What this turn has found last, by service."""
        self.cancelling: list[Appointment] = []
        """The appointments of which this turn asks whether they are to be cancelled."""
        self._to_cancel: list[str] = []
        self.proposed: list[Action] = []
        """The slots that this turn has proposed."""
        self.asked_which_day = False
        self._at_once: list[Action] = []
        self.asked_which_one = False
        self.seen: dict[UUID, Appointment] = {}
        """The appointments that this turn has read or changed, as they were then."""
        self.offered_appointments: dict[str, Appointment] = {}
        self.offered_slots: dict[str, SlotView] = {}
        """What the tools of this turn have issued ids for, by id."""
        self.wrote_before: Sequence[str] = ()
        """What the contact wrote before this turn, as far as the model is told of it."""
        self.day_changed = False
        """The contact named a day by "tomorrow" or the like, and midnight has passed since."""

    @property
    def written(self) -> str:
        """The contact's own words of this turn, on one line."""
        return " ".join(each.text for each in self.context.heard if each.kind == "text")

    @property
    def written_in(self) -> list[str]:
        """The keys of the messages in which the contact wrote them."""
        return [each.key for each in self.context.heard if each.kind == "text"]

    def quoted(self, person: object, note: object) -> Visit:
        """Return what of these words the contact wrote, in this turn or before, as they wrote it."""
        texts = [each.text for each in self.context.heard if each.kind == "text"]
        wrote = [*reversed(texts), *reversed(self.wrote_before)]
        found = {"person": quoted_person(person, wrote), "note": quoted_note(note, wrote)}
        return {name: words for name, words in found.items() if words}

    def for_visit(self, slot: Action, person: object, note: object) -> Action:
        """Return what choosing a slot means, with what the contact said of the visit."""
        return {**slot, **self.quoted(person, note)}

    @property
    def now(self) -> datetime:
        return self.context.now

    async def foresee(self, calls: Sequence[FunctionCall]) -> None:
        """Note what the model would do at once: of several slots the contact chooses.

        Appointments that it would cancel are asked about together.
        """
        cancelling = [call.args.get("appointment_id") for call in calls if call.name == "cancel"]
        known = [await self.appointment(str(each)) for each in cancelling] if cancelling[1:] else []
        self._to_cancel = [each for each in dict.fromkeys(known) if each is not None]
        placing = [call.args for call in calls if call.name in ("book", "reschedule")]
        self._at_once = []
        if len(placing) < 2:  # noqa: PLR2004  # one is no choice
            return
        for args in placing:
            slot = await self.slot(str(args.get("slot_id")))
            moving = args.get("appointment_id")
            if slot is not None:
                slot = self.for_visit(slot, args.get("person"), args.get("note"))
            if slot is not None and moving is not None:
                slot = {**slot, "moving": await self.appointment(str(moving))}
            if slot is not None and self.slot_view(slot) and slot not in self._at_once:
                self._at_once.append(slot)

    # -- what taps do too ----------------------------------------------------------------------

    async def take(self, step: str, slot: Action | None) -> Done:
        """Book the slot that was offered, or move the appointment it was offered for."""
        if (recorded := self.recorded(step)) is not None:
            return recorded
        if slot is None:
            return await self.note(step, UnknownSlot())
        choice, *then = _chosen(slot)
        work = _Work(self, step, like=slot)
        contact = self.context.contact
        try:
            if then:
                proposal = self._proposal(str(self.journal.uuid("proposal", step)), [slot], slot)
                await self.agenda.confirm(proposal, now=self.now, work=work)
            elif slot.get("moving"):
                await self.agenda.move(
                    appointment_id=UUID(slot["moving"]),
                    contact_id=contact.id,
                    choice=choice,
                    now=self.now,
                    work=work,
                    details=_details(slot),
                )
            else:
                await self.agenda.book(
                    hold_id=self.journal.uuid("hold", step),
                    contact_id=contact.id,
                    contact_name=contact.name,
                    person=slot.get("person"),
                    note=slot.get("note"),
                    choice=choice,
                    now=self.now,
                    work=work,
                )
        except NotFound:  # the service or the professional is no longer offered
            return await self.note(step, UnknownSlot())
        return work.done

    async def propose(self, step: str, slot: Action | None) -> Done:
        """Hold the slot, and ask before it is booked, or an appointment moved to it."""
        if (recorded := self.recorded(step)) is not None:
            return recorded
        if slot is None:
            return await self.note(step, UnknownSlot())
        slot = {**slot, "moving": slot.get("moving") or self.moving(slot["service"])}
        work = _Work(self, step, like=slot)
        proposal = self._proposal(str(self.journal.uuid("proposal", step)), [slot], slot)
        try:
            await self.agenda.propose(proposal, now=self.now, work=work)
        except NotFound:  # the service or the professional is no longer offered
            return await self.note(step, UnknownSlot())
        return work.done

    def proposes(self, proposed: Proposed) -> None:
        """Remember what this turn has proposed."""
        self.proposed = _proposed_slots(proposed)

    async def confirm(self, step: str, action: Action) -> Done:
        """Book what was proposed, or move to it; what a "yes" does."""
        if (recorded := self.recorded(step)) is not None:
            return recorded
        work = _Work(self, step, like=action)
        proposal = self._proposal(action["proposal"], action["slots"], action)
        try:
            await self.agenda.confirm(proposal, now=self.now, work=work)
        except NotFound:
            return await self.note(step, UnknownSlot())
        return work.done

    async def release(self, step: str, proposal_id: str) -> None:
        """Let go of what is held for a proposal."""
        if self.recorded(step) is None:
            await self.agenda.release(
                UUID(proposal_id), contact_id=self.context.contact.id, work=_Work(self, step)
            )

    def _proposal(self, proposal_id: str, slots: Sequence[Action], said: Action) -> Proposal:
        moving = said.get("moving")
        return Proposal(
            id=UUID(proposal_id),
            contact_id=self.context.contact.id,
            choices=tuple(choice for slot in slots for choice in _chosen(slot)),
            moving=UUID(moving) if moving else None,
            contact_name=self.context.contact.name,
            person=said.get("person"),
            note=said.get("note"),
        )

    async def cancel(self, step: str, appointment: str | None) -> Done:
        if (recorded := self.recorded(step)) is not None:
            return recorded
        if appointment is None:
            return await self.note(step, UnknownAppointment())
        work = _Work(self, step)
        await self.agenda.cancel(
            appointment_id=UUID(appointment),
            contact_id=self.context.contact.id,
            now=self.now,
            work=work,
        )
        return work.done

    async def attend(self, view: Appointment) -> bool:
        """Note that the contact comes to what they were asked about; repeatable.

        False: it is not that any more.
        """
        async with self.journal.begin() as session:
            appointments = Appointments(session, self.context.tenant.id)
            return await appointments.attend(
                view.id,
                contact_id=self.context.contact.id,
                start=view.starts_at.astimezone(UTC),
                now=self.now,
            )

    async def hand_over(self, step: str) -> Done:
        """Silence the assistant for a time and tell the owner who wants to talk."""
        if (recorded := self.recorded(step)) is not None:
            return recorded
        async with self.journal.begin() as session:
            await self.call_person(session)
            return await self.conclude(session, step, HandedOver())

    async def call_person(self, session: AsyncSession) -> None:
        """Hand the conversation over in the caller's transaction, with the contact's own words."""
        tenant, contact = self.context.tenant, self.context.contact
        until = self.now + self._human_for
        await Contacts(session, tenant.id).answered_by(contact.id, "human", until=until)
        local = self.catalogue.rules.local(until)
        await self.notices.wants_a_person(
            session,
            tenant,
            contact,
            until=wording.short_moment(local, language=tenant.language),
            key=str(self.context.turn.id),
            words=self.written,
        )

    def slot_view(self, action: Action) -> SlotView | None:
        """Return the slot that an offer means, if it is still to come and still offered."""
        try:
            service = self.catalogue.service(action["service"])
            professional = self.catalogue.professional(action["professional"])
        except NotFound:
            return None
        start = self.catalogue.rules.local(datetime.fromisoformat(action["start"]))
        if start <= self.now:
            return None
        then = tuple(map(self.slot_view, action.get("then", ())))
        if None in then:
            return None
        return SlotView(
            service_id=service.id,
            service_name=service.name,
            professional_id=professional.id,
            professional_name=professional.name,
            start=start,
            end=self.catalogue.rules.local(start.astimezone(UTC) + service.duration),
            person=action.get("person"),
            note=action.get("note"),
            then=tuple(each for each in then if each is not None),
        )

    async def find(
        self, search: SlotSearch, *, limit: int = MOST_SLOTS
    ) -> SlotsFound | CalendarClosed:
        """Look for free times; an unreadable calendar is an answer too."""
        try:
            return await self.agenda.openings.find(
                search, now=self.now, limit=limit, contact_id=self.context.contact.id
            )
        except (CalendarUnreadable, CredentialRefused):
            return CalendarClosed()

    # -- behind the tools ----------------------------------------------------------------------

    def recorded(self, step: str) -> Done | None:
        """Return what an earlier start of this turn did, less the times that are over by now."""
        recorded = self.journal.get(step)
        if recorded is None:
            return None
        done = still_to_come(self._json.read(recorded), now=self.now)
        self._see(done)
        return done

    def _see(self, done: Done) -> None:
        """Remember what an outcome tells of, and under which ids."""
        match done.outcome:
            case Booked(appointment=one) | Moved(appointment=one) | Cancelled(appointment=one):
                self.see(one)
                self.offered_appointments |= dict.fromkeys(done.ids, one)
            case BookedTogether(appointments=appointments):
                self.see(*appointments)
                self.offered_appointments |= dict(zip(done.ids, appointments, strict=True))
            case ToCancel(one, also):
                self.see(one, *also)
            case Proposed(moving=Appointment() as one):
                self.see(one)
            case Listed(appointments):
                self.see(*appointments)
                self.offered_appointments |= dict(zip(done.ids, appointments, strict=True))
            case SlotsFound(slots=slots) | DaysDiffer(slots=slots) | Taken(alternatives=slots):
                self.offered_slots |= dict(zip(done.ids, slots, strict=True))
            case ToChoose(slots=slots):
                self.offered_slots |= dict(zip(done.ids, slots, strict=False))  # and one for all

    def see(self, *appointments: Appointment) -> None:
        """Remember how appointments are, for what is said of them."""
        self.seen |= {each.id: each for each in appointments}

    async def shown_first(self, step: str, slot: Action | None) -> Done | None:
        """Show a slot to be tapped, where typed words do not say for certain that it is meant.

        "Tomorrow" is another day once midnight has passed since it was written; what is asked for
        besides another may be meant instead, so that the contact says which, or that all are; and
        on another day than the words name nothing is booked.
        """
        view = None if slot is None else self.slot_view(slot)
        if slot is None or view is None:
            return None
        day = view.start.date()
        which_day = self.asked_which_day or await self.days_to_ask_about(day, day)
        if which_day or self._another_day(day):
            found = (
                DaysDiffer(slots=(view,)) if which_day else SlotsFound(status="ok", slots=(view,))
            )
            return await self.note(step, found, moving=slot.get("moving"))
        if self.asked_which_one:
            return await self.note(step, Refused("ask_which_one", "The customer is to say which."))
        if len(self._at_once) > 1:
            asked = self._at_once[: MOST_SLOTS - 1]  # and a row for all of them
        elif self.proposed and slot not in self.proposed:
            # What is asked for besides may be meant instead: the contact says which, or both.
            asked = [*self.proposed, slot]
        else:
            return None
        views = [each for each in map(self.slot_view, asked) if each is not None]
        moving = tuple(each.get("moving") for each in asked)
        return await self.note(step, ToChoose(slots=tuple(views), moving=moving))

    async def asked_first(self, step: str, appointment: str | None) -> Done:
        """Ask before cancelling: words are no tap on what would be cancelled.

        Beside a search for the same service it is a move, for which the times are shown.
        """
        if self.cancelling:
            return await self.note(step, Refused("asked_already", "The customer is to say."))
        mine = await self.agenda.upcoming(contact_id=self.context.contact.id, now=self.now)
        ahead = {str(each.id): each for each in mine}
        view = ahead.get(appointment or "")
        if view is None:
            return await self.note(step, UnknownAppointment())
        if view.service_id in self.searched:
            found = self.searched[view.service_id]
            service, day = ServiceId(view.service_id), found.slots[0].start.date()
            search = SlotSearch(
                service_ids=(service,),
                window=SearchWindow(first=day, last=day + timedelta(days=1)),
                everyone=True,
                moving=view.id,
            )
            more = more_action(search, found, like={})
            return await self.note(step, found, moving=str(view.id), more=more)
        also = [ahead[each] for each in self._to_cancel if each in ahead and each != appointment]
        return await self.note(step, ToCancel(view, tuple(also)))

    def moving(self, service_id: str) -> str | None:
        """Return the appointment that is rather to be moved: asked to be cancelled, and looked for."""
        of = [each for each in self.cancelling if each.service_id == service_id]
        return str(of[0].id) if len(of) == 1 else None

    def _said(self) -> NamedDay | None:
        local = self.catalogue.rules.local
        language = self.context.contact.language or self.context.tenant.language
        return named_day(
            (
                (each.text, local(each.at).date())
                for each in self.context.heard
                if each.kind == "text"
            ),
            day_first=not language.startswith("en"),
        )

    def _another_day(self, day: date) -> bool:
        """Return whether midnight has passed since the words that may mean this day were written."""
        local = self.catalogue.rules.local
        today = local(self.now).date()
        texts = [each for each in self.context.heard if each.kind == "text"]
        if any(local(each.at).date() != today for each in texts):
            return True
        said = self._said()
        return self.day_changed and not (said is not None and said.fits(day))

    async def days_to_ask_about(self, first: date, last: date) -> list[date]:
        """Return the days that may be meant, where the contact's words plainly name none of these.

        A day on which the contact has an appointment may be named for that.
        """
        local = self.catalogue.rules.local
        said = self._said()
        searched = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
        if said is None or any(said.fits(day) for day in searched):
            return []
        mine = await self.agenda.upcoming(contact_id=self.context.contact.id, now=self.now)
        if any(said.fits(local(each.starts_at).date()) for each in mine):
            return []
        return sorted({first, *said.nearest(local(self.now).date())})

    async def slot(self, offer: str) -> Action | None:
        action = await self._offered(offer)
        return action if action is not None and action["do"] == "slot" else None

    async def appointment(self, offer: str) -> str | None:
        action = await self._offered(offer)
        return action["id"] if action is not None and action["do"] == "appointment" else None

    async def upcoming_appointment(self, offer: str) -> Appointment | None:
        """Return the contact's appointment of this id, if it is still to come."""
        appointment_id = await self.appointment(offer)
        mine = await self.agenda.upcoming(contact_id=self.context.contact.id, now=self.now)
        return next((each for each in mine if str(each.id) == appointment_id), None)

    def appointment_for_owner(self, appointment: Appointment) -> str:
        """Write an appointment as the owner reads it, with for whom it is."""
        written = wording.appointment(
            service=appointment.service_name,
            professional=appointment.professional_name,
            start=self.catalogue.rules.local(appointment.starts_at),
            language=self.context.tenant.language,
            now=self.now,
        )
        return f"{written} — {their_person(appointment.person)}" if appointment.person else written

    async def _offered(self, offer: str) -> Action | None:
        async with self.journal.begin() as session:
            return await self.offers(session).find(offer, now=self.now)

    def offers(self, session: AsyncSession) -> Offers:
        contact = self.context.contact
        return Offers(session, contact.tenant_id, contact.id)

    async def note(
        self, step: str, outcome: Outcome, *, moving: str | None = None, more: Action | None = None
    ) -> Done:
        """Write an outcome without an effect into the journal, its offers beside it.

        `more` is what a row does that shows what its list leaves out.
        """
        if (recorded := self.recorded(step)) is not None:
            return recorded
        async with self.journal.begin() as session:
            return await self.conclude(session, step, outcome, moving=moving, more=more)

    async def conclude(
        self,
        session: AsyncSession,
        step: str,
        outcome: Outcome,
        *,
        moving: str | None = None,
        more: Action | None = None,
    ) -> Done:
        """Issue ids for what `outcome` shows and write it down, in the caller's transaction."""
        offered = self._offer(step, outcome, moving=moving)
        leads_on = {} if more is None else {f"m_{self.journal.token(step, 'more')}": more}
        await self.offers(session).issue({**offered, **leads_on}, now=self.now)
        done = Done(outcome, tuple(offered), next(iter(leads_on), None))
        self._see(done)
        await self.journal.write(session, step, self._json.write(done))
        return done

    def _offer(self, step: str, outcome: Outcome, *, moving: str | None) -> dict[str, Action]:
        match outcome:
            case SlotsFound(slots=slots) | DaysDiffer(slots=slots) | Taken(alternatives=slots):
                return {
                    f"s_{self.journal.token(step, index)}": slot_action(slot, moving=moving)
                    for index, slot in enumerate(slots)
                }
            case ToChoose(slots=slots, moving=movings):
                actions = [
                    slot_action(slot, moving=each)
                    for slot, each in zip(slots, movings, strict=True)
                ]
                if len(actions) > 1:
                    actions.append({"do": "slots", "slots": list(actions)})
                return {
                    f"s_{self.journal.token(step, index)}": action
                    for index, action in enumerate(actions)
                }
            case WhichService(actions=actions):
                return {
                    f"w_{self.journal.token(step, index)}": action
                    for index, action in enumerate(actions)
                }
            case ToCancel(one, also):
                yes, *more = [
                    {"do": "cancel_sure", "id": str(each.id), "was": each.starts_at.isoformat()}
                    for each in (one, *also)
                ]
                return {
                    f"c_{self.journal.token(step, 'yes')}": {**yes, "also": more},
                    f"c_{self.journal.token(step, 'no')}": {"do": "keep", "id": str(one.id)},
                }
            case Proposed():
                return {
                    f"p_{self.journal.token(step, action['do'])}": action
                    for action in _answers_to(outcome)
                }
            case Booked(appointment=one) | Moved(appointment=one) | Cancelled(appointment=one):
                return self.offer_appointments((one,))
            case BookedTogether(appointments=appointments):
                return self.offer_appointments(appointments)
            case Listed(appointments):
                return self.offer_appointments(appointments)
        return {}

    def offer_appointments(self, appointments: tuple[Appointment, ...]) -> dict[str, Action]:
        """Return an id for each of the contact's appointments, the same throughout the turn."""
        return {
            f"a_{self.journal.token('appointment', each.id)}": {
                "do": "appointment",
                "id": str(each.id),
            }
            for each in appointments
        }


class _Work:
    """How the agenda's effects are committed: under the lease, with the step beside them."""

    def __init__(self, toolbox: Toolbox, step: str, *, like: Action | None = None) -> None:
        """`like` is what was chosen: other times that are shown instead move and carry the same."""
        self._toolbox = toolbox
        self._step = step
        self._like = like or {}
        self.done: Done

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._toolbox.journal.begin()

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        self.done = await self._toolbox.conclude(
            session,
            self._step,
            with_visit(outcome, self._like),
            moving=self._like.get("moving"),
            more=_more_of(outcome, self._like) if isinstance(outcome, Taken) else None,
        )


def _more_of(taken: Taken, like: Action) -> Action | None:
    """Return what shows the other times of the service that cannot be had as wanted."""
    if not taken.alternatives:
        return None
    first, moving = taken.alternatives[0], like.get("moving")
    day = first.start.date()
    search = SlotSearch(
        service_ids=(first.service_id,),
        window=SearchWindow(first=day, last=day),
        everyone=True,
        moving=UUID(moving) if moving else None,
    )
    found = SlotsFound(status="full", slots=taken.alternatives, more=taken.more)
    return more_action(search, found, like=like)


def _chosen(slot: Action) -> list[ChosenSlot]:
    """Return what choosing a slot takes: itself, and what follows it."""
    return [
        ChosenSlot(
            service_id=each["service"],
            professional_id=each["professional"],
            start=datetime.fromisoformat(each["start"]),
        )
        for each in (slot, *slot.get("then", ()))
    ]


def _answers_to(proposed: Proposed) -> list[Action]:
    """Return what can be answered to a proposal: yes, another time, and no; a move has no other."""
    moving = None if proposed.moving is None else str(proposed.moving.id)
    slots = _proposed_slots(proposed)
    proposal_id = str(proposed.proposal_id)
    yes = {
        "do": "confirm",
        "proposal": proposal_id,
        "slots": slots,
        "moving": moving,
        "person": proposed.person,
        "note": proposed.note,
    }
    if moving is not None:
        return [yes, {"do": "keep", "id": moving, "proposal": proposal_id}]
    other = {"do": "other_time", "slot": {**slots[0], "then": slots[1:]}}
    return [yes, other, {"do": "not_now", "proposal": proposal_id}]


def other_times(slot: Action) -> Action:
    """Return the action that shows the times of a slot's day."""
    several = [slot, *slot.get("then", ())]
    people = {each["professional"] for each in several}
    return {
        "do": "times",
        "service": slot["service"],
        "services": [each["service"] for each in several],
        "together": len(several) > 1,
        "professional": slot["professional"] if len(people) == 1 else None,
        "day": datetime.fromisoformat(slot["start"]).date().isoformat(),
        "after": None,
        "moving": slot["moving"],
        "person": slot.get("person"),
        "note": slot.get("note"),
    }


def with_visit(found: Found, visit: Visit) -> Found:
    """Return slots that were found as slots for a visit; other outcomes as they are."""

    def those(slots: Sequence[SlotView]) -> tuple[SlotView, ...]:
        person, note = visit.get("person"), visit.get("note")
        return tuple(replace(each, person=person, note=note) for each in slots)

    match found:
        case SlotsFound(slots=slots) | DaysDiffer(slots=slots):
            return replace(found, slots=those(slots))
        case Taken(alternatives=slots):
            return replace(found, alternatives=those(slots))
    return found


def _proposed_slots(proposed: Proposed) -> list[Action]:
    moving = None if proposed.moving is None else str(proposed.moving.id)
    said = {"person": proposed.person, "note": proposed.note}
    return [{**slot_action(each.slot, moving=moving), **said} for each in proposed.slots]


def _details(slot: Action) -> VisitDetails:
    return VisitDetails(person=slot.get("person"), note=slot.get("note"))


def slot_action(slot: SlotView, *, moving: str | None) -> Action:
    return {
        "do": "slot",
        "service": slot.service_id,
        "professional": slot.professional_id,
        "start": slot.start.isoformat(),
        "moving": moving,
        "person": slot.person,
        "note": slot.note,
        **({"then": [slot_action(each, moving=None) for each in slot.then]} if slot.then else {}),
    }


def meant(said: str, named: Sequence[Service] | Sequence[Professional]) -> str:
    """Return the id that is meant: a model may say a name instead, if only one bears it."""
    if any(each.id == said for each in named):
        return said
    bearing = [each.id for each in named if each.name.casefold() == said.strip().casefold()]
    return bearing[0] if len(bearing) == 1 else said
