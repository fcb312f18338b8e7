"""Rows of contacts, their aliases, leases and messages."""

import uuid
from datetime import datetime
from typing import Any

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
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class ContactRow(Base):
    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("space in ('whatsapp', 'api')", name="space"),
        CheckConstraint("answered_by in ('assistant', 'human')", name="answered_by"),
        Index(
            "ix_contacts_latest", "tenant_id", text("coalesce(last_inbound_at, created_at)"), "id"
        ),
        Index(
            "ix_contacts_with_people",
            "tenant_id",
            postgresql_where=text("answered_by = 'human'"),
        ),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    space: Mapped[str]
    bsuid: Mapped[str | None]
    wa_id: Mapped[str | None]
    api_user_id: Mapped[str | None]
    name: Mapped[str | None]
    """What the contact calls themself: never trusted, never shown as a fact."""
    language: Mapped[str | None]
    last_inbound_at: Mapped[datetime | None]
    """When they last wrote: Meta's 24-hour window opens here."""
    answered_by: Mapped[str] = mapped_column(server_default="assistant")
    human_until: Mapped[datetime | None]
    human_by: Mapped[str | None]
    """Which person has taken the conversation; null: it waits for one."""
    human_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


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


class MessageRow(Base):
    """What was heard and said, in order."""

    __tablename__ = "messages"
    __table_args__ = (
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

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    contact_id: Mapped[uuid.UUID]
    turn_id: Mapped[uuid.UUID | None]
    direction: Mapped[str]
    author: Mapped[str]
    """`contact`, `model`, `menu`, `human` or `system`."""
    text: Mapped[str]
    key: Mapped[str | None]
    """Of an inbound message, its event's key; of a reply, its outbox key."""
    content: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]
