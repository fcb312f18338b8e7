"""What the registry's routes share: who is let in, one transaction each, versions and answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Path, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.admin.access import AdminGuard, allowed
from mcp_platform.admin.actor import Actor, Role
from mcp_platform.admin.idempotency import Created, once
from mcp_platform.admin.isolation import Isolation
from mcp_platform.admin.registry.environments import Environments
from mcp_platform.admin.registry.shapes import AnySlug, Shown, Wish
from mcp_platform.admin.registry.tenant_bound import TenantBound
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import problems
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Environment

MOST_BYTES: Final = 64 * 1024
READERS: Final[tuple[Role, ...]] = ("admin", "operator", "viewer")
WRITERS: Final[tuple[Role, ...]] = ("admin", "operator")

ClientPath = Annotated[
    str,
    Path(pattern=r"^[a-z0-9-]{1,64}$", description="The client's name."),
]
EnvironmentPath = Annotated[Environment, Path(description="One of the client's environments.")]
SlugPath = Annotated[AnySlug, Path()]
IdPath = Annotated[int, Path(ge=1, le=2**63 - 1)]

_ETAG: dict[str, Any] = {"ETag": {"description": "Its version.", "schema": {"type": "string"}}}
_LOCATION: dict[str, Any] = {
    "Location": {"description": "Where it is read.", "schema": {"type": "string"}}
}
LISTED: Final = problems(401, 403, 404, 422, 503)
READ: Final = {200: {"headers": _ETAG}, **problems(401, 403, 404, 422, 503)}
CREATED: Final = {
    201: {"headers": {**_ETAG, **_LOCATION}},
    **problems(401, 403, 404, 409, 413, 422, 503),
}
CHANGED: Final = {
    200: {"headers": _ETAG},
    **problems(401, 403, 404, 409, 412, 413, 422, 428, 503),
}
DELETED: Final = problems(401, 403, 404, 409, 412, 422, 428, 503)

Bound = TypeVar("Bound", bound=TenantBound)
Told = TypeVar("Told", bound=Shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTenant:
    """Who asks for something of which tenant."""

    actor: Actor
    client_name: str
    environment: str


def at_tenant(guard: AdminGuard, *roles: Role) -> Callable[..., Awaitable[AtTenant]]:
    """Return the dependency of a route under one environment, for users of these roles."""

    async def admit(
        actor: Annotated[Actor, Depends(allowed(guard, *roles))],
        client_name: ClientPath,
        environment: EnvironmentPath,
    ) -> AtTenant:
        return AtTenant(actor=actor, client_name=client_name, environment=environment)

    return admit


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What the routes are served with."""

    guard: AdminGuard
    sessions: Sessions
    isolation: Isolation
    tenants: TenantDirectory
    catalogues: Catalogues
    clock: Callable[[], datetime]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self.sessions.everywhere.begin() as session:
            yield session

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; what this process remembers of tenants is dropped when it ends."""
        async with self.sessions.everywhere.begin() as session:
            yield session
        self.tenants.forget()

    @asynccontextmanager
    async def catalogue(self, kind: type[Bound], at: AtTenant) -> AsyncIterator[Bound]:
        """Open a part of a tenant's catalogue in a transaction of its own.

        Raises:
            NotFound: there is no such tenant.
        """
        async with self.sessions.everywhere.begin() as session:
            environments = Environments(session, at.actor)
            tenant = await environments.locate(at.client_name, at.environment)
            yield kind(session, at.actor, tenant)
        self.catalogues.forget(tenant.id)

    async def create(
        self,
        session: AsyncSession,
        *,
        request: Request,
        actor: Actor,
        key: str | None,
        wish: Wish,
        create: Callable[[], Awaitable[Told]],
        name: Callable[[Told], object],
    ) -> Response:
        """Answer a creation, once for one Idempotency-Key. `name` is its path's last segment."""

        async def created() -> Created:
            made = await create()
            location = f"{request.url.path.rstrip('/')}/{name(made)}"
            return Created(location=location, version=made.version, body=made.model_dump_json())

        answer = await once(
            session,
            actor=actor,
            key=key,
            request=[request.url.path, wish.model_dump(mode="json")],
            now=self.clock(),
            create=created,
        )
        return Response(
            answer.body,
            status_code=201,
            media_type="application/json",
            headers={"location": answer.location, "etag": etag(answer.version)},
        )


def etag(version: int) -> str:
    return f'"{version}"'


def shown(told: Told, response: Response) -> Told:
    """Return `told`, with its version in the answer's ETag."""
    response.headers["etag"] = etag(told.version)
    return told
