"""Rows of contacts, their aliases, leases and messages."""

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
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from mcp_platform.kit.database import Base

CONTACTS = Table(
    "contacts",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    # `erased`: one of a tenant, whose are the appointments of all who were erased.
    Column("space", Text, nullable=False),
    Column("bsuid", Text),
    Column("wa_id", Text),
    Column("api_user_id", Text),
    # What the contact calls themself: never trusted, never shown as a fact.
    Column("name", Text),
    Column("language", Text),
    # When they last wrote: Meta's 24-hour window opens here.
    Column("last_inbound_at", DateTime(timezone=True)),
    Column("answered_by", Text, server_default="assistant", nullable=False),
    Column("human_until", DateTime(timezone=True)),
    # Which person has taken the conversation; null: it waits for one.
    Column("human_by", Text),
    Column("human_since", DateTime(timezone=True)),
    # When they confirmed that all that is kept of them is to be erased.
    Column("erasure_asked_at", DateTime(timezone=True)),
    # Since when they want no reminders; null: they have not said so.
    Column("no_reminders_since", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    CheckConstraint("space in ('whatsapp', 'api', 'erased')", name="space"),
    CheckConstraint("answered_by in ('assistant', 'human')", name="answered_by"),
    Index("ix_contacts_latest", "tenant_id", text("coalesce(last_inbound_at, created_at)"), "id"),
    Index(
        "ix_contacts_with_people",
        "tenant_id",
        postgresql_where=text("answered_by = 'human'"),
    ),
    Index(
        "ix_contacts_to_erase",
        "erasure_asked_at",
        postgresql_where=text("erasure_asked_at IS NOT NULL"),
    ),
)


# One way of naming a contact: `u:<BSUID>`, `w:<wa_id>` or `a:<API user id>`.
CONTACT_ALIASES = Table(
    "contact_aliases",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
    Index("ix_contact_aliases_tenant_id_contact_id", "tenant_id", "contact_id"),
)


# Who answers this contact now. `epoch` fences off a worker that slept through its lease.
CONTACT_LEASES = Table(
    "contact_leases",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("contact_id", Uuid, primary_key=True),
    Column("holder", Uuid),
    Column("epoch", BigInteger, server_default="0", nullable=False),
    Column("heartbeat_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
)


# What was heard and said, in order.
MESSAGES = Table(
    "messages",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("turn_id", Uuid),
    Column("direction", Text, nullable=False),
    # `contact`, `model`, `menu`, `human` or `system`.
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    # Of an inbound message, its event's key; of a reply, its outbox key.
    Column("key", Text),
    Column("content", JSONB),
    Column("at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
    CheckConstraint("direction in ('in', 'out')", name="direction"),
    Index("ix_messages_tenant_id_contact_id", "tenant_id", "contact_id", "id"),
    # For retention: rows arrive in about this order, so that a range of pages says it all.
    Index("ix_messages_at", "at", postgresql_using="brin"),
    Index(
        "uq_messages_key",
        "tenant_id",
        "key",
        unique=True,
        postgresql_where=text("key is not null"),
    ),
)


# What staff tells staff of a contact. No customer and no model reads it.
CONTACT_NOTES = Table(
    "contact_notes",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
    CheckConstraint("char_length(text) between 1 and 1000", name="text"),
    Index("ix_contact_notes_tenant_id_contact_id", "tenant_id", "contact_id"),
)


# What staff writes often. Its variables stand in braces.
CANNED_REPLIES = Table(
    "canned_replies",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
)
