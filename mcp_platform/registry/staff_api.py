"""A tenant's conversations and appointments for the platform's users: its own API, by their roles."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.access.guard import ADMIN_API, AdminGuard
from mcp_platform.access.routes import AtTenant, at_tenant
from mcp_platform.assistant.journal import past_turns
from mcp_platform.audit.actor import Role
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.conversations.api import (
    MOST_BYTES,
    ONE,
    ConversationRoutes,
    Visit,
    add_conversations,
)
from mcp_platform.conversations.canned import LONGEST_TEXT, LONGEST_TITLE, CannedReplies, fill
from mcp_platform.conversations.conversations import Conversations
from mcp_platform.conversations.masking import masked
from mcp_platform.conversations.notes import LONGEST_NOTE, ContactNotes
from mcp_platform.errors import NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, expected, problems
from mcp_platform.kit.queue import schema_for
from mcp_platform.registry.answers.canned_facts import canned_facts
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


class _Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class FunctionCallOut(_Told):
    """A function that the model called. Nothing in `args` was checked before."""

    name: str
    args: dict[str, Any]


class OfferedSlotOut(_Told):
    start: datetime
    service_name: str
    professional_name: str


class TurnStepOut(_Told):
    at: datetime
    kind: Literal["model", "tool", "tap"]
    calls: list[FunctionCallOut]
    outcome: Annotated[str | None, Field(description="What came of a call or a tap.")]
    slots: Annotated[list[OfferedSlotOut], Field(description="Times that it found.")]


class TurnOut(_Told):
    """A turn of the assistant, as its journal has it. Phone numbers are masked for viewers."""

    id: UUID
    state: Literal["open", "done", "parked"]
    starts: Annotated[int, Field(description="How often it was begun.")]
    opened_at: datetime
    closed_at: datetime | None
    error: str | None
    chosen: Annotated[list[str], Field(description="Phrases that the model chose, by their ids.")]
    steps: list[TurnStepOut]


class CannedReplyWish(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_TEXT,
            description="With `{name}`, `{business}` and `{appointment}` as variables.",
        ),
    ]


class CannedReplyOut(_Told):
    id: UUID
    title: str
    text: str


class CannedRepliesOut(BaseModel):
    replies: list[CannedReplyOut]


class FilledReplyOut(BaseModel):
    text: str


class NoteRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]


class NoteOut(_Told):
    id: UUID
    text: str
    by: Annotated[str, Field(description="Who wrote it, as the audit trail calls them.")]
    at: datetime


class NotesOut(BaseModel):
    notes: list[NoteOut]


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

    @router.get(
        f"{ONE}/turns/{{turn_id}}",
        summary="What the assistant did in one turn",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def read_turn(
        conversation_id: UUID, turn_id: UUID, visit: Annotated[Visit, Depends(reading)]
    ) -> TurnOut:
        """Its steps are forgotten with what it heard, and where a message of it was taken back."""
        async with visits.sessions.of(visit.tenant.id)() as session:
            found = await past_turns(
                session,
                tenant_id=visit.tenant.id,
                contact_id=conversation_id,
                turns=[turn_id],
                without_numbers=visit.masked,
            )
        if turn_id not in found:
            raise NotFound("There is no such turn.")
        return TurnOut.model_validate(found[turn_id])

    _add_notes(router, visits, reading=reading, working=working)
    _add_canned(router, visits, reading=reading, working=working)
    return router


def _add_notes(
    router: APIRouter,
    visits: ConversationRoutes,
    *,
    reading: Callable[..., Awaitable[Visit]],
    working: Callable[..., Awaitable[Visit]],
) -> None:
    """Add the routes of notes, which only the platform's users have."""

    @router.get(
        f"{ONE}/notes",
        summary="What staff noted about a contact, newest first",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_notes(
        conversation_id: UUID, visit: Annotated[Visit, Depends(reading)]
    ) -> NotesOut:
        """No customer and no model reads them."""
        async with visits.reading(visit) as conversations:
            await conversations.get(conversation_id, now=visits.clock())
        async with visits.sessions.of(visit.tenant.id)() as session:
            notes = await ContactNotes(session, visit.tenant.id).of(conversation_id)
        shown = [replace(each, text=masked(each.text)) if visit.masked else each for each in notes]
        return NotesOut(notes=[NoteOut.model_validate(each) for each in shown])

    @router.post(
        f"{ONE}/notes",
        status_code=201,
        summary="Note something about a contact",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def add_note(
        conversation_id: UUID, wish: NoteRequest, visit: Annotated[Visit, Depends(working)]
    ) -> NoteOut:
        note = await visits.note(visit, conversation_id, wish.text)
        return NoteOut.model_validate(note)

    @router.delete(
        f"{ONE}/notes/{{note_id}}",
        status_code=204,
        summary="Remove a note",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def remove_note(
        conversation_id: UUID, note_id: UUID, visit: Annotated[Visit, Depends(working)]
    ) -> None:
        await visits.remove_note(visit, conversation_id, note_id)


def _add_canned(
    router: APIRouter,
    visits: ConversationRoutes,
    *,
    reading: Callable[..., Awaitable[Visit]],
    working: Callable[..., Awaitable[Visit]],
) -> None:
    """Add the routes of canned replies."""

    @router.get(
        "/canned-replies",
        summary="Canned replies, by title",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_canned_replies(visit: Annotated[Visit, Depends(reading)]) -> CannedRepliesOut:
        async with visits.sessions.of(visit.tenant.id)() as session:
            found = await CannedReplies(session, visit.tenant.id).all()
        return CannedRepliesOut(replies=[CannedReplyOut.model_validate(each) for each in found])

    @router.post(
        "/canned-replies",
        status_code=201,
        summary="Keep a canned reply",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def add_canned_reply(
        wish: CannedReplyWish, visit: Annotated[Visit, Depends(working)]
    ) -> CannedReplyOut:
        made = await visits.add_canned(visit, title=wish.title, text=wish.text)
        return CannedReplyOut.model_validate(made)

    @router.delete(
        "/canned-replies/{reply_id}",
        status_code=204,
        summary="Remove a canned reply",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def remove_canned_reply(
        reply_id: UUID, visit: Annotated[Visit, Depends(working)]
    ) -> None:
        await visits.remove_canned(visit, reply_id)

    @router.post(
        f"{ONE}/canned-replies/{{reply_id}}",
        summary="A canned reply as it would be written to a customer",
        responses=problems(401, 403, 404, 409, 422, 503),
    )
    async def fill_canned_reply(
        conversation_id: UUID, reply_id: UUID, visit: Annotated[Visit, Depends(working)]
    ) -> FilledReplyOut:
        """Nothing is sent. Where a variable has no value, it is a conflict that names it."""
        async with visits.sessions.of(visit.tenant.id)() as session:
            conversations = Conversations(session, visit.tenant.id)
            conversation = await conversations.get(conversation_id, now=visits.clock())
            reply = await CannedReplies(session, visit.tenant.id).get(reply_id)
            facts = await canned_facts(session, visit.tenant, conversation, now=visits.clock())
        return FilledReplyOut(text=fill(reply.text, facts))


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
