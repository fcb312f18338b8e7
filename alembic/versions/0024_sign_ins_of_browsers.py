"""Sign-ins of browsers: a cookie's digest, whether a code is awaited, and where they are."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("cookie_digest", sa.LargeBinary(), nullable=True))
    op.add_column(
        "sign_ins", sa.Column("awaits_code", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("sign_ins", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sign_ins", sa.Column("agent", sa.Text(), nullable=True))
    op.add_column("sign_ins", sa.Column("address", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_sign_ins_cookie_digest"), "sign_ins", ["cookie_digest"])
