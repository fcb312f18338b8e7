"""Jobs for many tenants: what is left of each, and what failed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fleet_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("failed", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "action in ('doctor', 'suspend', 'resume')", name=op.f("ck_fleet_jobs_action")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fleet_jobs")),
    )
    for statement in protect("fleet_jobs", "administration", column=None):
        op.execute(statement)
