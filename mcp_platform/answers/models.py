"""Rows of answers with their words, of a business's own wordings, and of open questions."""

import uuid
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from mcp_platform.kit.database import Base, Versioned
from mcp_platform.words.own import MOST_WORDINGS

MOST_ANSWERS = 200  # of a tenant: what an owner can still look over
MOST_CONDITIONS = 2  # below one proposal, which is to be read before a yes
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
    condition: Mapped[bool] = mapped_column(server_default=false())
    """It stands below what is proposed to a customer: a rule that they agree to with a yes."""


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


class OwnWordingRow(Versioned, Base):
    """The wordings of a phrase that a business put in place of ours, in one language."""

    __tablename__ = "own_wordings"
    __table_args__ = (
        CheckConstraint(f"cardinality(wordings) between 1 and {MOST_WORDINGS}", name="wordings"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    phrase: Mapped[str] = mapped_column(primary_key=True)
    """Its id in the phrase book; one of an earlier release may be gone from it."""
    wordings: Mapped[list[str]] = mapped_column(ARRAY(Text))


class OpenQuestionRow(Base):
    """A question of customers that no answer covers: one, however many ask it."""

    __tablename__ = "open_questions"
    __table_args__ = (
        CheckConstraint("state in ('open', 'answered', 'dismissed')", name="state"),
        # Two customers who ask the same at once are one entry.
        Index(
            "uq_open_questions_likeness",
            "tenant_id",
            "likeness",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """In the order in which they were asked."""
    words: Mapped[str]
    """As the first customer asked it."""
    likeness: Mapped[str]
    """A hash of its folded words: what has the same is the same question."""
    topic: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="open")
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    """When the owner was last told that somebody still waits."""
    answer: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    answer_id: Mapped[str | None]
    """The answer that was made of it, which may be gone since."""


class QuestionAskerRow(Base):
    """A customer who waits for the answer to a question, and how they learn of it."""

    __tablename__ = "question_askers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "question_id"],
            ["open_questions.tenant_id", "open_questions.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["tenant_id", "contact_id"], ["contacts.tenant_id", "contacts.id"]),
        Index("ix_question_askers_tenant_id_contact_id", "tenant_id", "contact_id"),
        Index("ix_question_askers_tenant_id_question_id", "tenant_id", "question_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Contacts that are merged may both have asked: a contact is not the key."""
    question_id: Mapped[str]
    contact_id: Mapped[uuid.UUID]
    words: Mapped[str]
    messages: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """The keys of those that the words quote."""
    language: Mapped[str]
    asked_at: Mapped[datetime]
    key: Mapped[str | None]
    """The message that brings the answer; null: none could be sent, or there is no answer yet."""
    called_at: Mapped[datetime | None]
    called_by: Mapped[str | None]
