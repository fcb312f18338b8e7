"""`/api/v1/admin/fleet`, `/attention` and `/parked`: how all tenants are, what waits, what stopped."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import allowed
from mcp_platform.access.routes import READERS, WRITERS, AtTenant, at_tenant
from mcp_platform.audit.actor import Actor
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.kit.forms import Form
from mcp_platform.kit.http import problems
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.fleet.attention import (
    AttentionItemOut,
    AttentionPageOut,
    AttentionQuery,
    attention_page,
)
from mcp_platform.registry.fleet.fleet import FleetPageOut, FleetQuery, FleetRowOut, fleet_page
from mcp_platform.registry.fleet.jobs import JobAction
from mcp_platform.registry.fleet.parked import (
    ParkedItemOut,
    ParkedPageOut,
    ParkedQuery,
    ReplayOut,
    ReplayWish,
    parked_page,
    replay_parked,
)
from mcp_platform.registry.routes import Registry


class FleetJobWish(Form):
    """One thing, and the tenants that it is done to."""

    action: JobAction
    tenants: Annotated[
        list[Annotated[str, Field(max_length=80)]],
        Field(min_length=1, max_length=1_000, description="Paths: `<client>/<environment>`."),
    ]


class FleetJobOut(BaseModel):
    """How far a job is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    action: JobAction
    by: str
    created_at: datetime
    running: bool
    stopped: bool
    dead: Annotated[bool, Field(description="Nobody works on it any more: go on with it.")]
    done: int
    left: list[str]
    failed: Annotated[dict[str, str], Field(description="By path, why.")]


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes over all tenants."""
    Reader = Annotated[Actor, Depends(allowed(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[Actor, Depends(allowed(registry.guard, *WRITERS))]  # noqa: N806  # a type
    jobs = registry.jobs
    AtWriter = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806

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

    @router.get(
        "/parked",
        summary="What stopped, over all tenants, the latest first",
        description="`turn` is what a customer wrote and every attempt to answer failed, `whatsapp` a"
        " message that was given up or that Meta could not deliver, `calendar_put` and"
        " `calendar_remove` an event that could not be written or taken away. A viewer reads with"
        " phone numbers masked.",
        responses=problems(401, 403, 422, 503),
        tags=["environments"],
    )
    async def read_parked(actor: Reader, query: Annotated[ParkedQuery, Query()]) -> ParkedPageOut:
        async with registry.reading() as session:
            found = await parked_page(session, query, masked=actor.role == "viewer")
        return ParkedPageOut(
            items=[ParkedItemOut.model_validate(each) for each in found.items],
            counts=found.counts,
            next_cursor=found.next_cursor,
        )

    @router.post(
        f"{TENANT}/parked/replay",
        summary="Try again what stopped",
        description="A message may reach the customer a second time: read the conversation first."
        " What is not parked is passed over.",
        responses=problems(401, 403, 404, 413, 422, 503),
        tags=["environments"],
    )
    async def replay_parked_items(wish: ReplayWish, at: AtWriter) -> ReplayOut:
        async with registry.changing() as session:
            tenant = await Environments(session, at.actor).tenant(at.client_name, at.environment)
            done = await replay_parked(session, tenant, wish, trail=ActorTrail(at.actor))
        return ReplayOut(replayed=done)

    @router.post(
        "/fleet/jobs",
        status_code=202,
        summary="Do one thing to many tenants",
        description="`doctor`, `suspend` or `resume`, one tenant after the other. Those it does not"
        " fit are passed over.",
        responses=problems(401, 403, 413, 422, 503),
        tags=["environments"],
    )
    async def start_fleet_job(wish: FleetJobWish, actor: Writer) -> FleetJobOut:
        job = await jobs.start(wish.action, wish.tenants, actor=actor)
        return FleetJobOut.model_validate(await jobs.read(job))

    @router.get(
        "/fleet/jobs/{job_id}",
        summary="How far a job for many tenants is",
        responses=problems(401, 403, 404, 422, 503),
        tags=["environments"],
    )
    async def read_fleet_job(job_id: UUID, actor: Writer) -> FleetJobOut:  # noqa: ARG001  # is admitted
        return FleetJobOut.model_validate(await jobs.read(job_id))

    @router.post(
        "/fleet/jobs/{job_id}/stop",
        summary="Let a job end after what it does just now",
        responses=problems(401, 403, 404, 413, 422, 503),
        tags=["environments"],
    )
    async def stop_fleet_job(job_id: UUID, actor: Writer) -> FleetJobOut:  # noqa: ARG001  # is admitted
        await jobs.stop(job_id)
        return FleetJobOut.model_validate(await jobs.read(job_id))

    @router.post(
        "/fleet/jobs/{job_id}/go-on",
        summary="Do what is left of a job, and what failed once more",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
        tags=["environments"],
    )
    async def go_on_with_fleet_job(job_id: UUID, actor: Writer) -> FleetJobOut:
        await jobs.go_on(job_id, actor=actor)
        return FleetJobOut.model_validate(await jobs.read(job_id))
