"""Rows of effects outside: recorded with their cause, done, followed."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base
from mcp_platform.outbox.states import IS_UNFINISHED


class OutboxRow(Base):
    """One effect. Rows of a lane are done in the order of their ids, one at a time."""

    __tablename__ = "outbox"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
        UniqueConstraint("tenant_id", "key"),
        CheckConstraint("kind in ('whatsapp', 'calendar_put', 'calendar_remove')", name="kind"),
        CheckConstraint(
            "state in ('pending', 'sending', 'uncertain', 'sent', 'delivered', 'read', 'failed',"
            " 'done', 'dead')",
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

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str]
    """Unique in the tenant: what makes recording twice recording once. Sent to Meta as
    `biz_opaque_callback_data`."""
    lane: Mapped[str]
    """`c:<contact id>` for messages, `a:<appointment id>` for calendar events, `owner`."""
    kind: Mapped[str]
    contact_id: Mapped[uuid.UUID | None]
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """When to look at it again: for a try, for the end of a claim, for the end of a doubt."""
    give_up_at: Mapped[datetime | None]
    """Counted from the first try, so that a replay starts at zero."""
    claimed_by: Mapped[uuid.UUID | None]
    resends: Mapped[int] = mapped_column(server_default="0")
    """How often an uncertain send was sent again: the one place where twice is possible."""
    wamid: Mapped[str | None]
    error_code: Mapped[int | None]
    error: Mapped[str | None]
    trace_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
