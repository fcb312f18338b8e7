"""The table of publications."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Table, Text

from mcp_platform.kit.database import Base

# What was last asked of the manifests repository for a tenant, and what is in it.
PUBLICATIONS = Table(
    "publications",
    Base.metadata,
    Column("tenant_id", BigInteger, ForeignKey("tenants.id"), primary_key=True),
    # Digest of what the exported file says of the tenant.
    Column("requested", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    # The digest that is in the repository.
    Column("committed", Text),
    Column("committed_at", DateTime(timezone=True)),
    Column("commit_id", Text),
)
