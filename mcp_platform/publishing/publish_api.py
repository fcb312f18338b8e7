"""`/api/v1/admin/publication` and `…/deployment`: what publishing would do, its doing, how far it is."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.access.routes import READERS, WRITERS, AtTenant, at_tenant
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.forms import Form
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.publishing.deployments import DeploymentState, Stuck, deployment_of
from mcp_platform.publishing.desk import PublishingDesk
from mcp_platform.publishing.fleet_api import LackOut
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT

MOST_BYTES: Final = 1024
ChangeKind = Literal["added", "changed", "removed"]


class _Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class FolderChangeOut(_Told):
    """A folder that differs. With one that is removed Argo CD removes what runs."""

    folder: str
    kind: ChangeKind
    files: int


class FileDifferenceOut(_Told):
    path: str
    kind: ChangeKind
    lines: list[str]
    cut: Annotated[bool, Field(description="There are more lines.")]


class PublicationOut(_Told):
    """What publishing would change, removals first."""

    branch: str
    missing: Annotated[list[LackOut], Field(description="Not empty: nothing is pushed.")]
    waiting: Annotated[list[LackOut], Field(description="Tenants that cannot work yet.")]
    changes: list[FolderChangeOut]
    files: list[FileDifferenceOut]
    more_files: int
    seen: Annotated[str, Field(description="Digest of all of it, to be handed back.")]


class PublicationWish(Form):
    """Publish what was shown, removals too."""

    seen: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="As it was told.")]


class PublishedOut(_Told):
    commit: Annotated[str | None, Field(description="Null: nothing had changed.")]
    head: str | None
    changes: list[FolderChangeOut]


class DeploymentOut(_Told):
    """How far a tenant has come. Times are null where it has not."""

    state: DeploymentState
    requested_at: datetime | None
    committed_at: datetime | None
    commit_id: str | None
    seen_at: Annotated[
        datetime | None,
        Field(description="Last evidence that it runs: the doctor's, or a customer's message."),
    ]
    stuck: Annotated[
        Stuck | None,
        Field(
            description="`push`: the push did not end, publish again. `unseen`: nothing was seen for a"
            " quarter of an hour. `refused`: the doctor was refused at its address."
        ),
    ]


def publication_router(
    desk: PublishingDesk, sessions: Sessions, *, guard: AdminGuard, clock: Callable[[], datetime]
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["config"], route_class=bodies_up_to(MOST_BYTES))
    AtReader = Annotated[AtTenant, Depends(at_tenant(guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[Actor, Depends(allowed(guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(
        "/publication",
        summary="What publishing would change",
        responses=problems(401, 403, 409, 422, 503),
    )
    async def read_publication(actor: Writer) -> PublicationOut:  # noqa: ARG001  # is admitted
        """Takes seconds: the repository is cloned and all manifests are made. Pushes nothing.

        409 where no repository is set, 503 where nothing here makes manifests.
        """
        return PublicationOut.model_validate(await desk.preview())

    @router.post(
        "/publication",
        summary="Publish what was shown",
        responses=problems(401, 403, 409, 413, 422, 503),
    )
    async def publish_fleet(wish: PublicationWish, actor: Writer) -> PublishedOut:
        """Push the manifests of all tenants. 409 where something else would be pushed by now."""
        return PublishedOut.model_validate(await desk.publish(seen=wish.seen, actor=actor))

    @router.get(
        f"{TENANT}/deployment",
        summary="How far the publication of a tenant has come",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def read_deployment(at: AtReader) -> DeploymentOut:
        async with sessions.everywhere() as session:
            tenant = await Environments(session, at.actor).tenant(at.client_name, at.environment)
            return DeploymentOut.model_validate(await deployment_of(session, tenant, now=clock()))

    return router
