"""Tokens of the tenant API: made for one tenant with a few scopes, and verified on each request.

`jwts.py` signs and reads them. Staff of a tenant are let in with their tokens as users.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mcp_platform.access.guard import TEMPORARY
from mcp_platform.access.jwts import (
    CLOCKS_DIFFER,
    EXPIRED,
    REFUSED,
    Jwts,
    RegisteredClaims,
    audience_of,
)
from mcp_platform.access.token_keys import TokenKeys
from mcp_platform.access.user_tokens import USERS, UserGuard
from mcp_platform.audit.trail import OF_A_TOKEN, CallerTrail
from mcp_platform.errors import Forbidden, Invalid, Unauthorized
from mcp_platform.tenants.access import SCOPES, Caller, Guard, Scope
from mcp_platform.tenants.directory import TenantDirectory, UnknownTenant
from mcp_platform.tenants.tenant import is_client_name, is_environment

__all__ = ["EXPIRED", "REFUSED", "TENANT_API", "Claims", "TenantTokens", "TokenGuard"]

TENANT_API: Final = "mcp-platform:tenant-api"
LONGEST_LIFE = timedelta(days=366)  # a token cannot be revoked alone, only its key
STAFF_SCOPES: frozenset[Scope] = frozenset(
    {"appointments:read", "appointments:write", "conversations", "whatsapp:send"}
)
_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says. `tenant` is `<client>/<environment>`."""

    tenant: str
    subject: str
    scopes: frozenset[str]
    issued: datetime
    expires: datetime


class _Said(RegisteredClaims):
    tenant: str
    scope: str


class TenantTokens:
    """Mints and verifies. A process without a private key can only verify."""

    def __init__(self, keys: TokenKeys) -> None:
        self._jwts = Jwts(keys)

    def mint(
        self,
        *,
        tenant: str,
        subject: str,
        scopes: Collection[str],
        ttl: timedelta,
        now: datetime,
        audience: str = TENANT_API,
    ) -> str:
        """Return a token for `tenant`, `<client>/<environment>`.

        Raises:
            Invalid: a scope that does not exist, a name that cannot be, or too long a life.
            Unavailable: no private key is here.
        """
        client_name, _, environment = tenant.partition("/")
        unknown = sorted(set(scopes) - set(SCOPES))
        problems = {
            "tenant": not (is_client_name(client_name) and is_environment(environment)),
            "subject": _SUBJECT.fullmatch(subject) is None,
            "scopes": bool(unknown) or not scopes,
            "ttl": not timedelta(seconds=1) <= ttl <= LONGEST_LIFE,
        }
        sentences = {
            "tenant": "must be <client>/<environment>",
            "subject": "must be 1 to 128 visible ASCII characters",
            "scopes": f"must be some of: {', '.join(SCOPES)}",
            "ttl": f"must be between a second and {LONGEST_LIFE.days} days",
        }
        fields = {name: sentences[name] for name, wrong in problems.items() if wrong}
        if fields:
            raise Invalid("No such token can be made.", fields=fields)
        return self._jwts.sign(
            {"tenant": tenant, "scope": " ".join(sorted(set(scopes)))},
            audience=audience,
            subject=subject,
            ttl=ttl,
            now=now,
        )

    def verify(self, token: str, *, audience: str = TENANT_API, now: datetime) -> Claims:
        """Return what a token says.

        Raises:
            Unauthorized: it is worthless, for a reason that is not told, or has expired.
        """
        said = self._jwts.read(token, _Said, audience=audience, now=now)
        return Claims(
            tenant=said.tenant,
            subject=said.sub,
            scopes=frozenset(said.scope.split()),
            issued=said.issued,
            expires=said.expires,
        )


class TokenGuard(Guard):
    """Lets in who brings a token for the tenant of the path, and that tenant's staff."""

    def __init__(
        self,
        *,
        tokens: TenantTokens,
        tenants: TenantDirectory,
        clock: Callable[[], datetime],
        users: UserGuard | None = None,
    ) -> None:
        self._tokens = tokens
        self._tenants = tenants
        self._clock = clock
        self._users = users

    async def admit(
        self, *, client_name: str, environment: str, token: str | None, scope: Scope
    ) -> Caller:
        """Return who asks. Nothing is looked up for a token that is not for this very path."""
        if token is None:
            raise Unauthorized("A bearer token is required.")
        path = f"{client_name}/{environment}"
        trail, scopes, issued = await self._proved(token, path=path)
        tenant = await self._tenants.by_path(client_name, environment)
        # A name is free again once its tenant is gone: its tokens are not the next one's. Tokens
        # count whole seconds, and Postgres has a clock of its own.
        if issued is not None and issued + CLOCKS_DIFFER < tenant.created_at:
            raise Unauthorized(REFUSED)
        if tenant.status == "suspended":
            raise Forbidden("This tenant is suspended: ask the agency to resume it.")
        if tenant.status != "active":
            raise UnknownTenant
        caller = Caller(tenant=tenant, trail=trail, scopes=scopes)
        caller.require(scope)
        return caller

    async def _proved(
        self, token: str, *, path: str
    ) -> tuple[CallerTrail, frozenset[str], datetime | None]:
        """Return who asks, what they may, and since when, if the token is for the tenant at `path`.

        Staff has no date: the sign-in, which still stands, went with any former tenant.
        """
        if self._users is not None and audience_of(token) == USERS:
            if self._users.tenant_of(token) != path:
                raise UnknownTenant
            staff = await self._users.admit(token, address=None)
            if staff.temporary:
                raise Forbidden(TEMPORARY)
            trail = CallerTrail(staff.actor.subject, role=staff.actor.role)
            return trail, frozenset(STAFF_SCOPES), None
        claims = self._tokens.verify(token, now=self._clock())
        if claims.tenant != path:
            raise UnknownTenant
        return CallerTrail(claims.subject, role=OF_A_TOKEN), claims.scopes, claims.issued
