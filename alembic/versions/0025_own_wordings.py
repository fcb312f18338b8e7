"""A business's own wordings of phrases."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.row_security import protect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_wordings",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("wordings", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "cardinality(wordings) between 1 and 4", name=op.f("ck_own_wordings_wordings")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_own_wordings_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "language", "phrase", name=op.f("pk_own_wordings")),
    )
    for statement in protect("own_wordings", "catalogue"):
        op.execute(statement)
