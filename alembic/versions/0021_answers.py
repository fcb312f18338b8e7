"""What a business knows of itself: its answers, and their words by language."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from mcp_platform.kit.row_security import protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_answers_tenant_id_tenants")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_answers")),
    )
    op.create_table(
        "answer_texts",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("questions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), nullable=False),
        sa.CheckConstraint(
            "cardinality(questions) between 1 and 6", name=op.f("ck_answer_texts_questions")
        ),
        sa.CheckConstraint(
            "char_length(text) between 1 and 600", name=op.f("ck_answer_texts_text")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "answer_id"],
            ["answers.tenant_id", "answers.id"],
            name=op.f("fk_answer_texts_tenant_id_answer_id_answers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "answer_id", "language", name=op.f("pk_answer_texts")),
    )
    for table in ("answers", "answer_texts"):
        for statement in protect(table, "catalogue"):
            op.execute(statement)
