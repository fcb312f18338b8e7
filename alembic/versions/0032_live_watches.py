"""What browsers look at, and triggers that write down what changed of it."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.console.live.models import TransactionId
from mcp_platform.kit.row_security import protect

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# Written down is only what somebody looks at. The function works as the tables' owner: who writes a
# message need not know who reads along.
FUNCTION = """
CREATE FUNCTION tell_watchers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM live_watches WHERE watched IN (0, NEW.tenant_id) AND until > now()) THEN
        INSERT INTO live_changes (notice)
        VALUES (concat_ws(' ', NEW.tenant_id, TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]));
    END IF;
    RETURN NULL;
END
$$
"""
TRIGGERS = """
CREATE TRIGGER tell_watchers AFTER INSERT ON messages
    FOR EACH ROW EXECUTE FUNCTION tell_watchers('messages', 'contact_id');
CREATE TRIGGER tell_watchers AFTER UPDATE OF answered_by, human_by, human_until ON contacts
    FOR EACH ROW
    WHEN ((OLD.answered_by, OLD.human_by, OLD.human_until)
          IS DISTINCT FROM (NEW.answered_by, NEW.human_by, NEW.human_until))
    EXECUTE FUNCTION tell_watchers('messages', 'id');
CREATE TRIGGER tell_watchers AFTER UPDATE OF state ON outbox
    FOR EACH ROW WHEN (NEW.kind = 'whatsapp' AND OLD.state <> NEW.state)
    EXECUTE FUNCTION tell_watchers('messages', 'contact_id');
CREATE TRIGGER tell_watchers AFTER INSERT OR UPDATE ON appointments
    FOR EACH ROW WHEN (NEW.status <> 'held')
    EXECUTE FUNCTION tell_watchers('appointments', 'contact_id');
CREATE TRIGGER tell_watchers AFTER INSERT OR UPDATE ON tellings
    FOR EACH ROW EXECUTE FUNCTION tell_watchers('waiting');
CREATE TRIGGER tell_watchers AFTER INSERT OR UPDATE OF state ON open_questions
    FOR EACH ROW EXECUTE FUNCTION tell_watchers('waiting');
CREATE TRIGGER tell_watchers AFTER INSERT OR UPDATE ON question_askers
    FOR EACH ROW EXECUTE FUNCTION tell_watchers('waiting');
CREATE TRIGGER tell_watchers AFTER UPDATE OF state ON turns
    FOR EACH ROW WHEN ((OLD.state = 'parked') <> (NEW.state = 'parked'))
    EXECUTE FUNCTION tell_watchers('waiting')
"""


def upgrade() -> None:
    op.create_table(
        "live_watches",
        sa.Column("watched", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("watched", name=op.f("pk_live_watches")),
    )
    op.create_table(
        "live_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column(
            "changed_by",
            TransactionId(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
        ),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_changes")),
    )
    for table in ("live_watches", "live_changes"):
        for statement in protect(table, "administration", column=None):
            op.execute(statement)
    op.execute(FUNCTION)
    op.execute("REVOKE EXECUTE ON FUNCTION tell_watchers() FROM PUBLIC")
    for statement in TRIGGERS.split(";\n"):
        op.execute(statement)
