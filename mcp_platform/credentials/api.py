"""`…/environments/{environment}/credentials`: set, replaced and counted, never told.

No body of these routes is kept for idempotency: setting twice is setting once.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr, create_model

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import READERS, WRITERS, AtTenant, at_tenant
from mcp_platform.credentials.credentials import CredentialKeys, KnownKey
from mcp_platform.credentials.forms import OURS, SETTABLE
from mcp_platform.credentials.proofs import Outcome, Proof
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.tenants.credentials import LARGEST_VALUE
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.env_file import COMMENT, read_env_file

PATH: Final = "/clients/{client_name}/environments/{environment}/credentials"
MOST_BYTES: Final = 256 * 1024
_CHANGED: Final = problems(401, 403, 404, 409, 413, 422, 503)

_Value = Annotated[SecretStr, Field(min_length=1, max_length=LARGEST_VALUE)]
_OPTIONAL: dict[str, Any] = {
    key: (Annotated[_Value | None, Field(json_schema_extra={"writeOnly": True})], None)
    for key in SETTABLE
}


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra=lambda _: None)

    def values(self) -> dict[str, str]:
        given = ((key, getattr(self, key)) for key in self.model_fields_set)
        return {key: value.get_secret_value() for key, value in given if value is not None}

    def removed(self) -> frozenset[str]:
        return frozenset(key for key in self.model_fields_set if getattr(self, key) is None)


CredentialsChange = create_model(
    "CredentialsChange",
    __base__=_Values,
    __doc__="What is left out stays as it is; `null` takes a key away.",
    **_OPTIONAL,
)
CredentialsReplacement = create_model(
    "CredentialsReplacement",
    __base__=_Values,
    __doc__="What is left out, or null, is taken away, but what the platform made itself.",
    **_OPTIONAL,
)


class KnownKeyOut(BaseModel):
    """One credential: all that is ever told of it."""

    key: str
    present: bool
    changed_at: datetime | None
    fingerprint: Annotated[
        str, Field(description="Tells two values apart. Empty: so short that it could be guessed.")
    ]
    sealed: Annotated[bool, Field(description="Sealed to the cluster's key, for the manifests.")]
    unsure: Annotated[
        bool,
        Field(description="A change of it broke off and may not have been written: set it anew."),
    ]
    changed_by: Annotated[str | None, Field(description="Null: the store was written elsewhere.")]
    proof: Annotated[Outcome | None, Field(description="How that change was proved.")]


class CredentialsOut(BaseModel):
    """Each key that a tenant may have."""

    keys: list[KnownKeyOut]

    @classmethod
    def of(cls, known: Sequence[KnownKey]) -> Self:
        return cls(
            keys=[
                KnownKeyOut(**{name: getattr(each, name) for name in KnownKey.__slots__})
                for each in known
            ]
        )


class NotProvedOut(BaseModel):
    """A check that failed, or that could not be made."""

    check: str
    state: Literal["failed", "unknown"]
    what: str
    next_step: str


class ProofOut(BaseModel):
    """How a change was proved before it was saved."""

    outcome: Annotated[
        Outcome,
        Field(
            description="`passed`: nobody refused, and everybody answered. `unanswered`: saved"
            " although a vendor did not answer; run the doctor when it does. `overruled`: saved"
            " although a vendor refused. `skipped`: nobody was asked."
        ),
    ]
    not_proved: Annotated[
        list[NotProvedOut], Field(description="What does not work, or is not known to.")
    ]

    @classmethod
    def of(cls, proof: Proof) -> Self:
        names = NotProvedOut.model_fields
        not_proved = [
            NotProvedOut(**{name: getattr(each, name) for name in names}) for each in proof.open
        ]
        return cls(outcome=proof.outcome, not_proved=not_proved)


class ChangedCredentialsOut(CredentialsOut):
    """Each key as it is now, and how the change was proved."""

    proof: ProofOut
    notes: Annotated[
        dict[str, str],
        Field(
            description="Of an .env file: lines that were left out or overruled, and why.",
            examples=[{"line 2": "no credential has this name; the line is left out"}],
        ),
    ] = {}


class ProofQuery(BaseModel):
    """How a change is proved before it is saved."""

    model_config = ConfigDict(extra="forbid")

    prove: Annotated[
        bool,
        Field(
            description="Ask the vendors: 422 with the failed checks if one refuses, 503 if one"
            " does not answer. Nothing is saved then."
        ),
    ] = True
    unproved: Annotated[
        bool, Field(description="Save it although a vendor does not answer; none may refuse.")
    ] = False
    force: Annotated[bool, Field(description="Save it although a vendor refuses.")] = False


def credentials_router(
    keys: CredentialKeys, *, tenants: TenantDirectory, guard: AdminGuard
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["credentials"], route_class=bodies_up_to(MOST_BYTES))
    AtReader = Annotated[AtTenant, Depends(at_tenant(guard, *READERS))]  # noqa: N806  # a type
    proved = at_tenant(guard, *WRITERS, fresh=True)
    AtWriter = Annotated[AtTenant, Depends(proved)]  # noqa: N806  # a type
    HowProved = Annotated[ProofQuery, Query()]  # noqa: N806  # a type

    async def changed(at: AtTenant, proof: ProofQuery, **what: Any) -> ChangedCredentialsOut:
        done = await keys.change(
            at.client_name, at.environment, actor=at.actor, **proof.model_dump(), **what
        )
        tenants.forget()  # its number or calendar may be another one now
        known = CredentialsOut.of(done.known)
        return ChangedCredentialsOut(keys=known.keys, proof=ProofOut.of(done.proof))

    @router.get(
        PATH,
        summary="Which credentials there are, never their values",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def read_credentials(at: AtReader) -> CredentialsOut:
        known = await keys.known(at.client_name, at.environment, actor=at.actor)
        return CredentialsOut.of(known)

    @router.put(PATH, summary="Replace all credentials", responses=_CHANGED)
    async def replace_credentials(
        wish: CredentialsReplacement,
        at: AtWriter,
        proof: HowProved,
    ) -> ChangedCredentialsOut:
        return await changed(at, proof, values=wish.values(), whole=True)

    @router.patch(PATH, summary="Set or take away some credentials", responses=_CHANGED)
    async def change_credentials(
        wish: CredentialsChange,
        at: AtWriter,
        proof: HowProved,
    ) -> ChangedCredentialsOut:
        return await changed(at, proof, values=wish.values(), remove=wish.removed())

    @router.post(
        f"{PATH}/env",
        summary="Set the credentials of an .env file",
        responses=_CHANGED,
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "The file as it was handed over, in UTF-8, or in UTF-16 with its mark. Quotes, Windows line ends"
                " and a service account's whole JSON are understood; errors name the line.",
                # Bytes, whose encoding is found out here.
                "content": {
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                },
            }
        },
    )
    async def set_from_env_file(
        request: Request, at: AtWriter, proof: HowProved
    ) -> ChangedCredentialsOut:
        try:
            text = text_of(await request.body(), comment=COMMENT)
        except NotUtf8 as error:
            raise Invalid(f"The file cannot be read: {error}") from error
        # A file of nothing but mistakes takes seconds, in which others are served.
        file = await asyncio.to_thread(read_env_file, text)
        values = {key: value for key, value in file.checked().items() if key not in OURS}
        done = await changed(at, proof, values=values)
        return done.model_copy(update={"notes": file.noted()})

    @router.post(
        f"{PATH}/database-password",
        summary="Rotate the password of the tenant's database login",
        responses=_CHANGED,
    )
    async def rotate_database_password(at: AtWriter) -> CredentialsOut:
        """Make another one, in the database and among the credentials; nobody is told it.

        What is connected stays connected. Pods of an isolated tenant read it for each new
        connection, once Kubernetes has brought it into their mounted Secret (a minute or so;
        connections they try before are refused and tried again). Sealed, it takes effect when it
        has been published: rotate and publish together.
        """
        known = await keys.rotate_database_password(at.client_name, at.environment, actor=at.actor)
        return CredentialsOut.of(known)

    return router
