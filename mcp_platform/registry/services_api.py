"""`…/services`: what a tenant offers."""

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
from mcp_platform.registry.routes import Registry, SlugPath
from mcp_platform.registry.services import (
    CatalogueQuery,
    NewService,
    ServiceChange,
    ServiceOut,
    Services,
)

ALL = f"{TENANT}/services"
ONE = f"{ALL}/{{service_id}}"


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of services."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(ALL, summary="Services in the owner's order", responses=LISTED, tags=["catalogue"])
    async def list_services(
        at: Reader,
        query: Annotated[CatalogueQuery, Query()],
    ) -> Page[ServiceOut]:
        async with registry.catalogue(Services, at) as part:
            return await part.page(query)

    @router.post(
        ALL,
        status_code=201,
        response_model=ServiceOut,
        summary="Add a service",
        responses=CREATED,
        tags=["catalogue"],
    )
    async def create_service(
        request: Request,
        wish: NewService,
        at: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        async with registry.catalogue(Services, at) as part:
            return await registry.create(
                part.session,
                request=request,
                actor=at.actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: part.create(wish),
                name=lambda made: made.id,
            )

    @router.get(ONE, summary="One service", responses=READ, tags=["catalogue"])
    async def read_service(
        service_id: SlugPath,
        at: Reader,
        response: Response,
    ) -> ServiceOut:
        async with registry.catalogue(Services, at) as part:
            return shown(await part.get(service_id), response)

    @router.patch(ONE, summary="Change a service", responses=CHANGED, tags=["catalogue"])
    async def change_service(
        service_id: SlugPath,
        change: ServiceChange,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> ServiceOut:
        """Change what is named. Every process offers it so within fifteen seconds."""
        async with registry.catalogue(Services, at) as part:
            return shown(await part.update(service_id, change, versions=versions), response)

    @router.delete(
        ONE, status_code=204, summary="Remove a service", responses=DELETED, tags=["catalogue"]
    )
    async def delete_service(
        service_id: SlugPath,
        at: Writer,
        versions: Expected,
    ) -> None:
        async with registry.catalogue(Services, at) as part:
            await part.delete(service_id, versions=versions, now=registry.clock())
