"""`…/answers`: what a business knows of itself, as the assistant quotes it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from mcp_platform.access.routes import (
    CHANGED,
    CREATED,
    DELETED,
    LISTED,
    READ,
    READERS,
    WRITERS,
    AtTenant,
    at_tenant,
    shown,
)
from mcp_platform.kit.http import Expected, RequestKey, problems
from mcp_platform.kit.paging import Page, PageQuery
from mcp_platform.registry.answers.forms import AnswerOut, AnswerWish
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.answers.translating import TranslationProposal
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.shapes import AnySlug
from mcp_platform.tenants.languages import Language

ALL = f"{TENANT}/answers"
ONE = f"{ALL}/{{answer_id}}"
PROPOSAL = f"{ONE}/translations/{{language}}/proposal"
PROPOSED = problems(401, 403, 404, 409, 422, 503)
AnswerId = Annotated[AnySlug, Path(alias="answer_id")]


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of answers."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(ALL, summary="Answers in the owner's order", responses=LISTED, tags=["answers"])
    async def list_answers(at: Reader, query: Annotated[PageQuery, Query()]) -> Page[AnswerOut]:
        async with registry.catalogue(TenantAnswers, at) as part:
            return await part.page(query)

    @router.post(
        ALL,
        status_code=201,
        response_model=AnswerOut,
        summary="Add an answer",
        responses=CREATED,
        tags=["answers"],
    )
    async def create_answer(
        request: Request,
        wish: AnswerWish,
        at: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        """Add an answer; at most 200. Its title is no other answer's."""
        async with registry.catalogue(TenantAnswers, at) as part:
            return await registry.create(
                part.session,
                request=request,
                actor=at.actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: part.create(wish),
                name=lambda made: made.id,
            )

    @router.get(ONE, summary="One answer", responses=READ, tags=["answers"])
    async def read_answer(answer_id: AnswerId, at: Reader, response: Response) -> AnswerOut:
        async with registry.catalogue(TenantAnswers, at) as part:
            return shown(await part.get(answer_id), response)

    @router.put(ONE, summary="Replace an answer", responses=CHANGED, tags=["answers"])
    async def replace_answer(
        answer_id: AnswerId,
        wish: AnswerWish,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> AnswerOut:
        """Replace the whole answer, its translations included; the next turn quotes it so.

        Without a position it stays where it is.
        """
        async with registry.catalogue(TenantAnswers, at) as part:
            replaced = await part.replace(answer_id, wish, versions=versions)
        return shown(replaced, response)

    @router.post(
        PROPOSAL, summary="Have a translation proposed", responses=PROPOSED, tags=["answers"]
    )
    async def propose_translation(
        answer_id: AnswerId, language: Language, at: Writer
    ) -> TranslationProposal:
        """Ask the tenant's model, with the tenant's key, for the answer's words in a language.

        Nothing is stored. What a person has read goes into the answer's `translations`, `approved`.
        """
        async with registry.catalogue(TenantAnswers, at) as part:
            answer = await part.get(answer_id)
            environments = Environments(part.session, at.actor)
            tenant = await environments.tenant(at.client_name, at.environment)
        return await registry.translator.propose(answer, into=language, tenant=tenant)

    @router.delete(
        ONE, status_code=204, summary="Remove an answer", responses=DELETED, tags=["answers"]
    )
    async def delete_answer(answer_id: AnswerId, at: Writer, versions: Expected) -> None:
        async with registry.catalogue(TenantAnswers, at) as part:
            await part.delete(answer_id, versions=versions)
