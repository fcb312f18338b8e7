"""What is kept of one contact: told, for the platform's administrators and operators."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import WRITERS, AtTenant, at_tenant
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.rights.contact_data import ContactData, export_contact

ONE: Final = f"{TENANT}/conversations/{{conversation_id}}"
MOST_BYTES: Final = 1024


def rights_router(
    sessions: Sessions, *, guard: AdminGuard, clock: Callable[[], datetime]
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(
        prefix=ADMIN_API, tags=["customers' rights"], route_class=bodies_up_to(MOST_BYTES)
    )
    AtWriter = Annotated[AtTenant, Depends(at_tenant(guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(
        f"{ONE}/data",
        summary="All that is kept of one contact",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def export_contact_data(conversation_id: UUID, at: AtWriter) -> ContactData:
        """Tell a customer's whole data, for the customer who asks for it. The audit trail says who did."""
        async with sessions.everywhere.begin() as session:
            tenant = await Environments(session, at.actor).tenant(at.client_name, at.environment)
            return await export_contact(
                session, tenant, conversation_id, trail=ActorTrail(at.actor), now=clock()
            )

    return router
