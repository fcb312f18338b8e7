"""Which signed-in users a route admits: the port of what knows them, and the routes' dependency.

A route says here whom it admits. An implementation of `AdminGuard` knows how users prove who they
are.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Final, Protocol
from uuid import UUID

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from mcp_platform.audit.actor import ROLES, Actor, Role
from mcp_platform.errors import Forbidden

AUTH_API: Final = "/api/v1/auth"
ADMIN_API: Final = "/api/v1/admin"
# A token says so until it expires: after a change of password a new token is needed.
TEMPORARY: Final = (
    "Change the temporary password first, POST /api/v1/auth/password; then sign in anew, or refresh"
    " the token."
)


FRESH_FOR: Final = timedelta(minutes=10)
"""How long a password or code lets in to users, credentials, exports and what cannot be undone.
Source: OWASP, Authentication Cheat Sheet, "Require Re-authentication for Sensitive Features"."""


class FreshProofMissing(Forbidden):
    """Whoever sits at an open sign-in may do much, but not this."""

    def __init__(self) -> None:
        minutes = int(FRESH_FOR.total_seconds() // 60)
        super().__init__(
            f"This needs a password or a code of the last {minutes} minutes:"
            " POST /api/v1/auth/prove, then ask again."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInUser:
    """A user who proved who they are. `temporary`: with a password that they must change first."""

    user_id: UUID
    sign_in_id: UUID
    actor: Actor
    temporary: bool


class AdminGuard(Protocol):
    """Knows users by their access tokens."""

    async def admit(self, token: str | None, *, address: str | None) -> SignedInUser:
        """Return who asks.

        Raises:
            Unauthorized: nobody proved who they are, or the sign-in was ended.
            Unavailable: it cannot be known now.
        """

    async def check_fresh(self, user: SignedInUser) -> None:
        """Check that a user proved who they are within `FRESH_FOR`. Raises FreshProofMissing."""


_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="userToken",
    description="The access token of a signed-in user, from `POST /api/v1/auth/token`.",
)


def signed_in(guard: AdminGuard) -> Callable[..., Awaitable[SignedInUser]]:
    """Return the dependency of a route for every user, who may have to change their password."""

    async def admit(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> SignedInUser:
        return await guard.admit(
            bearer.credentials if bearer is not None else None, address=client_address(request)
        )

    return admit


def allowed(
    guard: AdminGuard, *roles: Role, fresh: bool = False
) -> Callable[..., Awaitable[Actor]]:
    """Return the dependency of a route for users of these roles. Such a route answers 401 and 403.

    `fresh`: they proved who they are within `FRESH_FOR`.

    `actor: Annotated[Actor, Depends(allowed(guard, "admin", "operator"))]`
    """
    if not roles or not set(roles) <= set(ROLES):
        raise ValueError(f"A route admits some of {', '.join(ROLES)}")

    async def admit(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Actor:
        user = await guard.admit(
            bearer.credentials if bearer is not None else None, address=client_address(request)
        )
        if user.temporary:
            raise Forbidden(TEMPORARY)
        if user.actor.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(roles)}.")
        if fresh:
            await guard.check_fresh(user)
        return user.actor

    return admit


def client_address(request: Request) -> str | None:
    """Return where a request comes from: the server has read what trusted proxies say of it."""
    try:
        return str(ip_address(request.client.host)) if request.client is not None else None
    except ValueError:  # a proxy that is trusted, and says nonsense
        return None
