"""`…/waitlist`: customers who would come if something became free, for users and staff."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from mcp_platform.access.routes import AtTenant
from mcp_platform.kit.http import problems
from mcp_platform.registry.answers.questions_api import READERS, WORKERS, at_own
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.shapes import AnySlug
from mcp_platform.registry.waiting.waitlist import TenantWaitlist, WaitlistWishes

ALL = f"{TENANT}/waitlist"
WishId = Annotated[AnySlug, Path(alias="wish_id")]


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of the waiting list. A viewer reads with phone numbers masked."""
    Reader = Annotated[AtTenant, Depends(at_own(registry, *READERS))]  # noqa: N806  # a type
    Worker = Annotated[AtTenant, Depends(at_own(registry, *WORKERS))]  # noqa: N806  # a type

    @router.get(
        ALL,
        summary="Who would come if something became free, the nearest day first",
        responses=problems(401, 403, 404, 422, 503),
        tags=["waitlist"],
    )
    async def list_waitlist(at: Reader) -> WaitlistWishes:
        """Wishes for today and later that nobody has seen to. Nobody is offered a time by itself."""
        async with registry.catalogue(TenantWaitlist, at) as part:
            masked = at.actor.role == "viewer"
            return WaitlistWishes(wishes=await part.open(now=registry.clock(), masked=masked))

    @router.post(
        f"{ALL}/{{wish_id}}/done",
        status_code=204,
        summary="Note that a wish was seen to",
        responses=problems(401, 403, 404, 422, 503),
        tags=["waitlist"],
    )
    async def finish_wish(wish_id: WishId, at: Worker) -> None:
        async with registry.catalogue(TenantWaitlist, at) as part:
            await part.done(wish_id, now=registry.clock())
