"""Message templates and what Meta says of them."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.row_security import protect

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_templates",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("buttons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), server_default="WANTED", nullable=False),
        sa.Column("category", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose in ('reminder', 'confirmation', 'moved', 'cancelled', 'answer', 'agenda')",
            name=op.f("ck_message_templates_purpose"),
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_message_templates_version")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_message_templates_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "purpose", "language", "version", name=op.f("pk_message_templates")
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "name",
            "language",
            name=op.f("uq_message_templates_tenant_id_name_language"),
        ),
    )
    op.create_table(
        "template_looks",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_template_looks_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_template_looks")),
    )
    op.create_index("ix_template_looks_due_at", "template_looks", ["due_at"])
    for table in ("message_templates", "template_looks"):
        for statement in protect(table, "work"):
            op.execute(statement)
    op.add_column(
        "tenants",
        sa.Column("templates_as_marketing", sa.Boolean(), server_default="false", nullable=False),
    )
