"""The open questions of one tenant as its staff work them off: listed, answered, merged, dismissed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Select, func, select

from mcp_platform.answers.folding import fold
from mcp_platform.answers.models import (
    LONGEST_QUESTION,
    LONGEST_TITLE,
    OpenQuestionRow,
    QuestionAskerRow,
)
from mcp_platform.answers.questions import AnswerToCall, OpenQuestions, QuestionState
from mcp_platform.audit import trail as audit
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.conversations.masking import masked as without_numbers
from mcp_platform.errors import Forbidden, NotFound
from mcp_platform.kit.forms import CreationForm, Form
from mcp_platform.kit.paging import Order, Page, PageQuery
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.registry.answers.forms import AnswerWish, AnswerWording, Questions, Title
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.shapes import AnySlug
from mcp_platform.registry.tenant_bound import TenantBound

ORDER = Order(OpenQuestionRow.number)
MOST_CALLS = 500  # of a list that somebody works off


class SavedAs(Form):
    """The answer that is made of it, for the next customer who asks."""

    title: Title
    questions: Annotated[
        Questions | None,
        Field(
            description="Null: as the customer asked it, who may have written something personal."
        ),
    ] = None


class QuestionAnswer(CreationForm):
    text: AnswerWording
    save_as_answer: Annotated[
        SavedAs | None, Field(description="Null: those who asked read it, and nobody later.")
    ] = None


class QuestionMerge(Form):
    into: Annotated[AnySlug, Field(description="The question that stays.")]


class QuestionQuery(PageQuery):
    state: QuestionState = "open"


class QuestionOut(BaseModel):
    id: str
    words: Annotated[str, Field(description="The customer's own, as the first one asked it.")]
    topic: str | None
    state: QuestionState
    askers: Annotated[int, Field(description="How many customers asked it.")]
    asked_at: datetime
    answer: str | None
    closed_at: datetime | None
    closed_by: str | None
    answer_id: Annotated[str | None, Field(description="The answer that was made of it.")]


class AnsweredOut(QuestionOut):
    messages: Annotated[int, Field(description="Customers to whom a message brings the answer.")]
    calls: Annotated[
        int, Field(description="Customers whom WhatsApp takes no message for: call them.")
    ]


class AnswerCallOut(BaseModel):
    """A customer whom no message could bring the answer."""

    question_id: str
    words: str
    answer: str
    answered_at: datetime
    answered_by: str
    name: str | None
    phone: Annotated[str | None, Field(description="Digits; null: none is known.")]
    conversation_id: UUID
    error: Annotated[
        str | None, Field(description="Why a message did not reach them; null: none could be sent.")
    ]


class AnswerCalls(BaseModel):
    calls: list[AnswerCallOut]


class TenantQuestions(TenantBound):
    """The questions of one tenant. The trail is told what was done, and nothing that was said."""

    async def page(self, query: QuestionQuery, *, masked: bool = False) -> Page[QuestionOut]:
        """Return questions in one state, the oldest first; masked, without numbers."""
        statement = self._mine().where(OpenQuestionRow.state == query.state)
        rows, cursor = await ORDER.page(self.session, statement, query=query)
        return Page(items=[_shown(*row, masked=masked) for row in rows], next_cursor=cursor)

    async def get(self, question_id: str) -> QuestionOut:
        """Return a question. Raises NotFound."""
        statement = self._mine().where(OpenQuestionRow.id == question_id)
        found = (
            await self.session.execute(statement.execution_options(populate_existing=True))
        ).one_or_none()
        if found is None:
            raise NotFound(f"There is no question {question_id}.")
        return _shown(*found, masked=False)

    async def answer(self, question_id: str, wish: QuestionAnswer, *, now: datetime) -> AnsweredOut:
        """Answer a question: it goes to all who asked, and may become an answer.

        Raises:
            NotFound: there is no such question.
            Conflict: it is closed already, or there can be no such answer.
            Forbidden: whoever it is may not change answers.
        """
        client_name, _, environment = self._tenant.path.partition("/")
        tenant = await Environments(self.session, self._actor).tenant(client_name, environment)
        wakes(self.session, schema_for(tenant.id, tenant.topology))
        before = await self.get(question_id)
        questions = OpenQuestions(self.session, tenant.id)
        sent = await questions.answer(question_id, wish.text, by=ActorTrail(self._actor), now=now)
        if wish.save_as_answer is not None:
            if self._actor.role == "staff":
                raise Forbidden("This needs the role admin or operator.")
            saved = wish.save_as_answer
            asked = saved.questions or (before.words[:LONGEST_QUESTION].strip(),)
            made = await TenantAnswers(self.session, self._actor, self._tenant).create(
                AnswerWish.of(
                    {
                        "title": saved.title[:LONGEST_TITLE],
                        "questions": tuple({fold(each): each for each in asked}.values()),
                        "text": wish.text,
                    }
                )
            )
            await questions.keep(question_id, answer_id=made.id)
        await self._note("question.answer", question_id)
        shown = await self.get(question_id)
        return AnsweredOut(**shown.model_dump(), messages=sent, calls=shown.askers - sent)

    async def dismiss(self, question_id: str, *, now: datetime) -> QuestionOut:
        """Close a question without an answer.

        Raises:
            NotFound: there is no such question.
            Conflict: it is closed already.
        """
        await self._questions.dismiss(question_id, by=ActorTrail(self._actor), now=now)
        await self._note("question.dismiss", question_id)
        return await self.get(question_id)

    async def merge(self, question_id: str, *, into: str) -> QuestionOut:
        """Make two questions one, and return it.

        Raises:
            NotFound: there is no such question.
            Conflict: one of them is closed already.
        """
        await self._questions.merge(question_id, into=into)
        await self._note("question.merge", question_id)
        return await self.get(into)

    async def calls(self, *, now: datetime, masked: bool = False) -> list[AnswerCallOut]:
        """Return whom to call with an answer, who has waited longest first."""
        found = await self._questions.calls(now=now, limit=MOST_CALLS)
        return [_call(each, masked=masked) for each in found]

    async def called(self, question_id: str, contact_id: UUID, *, now: datetime) -> None:
        """Note that a customer was called with the answer. Raises NotFound."""
        await self._questions.called(question_id, contact_id, by=ActorTrail(self._actor), now=now)
        await self._note("question.called", question_id)

    @property
    def _questions(self) -> OpenQuestions:
        return OpenQuestions(self.session, self._tenant.id)

    async def _note(self, action: str, question_id: str) -> None:
        await audit.record(
            self.session,
            actor=self._actor,
            action=action,
            target=f"{self._tenant.path}/questions/{question_id}",
            tenant_id=self._tenant.id,
        )

    def _mine(self) -> Select[OpenQuestionRow, int]:
        asking = (
            select(func.count(QuestionAskerRow.contact_id.distinct()))
            .where(
                QuestionAskerRow.tenant_id == OpenQuestionRow.tenant_id,
                QuestionAskerRow.question_id == OpenQuestionRow.id,
            )
            .correlate(OpenQuestionRow)
            .scalar_subquery()
        )
        return select(OpenQuestionRow, asking).where(OpenQuestionRow.tenant_id == self._tenant.id)


def _shown(row: OpenQuestionRow, askers: int, *, masked: bool) -> QuestionOut:
    plain = {name: getattr(row, name) for name in QuestionOut.model_fields if name != "askers"}
    shown = QuestionOut(**plain, askers=askers)
    if not masked:
        return shown
    return shown.model_copy(update={"words": without_numbers(shown.words)})


def _call(call: AnswerToCall, *, masked: bool) -> AnswerCallOut:
    def seen(words: str | None) -> str | None:
        return without_numbers(words) if masked and words is not None else words

    return AnswerCallOut(
        question_id=call.question_id,
        words=seen(call.words) or "",
        answer=call.answer,
        answered_at=call.answered_at,
        answered_by=call.by,
        name=seen(call.name),
        phone=seen(call.phone),
        conversation_id=call.contact_id,
        error=call.error,
    )
