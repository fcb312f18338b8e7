"""What was asked of the manifests repository for each tenant, and what is in it."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.row_security import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("requested", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("committed", sa.Text(), nullable=True),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commit_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_publications_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_publications")),
    )
    for statement in protect("publications", "administration"):
        op.execute(statement)
