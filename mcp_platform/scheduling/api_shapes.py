"""What the appointments API takes and gives, as JSON and as query parameters."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mcp_platform.conversations.masking import masked as without_numbers
from mcp_platform.conversations.phones import WRITTEN
from mcp_platform.kit.cursor import FIRST_DAY, LAST_DAY
from mcp_platform.kit.forms import Moment
from mcp_platform.scheduling.appointment import (
    Appointment,
    AppointmentStatus,
    HowTold,
    ListedStatus,
    Mark,
)
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.finding.sheets import AgendaSheet, Obstacle
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.scheduling.telling import CallToMake, How
from mcp_platform.scheduling.tenant_appointments import MOST_SLOTS

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _day(value: object) -> object:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise PydanticCustomError("day", "must be a day as YYYY-MM-DD")
    return value


def _bookable(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("bookable_day", f"must be a day from {FIRST_DAY} to {LAST_DAY}")
    return day


Day = Annotated[
    date,
    BeforeValidator(_day),
    Field(strict=False),
    AfterValidator(_bookable),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Slug = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f-\xa0]+$")]
UserId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x20\x7f-\xa0]+$")]
WhatsAppNumber = Annotated[str, Field(pattern=WRITTEN)]


class AvailableQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    date: Annotated[Day, Field(description="A day by the tenant's clock.")]
    duration: Annotated[
        int | None,
        Field(
            ge=1,
            le=1440,
            description="Instead of `service`: minutes. Means the service that takes as long, or"
            " the shortest one that takes longer.",
        ),
    ] = None
    service: Slug | None = None
    professional: Slug | None = None
    moving: Annotated[
        UUID | None, Field(description="An appointment whose own time is not in the way.")
    ] = None


class ListQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: Annotated[
        Day | None, Field(alias="from", description="First day, by the tenant's clock.")
    ] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day, included.")] = None
    user_id: UserId | None = None
    status: ListedStatus | None = None
    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def span(self, rules: BookingRules) -> tuple[datetime | None, datetime | None]:
        """Return the first moment of the first day and the first after the last, in UTC."""
        after = None if self.last is None else self.last + timedelta(days=1)
        first, before = (
            None if day is None else datetime.combine(day, time.min, rules.zone).astimezone(UTC)
            for day in (self.first, after)
        )
        return first, before


class CreateRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    service: Slug
    professional: Annotated[Slug | None, Field(description="Nobody: whoever is free.")] = None
    start: Moment
    user_id: Annotated[
        UserId | None,
        Field(description="Whose it is, in the caller's own terms. Needed without a number."),
    ] = None
    name: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=80,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description="Stands in the owner's calendar.",
        ),
    ] = None
    whatsapp_number: Annotated[
        WhatsAppNumber | None,
        Field(
            description="Whose it is instead: who has this number on WhatsApp, whether or not they"
            " have ever written. With the country's code, or as it is written where the business"
            " is. Needs the scope `whatsapp:send`."
        ),
    ] = None
    contact_id: Annotated[
        UUID | None,
        Field(strict=False, description="Whose it is instead: the id of a conversation."),
    ] = None
    tell_customer: Annotated[
        bool,
        Field(
            description="Of what a person books: by a message where WhatsApp takes one, else the"
            " customer is listed to be called. False: you tell them. What a token books is for its"
            " system to tell."
        ),
    ] = True

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if self.user_id is None and self.whatsapp_number is None and self.contact_id is None:
            raise PydanticCustomError("whose", "Send `user_id`, `whatsapp_number` or `contact_id`.")
        return self


class ChangeRequest(BaseModel):
    """Either where and when it is, or what became of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    start: Moment | None = None
    professional: Slug | None = None
    service: Slug | None = None
    status: Mark | None = None
    tell_customer: Annotated[
        bool,
        Field(
            description="Of a move: by a message where WhatsApp takes one, else the customer is"
            " listed to be called. False: you tell them."
        ),
    ] = True

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        moves = any((self.start, self.professional, self.service))
        if moves == (self.status is not None):
            raise PydanticCustomError(
                "change", "Send either `status`, or some of `start`, `professional`, `service`."
            )
        return self


class SheetQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: Annotated[Day, Field(alias="from", description="First day, by the tenant's clock.")]
    last: Annotated[Day, Field(alias="to", description="Last day, included: within a week.")]


class CheckQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: Slug
    professional: Slug
    start: Moment


class PreviewRequest(BaseModel):
    """Where and when an appointment would be; `cancel`: it would be cancelled instead."""

    model_config = ConfigDict(extra="forbid", strict=True)

    start: Moment | None = None
    professional: Slug | None = None
    service: Slug | None = None
    cancel: bool = False

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if any((self.start, self.professional, self.service)) == self.cancel:
            raise PydanticCustomError(
                "change", "Send either `cancel`, or some of `start`, `professional`, `service`."
            )
        return self


class PreviewOut(BaseModel):
    """How the customer would be told. Nothing was changed, and nobody told."""

    how: Annotated[
        How,
        Field(
            description="By a `message`; by a `call`, since WhatsApp takes no message now; `not`:"
            " they need not be told."
        ),
    ]
    text: Annotated[str | None, Field(description="What is sent, or is to be said.")]


class CheckOut(BaseModel):
    free: bool
    obstacle: Annotated[Obstacle | None, Field(description="What is in the way; null: nothing.")]
    reason: Annotated[str | None, Field(description="Why the day is closed, if that is known.")]


MOST_NEXT = 10  # as many as a person chooses from


class SlotOut(BaseModel):
    start: datetime
    end: datetime
    service: str
    professional: str


