"""The outcomes of asking the agenda, and their JSON: rendered, told to a model, and journalled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter

from mcp_platform.scheduling.appointment import Appointment, Moment
from mcp_platform.scheduling.catalogue import ProfessionalId, ServiceId


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """A slot as people see it. Times are by the tenant's clock."""

    service_id: ServiceId
    service_name: str
    professional_id: ProfessionalId
    professional_name: str
    start: Moment
    end: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The appointment stands. A repeated request finds it as it is now, cancelled since perhaps."""

    appointment: Appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The appointment stands at its new time. `previous_start` is equal to it if it stood there."""

    appointment: Appointment
    previous_start: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    appointment: Appointment


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The slot can no longer be had; `alternatives` are the nearest ones, earliest first."""

    alternatives: tuple[SlotView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarClosed:
    """The calendar cannot be read: neither free nor busy, so nothing is booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """The contact has `limit` appointments ahead, which is as many as one contact may have."""

    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAppointment:
    """This contact has no such appointment ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsFound:
    """Slots as wanted (`ok`), or why there are none and which come next.

    `closed`: nobody works then. `full`: everything is taken, or gone by of today. `out_of_range`:
    days gone by, or beyond the horizon.
    """

    status: Literal["ok", "closed", "full", "out_of_range"]
    slots: tuple[SlotView, ...]


Outcome = (
    Booked
    | Moved
    | Cancelled
    | Taken
    | CalendarClosed
    | LimitReached
    | UnknownAppointment
    | SlotsFound
)

_KINDS: dict[str, type[Outcome]] = {
    "booked": Booked,
    "moved": Moved,
    "cancelled": Cancelled,
    "taken": Taken,
    "calendar_closed": CalendarClosed,
    "limit_reached": LimitReached,
    "unknown_appointment": UnknownAppointment,
    "slots_found": SlotsFound,
}
_NAMES = {of: name for name, of in _KINDS.items()}
# What the release before did not write down of an appointment, and no replay asks for: a turn that
# it began is finished by this one. To go with the next release.
_UNWRITTEN: Mapping[str, Any] = {
    "contact_id": UUID(int=0),
    "user_id": None,
    "booked_for": None,
    "calendar_id": None,
    "version": 0,
    "told": None,
}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(of) for name, of in _KINDS.items()}


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Return `outcome` as a JSON object, its name under `kind`."""
    kind = _NAMES[type(outcome)]
    return {"kind": kind, **_ADAPTERS[kind].dump_python(outcome, mode="json")}


def from_json(content: Mapping[str, Any]) -> Outcome:
    """Return the outcome that `to_json` wrote.

    Raises:
        ValueError: it wrote no such thing.
    """
    fields = dict(content)
    kind = fields.pop("kind", None)
    if kind not in _ADAPTERS:
        raise ValueError(f"{kind!r} is no outcome")
    if isinstance(appointment := fields.get("appointment"), dict):
        fields["appointment"] = {**_UNWRITTEN, **appointment}
    outcome: Outcome = _ADAPTERS[kind].validate_python(fields)
    return outcome
