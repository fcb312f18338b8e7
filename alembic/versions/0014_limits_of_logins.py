"""What one tenant's login can use up has limits, those too that were made before."""

import contextlib

import sqlalchemy as sa
from alembic import op

from mcp_platform.tenants.database_roles import limits

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give tenants' logins their limits; those that are not ours to alter get them when prepared."""
    bind = op.get_bind()
    roles = bind.execute(
        sa.text(
            "SELECT database_role FROM tenants JOIN pg_roles ON rolname = database_role ORDER BY 1"
        )
    )
    for (role,) in roles.all():
        with contextlib.suppress(sa.exc.ProgrammingError), bind.begin_nested():
            for statement in limits(role):
                bind.exec_driver_sql(statement)
