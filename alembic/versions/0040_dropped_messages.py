"""A message that was dropped before it was sent has a state of its own, and is no message said."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Wider than before: what the release before writes still fits.
    op.drop_constraint(op.f("ck_outbox_state"), "outbox", type_="check")
    op.create_check_constraint(
        op.f("ck_outbox_state"),
        "outbox",
        "state in ('pending', 'sending', 'uncertain', 'sent', 'delivered', 'read', 'failed',"
        " 'dead', 'dropped', 'done')",
    )
    op.execute("""
        DELETE FROM messages USING outbox
        WHERE outbox.kind = 'whatsapp' AND outbox.state = 'done' AND outbox.attempts = 0
          AND messages.tenant_id = outbox.tenant_id AND messages.key = outbox.key
          AND messages.direction = 'out'
    """)
    op.execute("UPDATE outbox SET state = 'dropped' WHERE kind = 'whatsapp' AND state = 'done'")
