"""What the staff booked, and its customer does not know of: there is no start that they know."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column(
        "tellings", "known_start", existing_type=sa.DateTime(timezone=True), nullable=True
    )
