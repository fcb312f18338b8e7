"""`/api/v1/admin/platform`: what all tenants share in the manifests, and what a fleet lacks."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.publishing.fleet import Blocks, FleetBlocks, lacks

MOST_BYTES: Final = 256 * 1024  # a dozen public keys, ranges and settings are some kilobytes

Section = Annotated[
    dict[str, Any] | None,
    Field(description="Fields as in `config.json`; null takes one away, what is not named stays."),
]


class FleetChange(BaseModel):
    """A JSON merge patch (RFC 7396)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    platform: Section = None
    argocd: Section = None
    database: Section = None


class LackOut(BaseModel):
    """Something that a fleet cannot run without."""

    model_config = ConfigDict(from_attributes=True)

    field: str
    why: str
    command: Annotated[str, Field(description="What gives it, at the command line.")]


class FleetOut(BaseModel):
    """The sections of `config.json` that all tenants share."""

    platform: dict[str, Any]
    argocd: dict[str, Any]
    database: dict[str, Any]
    missing: Annotated[list[LackOut], Field(description="Empty: `publish` takes the fleet.")]

    @classmethod
    def of(cls, blocks: Blocks) -> "FleetOut":
        return cls(
            platform=blocks.get("platform", {}),
            argocd=blocks.get("argocd", {}),
            database=blocks.get("database", {}),
            missing=[LackOut.model_validate(each) for each in lacks(blocks)],
        )


def fleet_router(sessions: Sessions, *, guard: AdminGuard) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["config"], route_class=bodies_up_to(MOST_BYTES))

    @router.get(
        "/platform",
        summary="What all tenants share in the manifests",
        responses=problems(401, 403, 503),
    )
    async def read_platform(actor: Annotated[Actor, Depends(allowed(guard, *READERS))]) -> FleetOut:
        async with sessions.everywhere() as session:
            return FleetOut.of(await FleetBlocks(session, actor).read())

    @router.patch(
        "/platform",
        summary="Change what all tenants share in the manifests",
        responses=problems(401, 403, 413, 422, 503),
    )
    async def change_platform(
        patch: FleetChange, actor: Annotated[Actor, Depends(allowed(guard, *WRITERS))]
    ) -> FleetOut:
        """`publish` brings it to the cluster."""
        async with sessions.everywhere.begin() as session:
            changed = await FleetBlocks(session, actor).change(patch.model_dump(exclude_unset=True))
        return FleetOut.of(changed)

    return router
