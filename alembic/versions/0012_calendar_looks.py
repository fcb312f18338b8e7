"""When the owner's calendars are looked at again, for tenants that have appointments ahead."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_looks",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_calendar_looks_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_calendar_looks")),
    )
    op.create_index("ix_calendar_looks_next_due_at", "calendar_looks", ["next_due_at"])
    for statement in protect("calendar_looks", "work"):
        op.execute(statement)
    op.execute(
        "INSERT INTO calendar_looks (tenant_id, next_due_at)"
        " SELECT DISTINCT tenant_id, now() FROM appointments"
        " WHERE status IN ('booked', 'confirmed') AND starts_at > now()"
    )
