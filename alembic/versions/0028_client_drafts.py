"""Drafts of new clients."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_drafts")),
    )
    for statement in protect("client_drafts", "administration", column=None):
        op.execute(statement)
