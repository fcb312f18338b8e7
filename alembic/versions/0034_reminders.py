"""Reminders of appointments. For tenants that are there already they are off."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tenants",
        sa.Column(
            "reminder_hours",
            postgresql.ARRAY(sa.SmallInteger()),
            server_default="{}",
            nullable=False,
        ),
    )
    op.alter_column("tenants", "reminder_hours", server_default="{24,2}")
    op.add_column(
        "tenants", sa.Column("quiet_from", sa.Text(), server_default="21:00", nullable=False)
    )
    op.add_column(
        "tenants", sa.Column("quiet_until", sa.Text(), server_default="08:00", nullable=False)
    )
    op.add_column("tenants", sa.Column("unconfirmed_hours", sa.SmallInteger(), server_default="4"))
    op.add_column("contacts", sa.Column("no_reminders_since", sa.DateTime(timezone=True)))
    op.create_table(
        "reminders",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hours", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state in ('planned', 'queued', 'skipped')", name=op.f("ck_reminders_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_reminders_tenant_id_tenants")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "appointment_id"],
            ["appointments.tenant_id", "appointments.id"],
            name=op.f("fk_reminders_tenant_id_appointment_id_appointments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "appointment_id", "starts_at", "hours", name=op.f("pk_reminders")
        ),
    )
    op.create_index(
        "ix_reminders_due_at",
        "reminders",
        ["due_at"],
        postgresql_where=sa.text("state = 'planned'"),
    )
    for statement in protect("reminders", "work"):
        op.execute(statement)
