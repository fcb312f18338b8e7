"""One row a tenant for the fleet's page, and when a worker last looked over all of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import DatabaseRole, protect

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "fleet_rows",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("trouble_since", MOMENT, nullable=True),
        sa.Column("check_name", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=True),
        sa.Column("found", sa.Text(), nullable=True),
        sa.Column("found_since", MOMENT, nullable=True),
        sa.Column("examined_at", MOMENT, nullable=True),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", MOMENT, nullable=True),
        sa.Column("questions", sa.BigInteger(), nullable=False),
        sa.Column("stopped", sa.BigInteger(), nullable=False),
        sa.Column("last_message_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_fleet_rows_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_fleet_rows")),
    )
    for statement in protect("fleet_rows", "work"):
        op.execute(statement)
    op.create_table(
        "fleet_refreshes",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("refreshed_at", MOMENT, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_fleet_refreshes_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fleet_refreshes")),
    )
    # A worker of all tenants writes when it looked; a tenant's own login has no part in it.
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON fleet_refreshes TO {DatabaseRole.WORKER}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON fleet_refreshes TO {DatabaseRole.ADMIN}")
