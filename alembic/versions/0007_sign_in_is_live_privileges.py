"""Whether a sign-in stands is told to those who ask, not to every login of the server."""

from alembic import op

from mcp_platform.kit.row_security import DatabaseRole

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("REVOKE EXECUTE ON FUNCTION sign_in_is_live(uuid) FROM PUBLIC")
    # Whoever serves a tenant's API asks it of staff; what only records webhooks does not.
    op.execute(
        f"GRANT EXECUTE ON FUNCTION sign_in_is_live(uuid)"
        f" TO {DatabaseRole.ADMIN}, {DatabaseRole.WORKER}, {DatabaseRole.TENANT}"
    )
