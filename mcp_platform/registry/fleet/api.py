"""`/api/v1/admin/fleet` and `/attention`: how all tenants are, and what waits for somebody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from mcp_platform.access.guard import allowed
from mcp_platform.access.routes import READERS
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.http import problems
from mcp_platform.registry.fleet.attention import (
    AttentionItemOut,
    AttentionPageOut,
    AttentionQuery,
    attention_page,
)
from mcp_platform.registry.fleet.fleet import FleetPageOut, FleetQuery, FleetRowOut, fleet_page
from mcp_platform.registry.routes import Registry


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes over all tenants."""
    Reader = Annotated[Actor, Depends(allowed(registry.guard, *READERS))]  # noqa: N806  # a type

    @router.get(
        "/fleet",
        summary="How all tenants are",
        description="The worst counts: `failing` is a vendor's refusal or a failed check,"
        " `attention` a warning or a contact who waits for a person, `unknown` a tenant that the"
        " doctor has not seen for 26 hours, `paused` one that is suspended or off-boarded.",
        responses=problems(401, 403, 422, 503),
        tags=["environments"],
    )
    async def read_fleet(
        actor: Reader,  # noqa: ARG001  # its being admitted is the point
        query: Annotated[FleetQuery, Query()],
    ) -> FleetPageOut:
        async with registry.reading() as session:
            found = await fleet_page(session, query, now=registry.clock())
        return FleetPageOut(
            items=[FleetRowOut.model_validate(each) for each in found.items],
            counts=found.counts,
            next_cursor=found.next_cursor,
        )

    @router.get(
        "/attention",
        summary="What waits for somebody, over all tenants, the longest first",
        description="`waiting` is a customer who wants a person and whom nobody has taken,"
        " `question` what customers asked and no answer covers, `call` a customer to be called about"
        " an appointment that was changed, `answer` one to be called with an answer, `parked` a"
        " message that could not be answered. Of active tenants. Nothing a customer said is in it.",
        responses=problems(401, 403, 422, 503),
        tags=["environments"],
    )
    async def read_attention(
        actor: Reader,  # noqa: ARG001  # its being admitted is the point
        query: Annotated[AttentionQuery, Query()],
    ) -> AttentionPageOut:
        async with registry.reading() as session:
            found = await attention_page(session, query, now=registry.clock())
        return AttentionPageOut(
            items=[AttentionItemOut.model_validate(each) for each in found.items],
            counts=found.counts,
            next_cursor=found.next_cursor,
        )
