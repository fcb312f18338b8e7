"""The table of drafts of new clients."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base, Versioned


class ClientDraftRow(Versioned, Base):
    """A new client that is not registered yet: answers by name, never a secret."""

    __tablename__ = "client_drafts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    owner: Mapped[str]
    """Who began it, as the audit trail calls them."""
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
