"""What the fleet's page shows of each tenant, and when it was last looked over."""

from sqlalchemy import (
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
