"""What the tools of a turn did, as one discriminated union: `kind` names each outcome in JSON.

An outcome is written into the journal, told to the model as a tool's result, and rendered for the
contact. Those of the agenda are `scheduling/outcome.py`'s; those that one tool alone has stand in that
tool's file.
"""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from mcp_platform.assistant.speaking.facts import About
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Proposed,
    Released,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)
from mcp_platform.words.book import Outcome as BookOutcome

Role = Literal["effect", "reading", "failure"]
"""An effect has changed something; a reading has not; a failure is why nothing could be done."""


class ToolOutcome(ABC):
    """An outcome of the assistant's own. Each is a frozen dataclass with a `kind` of its own."""

    __slots__ = ()
    role: ClassVar[Role]

    @property
    @abstractmethod
    def kind(self) -> str:
        """What names it in the journal."""

    @property
    def in_book(self) -> BookOutcome | None:
        """The effect that phrases of the book may state of it."""
        return None

    @property
    def phrase(self) -> str | None:
        """The phrase by which code states it, filled with `values`."""
        return None

    @property
    def about(self) -> About:
        """What `phrase` is about."""
        return About()

    @property
    def values(self) -> Mapping[str, str | None]:
        """What fills the placeholders of `phrase`."""
        return {}

    @abstractmethod
    def for_model(self, ids: tuple[str, ...], /) -> dict[str, Any]:
        """Return what the model is told of it: ids and instants, never a sentence.

        `ids` are the offers that were issued for what it shows, in its order.
        """


@dataclass(frozen=True, slots=True)
class Listed(ToolOutcome):
    """The contact's own appointments."""

    role: ClassVar[Role] = "reading"
    appointments: tuple[Appointment, ...]
    kind: Literal["listed"] = "listed"

    def for_model(self, ids: tuple[str, ...], /) -> dict[str, Any]:
        pairs = zip(self.appointments, ids, strict=True)
        return {"appointments": [_appointment(each, offer) for each, offer in pairs]}


@dataclass(frozen=True, slots=True)
class HandedOver(ToolOutcome):
    """A person was called, and the assistant is silent from now on."""

    role: ClassVar[Role] = "effect"
    kind: Literal["handed_over"] = "handed_over"

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "handed_over"}


@dataclass(frozen=True, slots=True)
class UnknownSlot(ToolOutcome):
    """An id that was not issued to this contact, or has expired."""

    role: ClassVar[Role] = "failure"
    kind: Literal["unknown_slot"] = "unknown_slot"

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "unknown_slot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysDiffer(ToolOutcome):
    """Slots on each of the days that may be meant: words name one, another was searched."""

    role: ClassVar[Role] = "reading"
    slots: tuple[SlotView, ...]
    kind: Literal["days_differ"] = "days_differ"

    def for_model(self, ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "ask_which_day", "slots": _slots(self.slots, ids)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChoose(ToolOutcome):
    """Slots each of which the model would book: which of them are meant, the contact says.

    `moving` is the appointment that each would move, or None. After the ids of several slots comes
    one for all of them.
    """

    role: ClassVar[Role] = "reading"
    slots: tuple[SlotView, ...]
    moving: tuple[str | None, ...]
    kind: Literal["to_choose"] = "to_choose"

    def for_model(self, ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "ask_which_one", "slots": _slots(self.slots, ids[: len(self.slots)])}


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichService(ToolOutcome):
    """A search that waits for its service: choosing one makes it. `actions` are by name's order."""

    role: ClassVar[Role] = "reading"
    names: tuple[str, ...]
    actions: tuple[dict[str, Any], ...]
    kind: Literal["which_service"] = "which_service"

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "ask_which_service"}


@dataclass(frozen=True, slots=True)
class ToCancel(ToolOutcome):
    """An appointment that the model would cancel, and maybe others with it: the contact says.

    The first id cancels them, the second keeps them.
    """

    role: ClassVar[Role] = "reading"
    appointment: Appointment
    also: tuple[Appointment, ...] = ()
    kind: Literal["to_cancel"] = "to_cancel"

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "ask_first", "start": self.appointment.starts_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Refused(ToolOutcome):
    """A call that was not made: unknown tool, bad arguments."""

    role: ClassVar[Role] = "failure"
    error: str
    detail: str
    kind: Literal["refused"] = "refused"

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"error": self.error, "detail": self.detail}


AgendaOutcome = (
    Booked
    | BookedTogether
    | Moved
    | Cancelled
    | Proposed
    | Released
    | Taken
    | CalendarClosed
    | LimitReached
    | UnknownAppointment
    | SlotsFound
)
Outcome = AgendaOutcome | ToolOutcome
EFFECTS = (Booked, BookedTogether, Moved, Cancelled)
FAILURES = (Taken, CalendarClosed, LimitReached, UnknownAppointment)
SHARED: tuple[type[Any], ...] = (
    *(
        Booked,
        BookedTogether,
        Moved,
        Cancelled,
        Proposed,
        Released,
        Taken,
        CalendarClosed,
        LimitReached,
        UnknownAppointment,
        SlotsFound,
    ),
    *(Listed, HandedOver, UnknownSlot, DaysDiffer, ToChoose, WhichService, ToCancel, Refused),
)
"""The outcomes that several tools have, or a tap."""


