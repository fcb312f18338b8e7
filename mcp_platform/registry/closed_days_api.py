"""`…/closed-days`: days without bookings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

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
from mcp_platform.kit.http import ConflictWith, Expected, RequestKey, problems
from mcp_platform.kit.paging import Page
from mcp_platform.registry.closed_days import (
    ClosedDayChange,
    ClosedDayOut,
    ClosedDayQuery,
    ClosedDays,
    ClosedDaysOut,
    DayBooked,
    NewClosedDay,
    NewClosedDays,
)
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.routes import IdPath, Registry

ALL = f"{TENANT}/closed-days"
ONE = f"{ALL}/{{closed_day_id:int}}"  # else `many` would be one
BOOKED = {"bookings": {"type": "array", "items": {"$ref": "#/components/schemas/BookingOut"}}}


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
        responses={**CREATED, **problems(409, s409=BOOKED)},
        tags=["catalogue"],
    )
    async def create_closed_day(
        request: Request,
        wish: NewClosedDay,
        at: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        async with asking(), registry.catalogue(ClosedDays, at) as part:
            return await registry.create(
                part.session,
                request=request,
                actor=at.actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: part.create(wish, now=registry.clock()),
                name=lambda made: made.id,
            )

    @router.post(
        f"{ALL}/many",
        summary="Close several days",
        responses=problems(401, 403, 404, 409, 413, 422, 503, s409=BOOKED),
        tags=["catalogue"],
    )
    async def create_closed_days(wish: NewClosedDays, at: Writer) -> ClosedDaysOut:
        """Close them all, or none. Repeatable: what is closed already stays as it is."""
        async with asking(), registry.catalogue(ClosedDays, at) as part:
            return await part.create_many(wish, now=registry.clock())

    @router.get(ONE, summary="One closed day", responses=READ, tags=["catalogue"])
    async def read_closed_day(
        closed_day_id: IdPath,
        at: Reader,
        response: Response,
    ) -> ClosedDayOut:
        async with registry.catalogue(ClosedDays, at) as part:
            return shown(await part.get(closed_day_id), response)

    @router.patch(
        ONE,
        summary="Change a closed day",
        responses={**CHANGED, **problems(409, s409=BOOKED)},
        tags=["catalogue"],
    )
    async def change_closed_day(
        closed_day_id: IdPath,
        change: ClosedDayChange,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> ClosedDayOut:
        """Change what is named. Every process offers it so within fifteen seconds."""
        async with asking(), registry.catalogue(ClosedDays, at) as part:
            changed = await part.update(
                closed_day_id, change, versions=versions, now=registry.clock()
            )
        return shown(changed, response)

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


@asynccontextmanager
async def asking() -> AsyncIterator[None]:
    """Tell of the bookings that a time to be closed has."""
    try:
        yield
    except DayBooked as error:
        booked = [each.model_dump(mode="json") for each in error.bookings]
        raise ConflictWith(str(error), fields=error.fields, bookings=booked) from error
