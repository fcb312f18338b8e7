"""Which person has a conversation, since when; and the trail of what is done by a tenant's API."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.row_security import protect_trail

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("human_by", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("human_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_contacts_latest",
        "contacts",
        ["tenant_id", sa.text("coalesce(last_inbound_at, created_at)"), "id"],
    )
    op.create_index(
        "ix_contacts_with_people",
        "contacts",
        ["tenant_id"],
        postgresql_where=sa.text("answered_by = 'human'"),
    )
    op.drop_constraint(op.f("ck_audit_entries_actor_kind"), "audit_entries", type_="check")
    op.create_check_constraint(
        op.f("ck_audit_entries_actor_kind"),
        "audit_entries",
        "actor_kind in ('user', 'command', 'system', 'token')",
    )
    for statement in protect_trail():
        op.execute(statement)
