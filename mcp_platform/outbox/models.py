"""Rows of effects outside: recorded with their cause, done, followed."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from mcp_platform.kit.database import Base
from mcp_platform.outbox.states import IS_UNFINISHED, MESSAGE_STATES

# One effect. Rows of a lane are done in the order of their ids, one at a time.
OUTBOX = Table(
    "outbox",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    # Unique in the tenant: what makes recording twice recording once. Sent to Meta as
    # `biz_opaque_callback_data`.
    Column("key", Text, nullable=False),
    # `c:<contact id>` for messages, `a:<appointment id>` for calendar events, `owner`.
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact_id", Uuid),
    Column("body", JSONB, nullable=False),
    Column("state", Text, server_default="pending", nullable=False),
    Column("attempts", BigInteger, server_default="0", nullable=False),
    # When to look at it again: for a try, for the end of a claim, for the end of a doubt.
    Column(
        "due_at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False
    ),
    # Counted from the first try, so that a replay starts at zero.
    Column("give_up_at", DateTime(timezone=True)),
    Column("claimed_by", Uuid),
    # How often an uncertain send was sent again: the one place where twice is possible.
    Column("resends", BigInteger, server_default="0", nullable=False),
    Column("wamid", Text),
    Column("error_code", BigInteger),
    Column("error", Text),
    Column("trace_id", Text),
    Column(
        "created_at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False
    ),
    Column(
        "updated_at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False
    ),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
    UniqueConstraint("tenant_id", "key"),
    CheckConstraint("kind in ('whatsapp', 'calendar_put', 'calendar_remove')", name="kind"),
    CheckConstraint(
        f"state in {(*MESSAGE_STATES, 'done')}",
        name="state",
    ),
    Index(
        "ix_outbox_unfinished",
        "tenant_id",
        "lane",
        "id",
        postgresql_where=text(IS_UNFINISHED),
    ),
    Index(
        "ix_outbox_due",
        "due_at",
        postgresql_where=text(IS_UNFINISHED),
    ),
    Index("ix_outbox_wamid", "tenant_id", "wamid", postgresql_where=text("wamid is not null")),
    Index("ix_outbox_dead", "tenant_id", postgresql_where=text("state in ('dead', 'failed')")),
    Index("ix_outbox_created_at", "created_at"),
)
