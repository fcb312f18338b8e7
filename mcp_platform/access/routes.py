"""What the routes for users share: who is let in, versions and documented answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Path, Response

from mcp_platform.access.guard import AdminGuard, allowed
from mcp_platform.audit.actor import Actor, Role
from mcp_platform.kit.forms import VersionedOut
from mcp_platform.kit.http import problems
from mcp_platform.tenants.tenant import Environment

MOST_BYTES: Final = 64 * 1024

READERS: Final[tuple[Role, ...]] = ("admin", "operator", "viewer")

WRITERS: Final[tuple[Role, ...]] = ("admin", "operator")

ClientPath = Annotated[
    str,
    Path(pattern=r"^[a-z0-9-]{1,64}$", description="The client's name."),
]

EnvironmentPath = Annotated[Environment, Path(description="One of the client's environments.")]

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

Told = TypeVar("Told", bound=VersionedOut)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTenant:
    """Who asks for something of which tenant."""

    actor: Actor
    client_name: str
    environment: str


def at_tenant(
    guard: AdminGuard, *roles: Role, fresh: bool = False
) -> Callable[..., Awaitable[AtTenant]]:
    """Return the dependency of a route under one environment, for users of these roles."""

    async def admit(
        actor: Annotated[Actor, Depends(allowed(guard, *roles, fresh=fresh))],
        client_name: ClientPath,
        environment: EnvironmentPath,
    ) -> AtTenant:
        return AtTenant(actor=actor, client_name=client_name, environment=environment)

    return admit


def etag(version: int) -> str:
    return f'"{version}"'


def shown(told: Told, response: Response) -> Told:
    """Return `told`, with its version in the answer's ETag."""
    response.headers["etag"] = etag(told.version)
    return told
