"""The tables of what browsers look at, and of what changed of it. Triggers write the second."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from mcp_platform.kit.database import Base


class TransactionId(UserDefinedType[Any]):
    """PostgreSQL's `xid8`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "XID8"


class LiveWatchRow(Base):
    """Somebody looks at a tenant until then; 0 is all tenants. Read by the function `tell_watchers`."""

    __tablename__ = "live_watches"

    watched: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[datetime]


class LiveChangeRow(Base):
    """Something changed of a tenant that is watched. Kept for a minute."""

    __tablename__ = "live_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    notice: Mapped[str]
    """`<tenant id> <what> [<contact id>]`: see `topics`."""
    changed_by: Mapped[Any] = mapped_column(
        TransactionId, server_default=text("pg_current_xact_id()")
    )
    """The transaction: of two, the one that began first may be committed last."""
    changed_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
