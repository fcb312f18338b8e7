"""Tables of a turn's journal and of what a contact was offered."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from mcp_platform.kit.database import Base

# One step of a turn: written down before it is acted on, or together with its effect.
TURN_STEPS = Table(
    "turn_steps",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("turn_id", Uuid, primary_key=True),
    # `prompt`, `model:<round>`, `tool:<round>.<call>`, `tap`.
    Column("name", Text, primary_key=True),
    Column("content", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "turn_id"], ["turns.tenant_id", "turns.id"], ondelete="CASCADE"
    ),
)


# An opaque id issued to one contact, and what choosing it means.
OFFERS = Table(
    "offers",
    Base.metadata,
    Column("tenant_id", BigInteger, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("action", JSONB, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
    Index("ix_offers_tenant_id_contact_id", "tenant_id", "contact_id"),
    Index("ix_offers_expires_at", "expires_at"),
)
