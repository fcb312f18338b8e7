"""An appointment: one value, from the database to the journal, and the words for its status.

Pure. `appointments.py` reads and writes them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer

from mcp_platform.scheduling.catalogue import BookingRules, ProfessionalId, ServiceId

AppointmentStatus = Literal["held", "booked", "confirmed", "cancelled", "completed", "no_show"]
ListedStatus = Literal["booked", "confirmed", "cancelled", "completed", "no_show"]
"""All but that of a hold, which nobody is shown."""
ACTIVE: tuple[AppointmentStatus, ...] = ("booked", "confirmed")
OCCUPYING: tuple[AppointmentStatus, ...] = ("held", *ACTIVE)
STATUSES: tuple[AppointmentStatus, ...] = get_args(AppointmentStatus)

Mark = Literal["confirmed", "completed", "no_show"]
# What may be marked as what. What is over may be corrected, and is not made to come again.
MARKS: Mapping[Mark, frozenset[AppointmentStatus]] = {
    "confirmed": frozenset({"booked"}),
    "completed": frozenset({"booked", "confirmed", "no_show"}),
    "no_show": frozenset({"booked", "confirmed", "completed"}),
}


def listed(statuses: Iterable[AppointmentStatus]) -> str:
    """Return statuses as SQL lists them."""
    return ", ".join(f"'{status}'" for status in statuses)


HowTold = Literal["message", "call", "called"]


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
class Appointment:
    """An appointment, or a hold. `version` grows with each change; buffers are not shown.

    Times are UTC as the repository returns them: two times by one clock cannot be compared in the
    hour that the clocks repeat. An outcome carries them by the tenant's clock.
    """

    id: UUID
    contact_id: UUID
    user_id: str | None
    """The caller's own name for the contact; None: a WhatsApp contact."""
    service_id: ServiceId
    service_name: str
    professional_id: ProfessionalId
    professional_name: str
    status: AppointmentStatus
    starts_at: Moment
    ends_at: Moment
    booked_for: str | None
    calendar_id: str | None
    price_cents: int | None
    currency: str | None
    version: int
    told: HowTold | None
    """How the customer learns of the last change, if somebody of the business made it."""

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    def local(self, rules: BookingRules) -> Self:
        """Return it with its times by the tenant's clock."""
        return replace(
            self, starts_at=rules.local(self.starts_at), ends_at=rules.local(self.ends_at)
        )
