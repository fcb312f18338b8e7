"""Tenants are found by their WhatsApp Business account: whoever posts to the app's webhook names some."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_tenants_waba_id", "tenants", ["waba_id"])
