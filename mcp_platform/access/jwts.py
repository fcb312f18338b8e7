"""Signs and reads our JSON Web Tokens, those of users and those of tenants.

Only ES256 is accepted. `kid` chooses among our own keys; a token never brings its key along. A token
is for one audience and worthless for every other. A refusal is one of two sentences, so it tells
nothing to a caller who guesses.
Source: RFC 7519, RFC 8725 (JWT best current practices).
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from jose import JOSEError, jws
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mcp_platform.access.token_keys import ALGORITHM, TokenKeys
from mcp_platform.errors import Unauthorized

ISSUER = "mcp-platform"
CLOCKS_DIFFER = timedelta(seconds=30)  # between the process that mints and the one that verifies
LONGEST_TOKEN = 4096  # ours have some 500 characters

REFUSED = "The token is not valid here."
EXPIRED = "The token has expired."


class _Header(BaseModel):
    """A header names algorithm and key and nothing that changes how it is read (`crit`, `b64`)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    alg: str
    kid: str
    typ: str = "JWT"


class RegisteredClaims(BaseModel):
    """What every token says; what one says for its own purpose stands in a subclass."""

    model_config = ConfigDict(extra="ignore", strict=True)

    iss: str
    aud: str
    sub: str
    iat: int = Field(ge=0, lt=2**37)  # the year 6325: what a datetime can hold
    nbf: int = Field(ge=0, lt=2**37)
    exp: int = Field(ge=0, lt=2**37)
    jti: str

    @property
    def issued(self) -> datetime:
        return datetime.fromtimestamp(self.iat, UTC)

    @property
    def expires(self) -> datetime:
        return datetime.fromtimestamp(self.exp, UTC)


Shape = TypeVar("Shape", bound=RegisteredClaims)


class Jwts:
    """Signs and reads. A process without a private key can only read."""

    def __init__(self, keys: TokenKeys) -> None:
        self._keys = keys

    def sign(
        self,
        claims: Mapping[str, object],
        *,
        audience: str,
        subject: str,
        ttl: timedelta,
        now: datetime,
    ) -> str:
        """Return a token that says `claims`, and what every token says.

        Raises:
            Unavailable: no private key is here.
        """
        kid, key = self._keys.signing()
        issued = int(now.timestamp())
        payload = {
            **claims,
            "iss": ISSUER,
            "aud": audience,
            "sub": subject,
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(ttl.total_seconds()),
            "jti": secrets.token_urlsafe(12),
        }
        return jws.sign(payload, key, headers={"kid": kid}, algorithm=ALGORITHM)

    def read(self, token: str, shape: type[Shape], *, audience: str, now: datetime) -> Shape:
        """Return what a token says.

        Raises:
            Unauthorized: it is worthless, for a reason that is not told, or has expired.
        """
        said = self._verified(token, shape)
        starts = max(said.iat, said.nbf) - CLOCKS_DIFFER.total_seconds()
        if said.iss != ISSUER or said.aud != audience or now.timestamp() < starts:
            raise Unauthorized(REFUSED)
        if now >= said.expires:
            raise Unauthorized(EXPIRED)
        return said

    def _verified(self, token: str, shape: type[Shape]) -> Shape:
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise Unauthorized(REFUSED)
        try:
            header = _Header.model_validate(jws.get_unverified_header(token))
            key = self._keys.verifying(header.kid)
            if key is None or header.alg != ALGORITHM:
                raise Unauthorized(REFUSED)
            payload = jws.verify(token, key, algorithms=[ALGORITHM])
            return shape.model_validate_json(payload)
        except (JOSEError, ValidationError, ValueError, RecursionError) as error:
            raise Unauthorized(REFUSED) from error


def audience_of(token: str) -> object:
    """Return whom a token says it is for, unverified: good for choosing who verifies it."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    try:
        said = UnverifiedClaims.model_validate_json(jws.get_unverified_claims(token))
    except (JOSEError, ValidationError, ValueError, RecursionError):
        return None
    return said.aud


class UnverifiedClaims(BaseModel):
    """The one claim that is looked at before a token is verified."""

    aud: str
