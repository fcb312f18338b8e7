"""`…/questions`: what customers asked and no answer covers, answered here; and whom to call with one."""

from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.console.conversations.thread import written_phone
from mcp_platform.console.forms import at_of, slug_of, text_of_field
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.paging import LONGEST_CURSOR
from mcp_platform.registry.answers.forms import TEXT_LIMIT, TITLE_LIMIT
from mcp_platform.registry.answers.questions import (
    QuestionAnswer,
    QuestionQuery,
    TenantQuestions,
)
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.staff_api import READERS, WORKERS

PATH: Final = f"{TENANT}/questions"
ROWS: Final = 20
SAID: Final = frozenset({"answered", "to_call", "dismissed", "called", "closed"})


class QuestionPages:
    """The open questions of a tenant's customers."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        one = f"{PATH}/{{question_id}}"
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=f"{one}/answer", roles=WORKERS, act=self.answer),
            ConsolePage(path=f"{one}/dismiss", roles=WORKERS, act=self.dismiss),
            ConsolePage(path=f"{one}/called/{{contact}}", roles=WORKERS, act=self.called),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def answer(self, visit: PageVisit) -> Response:
        """Send the answer to all who asked; what cannot be sent stays in its form."""
        question_id = slug_of(visit, "question_id")
        kept = {"title": text_of_field(visit, "title")} if visit.form.get("keep") else None
        try:
            wish = QuestionAnswer.of(
                {"text": text_of_field(visit, "text"), "save_as_answer": kept},
            )
            async with self._registry.catalogue(TenantQuestions, at_of(visit)) as part:
                answered = await part.answer(question_id, wish, now=self._registry.clock())
        except Invalid as error:
            wrong = {path.rpartition(".")[2] for path in error.fields}
            return await self._page(visit, status=422, at=question_id, wrong=wrong)
        except Conflict as error:  # it is closed, or there is an answer of that name
            if not error.fields:
                return to_tenant(visit, "/questions", said="closed")
            return await self._page(visit, status=409, at=question_id, wrong={"taken"})
        return to_tenant(visit, "/questions", said="to_call" if answered.calls else "answered")

    async def dismiss(self, visit: PageVisit) -> Response:
        question_id = slug_of(visit, "question_id")
        try:
            async with self._registry.catalogue(TenantQuestions, at_of(visit)) as part:
                await part.dismiss(question_id, now=self._registry.clock())
        except Conflict:
            return to_tenant(visit, "/questions", said="closed")
        return to_tenant(visit, "/questions", said="dismissed")

    async def called(self, visit: PageVisit) -> Response:
        contact = visit.uuid("contact")
        async with self._registry.catalogue(TenantQuestions, at_of(visit)) as part:
            await part.called(slug_of(visit, "question_id"), contact, now=self._registry.clock())
        return to_tenant(visit, "/questions", said="called")

    async def _page(
        self,
        visit: PageVisit,
        *,
        status: int = 200,
        at: str | None = None,
        wrong: set[str] | None = None,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        cursor = visit.request.query_params.get("cursor") or None
        if cursor is not None and len(cursor) > LONGEST_CURSOR:
            raise Invalid("The cursor is none of ours.")
        masked = visit.role == "viewer"
        async with self._registry.catalogue(TenantQuestions, at_of(visit)) as part:
            found = await part.page(QuestionQuery(limit=ROWS, cursor=cursor), masked=masked)
            calls = await part.calls(now=self._registry.clock(), masked=masked)
        here = f"{ROOT}/t/{tenant.path}/questions"
        return tenant_page(
            visit,
            tenant,
            "conversations/questions.html",
            status=status,
            here=here,
            questions=found.items,
            calls=calls,
            phone=written_phone,
            may_work=may_change(visit, tenant, roles=WORKERS),
            may_keep=visit.role in WRITERS,
            longest=TEXT_LIMIT,
            longest_title=TITLE_LIMIT,
            wrong_at=at,
            wrong=wrong or set(),
            said=visit.said(SAID),
            following=f"{here}?cursor={found.next_cursor}" if found.next_cursor else None,
            first=here if cursor else None,
        )
