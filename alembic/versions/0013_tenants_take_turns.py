"""Wake-ups say whose they are, so that tenants take turns; nobody is told of changes of a queue.

A booking locks a row of its tenant's instead of a number that any login may lock.

The previous release goes on working: its rows are of tenant 0, and its workers look once a second.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

from mcp_platform.kit.queue import SCHEMA, fairness_script
from mcp_platform.kit.row_security import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    found = op.get_bind().execute(
        sa.text("SELECT nspname FROM pg_namespace WHERE nspname ~ :ours ORDER BY 1"),
        {"ours": f"^{SCHEMA}(_[0-9]+)?$"},
    )
    driver = op.get_bind().connection.driver_connection
    for (schema,) in found.all():
        await_only(driver.execute(fairness_script(schema)))
    # Of a tenant, by their order; it was by their order alone. It holds what waits, which is little.
    waiting = sa.text("state = 'waiting' and kind <> 'message'")
    op.drop_index("ix_inbox_events_waiting_statuses", "inbox_events", postgresql_where=waiting)
    op.create_index(
        "ix_inbox_events_waiting_statuses",
        "inbox_events",
        ["tenant_id", "id"],
        unique=False,
        postgresql_where=waiting,
    )
    op.create_table(
        "booking_locks",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_booking_locks_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_booking_locks")),
    )
    for statement in protect("booking_locks", "work"):
        op.execute(statement)
