"""`…/closed-days`: days without bookings."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from mcp_platform.admin.api.registry.environments import ONE as TENANT
from mcp_platform.admin.api.registry.exchange import (
    CHANGED,
    CREATED,
    DELETED,
    LISTED,
    READ,
    READERS,
    WRITERS,
    AtTenant,
    IdPath,
    Registry,
    at_tenant,
    shown,
)
from mcp_platform.admin.registry.closed_days import (
    ClosedDayChange,
    ClosedDayOut,
    ClosedDayQuery,
    ClosedDays,
    NewClosedDay,
)
from mcp_platform.admin.registry.paging import Page
from mcp_platform.kit.http import Expected, RequestKey

ALL = f"{TENANT}/closed-days"
ONE = f"{ALL}/{{closed_day_id}}"


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of closed days."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(ALL, summary="Closed days, earliest first", responses=LISTED, tags=["catalogue"])
    async def list_closed_days(
        at: Reader,
        query: Annotated[ClosedDayQuery, Query()],
    ) -> Page[ClosedDayOut]:
        async with registry.catalogue(ClosedDays, at) as part:
            return await part.page(query)

    @router.post(
        ALL,
        status_code=201,
        response_model=ClosedDayOut,
        summary="Add a closed day",
        responses=CREATED,
        tags=["catalogue"],
    )
    async def create_closed_day(
        request: Request,
        wish: NewClosedDay,
        at: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        async with registry.catalogue(ClosedDays, at) as part:
            return await registry.create(
                part.session,
                request=request,
                actor=at.actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: part.create(wish),
                name=lambda made: made.id,
            )

    @router.get(ONE, summary="One closed day", responses=READ, tags=["catalogue"])
    async def read_closed_day(
        closed_day_id: IdPath,
        at: Reader,
        response: Response,
    ) -> ClosedDayOut:
        async with registry.catalogue(ClosedDays, at) as part:
            return shown(await part.get(closed_day_id), response)

    @router.patch(ONE, summary="Change a closed day", responses=CHANGED, tags=["catalogue"])
    async def change_closed_day(
        closed_day_id: IdPath,
        change: ClosedDayChange,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> ClosedDayOut:
        """Change what is named. Every process offers it so within fifteen seconds."""
        async with registry.catalogue(ClosedDays, at) as part:
            return shown(await part.update(closed_day_id, change, versions=versions), response)

    @router.delete(
        ONE, status_code=204, summary="Remove a closed day", responses=DELETED, tags=["catalogue"]
    )
    async def delete_closed_day(
        closed_day_id: IdPath,
        at: Writer,
        versions: Expected,
    ) -> None:
        async with registry.catalogue(ClosedDays, at) as part:
            await part.delete(closed_day_id, versions=versions)
