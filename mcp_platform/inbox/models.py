"""Rows of what arrived and of the turns that deal with it."""

import uuid
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class EventRow(Base):
    """One thing that arrived. Unique by tenant and key, so that a redelivery is no second event."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        CheckConstraint("kind in ('message', 'status', 'other')", name="kind"),
        CheckConstraint("state in ('waiting', 'claimed', 'done', 'parked')", name="state"),
        Index(
            "ix_inbox_events_waiting",
            "tenant_id",
            "contact_key",
            "id",
            postgresql_where=text("state = 'waiting' and kind = 'message'"),
        ),
        Index(
            "ix_inbox_events_waiting_statuses",
            "tenant_id",
            "id",
            postgresql_where=text("state = 'waiting' and kind <> 'message'"),
        ),
        Index(
            "ix_inbox_events_turn_id",
            "tenant_id",
            "turn_id",
            postgresql_where=text("turn_id is not null"),
        ),
        # Rows arrive in this order, so that a range of pages says it all.
        Index("ix_inbox_events_received_at", "received_at", postgresql_using="brin"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    """`m:<wamid>`, `s:<wamid>:<status>`, or a digest for what carries no id of its own."""
    id: Mapped[int] = mapped_column(Identity(always=True))
    """The order of arrival. Not the key: an index less on the busiest table."""
    kind: Mapped[str]
    contact_key: Mapped[str | None]
    """The alias it arrived under; null where it names no contact."""
    body: Mapped[bytes]
    """The change it came in, reduced to this one event, as JSON bytes."""
    instant: Mapped[bool] = mapped_column(server_default="false")
    """A tap or an API call: nothing is waited for before it is answered."""
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    state: Mapped[str] = mapped_column(server_default="waiting")
    turn_id: Mapped[uuid.UUID | None]
    trace_id: Mapped[str | None]


# What Postgres would not take as an event: kept whole, for a person to look at.
QUARANTINED_EVENTS = Table(
    "quarantined_events",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("error", Text, nullable=False),
    Column(
        "received_at",
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        nullable=False,
    ),
    Index("ix_quarantined_events_received_at", "received_at"),
)


class TurnRow(Base):
    """A frozen set of events, answered once.

    Opened under the contact's lease while no other is open; contacts that are merged bring theirs.
    """

    __tablename__ = "turns"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
        CheckConstraint("state in ('open', 'done', 'parked')", name="state"),
        Index(
            "ix_turns_open",
            "tenant_id",
            "contact_id",
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_turns_parked", "tenant_id", postgresql_where=text("state = 'parked'")),
        Index("ix_turns_opened_at", "opened_at"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(server_default="open")
    starts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
