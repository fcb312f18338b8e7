"""Rows of reminders: planned, then queued or skipped, once for an appointment, its start and a time."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from mcp_platform.kit.database import Base

REMINDERS = Table(
    "reminders",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("appointment_id", Uuid, primary_key=True),
    # What is moved is another thing to be reminded of.
    Column("starts_at", DateTime(timezone=True), primary_key=True),
    Column("hours", SmallInteger, primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    # Of its effect in the outbox.
    Column("key", Text),
    Column("decided_at", DateTime(timezone=True)),
    ForeignKeyConstraint(
        ["tenant_id", "appointment_id"],
        ["appointments.tenant_id", "appointments.id"],
        ondelete="CASCADE",
    ),
    CheckConstraint("state in ('planned', 'queued', 'skipped')", name="state"),
    Index("ix_reminders_due_at", "due_at", postgresql_where=text("state = 'planned'")),
)
