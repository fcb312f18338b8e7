"""What the routes of users, sign-ins and the audit trail take and give."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.passwords import LONGEST, SHORTEST
from mcp_platform.access.sign_ins import IssuedTokens
from mcp_platform.access.users import LONGEST_EMAIL, LONGEST_NAME, User
from mcp_platform.audit.actor import Role
from mcp_platform.kit.forms import Moment, VersionedOut
from mcp_platform.kit.paging import PageQuery

MOST_BYTES = 16 * 1024  # the longest of these bodies, each character escaped, and the rest

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
Email = Annotated[
    str, Field(min_length=3, max_length=LONGEST_EMAIL, pattern=r"^[\x21-\x7e]+@[\x21-\x7e]+$")
]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=PRINTABLE)]
TenantPath = Annotated[
    str,
    Field(
        min_length=3,
        max_length=60,
        pattern=r"^[a-z0-9-]+/[a-z]+$",
        description="`<client>/<environment>`, of staff alone.",
    ),
]
Password = Annotated[str, Field(min_length=1, max_length=LONGEST)]
NewPassword = Annotated[str, Field(min_length=SHORTEST, max_length=LONGEST)]
Code = Annotated[
    str,
    Field(
        min_length=6,
        max_length=32,
        pattern=r"^[0-9A-Za-z -]+$",
        description="A one-time code, or a recovery code.",
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SignInRequest(_Body):
    email: Email
    password: Password
    totp: Annotated[Code | None, Field(description="Where one-time codes are on.")] = None


class RefreshRequest(_Body):
    refresh_token: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class PasswordChange(_Body):
    password: Password
    new_password: NewPassword


class PasswordProof(_Body):
    password: Password


class FreshProof(_Body):
    """One of the two. A code only where one-time codes are on."""

    password: Password | None = None
    code: Code | None = None


class BothProofs(PasswordProof):
    code: Code


class TotpProof(_Body):
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class TokensOut(BaseModel):
    """With `password_change_required` the tokens are good for changing the password alone."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a scheme
    expires_in: Annotated[int, Field(description="Seconds until the access token ends.")]
    refresh_token: Annotated[str, Field(description="Good once: the answer holds the next.")]
    sign_in_ends: Annotated[
        datetime, Field(description="When the password is asked for again, whatever happens.")
    ]
    password_change_required: bool

    @classmethod
    def of(cls, issued: IssuedTokens) -> Self:
        return cls(
            access_token=issued.access,
            expires_in=int(issued.lasts.total_seconds()),
            refresh_token=issued.refresh,
            sign_in_ends=issued.ends,
            password_change_required=issued.user.temporary,
        )


class EnrolmentOut(BaseModel):
    secret: str
    uri: Annotated[str, Field(description="What an authenticator scans, as `otpauth:`.")]


class RecoveryCodesOut(BaseModel):
    recovery_codes: Annotated[list[str], Field(description="Shown once; each is good once.")]


class UserOut(VersionedOut):
    id: UUID
    email: str
    name: str
    role: Role
    tenant: str | None
    disabled: bool
    totp: bool
    password_change_required: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=user.role,
            tenant=user.tenant,
            disabled=user.disabled,
            totp=user.totp,
            password_change_required=user.temporary,
            created_at=user.created_at,
            version=user.version,
        )


class NewUser(_Body):
    email: Email
    name: Annotated[Name | None, Field(description="Unset: the e-mail address.")] = None
    role: Role
    tenant: TenantPath | None = None
    password: Annotated[
        NewPassword | None, Field(description="Unset: one is made, and shown in the answer.")
    ] = None


class UserChange(_Body):
    """What is left out stays as it is."""

    name: Name | None = None
    role: Role | None = None
    tenant: TenantPath | None = None
    disabled: bool | None = None


class UserWithPassword(BaseModel):
    """`password` is shown this once; it is good for one sign-in, in which it is changed.

    A creation that is sent again with its Idempotency-Key is answered without it: it is not kept.
    """

    user: UserOut
    password: str | None


class UserQuery(PageQuery):
    role: Role | None = None


class AuditQuery(PageQuery):
    """Newest first. `since` is included, `until` is not."""

    actor: Annotated[str | None, Field(min_length=1, max_length=254, pattern=PRINTABLE)] = None
    action: Annotated[str | None, Field(max_length=60, pattern=r"^[a-z_]+(\.[a-z_]+)*$")] = None
    tenant: TenantPath | None = None
    since: Moment | None = None
    until: Moment | None = None


class EntryOut(BaseModel):
    """`before` and `after` hold what changed; secrets are masked."""

    id: int
    at: datetime
    actor_kind: Annotated[
        Literal["user", "command", "system", "token"],
        Field(description="`token`: by a tenant's API, as the process says that served it."),
    ]
    actor: str
    role: str
    address: str | None
    trace_id: str | None
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
