"""`…/professionals`: who works for a tenant, and their weekly hours."""

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
from mcp_platform.kit.http import Expected, RequestKey
from mcp_platform.kit.paging import Page
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.hours import HoursOut, HoursWish
from mcp_platform.registry.professionals import (
    NewProfessional,
    ProfessionalChange,
    ProfessionalOut,
    Professionals,
)
from mcp_platform.registry.routes import Registry, SlugPath
from mcp_platform.registry.services import CatalogueQuery

ALL = f"{TENANT}/professionals"
ONE = f"{ALL}/{{professional_id}}"


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of professionals."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(
        ALL, summary="Professionals in the owner's order", responses=LISTED, tags=["catalogue"]
    )
    async def list_professionals(
        at: Reader,
        query: Annotated[CatalogueQuery, Query()],
    ) -> Page[ProfessionalOut]:
        async with registry.catalogue(Professionals, at) as part:
            return await part.page(query)

    @router.post(
        ALL,
        status_code=201,
        response_model=ProfessionalOut,
        summary="Add a professional",
        responses=CREATED,
        tags=["catalogue"],
    )
    async def create_professional(
        request: Request,
        wish: NewProfessional,
        at: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        async with registry.catalogue(Professionals, at) as part:
            return await registry.create(
                part.session,
                request=request,
                actor=at.actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: part.create(wish),
                name=lambda made: made.id,
            )

    @router.get(ONE, summary="One professional", responses=READ, tags=["catalogue"])
    async def read_professional(
        professional_id: SlugPath,
        at: Reader,
        response: Response,
    ) -> ProfessionalOut:
        async with registry.catalogue(Professionals, at) as part:
            return shown(await part.get(professional_id), response)

    @router.patch(ONE, summary="Change a professional", responses=CHANGED, tags=["catalogue"])
    async def change_professional(
        professional_id: SlugPath,
        change: ProfessionalChange,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> ProfessionalOut:
        """Change what is named. Every process offers it so within fifteen seconds."""
        async with registry.catalogue(Professionals, at) as part:
            return shown(await part.update(professional_id, change, versions=versions), response)

    @router.delete(
        ONE, status_code=204, summary="Remove a professional", responses=DELETED, tags=["catalogue"]
    )
    async def delete_professional(
        professional_id: SlugPath,
        at: Writer,
        versions: Expected,
    ) -> None:
        async with registry.catalogue(Professionals, at) as part:
            await part.delete(professional_id, versions=versions, now=registry.clock())

    _add_hours(router, registry)


def _add_hours(router: APIRouter, registry: Registry) -> None:
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(f"{ONE}/hours", summary="Weekly hours", responses=READ, tags=["catalogue"])
    async def read_hours(
        professional_id: SlugPath,
        at: Reader,
        response: Response,
    ) -> HoursOut:
        async with registry.catalogue(Professionals, at) as part:
            return shown(await part.hours(professional_id), response)

    @router.put(
        f"{ONE}/hours",
        summary="Replace the weekly hours",
        responses=CHANGED,
        tags=["catalogue"],
    )
    async def replace_hours(
        professional_id: SlugPath,
        wish: HoursWish,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> HoursOut:
        """Replace the whole week; the ETag is the professional's."""
        async with registry.catalogue(Professionals, at) as part:
            hours = await part.replace_hours(professional_id, wish, versions=versions)
        return shown(hours, response)
