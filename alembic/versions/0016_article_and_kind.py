"""Which article a business's name takes, and what kind of business it is."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ARTICLES = "article in ('o', 'a', 'os', 'as')"
KINDS = "kind in ('barber', 'salon', 'nails', 'massage', 'clinic', 'dentist', 'pets', 'other')"


def upgrade() -> None:
    for name, allowed in (("article", ARTICLES), ("kind", KINDS)):
        op.add_column("tenants", sa.Column(name, sa.Text(), nullable=True))
        op.create_check_constraint(op.f(f"ck_tenants_{name}"), "tenants", allowed)
