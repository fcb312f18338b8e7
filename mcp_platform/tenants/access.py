"""Who may ask a tenant's API for what: scopes, the caller, and the port of the guard.

A caller sees one tenant. An implementation of `Guard` decides how a caller proves itself.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, get_args

from fastapi import Path, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Forbidden
from mcp_platform.tenants.tenant import Tenant, TenantId

Scope = Literal["chat", "appointments:read", "appointments:write", "conversations", "whatsapp:send"]
"""`conversations` is working on them as a person does: reading, taking and answering them.
`whatsapp:send` is acting for a WhatsApp contact, or sending to one."""
TENANT_API = "/{client_name}/{environment}/api/v1"
"""The prefix of every route that `admitted` guards."""
SCOPES: tuple[Scope, ...] = get_args(Scope)


class Trail(Protocol):
    """Who does something by hand, and how that is written down."""

    @property
    def who(self) -> str:
        """Return an e-mail address, an account of a machine, or the subject of a token."""

    @property
    def is_person(self) -> bool:
        """Return whether it is one of the business or the agency, and not a system of theirs."""

    async def write(
        self,
        session: AsyncSession,
        *,
        action: str,
        target: str,
        tenant_id: TenantId,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write into the audit trail, in the transaction of what is done. Nothing of customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who was let in: to one tenant, with these scopes. `trail` is where their doing is kept.

    `masked`: they see no phone numbers.
    """

    tenant: Tenant
    trail: Trail
    scopes: frozenset[str]
    masked: bool = False

    def require(self, scope: Scope) -> None:
        """Check that the caller has the scope.

        Raises:
            Forbidden: the caller does not have it.
        """
        if scope not in self.scopes:
            raise Forbidden(f"This token does not carry the scope {scope!r}.")


class Guard(Protocol):
    """Lets callers in."""

    async def admit(
        self, *, client_name: str, environment: str, token: str | None, scope: Scope
    ) -> Caller:
        """Return who asks.

        Raises:
            Unauthorized: nobody proved who they are.
            NotFound: the path is not the caller's tenant's, whether or not anybody's.
            Forbidden: the scope is missing, or the tenant is suspended.
            Unavailable: it cannot be known now.
        """


_bearer = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    scheme_name="tenantToken",
    description="An ES256 token made for one tenant.",
)

Admit = Callable[..., Awaitable[Caller]]


def admitted(guard: Guard, scope: Scope) -> Admit:
    """Return the dependency of a route under `/<client_name>/<environment>` that needs `scope`."""

    async def admit(
        client_name: Annotated[str, Path(description="The client.")],
        environment: Annotated[str, Path(description="One of the client's environments.")],
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Caller:
        return await guard.admit(
            client_name=client_name,
            environment=environment,
            token=bearer.credentials if bearer is not None else None,
            scope=scope,
        )

    return admit
