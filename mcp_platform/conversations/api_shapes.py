"""What the conversations API takes and gives."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from mcp_platform.conversations.conversations import Delivery, Handling

Text = Annotated[str, Field(min_length=1, max_length=16_384)]
"""Longer than WhatsApp takes, so that a text that is a little too long is told so in its words."""


class ConversationQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    handling: Annotated[
        Handling | None,
        Field(description="Who answers: `waiting` was handed to a person, and nobody took it."),
    ] = None
    cursor: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class MessageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=20)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class TakeRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    over: Annotated[bool, Field(description="From the person, too, who has it now.")] = False


class ReplyRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: Annotated[Text, Field(description="At most 4096 characters, as WhatsApp counts them.")]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LastMessageOut(_Out):
    author: Literal["contact", "model", "menu", "human", "system"]
    text: str
    at: datetime


class ConversationOut(_Out):
    """Phone numbers are masked for viewers."""

    id: Annotated[UUID, Field(description="The contact's.")]
    space: Literal["whatsapp", "api"]
    name: Annotated[str | None, Field(description="What they call themselves.")]
    phone: str | None
    user_id: Annotated[str | None, Field(description="Of a caller of the API.")]
    language: str | None
    handling: Handling
    taken_by: Annotated[str | None, Field(description="The person who has it.")]
    since: datetime | None
    until: Annotated[datetime | None, Field(description="Then the assistant answers again.")]
    last_inbound_at: datetime | None
    window_until: Annotated[
        datetime | None,
        Field(description="How long WhatsApp takes a reply; null: it takes none now."),
    ]
    unanswered_since: datetime | None
    last_message: LastMessageOut | None


class ConversationPage(BaseModel):
    conversations: list[ConversationOut]
    next_cursor: Annotated[str | None, Field(description="Null: these were the last.")]


class SearchRequest(BaseModel):
    """A part of a name, of a phone number, or of what was said."""

    model_config = ConfigDict(extra="forbid", strict=True)

    words: Annotated[str, Field(min_length=2, max_length=100, pattern=r"^[^\x00]*\S[^\x00]*$")]
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class SearchPage(BaseModel):
    conversations: Annotated[
        list[ConversationOut], Field(description="Those first whose contact wrote last.")
    ]


class TakenOut(BaseModel):
    conversation: ConversationOut
    under_way: Annotated[
        bool,
        Field(
            description="The assistant was answering. Its reply is held back, unless it has booked,"
            " moved or cancelled something: then it says so."
        ),
    ]


class ShownChoice(_Out):
    title: str
    description: str


class MessageOut(_Out):
    id: int
    turn_id: Annotated[UUID | None, Field(description="The turn that it was heard or said in.")]
    at: datetime
    author: Literal["contact", "model", "menu", "human", "system"]
    by: Annotated[str | None, Field(description="The person, of a message by `human`.")]
    text: str
    kind: Annotated[
        str,
        Field(
            description="`text`, or `tap` on a choice; of a file, and of what has no text,"
            " WhatsApp's name of it, such as `image`."
        ),
    ]
    choices: list[ShownChoice]
    phrases: Annotated[list[str], Field(description="Ids of the phrases that it is made of.")]
    list_label: Annotated[
        str | None, Field(description="What opens the choices, where they are a list.")
    ]
    delivery: Annotated[
        Delivery | None,
        Field(
            description="Of what was sent on WhatsApp; `accepted` is by Meta, not yet delivered."
        ),
    ]
    error_code: Annotated[int | None, Field(description="Meta's, of what failed.")]
    error: str | None


class MessagePage(BaseModel):
    """Newest first."""

    messages: list[MessageOut]
    next_cursor: Annotated[str | None, Field(description="Null: these were the oldest.")]
