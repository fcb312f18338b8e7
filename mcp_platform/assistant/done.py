"""What the tools of a turn did: outcomes with the ids that were issued for what they show.

Written into the journal as JSON, told to the model as a tool's result, rendered for the contact
by `speech.py`. One value, three readings.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mcp_platform.scheduling import outcome as scheduling
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """The contact's own appointments."""

    appointments: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True)
class Informed:
    """What the business says of itself. Each passage may be quoted, whole."""

    info: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person was called, and the assistant is silent from now on."""


@dataclass(frozen=True, slots=True)
class UnknownSlot:
    """An id that was not issued to this contact, or has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysDiffer(SlotsFound):
    """Slots on each of the days that may be meant: words name one, another was searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChoose:
    """Slots each of which the model would book: which of them are meant, the contact says.

    `moving` is the appointment that each would move, or None. After the ids of several slots comes
    one for all of them.
    """

    slots: tuple[SlotView, ...]
    moving: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class ToCancel:
    """An appointment that the model would cancel, where words may mean another one.

    The first id cancels it, the second keeps it.
    """

    appointment: Appointment


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that was not made: unknown tool, bad arguments."""

    error: str
    detail: str


Own = Listed | Informed | HandedOver | UnknownSlot | DaysDiffer | ToChoose | ToCancel | Refused
Outcome = scheduling.Outcome | Own


@dataclass(frozen=True, slots=True)
class Done:
    """An outcome, and the offer ids of the slots or appointments in it, in their order."""

    outcome: Outcome
    ids: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"outcome": _write(self.outcome), "ids": list(self.ids)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Done":
        return cls(_read(content["outcome"]), tuple(content["ids"]))


def still_to_come(done: Done, *, now: datetime) -> Done:
    """Return `done` without slots that have begun since it was written down."""
    match done.outcome:
        case SlotsFound(slots=slots) | Taken(alternatives=slots):
            kept = [pair for pair in zip(slots, done.ids, strict=True) if pair[0].start > now]
            if len(kept) == len(slots):
                return done
            left, ids = tuple(slot for slot, _ in kept), tuple(offer for _, offer in kept)
            if isinstance(done.outcome, Taken):
                return Done(Taken(alternatives=left), ids)
            if not left:
                return Done(UnknownSlot())
            return Done(replace(done.outcome, slots=left), ids)
        case ToChoose(slots=slots) if any(slot.start <= now for slot in slots):
            return Done(UnknownSlot())
    return done


def _write(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Listed(appointments):
            listed = [scheduling.to_json(Booked(appointment=each)) for each in appointments]
            return {"own": "listed", "appointments": listed}
        case Informed(info):
            return {"own": "informed", "info": info}
        case HandedOver():
            return {"own": "handed_over"}
        case UnknownSlot():
            return {"own": "unknown_slot"}
        case DaysDiffer(status=status, slots=slots):
            found = scheduling.to_json(SlotsFound(status=status, slots=slots))
            return {"own": "days_differ", "found": found}
        case ToChoose(slots=slots, moving=moving):
            found = scheduling.to_json(SlotsFound(status="ok", slots=slots))
            return {"own": "to_choose", "found": found, "moving": list(moving)}
        case ToCancel(appointment):
            booked = scheduling.to_json(Booked(appointment=appointment))
            return {"own": "to_cancel", "appointment": booked}
        case Refused(error, detail):
            return {"own": "refused", "error": error, "detail": detail}
        case _:
            return {"scheduling": scheduling.to_json(outcome)}


def _read(content: dict[str, Any]) -> Outcome:
    match content:
        case {"own": "listed", "appointments": appointments}:
            booked = [scheduling.from_json(each) for each in appointments]
            return Listed(tuple(each.appointment for each in booked if isinstance(each, Booked)))
        case {"own": "informed", "info": info}:
            return Informed(info)
        case {"own": "handed_over"}:
            return HandedOver()
        case {"own": "unknown_slot"}:
            return UnknownSlot()
        case {"own": "days_differ", "found": found}:
            slots = scheduling.from_json(found)
            return DaysDiffer(
                status="ok", slots=slots.slots if isinstance(slots, SlotsFound) else ()
            )
        case {"own": "to_choose", "found": found, "moving": moving}:
            return ToChoose(slots=scheduling.from_json(found).slots, moving=tuple(moving))  # type: ignore[union-attr]  # as it was written
        case {"own": "to_cancel", "appointment": booked}:
            return ToCancel(scheduling.from_json(booked).appointment)  # type: ignore[union-attr]  # as above
        case {"own": "refused", "error": error, "detail": detail}:
            return Refused(error, detail)
        case _:
            return scheduling.from_json(content["scheduling"])


def result_for_model(done: Done) -> dict[str, Any]:
    """Return what the model is told of it: ids and instants, never a sentence."""
    match done.outcome:
        case DaysDiffer(slots=slots):
            return {"status": "ask_which_day", "slots": _slots(slots, done.ids)}
        case ToChoose(slots=slots):
            return {"status": "ask_which_one", "slots": _slots(slots, done.ids[: len(slots)])}
        case ToCancel(appointment):
            return {"status": "ask_first", "start": appointment.starts_at.isoformat()}
        case SlotsFound(status=status, slots=slots):
            return {"status": status, "slots": _slots(slots, done.ids)}
        case Taken(alternatives=slots):
            return {"status": "taken", "slots": _slots(slots, done.ids)}
        case Booked(appointment=appointment):
            return {"status": "booked", "appointment": _appointment(appointment, done.ids[0])}
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
        case Listed(appointments):
            pairs = zip(appointments, done.ids, strict=True)
            return {"appointments": [_appointment(each, offer) for each, offer in pairs]}
        case Informed(info):
            return info
        case HandedOver():
            return {"status": "handed_over"}
        case UnknownSlot():
            return {"status": "unknown_slot"}
        case Refused(error, detail):
            return {"error": error, "detail": detail}


def _slots(slots: tuple[SlotView, ...], ids: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "id": offer,
            "service": slot.service_name,
            "professional": slot.professional_name,
            "start": slot.start.isoformat(),
        }
        for slot, offer in zip(slots, ids, strict=True)
    ]


def _appointment(appointment: Appointment, offer: str) -> dict[str, Any]:
    return {
        "id": offer,
        "service": appointment.service_name,
        "professional": appointment.professional_name,
        "start": appointment.starts_at.isoformat(),
        "status": appointment.status,
    }
