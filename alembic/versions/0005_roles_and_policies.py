"""Database roles, and row-level security on every table with rows of tenants."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.queue import SCHEMA
from mcp_platform.kit.row_security import (
    CREATE_ROLES,
    DatabaseRole,
    Kind,
    protect,
    protect_ingest,
    protect_queue,
    protect_tenants,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OF_TENANTS: dict[Kind, tuple[str, ...]] = {
    "work": (
        "appointments",
        "contact_aliases",
        "contact_leases",
        "contacts",
        "doctor_results",
        "doctor_visits",
        "inbox_events",
        "messages",
        "offers",
        "outbox",
        "quarantined_events",
        "tenant_troubles",
        "turn_steps",
        "turns",
    ),
    "catalogue": ("closed_days", "offerings", "opening_spans", "professionals", "services"),
    "administration": ("credential_keys", "offboardings", "users"),
    "audit": ("audit_entries",),
}
OF_THE_PLATFORM = (
    "idempotency_keys",
    "manifest_blocks",
    "refresh_tokens",
    "sign_in_throttles",
    "sign_ins",
)


def upgrade() -> None:
    op.execute(CREATE_ROLES)
    op.add_column("tenants", sa.Column("database_role", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_tenants_database_role"), "tenants", ["database_role"])
    op.create_foreign_key(
        op.f("fk_outbox_tenant_id_contact_id_contacts"),
        "outbox",
        "contacts",
        ["tenant_id", "contact_id"],
        ["tenant_id", "id"],
    )
    statements = protect_tenants()
    for kind, tables in OF_TENANTS.items():
        for table in tables:
            statements += protect(table, kind)
    for table in OF_THE_PLATFORM:
        statements += protect(table, "administration", column=None)
    statements += protect_ingest()
    statements += protect_queue(SCHEMA, consumer=DatabaseRole.WORKER)
    statements += protect_queue(SCHEMA, consumer=DatabaseRole.ADMIN)
    for statement in statements:
        op.execute(statement)
    # Of logins too, which act as nothing before they have looked whether the tables are theirs.
    op.execute("GRANT SELECT ON alembic_version TO PUBLIC")
