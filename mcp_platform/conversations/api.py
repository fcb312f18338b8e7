"""The API of conversations: `/chat`, a contact's side of one, and `/conversations`, a person's."""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.api_shapes import (
    ConversationOut,
    ConversationPage,
    ConversationQuery,
    MessageOut,
    MessagePage,
    MessageQuery,
    ReplyRequest,
    SearchPage,
    SearchRequest,
    TakenOut,
    TakeRequest,
)
from mcp_platform.conversations.canned import CannedReplies, CannedReply
from mcp_platform.conversations.chat import Chat, ChatAnswer, ChatMessage
from mcp_platform.conversations.conversations import Conversations, trail_target
from mcp_platform.conversations.notes import ContactNote, ContactNotes
from mcp_platform.conversations.person import PersonInConversation
from mcp_platform.conversations.phones import WRITTEN
from mcp_platform.kit.cursor import read_cursor, read_number, write_cursor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import RequestKey, bodies_up_to, problems
from mcp_platform.kit.logging import current_trace
from mcp_platform.tenants.access import TENANT_API, Caller, Guard, Trail, admitted
from mcp_platform.tenants.tenant import Tenant

MOST_BYTES = 64 * 1024  # 4096 characters, each escaped as a pair of surrogates, and the rest
ONE = "/conversations/{conversation_id}"

# No spaces and control characters: an id is compared, logged and sent in queries.
UserId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x20\x7f-\xa0]+$")]
WhatsAppNumber = Annotated[str, Field(pattern=WRITTEN)]


