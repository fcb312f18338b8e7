"""What the staff changed of an appointment, and how its customer learns of it."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.row_security import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tellings",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("known_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appointment_id"],
            ["appointments.tenant_id", "appointments.id"],
            name=op.f("fk_tellings_tenant_id_appointment_id_appointments"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "appointment_id", name=op.f("pk_tellings")),
    )
    for statement in protect("tellings", "work"):
        op.execute(statement)
