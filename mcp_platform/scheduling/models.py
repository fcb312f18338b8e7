"""Rows of the catalogue and of appointments, and the constraint that keeps one slot one booking."""

import uuid
from datetime import date, datetime, time

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base, Versioned
from mcp_platform.scheduling.appointment import OCCUPYING, STATUSES, listed


class ServiceRow(Versioned, Base):
    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("duration_minutes between 5 and 1440", name="duration"),
        CheckConstraint(
            "buffer_before_minutes between 0 and 1440 and buffer_after_minutes between 0 and 1440",
            name="buffers",
        ),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    duration_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(server_default="0")
    buffer_after_minutes: Mapped[int] = mapped_column(server_default="0")
    price_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(server_default="BRL")
    active: Mapped[bool] = mapped_column(server_default="true")
    position: Mapped[int] = mapped_column(server_default="0")


class ProfessionalRow(Versioned, Base):
    """Who does the work. The version is of the whole: services done and hours included."""

    __tablename__ = "professionals"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    calendar_id: Mapped[str | None]
    """Null: the tenant's calendar."""
    active: Mapped[bool] = mapped_column(server_default="true")
    position: Mapped[int] = mapped_column(server_default="0")


class OfferingRow(Base):
    """A professional does a service."""

    __tablename__ = "offerings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "professional_id"], ["professionals.tenant_id", "professionals.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "service_id"], ["services.tenant_id", "services.id"]),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[str] = mapped_column(primary_key=True)
    service_id: Mapped[str] = mapped_column(primary_key=True)


class OpeningSpanRow(Base):
    """Weekly hours of a professional; several spans a day leave breaks between them."""

    __tablename__ = "opening_spans"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "professional_id"], ["professionals.tenant_id", "professionals.id"]
        ),
        CheckConstraint("weekday between 0 and 6", name="weekday"),
        CheckConstraint("opens < closes or closes = '00:00'", name="closes"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[str] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    """0 is Monday."""
    opens: Mapped[time] = mapped_column(primary_key=True)
    closes: Mapped[time]
    """00:00 means midnight at the end of the day."""


class ClosedDayRow(Versioned, Base):
    """A day without bookings, or some hours of it: `begins` and `ends` are both null or neither."""

    __tablename__ = "closed_days"
    __table_args__ = (
        CheckConstraint(
            "(begins is null) = (ends is null)"
            " and (begins < ends or ends = '00:00' or ends is null)",
            name="hours",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "professional_id"], ["professionals.tenant_id", "professionals.id"]
        ),
        Index("ix_closed_days_tenant_id_day", "tenant_id", "day"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    professional_id: Mapped[str | None]
    """Null: everybody."""
    day: Mapped[date]
    begins: Mapped[time | None]
    ends: Mapped[time | None]
    """00:00 means midnight at the end of the day."""
    reason: Mapped[str | None]


# What somebody of the business changed of an appointment, which its customer must learn: by the
# message `key`, or where there is none, or it failed, by being called.
TELLINGS = Table(
    "tellings",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("appointment_id", Uuid, primary_key=True),
    # The appointment's as it was changed: what changes it later is another matter.
    Column("version", BigInteger, nullable=False),
    # When the customer believes that it starts; null: they do not know of it.
    Column("known_start", DateTime(timezone=True)),
    # Then it is too late to call: the later of the start they know and the one that is.
    Column("until", DateTime(timezone=True), nullable=False),
    Column("key", Text),
    Column("by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("called_at", DateTime(timezone=True)),
    Column("called_by", Text),
    ForeignKeyConstraint(
        ["tenant_id", "appointment_id"], ["appointments.tenant_id", "appointments.id"]
    ),
)


# What an appointment was before its last change that may be undone; `place` null: it was booked.
UNDOS = Table(
    "undos",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("appointment_id", Uuid, primary_key=True),
    # The appointment's after the change: what is changed since is not undone.
    Column("version", BigInteger, nullable=False),
    Column("place", JSONB),
    # What its customer had to be told before.
    Column("telling", JSONB),
    # The message that waits.
    Column("key", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "appointment_id"], ["appointments.tenant_id", "appointments.id"]
    ),
)


# When the owner's calendars of a tenant with appointments are looked at again.
CALENDAR_LOOKS = Table(
    "calendar_looks",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("next_due_at", DateTime(timezone=True), nullable=False),
    # By appointment, where its event stood when the owner was told; null: nowhere.
    Column("told", JSONB, server_default="{}", nullable=False),
    Index("ix_calendar_looks_next_due_at", "next_due_at"),
)


# Locked by who puts an appointment of the tenant anywhere. It holds nothing else. Not an advisory
# lock: any login of the server may hold those, and so end everybody's booking.
BOOKING_LOCKS = Table(
    "booking_locks",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
)


class AppointmentRow(Base):
    """A slot taken. `blocked` is the appointment with its buffers, and what may not overlap."""

    __tablename__ = "appointments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "professional_id"], ["professionals.tenant_id", "professionals.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "service_id"], ["services.tenant_id", "services.id"]),
        ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
        CheckConstraint(
            f"status in ({listed(STATUSES)})",
            name="status",
        ),
        CheckConstraint("(status = 'held') = (hold_expires_at is not null)", name="hold_expires"),
        CheckConstraint("starts_at < ends_at", name="order"),
        CheckConstraint("char_length(person) between 1 and 60", name="person"),
        CheckConstraint("char_length(notes) between 1 and 300", name="notes"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("professional_id", "="),
            ("blocked", "&&"),
            where=text(f"status in ({listed(OCCUPYING)})"),
            using="gist",
            name="ex_appointments_one_slot_one_booking",
        ),
        # A contact's holds are all of one proposal. What is held for a moment only is by itself.
        ExcludeConstraint(
            ("tenant_id", "="),
            ("contact_id", "="),
            (text("coalesce(proposal_id, id)"), "<>"),
            where=text("status = 'held'"),
            using="gist",
            name="ex_appointments_one_proposal_per_contact",
        ),
        Index("ix_appointments_tenant_id_contact_id", "tenant_id", "contact_id", "starts_at"),
        Index("ix_appointments_tenant_id_starts_at", "tenant_id", "starts_at"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[uuid.UUID]
    professional_id: Mapped[str]
    service_id: Mapped[str]
    status: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    blocked: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    hold_expires_at: Mapped[datetime | None]
    booked_for: Mapped[str | None]
    """The name its calendar event bears, as it was at booking."""
    calendar_id: Mapped[str | None]
    """The calendar its event was last written to: what must be removed if the professional changes."""
    price_cents: Mapped[int | None]
    currency: Mapped[str | None]
    notes: Mapped[str | None]
    """What the customer asked to be told to who serves them, in their words."""
    person: Mapped[str | None]
    """For whom it is, where it is not for the contact: a child, a mother, a pet."""
    proposal_id: Mapped[uuid.UUID | None]
    """The proposal whose slots are held, and booked, together."""
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


# A day, by the business's clock, on which a contact would come if something became free.
WAITLIST_WISHES = Table(
    "waitlist_wishes",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("service_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("part", Text),
    Column("wished_at", DateTime(timezone=True), nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Column("done_by", Text),
    CheckConstraint("part in ('morning', 'afternoon', 'evening')", name="part"),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
    ForeignKeyConstraint(
        ["tenant_id", "service_id"], ["services.tenant_id", "services.id"], ondelete="CASCADE"
    ),
    Index("ix_waitlist_wishes_tenant_id_contact_id", "tenant_id", "contact_id"),
    Index("ix_waitlist_wishes_tenant_id_service_id", "tenant_id", "service_id"),
)
