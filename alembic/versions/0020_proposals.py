"""Slots that are held together for one proposal, for whom an appointment is, and the length of notes.

The release before holds one slot of a contact at a time and names no proposal: what replaces its
index refuses a second one as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("proposal_id", sa.Uuid(), nullable=True))
    op.add_column("appointments", sa.Column("person", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_appointments_person"), "appointments", "char_length(person) between 1 and 60"
    )
    op.create_check_constraint(
        op.f("ck_appointments_notes"), "appointments", "char_length(notes) between 1 and 300"
    )
    op.drop_index("uq_appointments_one_hold_per_contact", table_name="appointments")
    # Written out: alembic knows no expression among what an exclusion compares.
    op.execute("""
        ALTER TABLE appointments ADD CONSTRAINT ex_appointments_one_proposal_per_contact
        EXCLUDE USING gist (
            tenant_id WITH =, contact_id WITH =, (coalesce(proposal_id, id)) WITH <>
        ) WHERE (status = 'held')
    """)
