"""Rows of templates, and when those of a tenant are looked at again."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mcp_platform.kit.database import Base
from mcp_platform.templates.texts import PURPOSES

_PURPOSES = ", ".join(f"'{each}'" for each in PURPOSES)

# One version of a template in one language, and what Meta last said of it.
MESSAGE_TEMPLATES = Table(
    "message_templates",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("buttons", ARRAY(Text), nullable=False),
    Column("own", Boolean, nullable=False),
    # Meta's own word, or ours: WANTED (not asked for yet), REFUSED (Meta would not take it),
    # DIFFERS (it stands there with another text), ABSENT (it stood there and is gone).
    Column("status", Text, server_default="WANTED", nullable=False),
    Column("category", Text),
    Column("reason", Text),
    Column("wanted_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("tenant_id", "name", "language"),
    CheckConstraint(f"purpose in ({_PURPOSES})", name="purpose"),
    CheckConstraint("version > 0", name="version"),
)

# When Meta is asked again what it made of a tenant's templates.
TEMPLATE_LOOKS = Table(
    "template_looks",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("looked_at", DateTime(timezone=True)),
    Column("error", Text),
    Index("ix_template_looks_due_at", "due_at"),
)
