"""The end of an environment: `DELETE` it, restore or purge it, and all its data before."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import READERS, WRITERS, AtTenant, at_tenant
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import Expected, bodies_up_to, problems
from mcp_platform.offboarding.data_export import DataExport
from mcp_platform.offboarding.offboarding import Offboarding, OffboardingState
from mcp_platform.registry.environments import Environments
from mcp_platform.tenants.directory import TenantDirectory

ONE: Final = "/clients/{client_name}/environments/{environment}"
MOST_BYTES: Final = 1024
JSON_LINES: Final = "application/x-ndjson"


class PurgeConfirmation(BaseModel):
    """Everything that is kept of the tenant will be gone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confirm: Annotated[
        str, Field(max_length=80, description="The tenant's path: `<client>/<environment>`.")
    ]

    without_export: Annotated[
        bool,
        Field(description="Also if no complete export was made since the tenant's last change."),
    ] = False


class OffboardingOut(BaseModel):
    """How far a tenant's end has come."""

    stage: Literal["waiting", "purging", "purged"]
    status_before: str
    started_at: datetime
    purge_after: datetime
    override: Annotated[
        Literal["pending", "removed", "left"],
        Field(description="Meta's callback override; after a restoration the doctor sets it anew."),
    ]
    error: Annotated[str | None, Field(description="Why the last try failed; it is repeated.")]
    purged_at: datetime | None
    left_behind: Annotated[
        str | None,
        Field(description="What the purge may not take away, and how a person does."),
    ]

    @classmethod
    def of(cls, state: OffboardingState) -> "OffboardingOut":
        return cls(**{name: getattr(state, name) for name in OffboardingState.__slots__})


def offboarding_router(
    sessions: Sessions,
    *,
    tenants: TenantDirectory,
    guard: AdminGuard,
    grace: timedelta,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(
        prefix=ADMIN_API, tags=["off-boarding"], route_class=bodies_up_to(MOST_BYTES)
    )
    AtReader = Annotated[AtTenant, Depends(at_tenant(guard, *READERS))]  # noqa: N806  # a type
    AtWriter = Annotated[AtTenant, Depends(at_tenant(guard, *WRITERS))]  # noqa: N806  # a type
    proved = at_tenant(guard, *WRITERS, fresh=True)
    AtProvedWriter = Annotated[AtTenant, Depends(proved)]  # noqa: N806  # a type

    @router.delete(
        ONE,
        status_code=202,
        summary="Off-board an environment",
        responses=problems(401, 403, 404, 412, 422, 428, 503),
    )
    async def offboard_environment(at: AtProvedWriter, versions: Expected) -> OffboardingOut:
        """Stop answering at once; purge it when the grace period is over. It can be restored."""
        async with sessions.everywhere.begin() as session:
            state = await Offboarding(session, at.actor).begin(
                at.client_name, at.environment, grace=grace, now=clock(), versions=versions
            )
        tenants.forget()
        return OffboardingOut.of(state)

    @router.get(
        f"{ONE}/offboarding",
        summary="How far an off-boarding has come",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def read_offboarding(at: AtReader) -> OffboardingOut:
        async with sessions.everywhere.begin() as session:
            state = await Offboarding(session, at.actor).state(at.client_name, at.environment)
        return OffboardingOut.of(state)

    @router.post(
        f"{ONE}/restore",
        summary="Take an off-boarding back",
        responses=problems(401, 403, 404, 409, 422, 503),
    )
    async def restore_environment(at: AtWriter) -> OffboardingOut:
        """Give the environment its former status. Answers how far its end had come."""
        async with sessions.everywhere.begin() as session:
            was = await Offboarding(session, at.actor).restore(at.client_name, at.environment)
        tenants.forget()
        return OffboardingOut.of(was)

    @router.post(
        f"{ONE}/purge",
        status_code=202,
        summary="Purge an off-boarded environment now",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def purge_environment(wish: PurgeConfirmation, at: AtProvedWriter) -> OffboardingOut:
        """Delete all that is kept of it, without waiting for the grace period. No way back.

        409 if no export, read to its end, holds all that is there now; unless `without_export`.
        """
        async with sessions.everywhere.begin() as session:
            state = await Offboarding(session, at.actor).purge(
                at.client_name,
                at.environment,
                confirm=wish.confirm,
                without_export=wish.without_export,
                now=clock(),
            )
        return OffboardingOut.of(state)

    described: dict[int | str, dict[str, Any]] = {
        200: {
            "description": "An object a line: the row's columns, and its table as `type`.",
            "content": {JSON_LINES: {"schema": {"type": "string"}}},
        },
        **problems(401, 403, 404, 422, 503),
    }

    @router.get(
        f"{ONE}/export",
        summary="All data of an environment, as JSON lines",
        response_class=StreamingResponse,
        responses=described,
    )
    async def export_environment(at: AtProvedWriter) -> StreamingResponse:
        """Tell everything that is kept of the business and its customers; no credential."""
        async with sessions.everywhere() as session:
            located = await Environments(session, at.actor).locate(at.client_name, at.environment)
        going = DataExport(sessions, located.id, actor=at.actor, path=located.path)
        await going.begin()

        async def lines() -> AsyncIterator[bytes]:
            async for part in going.lines():
                yield part
            await going.complete()

        name = located.path.replace("/", "-")
        return StreamingResponse(
            lines(),
            media_type=JSON_LINES,
            headers={"content-disposition": f'attachment; filename="{name}.jsonl"'},
        )

    return router
