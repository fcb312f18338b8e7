"""`…/templates`: the message templates of one tenant, and what Meta says of them."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mcp_platform.access.routes import READERS, WRITERS, AtTenant, at_tenant
from mcp_platform.kit.http import problems
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.templates.service import TemplatesOut, TemplateWish, TenantTemplates

ALL = f"{TENANT}/templates"


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of templates."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(
        ALL,
        summary="The message templates of a tenant, and their states at Meta",
        responses=problems(401, 403, 404, 422, 503),
        tags=["templates"],
    )
    async def list_templates(at: Reader) -> TemplatesOut:
        async with registry.catalogue(TenantTemplates, at) as part:
            return await part.all()

    @router.post(
        ALL,
        status_code=202,
        summary="Have templates made at Meta",
        responses=problems(401, 403, 404, 409, 422, 503),
        tags=["templates"],
    )
    async def create_templates(wish: TemplateWish, at: Writer) -> TemplatesOut:
        """A worker asks Meta within seconds; its review takes minutes, at most a day.

        Repeatable: what is wanted or approved already stays. A text that is new, or whose last version
        Meta will not approve any more, becomes the next version; the one before is sent until then.
        """
        async with registry.catalogue(TenantTemplates, at) as part:
            return await part.create(wish, now=registry.clock())

    @router.post(
        f"{ALL}/sync",
        status_code=202,
        summary="Have Meta asked again",
        responses=problems(401, 403, 404, 422, 503),
        tags=["templates"],
    )
    async def sync_templates(at: Writer) -> TemplatesOut:
        """A worker asks within seconds; the answer tells what is known until then."""
        async with registry.catalogue(TenantTemplates, at) as part:
            return await part.sync()
