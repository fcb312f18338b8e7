"""Answers that stand below what is proposed to a customer."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "answers",
        sa.Column("condition", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
