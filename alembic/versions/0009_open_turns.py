"""A contact may have more than one open turn: those of somebody who turned out to be the same."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_turns_open",
        "turns",
        ["tenant_id", "contact_id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    # The release before this one opens a second turn nowhere: it does not miss the index.
    op.drop_index(
        "uq_turns_one_open_per_contact",
        table_name="turns",
        postgresql_where=sa.text("state = 'open'"),
    )
