"""What a purge could not take away, for a person to do."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offboardings", sa.Column("left_behind", sa.Text(), nullable=True))
