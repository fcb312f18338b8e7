"""A tenant's conversations and appointments for the platform's users: its own API, by their roles."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import AtTenant, at_tenant
from mcp_platform.audit.actor import Role
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.conversations.api import MOST_BYTES, ConversationRoutes, Visit, add_conversations
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, expected
from mcp_platform.kit.queue import schema_for
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.scheduling.api import add_appointments
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.tenants.access import Caller, Scope
from mcp_platform.tenants.tenant import Tenant

READERS: Final[tuple[Role, ...]] = ("admin", "operator", "staff", "viewer")
WORKERS: Final[tuple[Role, ...]] = ("admin", "operator", "staff")
# What a staff's token may at the tenant's own API. The routes ask for roles; one asks for a scope.
SCOPES: Final[frozenset[Scope]] = frozenset(
    {"appointments:read", "appointments:write", "whatsapp:send"}
)


def tenant_conversations_router(
    visits: ConversationRoutes, *, sessions: Sessions, guard: AdminGuard
) -> APIRouter:
    """Return the routes, with their whole paths. A viewer reads with phone numbers masked."""
    reader, worker = at_tenant(guard, *READERS), at_tenant(guard, *WORKERS)

    async def visit(at: AtTenant) -> Visit:
        tenant = await _tenant(sessions, at)
        return Visit(
            tenant=tenant,
            trail=ActorTrail(at.actor),
            masked=at.actor.role == "viewer",
            queue=schema_for(tenant.id, tenant.topology),
        )

    async def reading(at: Annotated[AtTenant, Depends(reader)]) -> Visit:
        return await visit(at)

    async def working(at: Annotated[AtTenant, Depends(worker)]) -> Visit:
        return await visit(at)

    router = _router("", tag="conversations of a tenant")
    add_conversations(router, visits, reading=reading, working=working)
    return router


def tenant_appointments_router(
    appointments: TenantAppointments, *, sessions: Sessions, guard: AdminGuard
) -> APIRouter:
    """Return the routes, with their whole paths. A viewer reads with phone numbers masked."""
    reader, worker = at_tenant(guard, *READERS), at_tenant(guard, *WORKERS)

    async def caller(at: AtTenant) -> Caller:
        return Caller(
            tenant=await _tenant(sessions, at),
            trail=ActorTrail(at.actor),
            scopes=SCOPES,
            masked=at.actor.role == "viewer",
        )

    async def reading(at: Annotated[AtTenant, Depends(reader)]) -> Caller:
        return await caller(at)

    async def writing(at: Annotated[AtTenant, Depends(worker)]) -> Caller:
        return await caller(at)

    router = _router("/appointments", tag="appointments of a tenant")
    add_appointments(router, appointments, reading=reading, writing=writing, versions=expected)
    return router


def _router(under: str, *, tag: str) -> APIRouter:
    return APIRouter(
        prefix=f"{ADMIN_API}{TENANT}{under}",
        tags=[tag],
        route_class=bodies_up_to(MOST_BYTES),
        # The tenant's own API has routes of these names.
        generate_unique_id_function=lambda route: f"admin_{route.name}",
    )


async def _tenant(sessions: Sessions, at: AtTenant) -> Tenant:
    async with sessions.everywhere() as session:
        return await Environments(session, at.actor).tenant(at.client_name, at.environment)
