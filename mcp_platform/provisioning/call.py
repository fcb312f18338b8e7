"""What crosses between the part `admin` and the part `provisioner`: a path, a token, a body, an error.

Both sides use these forms. A token is for one tenant and one minute.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from mcp_platform.access.jwts import Jwts, RegisteredClaims
from mcp_platform.doctor.results import CheckOutcome, CheckResult
from mcp_platform.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    Unauthorized,
    Unavailable,
)
from mcp_platform.kit.problem import problem_of
from mcp_platform.tenants.credentials import (
    CredentialsForbidden,
    CredentialsGarbled,
    CredentialsMissing,
    CredentialsUnreadable,
    MadeElsewhere,
)
from mcp_platform.tenants.tenant import Tenant

PROVISIONER: Final = "mcp-platform:provisioner"
TOKEN_TTL = timedelta(minutes=1)
LARGEST_BODY = 256 * 1024  # bytes; thirteen values, the longest of 16 kB
PATH = "/internal/v1/tenants/{client_name}/{environment}/{step}"

Step = Literal["prepare", "isolate", "credentials", "database-password", "examine", "prove"]

_ERRORS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (
        *(Conflict, Forbidden, Invalid, NotFound, Unavailable),
        *(CredentialsForbidden, CredentialsGarbled, CredentialsMissing, CredentialsUnreadable),
        MadeElsewhere,
    )
}


class CredentialChangeBody(BaseModel):
    """The body of the steps `credentials` and `prove`."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    values: dict[str, str] = {}
    remove: list[str] = []


class ExaminationBody(BaseModel):
    """The body of the step `examine`: what it may change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    fix: bool = False
    write: bool = False


# What the steps `examine` and `prove` answer. Neither holds a secret.
FOUND = TypeAdapter(list[CheckOutcome])
RESULTS = TypeAdapter(list[CheckResult])


class _Said(RegisteredClaims):
    tenant: str
    step: str


def token_for(jwts: Jwts, tenant: Tenant, step: Step, *, now: datetime) -> str:
    """Return the token of one step for one tenant."""
    return jwts.sign(
        {"tenant": tenant.path, "step": step},
        audience=PROVISIONER,
        subject="admin",
        ttl=TOKEN_TTL,
        now=now,
    )


def check_token(jwts: Jwts, token: str, *, tenant: str, step: str, now: datetime) -> None:
    """Check that the token is for this step and tenant.

    Raises:
        Unauthorized: it is not.
    """
    said = jwts.read(token, _Said, audience=PROVISIONER, now=now)
    if (said.tenant, said.step) != (tenant, step):
        raise Unauthorized("The token is for something else.")


def told(error: PlatformError) -> dict[str, object]:
    """Return `error` as a problem that `meant` reads again."""
    named = (kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _ERRORS)
    return {**problem_of(error), "meaning": next(named, "")}


def meant(problem: dict[str, object]) -> PlatformError:
    """Return the error that a problem tells of."""
    kind = _ERRORS.get(str(problem.get("meaning")), Unavailable)
    detail = str(problem.get("detail") or "The provisioner refuses and does not say why.")
    if kind is Invalid:
        fields = problem.get("errors")
        found = fields if isinstance(fields, list) else []
        return Invalid(detail, fields={str(each["field"]): str(each["detail"]) for each in found})
    return kind(detail)
