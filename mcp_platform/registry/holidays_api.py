"""`…/holidays/{year}`: on which holidays a tenant closes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from mcp_platform.access.routes import LISTED, READERS, WRITERS, AtTenant, at_tenant
from mcp_platform.kit.http import problems
from mcp_platform.registry.closed_days import ClosedDaysOut
from mcp_platform.registry.closed_days_api import BOOKED, asking
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.holidays import Holidays, HolidaysChosen, HolidaysOut
from mcp_platform.registry.routes import Registry

HOLIDAYS = f"{TENANT}/holidays/{{year}}"
YearPath = Annotated[int, Path(ge=1970, le=2999)]


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of holidays."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(HOLIDAYS, summary="The holidays of a year", responses=LISTED, tags=["catalogue"])
    async def list_holidays(year: YearPath, at: Reader) -> HolidaysOut:
        """List what may be closed on. Nothing is closed by being listed."""
        async with registry.catalogue(Holidays, at) as part:
            return await part.of_year(year, now=registry.clock())

    @router.put(
        HOLIDAYS,
        summary="Close on holidays of a year",
        responses=problems(401, 403, 404, 409, 413, 422, 503, s409=BOOKED),
        tags=["catalogue"],
    )
    async def choose_holidays(year: YearPath, wish: HolidaysChosen, at: Writer) -> ClosedDaysOut:
        """Close on those that are named; the year counts as decided. What is closed stays closed."""
        async with asking(), registry.catalogue(Holidays, at) as part:
            return await part.choose(year, wish, now=registry.clock())
