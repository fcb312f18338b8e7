"""What a client and a tenant are, and the names they may have. Pure values and rules."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

from mcp_platform.errors import Invalid

TenantId = NewType("TenantId", int)
Environment = Literal["development", "staging", "production"]
Topology = Literal["shared", "isolated"]
Article = Literal["o", "a", "os", "as"]
Kind = Literal["barber", "salon", "nails", "massage", "clinic", "dentist", "pets", "other"]
ENVIRONMENTS: tuple[Environment, ...] = ("development", "staging", "production")

# First segments of the platform's own paths, now and foreseeably: no client may be called so.
RESERVED_NAMES = frozenset(
    {"api", "console", "demo", "docs", "health", "internal", "metrics", "openapi", "redoc"}
    | {"static", "assets", "admin", "auth", "login", "well-known", "platform", "mcp-platform"}
)
# 3 to 40 characters, so that "<client_name>-<environment>" stays a DNS label of 63.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One client in one environment, as every request and every turn needs it."""

    id: TenantId
    client_name: str
    environment: Environment
    status: Literal["active", "suspended", "offboarded"]
    topology: Topology
    business_name: str
    language: str
    time_zone: str
    phone_number_id: str | None
    calendar_id: str | None
    owner_whatsapp: str | None
    model_enabled: bool
    created_at: datetime
    """Tokens from before this are of another tenant, which had the same path and is gone."""
    article: Article | None = None
    kind: Kind | None = None

    @property
    def path(self) -> str:
        return f"{self.client_name}/{self.environment}"


def is_client_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name not in RESERVED_NAMES


def is_environment(name: str) -> bool:
    return name in ENVIRONMENTS


def check_client_name(name: str) -> str:
    """Return `name` if a client may be called so.

    Raises:
        Invalid: with the field `client_name` and the rule that it breaks.
    """
    if name in RESERVED_NAMES:
        reason = f"{name!r} is a path of the platform itself; choose another"
    elif _NAME.fullmatch(name) is None:
        reason = "use 3 to 40 lower-case letters, digits and inner hyphens"
    else:
        return name
    raise Invalid(f"client_name: {reason}.", fields={"client_name": reason})
