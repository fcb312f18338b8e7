"""`…/services` and `…/professionals`: what a tenant offers, who does it, and their weekly hours."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

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
from mcp_platform.kit.forms import ChangeForm, CreationForm, VersionedOut
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
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.services import (
    CatalogueQuery,
    NewService,
    ServiceChange,
    ServiceOut,
    Services,
)
from mcp_platform.registry.shapes import AnySlug

HOURS = f"{TENANT}/professionals/{{professional_id}}/hours"
ProfessionalPath = Annotated[AnySlug, Path(alias="professional_id")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CataloguePart:
    """A part of the catalogue, by what its routes differ in: `name`, the service and its forms."""

    name: str
    service: type[Any]
    new: type[CreationForm]
    change: type[ChangeForm]
    out: type[VersionedOut]


PARTS = (
    CataloguePart(
        name="service", service=Services, new=NewService, change=ServiceChange, out=ServiceOut
    ),
    CataloguePart(
        name="professional",
        service=Professionals,
        new=NewProfessional,
        change=ProfessionalChange,
        out=ProfessionalOut,
    ),
)


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of services, professionals and hours."""
    for part in PARTS:
        _add_part(router, registry, part)
    _add_hours(router, registry)


def _add_part(router: APIRouter, registry: Registry, of: CataloguePart) -> None:
    name, every = of.name, f"{TENANT}/{of.name}s"
    one = f"{every}/{{{name}_id}}"
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type
    Id = Annotated[AnySlug, Path(alias=f"{name}_id")]  # noqa: N806  # a type
    # FastAPI reads the types of bodies when a route is added.
    New, Change, Out = of.new, of.change, of.out  # noqa: N806  # types

    @router.get(
        every,
        name=f"list_{name}s",
        response_model=Page[Out],  # type: ignore[valid-type]
        summary=f"{name.title()}s in the owner's order",
        responses=LISTED,
        tags=["catalogue"],
    )
    async def list_part(at: Reader, query: Annotated[CatalogueQuery, Query()]) -> Any:
        async with registry.catalogue(of.service, at) as part:
            return await part.page(query)

    @router.post(
        every,
        name=f"create_{name}",
        status_code=201,
        response_model=Out,
        summary=f"Add a {name}",
        responses=CREATED,
        tags=["catalogue"],
    )
    async def create_one(
        request: Request,
        wish: New,  # type: ignore[valid-type]
        at: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        async with registry.catalogue(of.service, at) as part:
            return await registry.create(
                part.session,
                request=request,
                actor=at.actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: part.create(wish),
                name=lambda made: made.id,
            )

    @router.get(
        one,
        name=f"read_{name}",
        response_model=Out,
        summary=f"One {name}",
        responses=READ,
        tags=["catalogue"],
    )
    async def read_one(id_: Id, at: Reader, response: Response) -> Any:
        async with registry.catalogue(of.service, at) as part:
            return shown(await part.get(id_), response)

    @router.patch(
        one,
        name=f"change_{name}",
        response_model=Out,
        summary=f"Change a {name}",
        responses=CHANGED,
        tags=["catalogue"],
    )
    async def change_one(
        id_: Id,
        change: Change,  # type: ignore[valid-type]
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> Any:
        """Change what is named. Every process offers it so within fifteen seconds."""
        async with registry.catalogue(of.service, at) as part:
            return shown(await part.update(id_, change, versions=versions), response)

    @router.delete(
        one,
        name=f"delete_{name}",
        status_code=204,
        summary=f"Remove a {name}",
        responses=DELETED,
        tags=["catalogue"],
    )
    async def delete_one(id_: Id, at: Writer, versions: Expected) -> None:
        async with registry.catalogue(of.service, at) as part:
            await part.delete(id_, versions=versions, now=registry.clock())


def _add_hours(router: APIRouter, registry: Registry) -> None:
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(HOURS, summary="Weekly hours", responses=READ, tags=["catalogue"])
    async def read_hours(id_: ProfessionalPath, at: Reader, response: Response) -> HoursOut:
        async with registry.catalogue(Professionals, at) as part:
            return shown(await part.hours(id_), response)

    @router.put(HOURS, summary="Replace the weekly hours", responses=CHANGED, tags=["catalogue"])
    async def replace_hours(
        id_: ProfessionalPath,
        wish: HoursWish,
        at: Writer,
        versions: Expected,
        response: Response,
    ) -> HoursOut:
        """Replace the whole week; the ETag is the professional's."""
        async with registry.catalogue(Professionals, at) as part:
            hours = await part.replace_hours(id_, wish, versions=versions)
        return shown(hours, response)
