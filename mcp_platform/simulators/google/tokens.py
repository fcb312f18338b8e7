"""Google's token endpoint, as far as service accounts use it, and the access tokens it gave out.

Source: https://developers.google.com/identity/protocols/oauth2/service-account
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import JWTError, jwt

from mcp_platform.simulators.google.errors import TokenError

AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth signs for it wherever it posts
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE_PREFIX = "https://www.googleapis.com/auth/"
_LIFETIME = timedelta(seconds=3599)  # what Google answers for an assertion of an hour
_LONGEST_ASSERTION = timedelta(hours=1)
_CLOCK_SKEW = timedelta(minutes=5)  # Google grants some; the amount is not documented
_SHORT_LIVED = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


@cache
def _key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    return private.decode(), public.decode()


def new_service_account(client_email: str) -> tuple[str, str]:
    """Return the private and the public key (PEM) for a service account made up for a test or demo.

    One RSA key serves all accounts of a process, since making one takes long.
    """
    del client_email  # every made-up account has the process's one key
    return _key_pair()


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows."""

    client_email: str
    scopes: frozenset[str]  # without their common prefix
    expires_at: datetime
    delegated: bool  # acts for a user by domain-wide delegation


class AccessTokens:
    """Service accounts by e-mail and the access tokens they hold."""

    def __init__(self, *, clock: Callable[[], datetime], known_accounts_only: bool) -> None:
        self._clock = clock
        self._known_accounts_only = known_accounts_only
        self._keys: dict[str, dict[str, str]] = {}
        self._grants: dict[str, Grant] = {}

    def reset(self) -> None:
        """Forget accounts and tokens."""
        self._keys.clear()
        self._grants.clear()

    def register(self, *, client_email: str, public_key_pem: str, private_key_id: str) -> None:
        """Make the account's only key this one, as after a rotation; older tokens die with it."""
        serialization.load_pem_public_key(public_key_pem.encode())
        self._keys[client_email] = {private_key_id: public_key_pem}
        self._grants = {
            token: grant
            for token, grant in self._grants.items()
            if grant.client_email != client_email
        }

    def revoke_all(self) -> None:
        """Make every token given out so far invalid."""
        self._grants.clear()

    def exchange(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Give an access token for a signed assertion.

        Raises:
            TokenError: the assertion is not one Google would accept.
        """
        if form.get("grant_type") != GRANT_TYPE:
            raise TokenError(
                "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}"
            )
        assertion = str(form.get("assertion", ""))
        claims = self._verified(assertion)
        scopes = str(claims.get("scope", "")).split()
        if not scopes or not all(scope.startswith(SCOPE_PREFIX) for scope in scopes):
            raise TokenError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = f"ya29.{secrets.token_urlsafe(48)}"
        self._grants[token] = Grant(
            client_email=str(claims["iss"]),
            scopes=frozenset(scope.removeprefix(SCOPE_PREFIX) for scope in scopes),
            expires_at=self._clock() + _LIFETIME,
            delegated="sub" in claims,
        )
        lifetime_s = int(_LIFETIME.total_seconds())
        return {"access_token": token, "expires_in": lifetime_s, "token_type": "Bearer"}

    def holder(self, authorization: str) -> Grant | None:
        """Return what the bearer of an `Authorization` header may do, if anything."""
        kind, _, token = authorization.partition(" ")
        grant = self._grants.get(token.strip()) if kind.lower() == "bearer" else None
        return grant if grant and grant.expires_at > self._clock() else None

    def _verified(self, assertion: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(assertion)
            claims: dict[str, Any] = jwt.get_unverified_claims(assertion)
        except JWTError:
            raise TokenError("invalid_grant", "Bad Request") from None
        issuer = str(claims.get("iss", ""))
        self._check_claims(claims)
        keys = self._keys.get(issuer)
        if keys is None:
            if self._known_accounts_only or "@" not in issuer:
                raise TokenError("invalid_grant", "Invalid grant: account not found")
            return claims
        kid = header.get("kid")  # optional: without one, Google tries each key of the account
        candidates = list(keys.values()) if kid is None else [keys[kid]] if kid in keys else []
        if header.get("alg") != "RS256" or not any(_signed(assertion, key) for key in candidates):
            raise TokenError("invalid_grant", "Invalid JWT Signature.")
        return claims

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        if claims.get("aud") != AUDIENCE:
            raise TokenError("invalid_grant", "Invalid JWT: Failed audience check.")
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise TokenError("invalid_grant", _SHORT_LIVED)
        now, skew = self._clock().timestamp(), _CLOCK_SKEW.total_seconds()
        too_long = expires - issued > _LONGEST_ASSERTION.total_seconds()
        if too_long or issued > now + skew or expires < now - skew or expires <= issued:
            raise TokenError("invalid_grant", _SHORT_LIVED)


def _signed(assertion: str, public_key_pem: str) -> bool:
    try:
        jwt.decode(
            assertion,
            public_key_pem,
            algorithms=["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
        )
    except JWTError:
        return False
    return True
