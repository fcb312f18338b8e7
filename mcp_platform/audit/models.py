"""Rows of the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Identity,
    Index,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class AuditRow(Base):
    """One thing done. Written once: no role of the platform may change or remove it.

    `tenant_id` is no foreign key, so that the trail outlives the tenant.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("actor_kind in ('user', 'command', 'system', 'token')", name="actor_kind"),
        Index(None, "at", postgresql_using="brin"),
        Index(None, "actor", "id"),
        Index(None, "tenant_id", "id", postgresql_where=text("tenant_id is not null")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_kind: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    address: Mapped[str | None]
    trace_id: Mapped[str | None]
    action: Mapped[str]
    target: Mapped[str]
    tenant_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
