"""`/api/v1/admin/audit`: the audit trail, read. Nothing here writes it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.access.shapes import MOST_BYTES, AuditQuery, EntryOut
from mcp_platform.audit import trail as audit
from mcp_platform.errors import Invalid
from mcp_platform.kit.cursor import read_number
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.kit.paging import Page
from mcp_platform.tenants.directory import TenantDirectory


def audit_router(sessions: Sessions, *, tenants: TenantDirectory, guard: AdminGuard) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, tags=["audit"], route_class=bodies_up_to(MOST_BYTES))

    @router.get(
        "/audit",
        summary="Who did what, newest first",
        dependencies=[Depends(allowed(guard, "admin", "operator"))],
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def list_audit_entries(query: Annotated[AuditQuery, Query()]) -> Page[EntryOut]:
        tenant_id = None
        if query.tenant is not None:
            client_name, _, environment = query.tenant.partition("/")
            tenant_id = (await tenants.by_path(client_name, environment)).id
        wanted = audit.AuditFilter(
            actor=query.actor,
            action=query.action,
            tenant_id=tenant_id,
            since=_zoned(query.since, "since"),
            until=_zoned(query.until, "until"),
        )
        before_id = None if query.cursor is None else read_number(query.cursor)
        async with sessions.everywhere() as session:
            found = await audit.entries(session, wanted, before_id=before_id, limit=query.limit + 1)
        shown = found[: query.limit]
        return Page(
            items=[EntryOut.model_validate(each, from_attributes=True) for each in shown],
            next_cursor=str(shown[-1].id) if len(found) > len(shown) else None,
        )

    return router


def _zoned(moment: datetime | None, field: str) -> datetime | None:
    """Return a moment that Postgres can compare, in any year."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise Invalid("A time needs an offset.", fields={field: "must have an offset, or Z"})
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid("There is no such time.", fields={field: "is out of range"}) from error