class Available(BaseModel):
    """`slots` are those of the day; where there are none, `next_slots` come after it."""

    date: date
    time_zone: str
    service: str | None
    status: Literal["ok", "closed", "full", "out_of_range"]
    slots: Annotated[list[SlotOut], Field(max_length=MOST_SLOTS)]
    next_slots: Annotated[list[SlotOut], Field(max_length=MOST_NEXT)]


class AppointmentOut(BaseModel):
    id: UUID
    status: ListedStatus
    service: str
    service_name: str
    professional: str
    professional_name: str
    start: datetime
    end: datetime
    name: str | None
    person: Annotated[
        str | None,
        Field(description="For whom it is; null: for who booked it, as far as is known."),
    ]
    note: Annotated[
        str | None, Field(description="What who serves them is to know, in the customer's words.")
    ]
    user_id: Annotated[str | None, Field(description="Null: it is a WhatsApp contact's.")]
    contact_id: UUID
    price_cents: int | None
    currency: str | None
    version: Annotated[int, Field(description="Also the ETag.")]
    told: Annotated[
        HowTold | None,
        Field(
            description="How the customer learns of the last change, where the business made it:"
            " by a `message`, by a `call` that is still to be made, or they were `called`."
        ),
    ]


class SpanOut(BaseModel):
    start: datetime
    end: datetime


class WorkingDayOut(BaseModel):
    """One day of one professional."""

    professional: str
    date: date
    open: Annotated[list[SpanOut], Field(description="Their hours, without what is closed.")]
    busy: Annotated[
        list[SpanOut] | None,
        Field(description="What their calendar closes; null: it cannot be read."),
    ]
    free: Annotated[list[SpanOut], Field(description="What is left for bookings.")]


class SheetOut(BaseModel):
    time_zone: str
    days: list[WorkingDayOut]
    appointments: list[AppointmentOut]


class AppointmentPage(BaseModel):
    appointments: list[AppointmentOut]
    next_cursor: Annotated[str | None, Field(description="Null: these were the last.")]


class CallOut(BaseModel):
    """A customer who does not know yet that an appointment was booked, moved or cancelled."""

    appointment_id: UUID
    call_by: Annotated[
        datetime, Field(description="When they would come, or should: the earlier of the two.")
    ]
    known_start: Annotated[
        datetime | None,
        Field(description="When they believe that it starts; null: they do not know of it."),
    ]
    status: AppointmentStatus
    start: datetime
    service_name: str
    professional_name: str
    name: str | None
    phone: Annotated[str | None, Field(description="Digits; null: none is known.")]
    conversation_id: UUID
    changed_by: str
    changed_at: datetime
    error: Annotated[
        str | None, Field(description="Why a message did not reach them; null: none could be sent.")
    ]


class CallQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class CallPage(BaseModel):
    calls: list[CallOut]
    next_cursor: Annotated[str | None, Field(description="Null: these were the last.")]


def slot_out(slot: SlotView) -> SlotOut:
    """Return a slot as JSON has it."""
    return SlotOut(
        start=slot.start, end=slot.end, service=slot.service_id, professional=slot.professional_id
    )


def appointment_out(
    appointment: Appointment, rules: BookingRules, *, masked: bool = False
) -> AppointmentOut:
    """Return an appointment as JSON has it, by the tenant's clock; masked, without numbers."""
    return AppointmentOut(
        id=appointment.id,
        status=appointment.status,
        service=appointment.service_id,
        service_name=appointment.service_name,
        professional=appointment.professional_id,
        professional_name=appointment.professional_name,
        start=rules.local(appointment.starts_at),
        end=rules.local(appointment.ends_at),
        name=_seen(appointment.booked_for, masked=masked),
        person=_seen(appointment.person, masked=masked),
        note=_seen(appointment.note, masked=masked),
        user_id=_seen(appointment.user_id, masked=masked),
        contact_id=appointment.contact_id,
        price_cents=appointment.price_cents,
        currency=appointment.currency,
        version=appointment.version,
        told=appointment.told,
    )


def sheet_out(sheet: AgendaSheet, rules: BookingRules, *, masked: bool = False) -> SheetOut:
    """Return a sheet as JSON has it, by the tenant's clock; masked as above."""

    def spans(several: Iterable[Interval]) -> list[SpanOut]:
        return [
            SpanOut(start=rules.local(each.start), end=rules.local(each.end)) for each in several
        ]

    return SheetOut(
        time_zone=rules.time_zone,
        days=[
            WorkingDayOut(
                professional=each.professional.id,
                date=each.day,
                open=spans(each.open),
                busy=None if each.busy is None else spans(each.busy),
                free=spans(each.free),
            )
            for each in sheet.days
        ],
        appointments=[appointment_out(each, rules, masked=masked) for each in sheet.appointments],
    )


def call_out(call: CallToMake, rules: BookingRules, *, masked: bool = False) -> CallOut:
    """Return a call that is to be made as JSON has it, by the tenant's clock; masked as above."""
    return CallOut(
        appointment_id=call.appointment_id,
        call_by=rules.local(call.call_by),
        known_start=None if call.known_start is None else rules.local(call.known_start),
        status=call.status,
        start=rules.local(call.starts_at),
        service_name=call.service_name,
        professional_name=call.professional_name,
        name=_seen(call.name, masked=masked),
        phone=_seen(call.phone, masked=masked),
        conversation_id=call.contact_id,
        changed_by=call.by,
        changed_at=call.changed_at,
        error=call.error,
    )


def _seen(words: str | None, *, masked: bool) -> str | None:
    return without_numbers(words) if masked and words is not None else words
