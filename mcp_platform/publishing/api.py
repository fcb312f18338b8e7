"""`/api/v1/admin/config`: `config.json` out and in. Credentials files are the command's alone."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import problems, read_up_to
from mcp_platform.publishing.config_export import export_config
from mcp_platform.publishing.config_form import schema
from mcp_platform.publishing.config_import import Action, Step
from mcp_platform.publishing.importing import ConfigDesk, ImportPlan

MOST_BYTES: Final = 32 * 1024 * 1024  # a thousand tenants with all values sealed take 16 MB
_FILE: Final = {
    "type": "object",
    "required": ["clients"],
    "properties": {"clients": {"type": "array", "items": {"type": "object"}}},
    "description": schema()["description"],
}


class ImportQuery(BaseModel):
    """How a file is imported."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Annotated[bool, Field(description="Tell what would change, and change nothing.")] = (
        False
    )


class ExportQuery(BaseModel):
    """What is exported."""

    model_config = ConfigDict(extra="forbid")

    catalogue: Annotated[
        bool, Field(description="Also services, people, hours and closed days of each tenant.")
    ] = False


class StepOut(BaseModel):
    """What is done with one client, tenant or block."""

    kind: str
    name: str
    tenant: Annotated[str | None, Field(description="Whose catalogue it is in.")]
    action: Action
    fields: Annotated[list[str], Field(description="What changes.")]

    @classmethod
    def of(cls, step: Step) -> "StepOut":
        return cls(
            kind=step.kind,
            name=step.name,
            tenant=step.of_tenant or None,
            action=step.action,
            fields=sorted(step.changes),
        )


class ImportOut(BaseModel):
    """What an import does, or would do. Nothing is ever deleted."""

    steps: Annotated[list[StepOut], Field(description="What is created or updated.")]
    unchanged: int
    not_named: Annotated[list[str], Field(description="Tenants the file does not name; they stay.")]
    without_credentials: Annotated[
        list[str], Field(description="Named tenants that still wait for credentials.")
    ]
    warnings: list[str]

    @classmethod
    def of(cls, found: ImportPlan) -> "ImportOut":
        plan, count = found.plan, len(found.credentials_files)
        steps = [step for step in plan.steps if step.action != "unchanged"]
        files = f"{count} credentials files are passed over: set them by the API."
        return cls(
            steps=[StepOut.of(step) for step in steps],
            unchanged=len(plan.steps) - len(steps),
            not_named=list(plan.not_named),
            without_credentials=list(found.waiting),
            warnings=[*plan.warnings, *([files] if count else [])],
        )


def config_router(sessions: Sessions, desk: ConfigDesk, *, guard: AdminGuard) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["config"])
    exported: dict[int | str, dict[str, Any]] = {
        200: {
            "description": "config.json, version 1.",
            "content": {"application/json": {"schema": _FILE}},
        },
        **problems(401, 403, 422, 503),
    }

    @router.get(
        "/config",
        summary="Export config.json",
        response_class=Response,
        dependencies=[Depends(allowed(guard, *READERS))],
        responses=exported,
    )
    async def read_config_file(query: Annotated[ExportQuery, Query()]) -> Response:
        async with sessions.everywhere() as session:
            content = await export_config(session, catalogue=query.catalogue)
        return Response(content, media_type="application/json")

    @router.post(
        "/config/import",
        summary="Import config.json",
        responses=problems(401, 403, 409, 413, 422, 503),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _FILE}},
            }
        },
    )
    async def import_config_file(
        request: Request,
        actor: Annotated[Actor, Depends(allowed(guard, *WRITERS))],
        query: Annotated[ImportQuery, Query()],
    ) -> ImportOut:
        """Create what is missing and update what differs, all or nothing.

        What becomes isolated is prepared before, what is new and isolated afterwards: if that
        breaks off (503), import the file again.
        """
        # Here and not before: 32 MB are not taken from somebody nobody knows.
        content = await read_up_to(request, most=MOST_BYTES)
        found = await desk.take(content, actor=actor, dry_run=query.dry_run)
        return ImportOut.of(found)

    return router
