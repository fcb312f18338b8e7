"""A tenant's conversations for the platform's users: the routes of its own API, by their roles."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import AtTenant, at_tenant
from mcp_platform.audit.actor import Role
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.conversations.api import MOST_BYTES, ConversationRoutes, Visit, add_conversations
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to
from mcp_platform.kit.queue import schema_for
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT

READERS: Final[tuple[Role, ...]] = ("admin", "operator", "staff", "viewer")
WORKERS: Final[tuple[Role, ...]] = ("admin", "operator", "staff")


def tenant_conversations_router(
    visits: ConversationRoutes, *, sessions: Sessions, guard: AdminGuard
) -> APIRouter:
    """Return the routes, with their whole paths. A viewer reads with phone numbers masked."""
    reader, worker = at_tenant(guard, *READERS), at_tenant(guard, *WORKERS)

    async def visit(at: AtTenant) -> Visit:
        async with sessions.everywhere() as session:
            environments = Environments(session, at.actor)
            tenant = await environments.tenant(at.client_name, at.environment)
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

    router = APIRouter(
        prefix=f"{ADMIN_API}{TENANT}",
        tags=["conversations of a tenant"],
        route_class=bodies_up_to(MOST_BYTES),
        # The tenant's own API has routes of these names.
        generate_unique_id_function=lambda route: f"admin_{route.name}",
    )
    add_conversations(router, visits, reading=reading, working=working)
    return router
