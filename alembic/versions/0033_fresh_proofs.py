"""When a sign-in last proved itself again: what is sensitive asks for a fresh proof."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
