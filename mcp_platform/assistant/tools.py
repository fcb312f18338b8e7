"""What the model may do, and how it is done: seven tools, every one bound to this contact.

Tenant and contact come from the turn. An id is accepted only if it was issued to this contact.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

import structlog
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.context import TurnContext
from mcp_platform.assistant.done import (
    DaysDiffer,
    Done,
    HandedOver,
    Informed,
    Listed,
    Outcome,
    Refused,
    ToCancel,
    ToChoose,
    UnknownSlot,
    still_to_come,
)
from mcp_platform.assistant.information import information
from mcp_platform.assistant.journal import Journal
from mcp_platform.assistant.metrics import TOOL_CALLS
from mcp_platform.assistant.model import FunctionCall
from mcp_platform.assistant.named_days import NamedDay, named_day
from mcp_platform.assistant.offers import Action, Offers
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.errors import CredentialRefused, Invalid, NotFound
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.agenda import Agenda, ChosenSlot
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.catalogue import Catalogue, Professional, Service
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    Cancelled,
    Moved,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)

log = structlog.get_logger(__name__)

# WhatsApp shows ten rows in a list; the model is told no more than the contact can be shown.
MOST_SLOTS = 10
# A turn that books more than this is not serving one customer.
MOST_EFFECTS = 3
# Nor does it need more calls than this: five rounds of one or two are the longest seen to help.
MOST_CALLS = 12
DEFAULT_DAYS = timedelta(days=6)


def _by_the_business_clock(at: time) -> time:
    """Refuse an offset: it would be compared with opening hours, which have none."""
    if at.tzinfo is not None:
        raise ValueError("HH:MM on the business's clock, without an offset")
    return at


def _end_of_day(at: object) -> object:
    return time.max if at in ("24:00", "24:00:00") else at


ClockTime = Annotated[time, BeforeValidator(_end_of_day), AfterValidator(_by_the_business_clock)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, args: object) -> object:
        """Take an argument of nothing for one that is missing: models fill in every field."""
        if not isinstance(args, dict):
            return args
        return {
            name: value
            for name, value in args.items()
            if not (name in cls.model_fields and isinstance(value, str) and not value.strip())
        }


class FindSlots(_Arguments):
    service_id: str
    professional_id: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    from_time: ClockTime | None = None
    to_time: ClockTime | None = None
    appointment_id: str | None = Field(
        None, description="The appointment to be moved, when the customer wants to move one."
    )


class Book(_Arguments):
    slot_id: str


class Reschedule(_Arguments):
    appointment_id: str
    slot_id: str


class Cancel(_Arguments):
    appointment_id: str


class Nothing(_Arguments):
    pass


class TalkToHuman(_Arguments):
    reason: str | None = None


TOOLS: Mapping[str, tuple[type[_Arguments], str]] = {
    "find_slots": (
        FindSlots,
        "Find free times for a service. Dates are YYYY-MM-DD and times HH:MM, on the business's"
        " clock. Without dates: the next seven days. Returns slots with ids.",
    ),
    "book": (Book, "Book a slot that find_slots returned, by its id."),
    "reschedule": (
        Reschedule,
        "Move one of the customer's appointments to a slot that find_slots returned.",
    ),
    "cancel": (Cancel, "Cancel one of the customer's appointments, by its id."),
    "my_appointments": (Nothing, "List the customer's own appointments."),
    "business_info": (
        Nothing,
        "The business's address, phone, opening hours, services, prices and notes.",
    ),
    "talk_to_human": (
        TalkToHuman,
        "Call a person of the business, when the customer wants one or nothing else helps.",
    ),
}


def declarations() -> list[dict[str, Any]]:
    """Return the tools as function declarations with JSON Schema, as Gemini takes them."""
    return [
        {"name": name, "description": description, "parameters_json_schema": _schema(arguments)}
        for name, (arguments, description) in TOOLS.items()
    ]


def _schema(arguments: type[_Arguments]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, field in arguments.model_fields.items():
        properties[name] = {"type": "string"}
        if field.description:
            properties[name]["description"] = field.description
    required = [name for name, field in arguments.model_fields.items() if field.is_required()]
    return {"type": "object", "properties": properties, "required": required}


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
        business: Mapping[str, str | None],
        human_for: timedelta,
    ) -> None:
        self.context = context
        self.journal = journal
        self.catalogue = catalogue
        self.agenda = agenda
        self._notices = notices
        self._business = business
        self._human_for = human_for
        self._effects = 0
        self._placed: list[Appointment] = []
        self._asked_which_day = False
        self._at_once: list[Action] = []
        self._asked_which_one = False
        self._calls = 0
        self.seen: dict[UUID, Appointment] = {}
        """The appointments that this turn has read or changed, as they were then."""
        self.day_changed = False
        """The contact named a day by "tomorrow" or the like, and midnight has passed since."""

    @property
    def now(self) -> datetime:
        return self.context.now

    async def foresee(self, calls: Sequence[FunctionCall]) -> None:
        """Note which slots the model would book or move to at once: of several the contact chooses."""
        placing = [call.args for call in calls if call.name in ("book", "reschedule")]
        self._at_once = []
        if len(placing) < 2:  # noqa: PLR2004  # one is no choice
            return
        for args in placing:
            slot = await self._slot(str(args.get("slot_id")))
            moving = args.get("appointment_id")
            if slot is not None and moving is not None:
                slot = {**slot, "moving": await self._appointment(str(moving))}
            if slot is not None and self.slot_view(slot) and slot not in self._at_once:
                self._at_once.append(slot)

    async def perform(self, step: str, call: FunctionCall, *, language: str) -> Done:
        """Do what the model asks, or say why not. Never raises for what the model sent."""
        self._calls += 1
        if self._calls > MOST_CALLS:  # the same on every start: nothing need be written down
            return Done(Refused("too_many", "Enough was called in this turn."))
        done = self._recorded(step)
        if done is None:
            done = await self._perform(step, call, language=language)
            failpoint("turn.after_tool")
        if isinstance(done.outcome, Booked | Moved | Cancelled):
            self._effects += 1
        if isinstance(done.outcome, Booked | Moved):
            self._placed.append(done.outcome.appointment)
        if isinstance(done.outcome, DaysDiffer):
            self._asked_which_day = True
        if isinstance(done.outcome, ToChoose):
            self._asked_which_one = True
        known = call.name if call.name in TOOLS else "unknown"
        TOOL_CALLS.labels(tool=known, outcome=type(done.outcome).__name__).inc()
        return done

    async def _perform(self, step: str, call: FunctionCall, *, language: str) -> Done:
        if call.name not in TOOLS:
            return await self._note(step, Refused("unknown_function", "There is no such function."))
        try:
            arguments = TOOLS[call.name][0].model_validate(call.args)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return await self._note(step, Refused("bad_arguments", f"{where}: {first['msg']}"))
        match arguments:
            case FindSlots():
                return await self._find(step, arguments)
            case Book(slot_id=slot_id):
                slot = await self._slot(slot_id)
                return await self._shown_first(step, slot) or await self.take(step, slot)
            case Reschedule(appointment_id=appointment_id, slot_id=slot_id):
                slot = await self._slot(slot_id)
                appointment = await self._appointment(appointment_id)
                if slot is not None and appointment is None:
                    return await self._note(step, UnknownAppointment())
                slot = slot and {**slot, "moving": appointment}
                return await self._shown_first(step, slot) or await self.take(step, slot)
            case Cancel(appointment_id=appointment_id):
                appointment = await self._appointment(appointment_id)
                return await self._asked_first(step, appointment) or await self.cancel(
                    step, appointment
                )
            case TalkToHuman():
                return await self.hand_over(step)
        if call.name == "my_appointments":
            return await self.mine(step)
        return await self.inform(step, language=language)

    # -- what taps do too ----------------------------------------------------------------------

    async def take(self, step: str, slot: Action | None) -> Done:
        """Book the slot that was offered, or move the appointment it was offered for."""
        if (recorded := self._recorded(step)) is not None:
            return recorded
        if slot is None:
            return await self._note(step, UnknownSlot())
        if self._effects >= MOST_EFFECTS:
            return await self._note(step, Refused("too_many", "Enough was changed at once."))
        choice = ChosenSlot(
            service_id=slot["service"],
            professional_id=slot["professional"],
            start=datetime.fromisoformat(slot["start"]),
        )
        work = _Work(self, step, moving=slot.get("moving"))
        contact = self.context.contact
        try:
            if slot.get("moving"):
                await self.agenda.move(
                    appointment_id=UUID(slot["moving"]),
                    contact_id=contact.id,
                    choice=choice,
                    now=self.now,
                    work=work,
                )
            else:
                await self.agenda.book(
                    hold_id=self.journal.uuid("hold", step),
                    contact_id=contact.id,
                    contact_name=contact.name,
                    choice=choice,
                    now=self.now,
                    work=work,
                )
        except NotFound:  # the service or the professional is no longer offered
            return await self._note(step, UnknownSlot())
        return work.done

    async def cancel(self, step: str, appointment: str | None) -> Done:
        if (recorded := self._recorded(step)) is not None:
            return recorded
        if appointment is None:
            return await self._note(step, UnknownAppointment())
        work = _Work(self, step)
        await self.agenda.cancel(
            appointment_id=UUID(appointment),
            contact_id=self.context.contact.id,
            now=self.now,
            work=work,
        )
        return work.done

    async def mine(self, step: str) -> Done:
        appointments = await self.agenda.upcoming(contact_id=self.context.contact.id, now=self.now)
        return await self._note(step, Listed(appointments))

    async def inform(self, step: str, *, language: str) -> Done:
        info = information(business=self._business, catalogue=self.catalogue, language=language)
        return await self._note(step, Informed(info))

    async def hand_over(self, step: str) -> Done:
        """Silence the assistant for a time and tell the owner who wants to talk."""
        if (recorded := self._recorded(step)) is not None:
            return recorded
        contact = self.context.contact
        async with self.journal.begin() as session:
            tenant, until = self.context.tenant, self.now + self._human_for
            await Contacts(session, contact.tenant_id).answered_by(contact.id, "human", until=until)
            await self._notices.wants_a_person(
                session,
                tenant,
                contact,
                until=wording.short_moment(
                    self.catalogue.rules.local(until), language=tenant.language
                ),
                key=str(self.context.turn.id),
            )
            done = Done(HandedOver())
            await self.journal.write(session, step, done.to_json())
        return done

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
        return SlotView(
            service_id=service.id,
            service_name=service.name,
            professional_id=professional.id,
            professional_name=professional.name,
            start=start,
            end=self.catalogue.rules.local(start.astimezone(UTC) + service.duration),
        )

    async def find(
        self, wanted: SearchWindow, *, service_id: str, **which: Any
    ) -> SlotsFound | CalendarClosed:
        """Look for free times; an unreadable calendar is an answer too."""
        try:
            return await self.agenda.openings.find(
                service_id=service_id, wanted=wanted, now=self.now, limit=MOST_SLOTS, **which
            )
        except (CalendarUnreadable, CredentialRefused):
            return CalendarClosed()

    async def note(self, step: str, outcome: Outcome, *, moving: str | None = None) -> Done:
        """Write an outcome without an effect into the journal, its offers beside it."""
        if (recorded := self._recorded(step)) is not None:
            return recorded
        return await self._note(step, outcome, moving=moving)

    # -- behind the tools ----------------------------------------------------------------------

    def _recorded(self, step: str) -> Done | None:
        """Return what an earlier start of this turn did, less the times that are over by now."""
        recorded = self.journal.get(step)
        if recorded is None:
            return None
        done = still_to_come(Done.from_json(recorded), now=self.now)
        self._see(done.outcome)
        return done

    def _see(self, outcome: Outcome) -> None:
        match outcome:
            case Booked(appointment=one) | Moved(appointment=one) | Cancelled(appointment=one):
                self.see(one)
            case ToCancel(one):
                self.see(one)
            case Listed(appointments):
                self.see(*appointments)

    def see(self, *appointments: Appointment) -> None:
        """Remember how appointments are, for what is said of them."""
        self.seen |= {each.id: each for each in appointments}

    async def _shown_first(self, step: str, slot: Action | None) -> Done | None:
        """Show a slot to be tapped, where typed words do not say for certain that it is meant.

        "Tomorrow" is another day once midnight has passed since it was written; what is asked for
        besides another may be meant instead, so that the contact says which, or that all are; and
        on another day than the words name nothing is booked.
        """
        view = None if slot is None else self.slot_view(slot)
        if slot is None or view is None:
            return None
        day = view.start.date()
        which_day = self._asked_which_day or await self._days_to_ask_about(day, day)
        if which_day or self._another_day(day):
            kind = DaysDiffer if which_day else SlotsFound
            found = kind(status="ok", slots=(view,))
            return await self._note(step, found, moving=slot.get("moving"))
        if self._asked_which_one:
            return await self._note(step, Refused("ask_which_one", "The customer is to say which."))
        if len(self._at_once) > 1:
            asked = self._at_once[: MOST_SLOTS - 1]  # and a row for all of them
        elif any(_another(each, slot, view) for each in self._placed):
            asked = [slot]
        else:
            return None
        views = [each for each in map(self.slot_view, asked) if each is not None]
        moving = tuple(each.get("moving") for each in asked)
        return await self._note(step, ToChoose(slots=tuple(views), moving=moving))

    async def _asked_first(self, step: str, appointment: str | None) -> Done | None:
        """Ask before cancelling, where typed words may mean an appointment of another day."""
        mine = await self.agenda.upcoming(contact_id=self.context.contact.id, now=self.now)
        view = next((each for each in mine if str(each.id) == appointment), None)
        if view is None:
            return None
        day = view.starts_at.date()
        said = self._said()
        if self._another_day(day) or (said is not None and not said.fits(day)):
            return await self._note(step, ToCancel(view))
        return None

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

    async def _find(self, step: str, arguments: FindSlots) -> Done:
        today = self.now.astimezone(self.catalogue.rules.zone).date()
        first = arguments.from_date or today
        last = arguments.to_date or (first if arguments.from_date else first + DEFAULT_DAYS)
        moving = (
            await self._appointment(arguments.appointment_id) if arguments.appointment_id else None
        )
        who = arguments.professional_id
        # Days that no calendar goes to are out of range, whichever they are.
        earliest = today - DEFAULT_DAYS
        latest = today + self.catalogue.rules.horizon + DEFAULT_DAYS
        first, last = (min(max(each, earliest), latest) for each in (first, last))
        try:
            wanted = SearchWindow(
                first=first,
                last=max(first, last),
                from_time=arguments.from_time or time.min,
                to_time=arguments.to_time or time.max,
            )
            search: dict[str, Any] = {
                "service_id": _meant(arguments.service_id, self.catalogue.services),
                "professional_id": who and _meant(who, self.catalogue.professionals),
                "spread": arguments.from_time is None,
                "moving": UUID(moving) if moving else None,
            }
            days = await self._days_to_ask_about(wanted.first, wanted.last)
            differ = await self._on_each(days, wanted, search) if days else None
            found = differ or await self.find(wanted, **search)
        except (Invalid, NotFound, ValueError) as error:  # or they do not do this service
            return await self._note(step, Refused("bad_arguments", str(error)))
        return await self._note(step, found, moving=moving)

    async def _days_to_ask_about(self, first: date, last: date) -> list[date]:
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

    async def _on_each(
        self, days: Sequence[date], wanted: SearchWindow, search: Mapping[str, Any]
    ) -> DaysDiffer | None:
        """Look for free times on each of the days; None if there are none to choose from."""
        found = [await self.find(replace(wanted, first=day, last=day), **search) for day in days]
        share = MOST_SLOTS // len(days)
        slots = [
            slot
            for each in found
            if isinstance(each, SlotsFound) and each.status == "ok"
            for slot in each.slots[:share]
        ]
        return DaysDiffer(status="ok", slots=tuple(slots)) if slots else None

    async def _slot(self, offer: str) -> Action | None:
        action = await self._offered(offer)
        return action if action is not None and action["do"] == "slot" else None

    async def _appointment(self, offer: str) -> str | None:
        action = await self._offered(offer)
        return action["id"] if action is not None and action["do"] == "appointment" else None

    async def _offered(self, offer: str) -> Action | None:
        async with self.journal.begin() as session:
            return await self.offers(session).find(offer, now=self.now)

    def offers(self, session: AsyncSession) -> Offers:
        contact = self.context.contact
        return Offers(session, contact.tenant_id, contact.id)

    async def _note(self, step: str, outcome: Outcome, *, moving: str | None = None) -> Done:
        async with self.journal.begin() as session:
            return await self.conclude(session, step, outcome, moving=moving)

    async def conclude(
        self, session: AsyncSession, step: str, outcome: Outcome, *, moving: str | None = None
    ) -> Done:
        """Issue ids for what `outcome` shows and write it down, in the caller's transaction."""
        self._see(outcome)
        offered = self._offer(step, outcome, moving=moving)
        await self.offers(session).issue(offered, now=self.now)
        done = Done(outcome, tuple(offered))
        await self.journal.write(session, step, done.to_json())
        return done

    def _offer(self, step: str, outcome: Outcome, *, moving: str | None) -> dict[str, Action]:
        match outcome:
            case SlotsFound(slots=slots) | Taken(alternatives=slots):
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
            case ToCancel(one):
                was = one.starts_at.isoformat()
                return {
                    f"c_{self.journal.token(step, 'yes')}": {
                        "do": "cancel_sure",
                        "id": str(one.id),
                        "was": was,
                    },
                    f"c_{self.journal.token(step, 'no')}": {"do": "appointment", "id": str(one.id)},
                }
            case Booked(appointment=one) | Moved(appointment=one) | Cancelled(appointment=one):
                return self.offer_appointments((one,))
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

    def __init__(self, toolbox: Toolbox, step: str, *, moving: str | None = None) -> None:
        self._toolbox = toolbox
        self._step = step
        self._moving = moving
        self.done: Done

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._toolbox.journal.begin()

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        self.done = await self._toolbox.conclude(session, self._step, outcome, moving=self._moving)


def _another(placed: Appointment, slot: Action, view: SlotView) -> bool:
    """Tell whether a slot is another one than this turn has booked or moved to already.

    It may be meant instead ("Friday or Saturday", "a cut or a shave"), or besides.
    """
    there = (placed.starts_at, placed.professional_id, placed.service_id)
    same = there == (view.start, view.professional_id, view.service_id)
    return not (same and slot.get("moving") in (None, str(placed.id)))


def slot_action(slot: SlotView, *, moving: str | None) -> Action:
    return {
        "do": "slot",
        "service": slot.service_id,
        "professional": slot.professional_id,
        "start": slot.start.isoformat(),
        "moving": moving,
    }


def _meant(said: str, named: Sequence[Service] | Sequence[Professional]) -> str:
    """Return the id that is meant: a model may say a name instead, if only one bears it."""
    if any(each.id == said for each in named):
        return said
    bearing = [each.id for each in named if each.name.casefold() == said.strip().casefold()]
    return bearing[0] if len(bearing) == 1 else said