class ChatRequest(BaseModel):
    """Either `message` or `choice_id`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    message: Annotated[
        str | None,
        Field(min_length=1, max_length=4096, pattern=r"[^\s\x00-\x20\x7f-\xa0]"),
    ] = None
    choice_id: Annotated[
        str | None, Field(min_length=1, max_length=200, description="A choice offered before.")
    ] = None
    user_id: Annotated[UserId, Field(description="Who says it, in the caller's own terms.")]
    send_whatsapp: Annotated[
        bool,
        Field(
            description="Send the reply on WhatsApp too: to `whatsapp_number`, else to the `user_id`"
            " if that is a number. Who speaks is the `user_id` all the same, in a conversation of its"
            " own. Needs the scope `whatsapp:send`."
        ),
    ] = False
    whatsapp_number: Annotated[
        WhatsAppNumber | None,
        Field(
            description="Without `send_whatsapp`: who says it, instead of `user_id`. With the"
            " country's code, or as it is written where the business is. Needs the scope"
            " `whatsapp:send`."
        ),
    ] = None

    @model_validator(mode="after")
    def _one_thing_said(self) -> Self:
        if (self.message is None) == (self.choice_id is None):
            raise PydanticCustomError("said", "Send either `message` or `choice_id`.")
        if self.send_whatsapp and self.copy_to is None:
            raise PydanticCustomError(
                "number", "`send_whatsapp` needs a `whatsapp_number`, or a `user_id` that is one."
            )
        return self

    @property
    def copy_to(self) -> str | None:
        """Where on WhatsApp the reply is sent besides."""
        if not self.send_whatsapp:
            return None
        if self.whatsapp_number is not None:
            return self.whatsapp_number
        return self.user_id if re.fullmatch(WRITTEN, self.user_id) else None

    def words(self, request_key: str | None) -> ChatMessage:
        """Return what is said, and as whom."""
        return ChatMessage(
            user_id=self.user_id,
            text=self.message,
            choice_id=self.choice_id,
            whatsapp_number=None if self.send_whatsapp else self.whatsapp_number,
            copy_to=self.copy_to,
            request_key=request_key,
        )


class ChoiceOut(BaseModel):
    id: Annotated[str, Field(description="Send it back as `choice_id`.")]
    title: str
    description: str


class ChatReply(BaseModel):
    """`reply` is null while a person has this conversation: the assistant is silent then."""

    reply: str | None
    choices: list[ChoiceOut]
    conversation_id: UUID
    turn_id: UUID
    answered_by: Literal["model", "menu", "human", "system"]
    whatsapp_queued: bool
    whatsapp_refused: Annotated[
        Literal["outside_24_hours"] | None,
        Field(
            description="Why no copy was sent: nobody has written from that number to this tenant"
            " in the last 24 hours, and WhatsApp delivers nothing else."
        ),
    ]


class ChatPending(BaseModel):
    """It is recorded. Sent again with `message_id` as Idempotency-Key, it waits for the answer."""

    status: Annotated[
        Literal["pending", "parked"], Field(description="`parked`: a person must look at it first.")
    ]
    message_id: str


def chat_router(chat: Chat, guard: Guard) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=TENANT_API, tags=["chat"], route_class=bodies_up_to(MOST_BYTES))

    @router.post(
        "/chat",
        response_model=ChatReply,
        summary="Say something to a tenant's assistant, and get its answer",
        responses={
            202: {"model": ChatPending, "description": "Recorded, and not answered yet."},
            **problems(401, 403, 404, 409, 413, 422, 503),
        },
    )
    async def chat_with_assistant(
        request: ChatRequest,
        caller: Annotated[Caller, Depends(admitted(guard, "chat"))],
        idempotency_key: RequestKey = None,
    ) -> ChatReply | Response:
        if request.whatsapp_number is not None or request.send_whatsapp:
            caller.require("whatsapp:send")
        outcome = await chat.say(
            caller.tenant,
            request.words(idempotency_key),
            trace_id=current_trace() or secrets.token_hex(8),
        )
        if isinstance(outcome, ChatAnswer):
            return _reply(outcome)
        pending = ChatPending(
            status="parked" if outcome.parked else "pending", message_id=outcome.request_key
        )
        return Response(pending.model_dump_json(), status_code=202, media_type="application/json")

    return router


def _reply(answered: ChatAnswer) -> ChatReply:
    return ChatReply(
        reply=answered.text,
        choices=[
            ChoiceOut(id=each.id, title=each.title, description=each.description)
            for each in answered.choices
        ],
        conversation_id=answered.conversation_id,
        turn_id=answered.turn_id,
        answered_by=answered.author,
        whatsapp_queued=answered.copied,
        whatsapp_refused="outside_24_hours" if answered.outside_window else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who works on which tenant's conversations. `masked`: without seeing phone numbers.

    `queue` is by which its workers are woken; None: as this process wakes all.
    """

    tenant: Tenant
    trail: Trail
    masked: bool = False
    queue: str | None = None

    async def record(self, session: AsyncSession, contact_id: UUID, what: str) -> None:
        """Write into the trail what was done; never what was written."""
        await self.trail.write(
            session,
            action=f"conversation.{what}",
            target=trail_target(self.tenant, contact_id),
            tenant_id=self.tenant.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRoutes:
    """What the routes of conversations are served with. `idle` as `PersonInConversation` has it."""

    sessions: Sessions
    idle: timedelta
    clock: Callable[[], datetime]

    @asynccontextmanager
    async def reading(self, visit: Visit) -> AsyncIterator[Conversations]:
        async with self.sessions.of(visit.tenant.id).begin() as session:
            yield Conversations(session, visit.tenant.id, masked=visit.masked)

    async def note(self, visit: Visit, contact_id: UUID, text: str) -> ContactNote:
        """Write a note on a contact. Raises as `ContactNotes.add` does."""
        async with self.sessions.of(visit.tenant.id).begin() as session:
            note = await ContactNotes(session, visit.tenant.id).add(
                contact_id, text, by=visit.trail.who, now=self.clock()
            )
            await visit.record(session, contact_id, "note")
        return note

    async def add_canned(self, visit: Visit, *, title: str, text: str) -> CannedReply:
        """Keep a canned reply. Raises as `CannedReplies.add` does."""
        async with self.sessions.of(visit.tenant.id).begin() as session:
            made = await CannedReplies(session, visit.tenant.id).add(title=title, text=text)
            await self._record_canned(session, visit, "add", made.id)
        return made

    async def remove_canned(self, visit: Visit, reply_id: UUID) -> None:
        """Remove a canned reply. Raises NotFound."""
        async with self.sessions.of(visit.tenant.id).begin() as session:
            await CannedReplies(session, visit.tenant.id).remove(reply_id)
            await self._record_canned(session, visit, "remove", reply_id)

    @staticmethod
    async def _record_canned(
        session: AsyncSession, visit: Visit, what: str, reply_id: UUID
    ) -> None:
        await visit.trail.write(
            session,
            action=f"canned_reply.{what}",
            target=f"{visit.tenant.path}/canned-replies/{reply_id}",
            tenant_id=visit.tenant.id,
        )

    async def remove_note(self, visit: Visit, contact_id: UUID, note_id: UUID) -> None:
        """Remove a note. Raises NotFound."""
        async with self.sessions.of(visit.tenant.id).begin() as session:
            await ContactNotes(session, visit.tenant.id).remove(contact_id, note_id)
            await visit.record(session, contact_id, "remove_note")

    @asynccontextmanager
    async def working(self, visit: Visit) -> AsyncIterator[PersonInConversation]:
        async with self.sessions.of(visit.tenant.id).begin() as session:
            if visit.queue is not None:
                session.info["queue"] = visit.queue
            yield PersonInConversation(
                session, visit.tenant, trail=visit.trail, idle=self.idle, now=self.clock()
            )


def conversations_router(visits: ConversationRoutes, guard: Guard) -> APIRouter:
    """Return the routes of a tenant's API, with their whole paths."""

    async def visit(
        caller: Annotated[Caller, Depends(admitted(guard, "conversations"))],
    ) -> Visit:
        return Visit(tenant=caller.tenant, trail=caller.trail)

    router = APIRouter(
        prefix=TENANT_API, tags=["conversations"], route_class=bodies_up_to(MOST_BYTES)
    )
    add_conversations(router, visits, reading=visit, working=visit)
    return router


def add_conversations(
    router: APIRouter,
    visits: ConversationRoutes,
    *,
    reading: Callable[..., Awaitable[Visit]],
    working: Callable[..., Awaitable[Visit]],
) -> None:
    """Add the routes, for whom two dependencies let in."""
    _add_reading(router, visits, reading)
    _add_working(router, visits, working)


def _add_reading(
    router: APIRouter, visits: ConversationRoutes, admit: Callable[..., Awaitable[Visit]]
) -> None:
    Reader = Annotated[Visit, Depends(admit)]  # noqa: N806  # a type

    @router.get(
        "/conversations",
        summary="Conversations, whose contact wrote last first",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_conversations(
        visit: Reader, query: Annotated[ConversationQuery, Query()]
    ) -> ConversationPage:
        after = None if query.cursor is None else read_cursor(query.cursor)
        async with visits.reading(visit) as conversations:
            found = await conversations.page(
                handling=query.handling, after=after, limit=query.limit + 1, now=visits.clock()
            )
        shown = found[: query.limit]
        more = len(found) > query.limit
        return ConversationPage(
            conversations=[ConversationOut.model_validate(each) for each in shown],
            next_cursor=write_cursor(shown[-1].place) if more else None,
        )

    @router.post(
        "/conversation-search",
        summary="Search conversations by name, number or words",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def search_conversations(visit: Reader, wish: SearchRequest) -> SearchPage:
        """In a body, since who is looked for stands in no log of addresses. It changes nothing."""
        async with visits.reading(visit) as conversations:
            found = await conversations.search(wish.words, limit=wish.limit, now=visits.clock())
        return SearchPage(conversations=[ConversationOut.model_validate(each) for each in found])

    @router.get(ONE, summary="One conversation", responses=problems(401, 403, 404, 422, 503))
    async def read_conversation(conversation_id: UUID, visit: Reader) -> ConversationOut:
        async with visits.reading(visit) as conversations:
            found = await conversations.get(conversation_id, now=visits.clock())
        return ConversationOut.model_validate(found)

    @router.get(
        f"{ONE}/messages",
        summary="What was said in a conversation, newest first",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_messages(
        conversation_id: UUID, visit: Reader, query: Annotated[MessageQuery, Query()]
    ) -> MessagePage:
        before = None if query.cursor is None else read_number(query.cursor)
        async with visits.reading(visit) as conversations:
            await conversations.get(conversation_id, now=visits.clock())
            found = await conversations.messages(
                conversation_id, before=before, limit=query.limit + 1
            )
        shown = found[: query.limit]
        more = len(found) > query.limit
        return MessagePage(
            messages=[MessageOut.model_validate(each) for each in shown],
            next_cursor=str(shown[-1].id) if more else None,
        )


def _add_working(
    router: APIRouter, visits: ConversationRoutes, admit: Callable[..., Awaitable[Visit]]
) -> None:
    Worker = Annotated[Visit, Depends(admit)]  # noqa: N806  # a type

    @router.post(
        f"{ONE}/take",
        summary="Take a conversation from the assistant",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def take_conversation(
        conversation_id: UUID, wish: TakeRequest, visit: Worker
    ) -> TakenOut:
        """The assistant is silent in it until you give it back, or have written nothing for a while."""
        async with visits.working(visit) as person:
            taken = await person.take(conversation_id, over=wish.over)
        return TakenOut(
            conversation=ConversationOut.model_validate(taken.conversation),
            under_way=taken.under_way,
        )

    @router.post(
        f"{ONE}/reply",
        summary="Write to the contact of a conversation that you have taken",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def reply_to_conversation(
        conversation_id: UUID, wish: ReplyRequest, visit: Worker, idempotency_key: RequestKey = None
    ) -> MessageOut:
        async with visits.working(visit) as person:
            sent = await person.reply(conversation_id, wish.text, request_key=idempotency_key)
        return MessageOut.model_validate(sent)

    @router.post(
        f"{ONE}/return",
        summary="Give a conversation back to the assistant",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def return_conversation(conversation_id: UUID, visit: Worker) -> ConversationOut:
        """The assistant answers from the contact's next message on."""
        async with visits.working(visit) as person:
            found = await person.give_back(conversation_id)
        return ConversationOut.model_validate(found)
