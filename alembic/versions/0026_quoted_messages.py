"""Which messages a question quotes, so that what its writer takes back is quoted no more."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "question_askers",
        sa.Column("messages", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
