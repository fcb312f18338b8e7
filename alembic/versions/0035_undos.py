"""What appointments were before a change that may be undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undos",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("place", postgresql.JSONB(), nullable=True),
        sa.Column("telling", postgresql.JSONB(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appointment_id"],
            ["appointments.tenant_id", "appointments.id"],
            name=op.f("fk_undos_tenant_id_appointment_id_appointments"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "appointment_id", name=op.f("pk_undos")),
    )
    for statement in protect("undos", "work"):
        op.execute(statement)
