"""What in an owner's calendar closes time: all-day events shown as free, unanswered invitations."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("free_days_close", "true"), ("unanswered_close", "false")):
        op.add_column(
            "tenants", sa.Column(name, sa.Boolean(), server_default=default, nullable=False)
        )
