"""Rows of answers, and of their words by language."""

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, ForeignKeyConstraint, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base, Versioned

MOST_ANSWERS = (
    200  # of a tenant: what an owner can still look over, and a search reads in a millisecond
)
MOST_QUESTIONS = 6
LONGEST_TITLE = 60  # a row of WhatsApp shows 24 of it, and 72 below
LONGEST_QUESTION = 150
LONGEST_TEXT = 600


class AnswerRow(Versioned, Base):
    """An answer. The version is of the whole: its words in every language included."""

    __tablename__ = "answers"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    """Opaque; the model and a tap name an answer by it."""
    language: Mapped[str]
    """In which the owner wrote it; its words in any other are translations."""
    position: Mapped[int]


class AnswerTextRow(Base):
    """The words of an answer in one language."""

    __tablename__ = "answer_texts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "answer_id"], ["answers.tenant_id", "answers.id"], ondelete="CASCADE"
        ),
        CheckConstraint(f"cardinality(questions) between 1 and {MOST_QUESTIONS}", name="questions"),
        CheckConstraint(f"char_length(text) between 1 and {LONGEST_TEXT}", name="text"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    questions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    text: Mapped[str]
    approved: Mapped[bool]
    """A person approved these words: customers may read them. The owner's own are."""
    search: Mapped[str] = mapped_column(TSVECTOR, info={"derived": True})
    """What a search looks in, made of the other columns by `search.indexed`."""
