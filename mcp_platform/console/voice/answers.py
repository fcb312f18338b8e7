"""`…/answers`: what a business knows of itself, in its own words."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.console.forms import (
    at_of,
    editor_pages,
    said_at,
    slug_of,
    text_of_field,
    version_of,
    whole,
)
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.kit.paging import MOST, PageQuery
from mcp_platform.registry.answers.forms import TEXT_LIMIT, TITLE_LIMIT, AnswerOut, AnswerWish
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.routes import Registry

PATH: Final = f"{TENANT}/answers"
SAID: Final = frozenset({"added", "saved", "removed"})


class AnswerPages:
    """The list of answers, and the form of one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        return editor_pages(PATH, one="answer_id", editor=self)

    async def show(self, visit: PageVisit) -> Response:
        async with self._registry.catalogue(TenantAnswers, at_of(visit)) as part:
            answers = (await part.page(PageQuery(limit=MOST))).items
        tenant = await tenant_of(visit, self._registry.tenants)
        return tenant_page(
            visit,
            tenant,
            "voice/answers.html",
            answers=answers,
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )

    async def blank(self, visit: PageVisit) -> Response:
        return await self._form(visit, None, {})

    async def add(self, visit: PageVisit) -> Response:
        try:
            wish = AnswerWish.of(_wish(visit, None))
            async with self._registry.catalogue(TenantAnswers, at_of(visit)) as part:
                await part.create(wish)
        except (Invalid, Conflict) as error:
            if not error.fields:
                raise
            return await self._form(visit, None, visit.form, wrong=said_at(visit, error))
        return to_tenant(visit, "/answers", said="added")

    async def edit(self, visit: PageVisit) -> Response:
        answer = await self._one(visit)
        return await self._form(visit, answer, _typed(answer))

    async def change(self, visit: PageVisit) -> Response:
        """Replace an answer; its translations stay."""
        answer = await self._one(visit)
        try:
            wish = AnswerWish.of(_wish(visit, answer))
            async with self._registry.catalogue(TenantAnswers, at_of(visit)) as part:
                await part.replace(answer.id, wish, versions=version_of(visit))
        except PreconditionFailed:
            return await self._form(visit, answer, visit.form, changed=True)
        except (Invalid, Conflict) as error:
            if not error.fields:
                raise
            return await self._form(visit, answer, visit.form, wrong=said_at(visit, error))
        return to_tenant(visit, "/answers", said="saved")

    async def remove(self, visit: PageVisit) -> Response:
        answer_id = slug_of(visit, "answer_id")
        async with self._registry.catalogue(TenantAnswers, at_of(visit)) as part:
            await part.delete(answer_id, versions=version_of(visit))
        return to_tenant(visit, "/answers", said="removed")

    async def _one(self, visit: PageVisit) -> AnswerOut:
        async with self._registry.catalogue(TenantAnswers, at_of(visit)) as part:
            return await part.get(slug_of(visit, "answer_id"))

    async def _form(
        self,
        visit: PageVisit,
        answer: AnswerOut | None,
        typed: Mapping[str, str],
        *,
        wrong: Mapping[str, str] | None = None,
        changed: bool = False,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        return tenant_page(
            visit,
            tenant,
            "voice/answer.html",
            status=412 if changed else 422 if wrong else 200,
            answer=answer,
            typed=typed,
            now=_typed(answer) if answer and changed else None,
            longest=TEXT_LIMIT,
            longest_title=TITLE_LIMIT,
            wrong=wrong or {},
            may_change=may_change(visit, tenant),
        )


def _wish(visit: PageVisit, answer: AnswerOut | None) -> dict[str, Any]:
    position = text_of_field(visit, "position")
    kept = {} if answer is None else answer.translations
    return {
        "language": None if answer is None else answer.language,
        "title": text_of_field(visit, "title"),
        "questions": [
            line.strip() for line in text_of_field(visit, "questions").split("\n") if line.strip()
        ],
        "text": text_of_field(visit, "text"),
        "position": whole(position) if position else None,
        "condition": "condition" in visit.form,
        "translations": {language: each.model_dump() for language, each in kept.items()},
    }


def _typed(answer: AnswerOut) -> dict[str, str]:
    return {
        "title": answer.title,
        "questions": "\n".join(answer.questions),
        "text": answer.text,
        "position": str(answer.position),
        **({"condition": "yes"} if answer.condition else {}),
    }
