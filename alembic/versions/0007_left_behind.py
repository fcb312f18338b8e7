"""What a purge could not take away, for a person to do."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offboardings", sa.Column("left_behind", sa.Text(), nullable=True))