@dataclass(frozen=True, slots=True)
class Done:
    """An outcome, and the offer ids of the slots or appointments in it, in their order."""

    outcome: Outcome
    ids: tuple[str, ...] = field(default=())
    more: str | None = None
    """The offer id of a row that shows what its list leaves out."""


class OutcomeJson:
    """Writes outcomes into the journal and reads them again."""

    def __init__(self, outcomes: Iterable[type[Any]]) -> None:
        """Take the dataclasses of all outcomes. Raises TypeError where two have one `kind`."""
        union: Any = Annotated[reduce(operator.or_, outcomes), Field(discriminator="kind")]
        self._any: TypeAdapter[Any] = TypeAdapter(union)

    def write(self, done: Done) -> dict[str, Any]:
        """Return it as JSON. Raises ValueError for a time that is not by a tenant's clock."""
        outcome = self._any.dump_python(done.outcome, mode="json", warnings="error")
        return {"outcome": outcome, "ids": list(done.ids), "more": done.more}

    def read(self, content: Mapping[str, Any]) -> Done:
        """Return what `write` wrote, in this release or in the one before.

        Raises:
            ValueError: it wrote no such thing.
        """
        outcome = _as_written_now(content["outcome"])
        ids, more = tuple(content["ids"]), content.get("more")
        return Done(self._any.validate_python(outcome), ids, more)


def _as_written_now(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an outcome as this release writes it: one begun before an upgrade is finished after.

    To go with the next release.
    """
    match outcome:
        case {"scheduling": agendas}:
            return {**agendas}
        case {"own": "listed", "appointments": booked}:
            return {"kind": "listed", "appointments": [each["appointment"] for each in booked]}
        case {"own": "days_differ", "found": found}:
            return {"kind": "days_differ", "slots": found["slots"]}
        case {"own": "to_choose", "found": found, "moving": moving}:
            return {"kind": "to_choose", "slots": found["slots"], "moving": moving}
        case {"own": "to_cancel", "appointment": booked}:
            return {"kind": "to_cancel", "appointment": booked["appointment"]}
        case {"own": kind, **rest}:
            return {"kind": kind, **rest}
    return outcome


def still_to_come(done: Done, *, now: datetime) -> Done:
    """Return `done` without slots that have begun since it was written down."""
    match done.outcome:
        case SlotsFound(slots=slots) | DaysDiffer(slots=slots) | Taken(alternatives=slots):
            kept = [pair for pair in zip(slots, done.ids, strict=True) if pair[0].start > now]
            if len(kept) == len(slots):
                return done
            left, ids = tuple(slot for slot, _ in kept), tuple(offer for _, offer in kept)
            if isinstance(done.outcome, Taken):
                return replace(done, outcome=replace(done.outcome, alternatives=left), ids=ids)
            if not left:
                return Done(UnknownSlot())
            return replace(done, outcome=replace(done.outcome, slots=left), ids=ids)
        case ToChoose(slots=slots) if any(slot.start <= now for slot in slots):
            return Done(UnknownSlot())
        case Proposed(slots=slots) if any(each.slot.start <= now for each in slots):
            return Done(UnknownSlot())
    return done


def result_for_model(done: Done) -> dict[str, Any]:
    """Return what the model is told of it: ids and instants, never a sentence."""
    match done.outcome:
        case SlotsFound(status=status, slots=slots):
            return {"status": status, "slots": _slots(slots, done.ids)}
        case Taken(alternatives=slots):
            return {"status": "taken", "slots": _slots(slots, done.ids)}
        case Booked(appointment=appointment):
            return {"status": "booked", "appointment": _appointment(appointment, done.ids[0])}
        case BookedTogether(appointments=appointments):
            pairs = zip(appointments, done.ids, strict=True)
            booked = [_appointment(each, offer) for each, offer in pairs]
            return {"status": "booked", "appointments": booked}
        case Proposed():
            return {"status": "ask_first"}
        case Released():
            return {"status": "released"}
        case Moved(appointment=appointment):
            return {"status": "moved", "appointment": _appointment(appointment, done.ids[0])}
        case Cancelled(appointment=appointment):
            return {"status": "cancelled", "appointment": _appointment(appointment, done.ids[0])}
        case CalendarClosed():
            return {"status": "calendar_unavailable"}
        case LimitReached(limit=limit):
            return {"status": "limit_reached", "limit": limit}
        case UnknownAppointment():
            return {"status": "unknown_appointment"}
        case own:
            return own.for_model(done.ids)


def _slots(slots: tuple[SlotView, ...], ids: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"id": offer, **slot_facts(slot)} for slot, offer in zip(slots, ids, strict=True)]


def slot_facts(slot: SlotView) -> dict[str, Any]:
    """Return what the model is told of a slot, and of those that follow in the same choice."""
    facts: dict[str, Any] = {
        "service": slot.service_name,
        "professional": slot.professional_name,
        "start": slot.start.isoformat(timespec="minutes"),
    }
    return {**facts, "then": list(map(slot_facts, slot.then))} if slot.then else facts


def _appointment(appointment: Appointment, offer: str) -> dict[str, Any]:
    return {
        "id": offer,
        "service": appointment.service_name,
        "professional": appointment.professional_name,
        "start": appointment.starts_at.isoformat(),
        "status": appointment.status,
    }
