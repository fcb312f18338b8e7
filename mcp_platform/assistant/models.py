"""Rows of a turn's journal and of what a contact was offered."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class StepRow(Base):
    """One step of a turn: written down before it is acted on, or together with its effect."""

    __tablename__ = "turn_steps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "turn_id"], ["turns.tenant_id", "turns.id"], ondelete="CASCADE"
        ),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    turn_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    """`prompt`, `model:<round>`, `tool:<round>.<call>`, `tap`."""
    content: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class OfferRow(Base):
    """An opaque id issued to one contact, and what choosing it means."""

    __tablename__ = "offers"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
        Index("ix_offers_tenant_id_contact_id", "tenant_id", "contact_id"),
        Index("ix_offers_expires_at", "expires_at"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    contact_id: Mapped[uuid.UUID]
    action: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
