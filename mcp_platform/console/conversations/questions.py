"""`…/questions`: what customers asked and no answer covers, answered here; and whom to call with one."""

from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.console.conversations.thread import written_phone
from mcp_platform.console.forms import at_of, text_of_field
from mcp_platform.console.places import TENANT, tenant_of, tenant_page
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.paging import LONGEST_CURSOR
from mcp_platform.registry.answers.forms import TEXT_LIMIT, TITLE_LIMIT
from mcp_platform.registry.answers.questions import (
    QuestionAnswer,
    QuestionQuery,
    TenantQuestions,
)
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.shapes import AnySlug
from mcp_platform.registry.staff_api import READERS, WORKERS

PATH: Final = f"{TENANT}/questions"
ROWS: Final = 20
_ID: Final = TypeAdapter[str](AnySlug)
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
        question_id = _question_of(visit)
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
                return self._to(visit, "closed")
            return await self._page(visit, status=409, at=question_id, wrong={"taken"})
        return self._to(visit, "to_call" if answered.calls else "answered")

    async def dismiss(self, visit: PageVisit) -> Response:
        question_id = _question_of(visit)
        try:
            async with self._registry.catalogue(TenantQuestions, at_of(visit)) as part:
                await part.dismiss(question_id, now=self._registry.clock())
        except Conflict:
            return self._to(visit, "closed")
        return self._to(visit, "dismissed")

    async def called(self, visit: PageVisit) -> Response:
        where = visit.request.path_params
        try:
            contact = UUID(where["contact"])
        except ValueError as error:
            raise NotFound("There is no such conversation.") from error
        async with self._registry.catalogue(TenantQuestions, at_of(visit)) as part:
            await part.called(_question_of(visit), contact, now=self._registry.clock())
        return self._to(visit, "called")

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
        said = visit.request.query_params.get("said")
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
            may_work=visit.role in WORKERS and tenant.status != "offboarded",
            may_keep=visit.role in WRITERS,
            longest=TEXT_LIMIT,
            longest_title=TITLE_LIMIT,
            wrong_at=at,
            wrong=wrong or set(),
            said=said if said in SAID else None,
            following=f"{here}?cursor={found.next_cursor}" if found.next_cursor else None,
            first=here if cursor else None,
        )

    def _to(self, visit: PageVisit, said: str) -> Response:
        at = at_of(visit)
        return visit.to(f"/t/{at.client_name}/{at.environment}/questions", said=said)


def _question_of(visit: PageVisit) -> str:
    """Return the question that the path names. Raises NotFound if it is no id."""
    try:
        return _ID.validate_python(visit.request.path_params["question_id"])
    except ValidationError as error:
        raise NotFound("There is no such question.") from error
