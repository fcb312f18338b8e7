"""`/api/v1/admin/drafts`: new clients that are not registered yet."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.access.routes import CHANGED, LISTED, MOST_BYTES, READ, WRITERS, shown
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.http import Expected, bodies_up_to, problems
from mcp_platform.onboarding.desk import DraftDesk
from mcp_platform.onboarding.drafts import ClientDraftOut, DraftWish, RegisteredOut

ALL = "/drafts"
ONE = f"{ALL}/{{draft_id}}"


def drafts_router(drafts: DraftDesk, *, guard: AdminGuard) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["drafts"], route_class=bodies_up_to(MOST_BYTES))
    Writer = Annotated[Actor, Depends(allowed(guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(ALL, summary="New clients that are not made yet", responses=LISTED)
    async def list_drafts(actor: Writer) -> list[ClientDraftOut]:
        return await drafts.list(actor)

    @router.post(
        ALL,
        status_code=201,
        summary="Begin a new client",
        responses=problems(401, 403, 413, 422, 503),
    )
    async def create_draft(wish: DraftWish, actor: Writer, response: Response) -> ClientDraftOut:
        """Keep answers without secrets for thirty days after their last change."""
        return shown(await drafts.create(actor, wish), response)

    @router.get(ONE, summary="One draft", responses=READ)
    async def read_draft(draft_id: UUID, actor: Writer, response: Response) -> ClientDraftOut:
        return shown(await drafts.get(actor, draft_id), response)

    @router.put(ONE, summary="Replace a draft's answers", responses=CHANGED)
    async def replace_draft(
        draft_id: UUID, wish: DraftWish, actor: Writer, versions: Expected, response: Response
    ) -> ClientDraftOut:
        return shown(await drafts.update(actor, draft_id, wish, versions=versions), response)

    @router.delete(
        ONE,
        status_code=204,
        summary="Throw a draft away",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def delete_draft(draft_id: UUID, actor: Writer) -> None:
        await drafts.remove(actor, draft_id)

    @router.post(
        f"{ONE}/register",
        summary="Make the client of a draft",
        responses=problems(401, 403, 404, 409, 422, 503),
    )
    async def register_draft(draft_id: UUID, actor: Writer) -> RegisteredOut:
        """Make client, environments and catalogue in one transaction. Credentials come then."""
        return await drafts.register(actor, draft_id)

    return router
