"""Rows of what was found, and of when to look again."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class FindingRow(Base):
    """The last result of one check of one tenant."""

    __tablename__ = "doctor_results"
    __table_args__ = (
        CheckConstraint("state in ('ok', 'warning', 'failed', 'unknown')", name="state"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    code: Mapped[str]
    details: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    """Since when it has been found so, without a change in between."""
    checked_at: Mapped[datetime]


class VisitRow(Base):
    """When a tenant is examined again, and when it was last."""

    __tablename__ = "doctor_visits"
    __table_args__ = (
        Index("ix_doctor_visits_next_due_at", "next_due_at"),
        Index("ix_doctor_visits_account_started_at", "account", "started_at"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    next_due_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    account: Mapped[str | None]
    """The WhatsApp account that was asked about: Meta counts calls by it."""
