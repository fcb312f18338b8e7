"""Users count their changes, as everything else that is administered does."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False)
    )
