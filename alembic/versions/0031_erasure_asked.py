"""Customers who confirmed that all that is kept of them is to be erased."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("erasure_asked_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_contacts_to_erase",
        "contacts",
        ["erasure_asked_at"],
        postgresql_where=sa.text("erasure_asked_at IS NOT NULL"),
    )
