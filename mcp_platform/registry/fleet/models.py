"""What the fleet's page shows of each tenant, when it was last looked over, and jobs for many."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base

_MOMENT = DateTime(timezone=True)
# One row a tenant. What changes with the clock alone is reckoned when it is read.
FLEET_ROWS = Table(
    "fleet_rows",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    # The oldest trouble, and the worst finding of the doctor's.
    Column("what", Text),
    Column("trouble_since", _MOMENT),
    Column("check_name", Text),
    Column("code", Text),
    Column("details", JSONB),
    Column("found", Text),
    Column("found_since", _MOMENT),
    Column("examined_at", _MOMENT),
    # Contacts that wait for a person, open questions, and what stopped.
    Column("waiting", BigInteger, nullable=False),
    Column("waiting_since", _MOMENT),
    Column("questions", BigInteger, nullable=False),
    Column("stopped", BigInteger, nullable=False),
    Column("last_message_at", _MOMENT),
)
FLEET_REFRESHES = Table(
    "fleet_refreshes",
    Base.metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("refreshed_at", _MOMENT, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)


class FleetJobRow(Base):
    """One thing done to many tenants. `pending` and `failed` name them by their paths."""

    __tablename__ = "fleet_jobs"
    __table_args__ = (CheckConstraint("action in ('doctor', 'suspend', 'resume')", name="action"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[str]
    by: Mapped[str]
    created_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    """When somebody last worked on it."""
    stopped: Mapped[bool] = mapped_column(server_default="false", default=False)
    done: Mapped[int] = mapped_column(server_default="0", default=0)
    pending: Mapped[list[str]] = mapped_column(ARRAY(Text))
    failed: Mapped[dict[str, Any]] = mapped_column(JSONB)
