"""Rows of what arrived and of the turns that deal with it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from mcp_platform.kit.database import Base

# One thing that arrived. Unique by tenant and key, so that a redelivery is no second event.
INBOX_EVENTS = Table(
    "inbox_events",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    # `m:<wamid>`, `s:<wamid>:<status>`, or a digest for what carries no id of its own.
    Column("key", Text, primary_key=True),
    # The order of arrival. Not the key: an index less on the busiest table.
    Column("id", BigInteger, Identity(always=True), nullable=False),
    Column("kind", Text, nullable=False),
    # The alias it arrived under; null where it names no contact.
    Column("contact_key", Text),
    # The change it came in, reduced to this one event, as JSON bytes.
    Column("body", LargeBinary, nullable=False),
    # A tap or an API call: nothing is waited for before it is answered.
    Column("instant", Boolean, server_default="false", nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column(
        "received_at",
        DateTime(timezone=True),
        server_default=func.clock_timestamp(),
        nullable=False,
    ),
    Column("state", Text, server_default="waiting", nullable=False),
    Column("turn_id", Uuid),
    Column("trace_id", Text),
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


# A frozen set of events, answered once.
#
# Opened under the contact's lease while no other is open; contacts that are merged bring theirs.
TURNS = Table(
    "turns",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("state", Text, server_default="open", nullable=False),
    Column("starts", BigInteger, server_default="0", nullable=False),
    Column("error", Text),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
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
