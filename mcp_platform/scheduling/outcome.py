"""The outcomes of asking the agenda. `kind` names each in JSON."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from mcp_platform.scheduling.appointment import Appointment, Moment
from mcp_platform.scheduling.catalogue import ProfessionalId, ServiceId


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """A slot as people see it. Times are by the tenant's clock.

    `person` and `note` are what the contact said of the visit; choosing the slot books with them.
    """

    service_id: ServiceId
    service_name: str
    professional_id: ProfessionalId
    professional_name: str
    start: Moment
    end: Moment
    person: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)
    then: "tuple[SlotView, ...]" = ()
    """What follows directly, for the same contact, in the same choice."""

    @property
    def each(self) -> "tuple[SlotView, ...]":
        """All slots of the choice, in their order."""
        return (self, *self.then)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The appointment stands. A repeated request finds it as it is now, cancelled since perhaps."""

    appointment: Appointment
    kind: Literal["booked"] = "booked"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTogether:
    """Several appointments stand that were proposed as one, in the order of the proposal."""

    appointments: tuple[Appointment, ...]
    kind: Literal["booked_together"] = "booked_together"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedSlot:
    """A slot that is held, with the price that confirming it keeps."""

    slot: SlotView
    price_cents: int | None
    currency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Slots are held for the contact until `until`, and nothing is booked or moved yet.

    `moving` is the appointment that confirming moves, as it stands; None: confirming books.
    """

    proposal_id: UUID
    slots: tuple[ProposedSlot, ...]
    until: Moment
    moving: Appointment | None
    person: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)
    kind: Literal["proposed"] = "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Nothing is held any more for this proposal."""

    proposal_id: UUID
    kind: Literal["released"] = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The appointment stands at its new time. `previous_start` is equal to it if it stood there."""

    appointment: Appointment
    previous_start: Moment
    kind: Literal["moved"] = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    appointment: Appointment
    kind: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The slot can no longer be had; `alternatives` are the nearest ones, earliest first.

    `more`: others are free on their days.
    """

    alternatives: tuple[SlotView, ...]
    more: bool = False
    kind: Literal["taken"] = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarClosed:
    """The calendar cannot be read: neither free nor busy, so nothing is booked."""

    kind: Literal["calendar_closed"] = "calendar_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReached:
    """The contact has `limit` appointments ahead, which is as many as one contact may have."""

    limit: int
    kind: Literal["limit_reached"] = "limit_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAppointment:
    """This contact has no such appointment ahead."""

    kind: Literal["unknown_appointment"] = "unknown_appointment"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsFound:
    """Slots as wanted (`ok`), or why there are none and which come nearest.

    `closed`: nobody works then. `full`: everything is taken, or gone by of today. `out_of_range`:
    days gone by, or beyond the horizon. `more`: these are not all; up to `whole_until` they are.
    """

    status: Literal["ok", "closed", "full", "out_of_range"]
    slots: tuple[SlotView, ...]
    more: bool = False
    whole_until: Moment | None = None
    kind: Literal["slots_found"] = "slots_found"


Outcome = (
    Booked
    | BookedTogether
    | Proposed
    | Released
    | Moved
    | Cancelled
    | Taken
    | CalendarClosed
    | LimitReached
    | UnknownAppointment
    | SlotsFound
)
