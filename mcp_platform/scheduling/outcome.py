"""What came of asking the agenda: values that are rendered, told to a model, and journalled.

Owns the outcomes and their JSON. Refuses to know how they came about and how they are worded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

from mcp_platform.scheduling.catalogue import ProfessionalId, ServiceId

AppointmentStatus = Literal["held", "booked", "confirmed", "cancelled", "completed", "no_show"]


def _write_moment(moment: datetime) -> str:
    # The zone goes with the time: `wording.py` writes only times that know their zone by name.
    if not isinstance(moment.tzinfo, ZoneInfo) or moment.tzinfo.key is None:
        raise ValueError(f"{moment!r} is not by a tenant's clock")
    return f"{moment.isoformat()}[{moment.tzinfo.key}]"


def _read_moment(value: str | datetime) -> datetime:
    if isinstance(value, datetime):
        return value
    stamp, _, zone = value.removesuffix("]").partition("[")
    return datetime.fromisoformat(stamp).astimezone(ZoneInfo(zone))


# As JSON: RFC 9557, "2026-12-01T10:00:00-03:00[America/Sao_Paulo]".
Moment = Annotated[
    datetime, BeforeValidator(_read_moment), PlainSerializer(_write_moment, return_type=str)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentView:
    """An appointment as people see it. Times are by the tenant's clock; buffers are not shown."""

    id: UUID
    service_id: ServiceId
    service_name: str
    professional_id: ProfessionalId
    professional_name: str
    starts_at: Moment
    ends_at: Moment
    status: AppointmentStatus
    price_cents: int | None
    currency: str | None


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

    appointment: AppointmentView


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The appointment stands at its new time. `previous_start` is equal to it if it stood there."""

    appointment: AppointmentView
    previous_start: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    appointment: AppointmentView


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
    outcome: Outcome = _ADAPTERS[kind].validate_python(fields)
    return outcome
