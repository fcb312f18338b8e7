"""The list of erased contacts, and the one contact of a tenant whose are their appointments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprints", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_erasures_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_erasures")),
    )
    for statement in protect("erasures", "administration"):
        op.execute(statement)
    # Wider than before: what the release before writes still fits.
    op.drop_constraint(op.f("ck_contacts_space"), "contacts", type_="check")
    op.create_check_constraint(
        op.f("ck_contacts_space"), "contacts", "space in ('whatsapp', 'api', 'erased')"
    )
