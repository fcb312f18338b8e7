"""Half days that are closed, and which holidays are offered to a tenant."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("begins", "ends"):
        op.add_column("closed_days", sa.Column(name, sa.Time(), nullable=True))
    op.create_check_constraint(
        op.f("ck_closed_days_hours"),
        "closed_days",
        "(begins is null) = (ends is null) and (begins < ends or ends = '00:00' or ends is null)",
    )
    op.add_column(
        "tenants",
        sa.Column("holidays_of", sa.Text(), server_default="BR", nullable=False),
    )
    op.add_column(
        "tenants",
        sa.Column("own_holidays", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    op.add_column("tenants", sa.Column("holidays_decided", sa.SmallInteger(), nullable=True))
