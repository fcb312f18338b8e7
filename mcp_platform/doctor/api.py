"""`/clients/{client_name}/environments/{environment}/doctor`: what is wrong, and what to do."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.audit.actor import Actor
from mcp_platform.doctor.examining import Examinations
from mcp_platform.doctor.findings import Finding, Findings
from mcp_platform.doctor.results import State
from mcp_platform.doctor.sentences import TITLES, result
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.tenants.tenant import Tenant

PATH = "/clients/{client_name}/environments/{environment}/doctor"
MOST_BYTES = 1024
READERS = ("admin", "operator", "viewer")
RUNNERS = ("admin", "operator")

Client = Annotated[str, Path(description="The client.")]
Environment = Annotated[str, Path(description="One of the client's environments.")]


class LanguageQuery(BaseModel):
    """What sentences are in."""

    model_config = ConfigDict(extra="forbid")

    language: StaffLanguage = "en"


class Examination(BaseModel):
    """What an examination may change. An empty object changes nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    fix: bool = Field(
        default=False, description="Subscribe to webhooks, and point them here, where they are not."
    )
    write: bool = Field(
        default=False, description="Write a private event to the calendar, and delete it."
    )


class ResultOut(BaseModel):
    """What one check found. `next_step` is empty only where all is well."""

    check: str
    title: str
    state: State
    code: str
    what: str
    next_step: str
    details: dict[str, str]
    since: datetime = Field(description="Since when it has been found so.")
    checked_at: datetime


class ResultsOut(BaseModel):
    """The last result of each check."""

    tenant: str
    results: list[ResultOut]

    @classmethod
    def of(cls, path: str, findings: Iterable[Finding], *, language: StaffLanguage) -> Self:
        """Put findings into words."""
        return cls(
            tenant=path,
            results=[_shown(finding, language=language) for finding in findings],
        )


def _shown(finding: Finding, *, language: StaffLanguage) -> ResultOut:
    said = result(finding.found, language=language)
    return ResultOut(
        check=said.check,
        title=TITLES[said.check][language],
        state=said.state,
        code=said.code,
        what=said.what,
        next_step=said.next_step,
        details=dict(said.details),
        since=finding.since,
        checked_at=finding.checked_at,
    )


def doctor_router(
    examinations: Examinations, sessions: Sessions, *, tenants: TenantDirectory, guard: AdminGuard
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["doctor"], route_class=bodies_up_to(MOST_BYTES))
    Reader = Annotated[Actor, Depends(allowed(guard, *READERS))]  # noqa: N806  # a type
    Runner = Annotated[Actor, Depends(allowed(guard, *RUNNERS))]  # noqa: N806  # a type

    async def results(tenant: Tenant, language: StaffLanguage) -> ResultsOut:
        async with sessions.of(tenant.id)() as session:
            findings = await Findings(session, tenant.id).last()
        return ResultsOut.of(tenant.path, findings, language=language)

    @router.get(
        PATH,
        summary="What the doctor found last",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def read_findings(
        client_name: Client,
        environment: Environment,
        actor: Reader,  # noqa: ARG001  # its being admitted is the point
        query: Annotated[LanguageQuery, Query()],
    ) -> ResultsOut:
        tenant = await tenants.by_path(client_name, environment)
        return await results(tenant, query.language)

    @router.post(
        PATH,
        summary="Examine the tenant now",
        description="Asks every vendor, which takes some seconds. Changes nothing unless it is"
        " told to.",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def examine_environment(
        client_name: Client,
        environment: Environment,
        wish: Examination,
        actor: Runner,
        query: Annotated[LanguageQuery, Query()],
    ) -> ResultsOut:
        tenant = await tenants.by_path(client_name, environment)
        await examinations.run(tenant, actor=actor, fix=wish.fix, write=wish.write)
        return await results(tenant, query.language)

    return router
