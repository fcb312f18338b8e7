"""Tokens of the tenant API: made for one tenant with a few scopes, and verified on each request.

Owns what a token says and what makes one worthless. ES256 alone; the key is chosen by `kid` among
our own and never by what a token brings along. What is wrong with a token is said in one of two
sentences, which tell nothing to whoever guesses.
Source: RFC 7519, RFC 8725 (JWT best current practices).
"""

import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from jose import JOSEError, jws
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mcp_platform.admin.token_keys import ALGORITHM, TokenKeys
from mcp_platform.errors import Forbidden, Invalid, Unauthorized
from mcp_platform.tenants.access import SCOPES, Caller, Guard, Scope
from mcp_platform.tenants.directory import TenantDirectory, UnknownTenant
from mcp_platform.tenants.tenant import is_client_name, is_environment

ISSUER = "mcp-platform"
TENANT_API: Final = "mcp-platform:tenant-api"
LONGEST_LIFE = timedelta(days=366)  # a token cannot be revoked alone, only its key
CLOCKS_DIFFER = timedelta(seconds=30)  # between the process that mints and the one that verifies
LONGEST_TOKEN = 4096  # ours have some 500 characters
_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)

REFUSED = "The token is not valid here."
EXPIRED = "The token has expired."


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says. `tenant` is `<client>/<environment>`."""

    tenant: str
    subject: str
    scopes: frozenset[str]
    expires: datetime


class _Header(BaseModel):
    """A header names algorithm and key and nothing that changes how it is read (`crit`, `b64`)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    alg: str
    kid: str
    typ: str = "JWT"


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    iss: str
    aud: str
    sub: str
    tenant: str
    scope: str
    iat: int = Field(ge=0, lt=2**40)
    nbf: int = Field(ge=0, lt=2**40)
    exp: int = Field(ge=0, lt=2**37)  # the year 6325: what a datetime can hold
    jti: str


class Tokens:
    """Mints and verifies. A process without a private key can only verify."""

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys

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
        kid, key = self._keys.signing()
        issued = int(now.timestamp())
        payload = {
            "iss": ISSUER,
            "aud": audience,
            "sub": subject,
            "tenant": tenant,
            "scope": " ".join(sorted(set(scopes))),
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(ttl.total_seconds()),
            "jti": secrets.token_urlsafe(12),
        }
        return jws.sign(payload, key, headers={"kid": kid}, algorithm=ALGORITHM)

    def verify(self, token: str, *, audience: str = TENANT_API, now: datetime) -> Claims:
        """Return what a token says.

        Raises:
            Unauthorized: it is worthless, for a reason that is not told, or has expired.
        """
        payload = self._read(token)
        expires = datetime.fromtimestamp(payload.exp, UTC)
        starts = max(payload.iat, payload.nbf) - CLOCKS_DIFFER.total_seconds()
        if payload.iss != ISSUER or payload.aud != audience or now.timestamp() < starts:
            raise Unauthorized(REFUSED)
        if now >= expires:
            raise Unauthorized(EXPIRED)
        return Claims(
            tenant=payload.tenant,
            subject=payload.sub,
            scopes=frozenset(payload.scope.split()),
            expires=expires,
        )

    def _read(self, token: str) -> _Payload:
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise Unauthorized(REFUSED)
        try:
            header = _Header.model_validate(jws.get_unverified_header(token))
            key = self._keys.verifying(header.kid)
            if key is None or header.alg != ALGORITHM:
                raise Unauthorized(REFUSED)
            payload = jws.verify(token, key, algorithms=[ALGORITHM])
            return _Payload.model_validate_json(payload)
        except (JOSEError, ValidationError, ValueError, RecursionError) as error:
            raise Unauthorized(REFUSED) from error


class TokenGuard(Guard):
    """Lets in who brings a token for the tenant of the path."""

    def __init__(
        self, *, tokens: Tokens, tenants: TenantDirectory, clock: Callable[[], datetime]
    ) -> None:
        self._tokens = tokens
        self._tenants = tenants
        self._clock = clock

    async def admit(
        self, *, client_name: str, environment: str, token: str | None, scope: Scope
    ) -> Caller:
        """Return who asks. Nothing is looked up for a token that is not for this very path."""
        if token is None:
            raise Unauthorized("A bearer token is required.")
        claims = self._tokens.verify(token, now=self._clock())
        if claims.tenant != f"{client_name}/{environment}":
            raise UnknownTenant
        tenant = await self._tenants.by_path(client_name, environment)
        if tenant.status == "suspended":
            raise Forbidden("This tenant is suspended: ask the agency to resume it.")
        if tenant.status != "active":
            raise UnknownTenant
        caller = Caller(tenant=tenant, subject=claims.subject, scopes=claims.scopes)
        caller.require(scope)
        return caller
