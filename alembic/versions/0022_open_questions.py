"""Questions of customers that no answer covers, and who waits for an answer to them."""

import sqlalchemy as sa
from alembic import op

from mcp_platform.kit.row_security import protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_questions",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("likeness", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("answer_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'answered', 'dismissed')", name=op.f("ck_open_questions_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_open_questions_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_open_questions")),
    )
    op.create_index(
        "uq_open_questions_likeness",
        "open_questions",
        ["tenant_id", "likeness"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "question_askers",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "question_id"],
            ["open_questions.tenant_id", "open_questions.id"],
            name=op.f("fk_question_askers_tenant_id_question_id_open_questions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_question_askers_tenant_id_contact_id_contacts"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_question_askers")),
    )
    for column in ("contact_id", "question_id"):
        op.create_index(
            f"ix_question_askers_tenant_id_{column}", "question_askers", ["tenant_id", column]
        )
    for table in ("open_questions", "question_askers"):
        for statement in protect(table, "work"):
            op.execute(statement)
