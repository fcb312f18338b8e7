"""What is kept of one contact: told and erased, for the platform's administrators and operators."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import WRITERS, AtTenant, at_tenant
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.errors import Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, problems
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.rights.contact_data import ContactData, export_contact
from mcp_platform.rights.erasure import ContactErasure
from mcp_platform.rights.fingerprints import Fingerprints

ONE: Final = f"{TENANT}/conversations/{{conversation_id}}"
MOST_BYTES: Final = 1024


class ErasureConfirmation(BaseModel):
    """Everything that is kept of the customer will be gone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confirm: Annotated[
        str, Field(max_length=36, description="The id of the conversation once more.")
    ]
    cancel_appointments: Annotated[
        bool, Field(description="Cancel what lies ahead, and tell nobody.")
    ] = False


class ErasureOut(BaseModel):
    """The receipt: nothing of it is about the customer."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    erased_at: datetime
    counts: Annotated[dict[str, int], Field(description="How much was erased, by kind.")]


def rights_router(
    sessions: Sessions,
    *,
    guard: AdminGuard,
    fingerprints: Fingerprints,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(
        prefix=ADMIN_API, tags=["customers' rights"], route_class=bodies_up_to(MOST_BYTES)
    )
    proved = at_tenant(guard, *WRITERS, fresh=True)
    AtWriter = Annotated[AtTenant, Depends(proved)]  # noqa: N806  # a type

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

    @router.post(
        f"{ONE}/erase",
        summary="Erase one contact",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def erase_contact(
        conversation_id: UUID, wish: ErasureConfirmation, at: AtWriter
    ) -> ErasureOut:
        """Delete what is kept of a customer, in one step; their appointments stay, of nobody.

        No way back. 409 while appointments lie ahead, unless they are to be cancelled.
        """
        if wish.confirm != str(conversation_id):
            why = "is not the id of this conversation"
            raise Invalid(f"confirm {why}.", fields={"confirm": why})
        async with sessions.everywhere.begin() as session:
            tenant = await Environments(session, at.actor).tenant(at.client_name, at.environment)
            wakes(session, schema_for(tenant.id, tenant.topology))
            work = ContactErasure(session, tenant, fingerprints=fingerprints, now=clock())
            receipt = await work.erase(
                conversation_id, cancel=wish.cancel_appointments, trail=ActorTrail(at.actor)
            )
        return ErasureOut.model_validate(receipt)

    return router
