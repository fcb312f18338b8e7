"""Rows of erasures: that somebody was erased, and by what they are known if they are restored."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class ErasureRow(Base):
    """One contact who was erased. Nothing of it names them to who lacks the key."""

    __tablename__ = "erasures"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]
    fingerprints: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """Keyed hashes of the number and the ids by which they were found."""
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """How much was erased, by kind."""
