"""Appointments as values: one that stands, a slot that was chosen, and a proposal of several.

Pure. `appointments.py` reads and writes them; `agenda.py` holds, confirms and releases a proposal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self, get_args
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer

from mcp_platform.errors import Invalid
from mcp_platform.scheduling.catalogue import BookingRules, ProfessionalId, ServiceId
from mcp_platform.words.forms import their_person

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

# A haircut and a beard for two: more in one sentence was never seen, and would not fit a message.
MOST_TOGETHER = 4
# How long somebody may think it over: a lunch, or the answer of whoever comes along.
PROPOSAL_LASTS = timedelta(hours=1)


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
    person: str | None = field(default=None, repr=False)
    """For whom it is, where it is not for the contact. In no `repr`, so that no log shows it."""
    note: str | None = field(default=None, repr=False)
    """What who serves them is to know, in the customer's words."""

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def visitor(self) -> str | None:
        """Who comes, as the owner reads it: "Theo (Bia)" if Bia booked it for Theo."""
        person = self.person and their_person(self.person)
        if person and self.booked_for:
            return f"{person} ({self.booked_for})"
        return person or self.booked_for

    def local(self, rules: BookingRules) -> Self:
        """Return it with its times by the tenant's clock."""
        return replace(
            self, starts_at=rules.local(self.starts_at), ends_at=rules.local(self.ends_at)
        )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One to four slots to book for a contact, all or none; or one to move an appointment to.

    The same value holds and confirms it. The ids of its appointments follow from `id`, so that
    what is done twice is done once.

    Raises:
        Invalid: too many slots or none, one of them twice, or several to move to.
    """

    id: UUID
    contact_id: UUID
    choices: tuple[ChosenSlot, ...]
    moving: UUID | None = None
    contact_name: str | None = field(default=None, repr=False)
    person: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        most = MOST_TOGETHER if self.moving is None else 1
        moments = [
            (each.service_id, each.professional_id, each.start.astimezone(UTC))
            for each in self.choices
        ]
        if not 0 < len(set(moments)) == len(moments) <= most:
            raise Invalid("No proposal has these slots.", fields={"choices": f"1 to {most}"})

    @property
    def holds(self) -> dict[UUID, ChosenSlot]:
        """The slots by the ids that their holds have, and their appointments then keep."""
        return {self.hold_id(n): choice for n, choice in enumerate(self.choices)}

    def hold_id(self, number: int) -> UUID:
        """Return the id of a hold, by its place in the proposal."""
        return uuid5(self.id, str(number))

    def until(self, now: datetime) -> datetime:
        """Return until when it is held from `now`: never past the start of a slot."""
        return min(now + PROPOSAL_LASTS, *(each.start.astimezone(UTC) for each in self.choices))
