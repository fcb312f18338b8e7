"""Rows of publications."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
)
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base


class PublicationRow(Base):
    """What was last asked of the manifests repository for a tenant, and what is in it."""

    __tablename__ = "publications"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    requested: Mapped[str]
    """Digest of what the exported file says of the tenant."""
    requested_at: Mapped[datetime]
    committed: Mapped[str | None]
    """The digest that is in the repository."""
    committed_at: Mapped[datetime | None]
    commit_id: Mapped[str | None]
