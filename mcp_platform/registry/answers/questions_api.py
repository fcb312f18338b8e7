"""`…/questions`: what customers asked and no answer covers, for the platform's users and staff."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from mcp_platform.access.routes import AtTenant, at_tenant
from mcp_platform.audit.actor import Role
from mcp_platform.kit.http import problems
from mcp_platform.kit.paging import Page
from mcp_platform.registry.answers.questions import (
    AnswerCalls,
    AnsweredOut,
    QuestionAnswer,
    QuestionMerge,
    QuestionOut,
    QuestionQuery,
    TenantQuestions,
)
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.shapes import AnySlug

ALL = f"{TENANT}/questions"
ONE = f"{ALL}/{{question_id}}"
READERS: Final[tuple[Role, ...]] = ("admin", "operator", "staff", "viewer")
WORKERS: Final[tuple[Role, ...]] = ("admin", "operator", "staff")
WORKED_OFF: Final = problems(401, 403, 404, 409, 413, 422, 503)
QuestionId = Annotated[AnySlug, Path(alias="question_id")]


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of open questions. A viewer reads with phone numbers masked."""
    Reader = Annotated[AtTenant, Depends(at_own(registry, *READERS))]  # noqa: N806  # a type
    Worker = Annotated[AtTenant, Depends(at_own(registry, *WORKERS))]  # noqa: N806  # a type

    @router.get(
        ALL,
        summary="Questions of customers, the oldest first",
        responses=problems(401, 403, 404, 422, 503),
        tags=["questions"],
    )
    async def list_questions(
        at: Reader, query: Annotated[QuestionQuery, Query()]
    ) -> Page[QuestionOut]:
        async with registry.catalogue(TenantQuestions, at) as part:
            return await part.page(query, masked=at.actor.role == "viewer")

    @router.get(
        f"{ALL}/calls",
        summary="Who is to be called with an answer",
        responses=problems(401, 403, 404, 422, 503),
        tags=["questions"],
    )
    async def list_answer_calls(at: Reader) -> AnswerCalls:
        """Customers whom no message could bring it: they last wrote more than 24 hours before."""
        async with registry.catalogue(TenantQuestions, at) as part:
            masked = at.actor.role == "viewer"
            return AnswerCalls(calls=await part.calls(now=registry.clock(), masked=masked))

    @router.post(
        f"{ONE}/answer", summary="Answer a question", responses=WORKED_OFF, tags=["questions"]
    )
    async def answer_question(
        question_id: QuestionId, wish: QuestionAnswer, at: Worker
    ) -> AnsweredOut:
        """Send the answer to all who asked, with their question quoted.

        Who cannot be written to is listed to be called. Only `admin` and `operator` may save it as an
        answer.
        """
        async with registry.catalogue(TenantQuestions, at) as part:
            return await part.answer(question_id, wish, now=registry.clock())

    @router.post(
        f"{ONE}/dismiss",
        summary="Close a question without an answer",
        responses=WORKED_OFF,
        tags=["questions"],
    )
    async def dismiss_question(question_id: QuestionId, at: Worker) -> QuestionOut:
        """Close it; its customers are told nothing."""
        async with registry.catalogue(TenantQuestions, at) as part:
            return await part.dismiss(question_id, now=registry.clock())

    @router.post(
        f"{ONE}/merge", summary="Make two questions one", responses=WORKED_OFF, tags=["questions"]
    )
    async def merge_question(
        question_id: QuestionId, wish: QuestionMerge, at: Worker
    ) -> QuestionOut:
        """Make those who asked this question askers of another one, which is returned."""
        async with registry.catalogue(TenantQuestions, at) as part:
            return await part.merge(question_id, into=wish.into)

    @router.post(
        f"{ONE}/called/{{conversation_id}}",
        status_code=204,
        summary="Note that a customer was called with the answer",
        responses=problems(401, 403, 404, 422, 503),
        tags=["questions"],
    )
    async def record_answer_call(
        question_id: QuestionId, conversation_id: UUID, at: Worker
    ) -> None:
        async with registry.catalogue(TenantQuestions, at) as part:
            await part.called(question_id, conversation_id, now=registry.clock())


def at_own(registry: Registry, *roles: Role) -> Callable[..., Awaitable[AtTenant]]:
    """Return the dependency of a route for users of these roles, staff at their own tenant alone."""
    admitted = at_tenant(registry.guard, *roles)

    async def admit(at: Annotated[AtTenant, Depends(admitted)]) -> AtTenant:
        # Before the body is looked at: what is wrong with it is told of one's own tenant only.
        async with registry.reading() as session:
            await Environments(session, at.actor).locate(at.client_name, at.environment)
        return at

    return admit
