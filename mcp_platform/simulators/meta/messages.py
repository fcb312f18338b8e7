"""What a message sent through the Cloud API must look like, down to Meta's limits.

Malformed messages are refused as Meta refuses them.
Source: Meta's "Send messages" reference (2026), and its pages on lists and reply buttons.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mcp_platform.simulators.meta.errors import GraphError

BODY_MAX = 1024  # reply buttons; a list's body may have as many as a text
TEXT_MAX = 4096
CALLBACK_MAX = 512
_LIST_ROWS_MAX = 10  # over all sections together

Required = Annotated[str, Field(min_length=1)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Text(_Shape):
    body: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
    preview_url: bool = False


class _Media(_Shape):
    id: Required | None = None
    link: Annotated[str, Field(pattern=r"^https?://")] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "_Media":
        if (self.id is None) == (self.link is None):
            raise ValueError("exactly one of id and link is required")
        return self


class _Captioned(_Media):
    caption: Annotated[str, Field(max_length=1024)] | None = None


class _Document(_Captioned):
    filename: str | None = None


class _Audio(_Media):
    voice: bool = False


class _Location(_Shape):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    name: str | None = None
    address: str | None = None


class _Reaction(_Shape):
    message_id: Required
    emoji: str


class _Language(BaseModel):
    code: Required
    policy: str | None = None


class _Component(BaseModel):
    type: Literal["header", "body", "button", "carousel", "limited_time_offer", "order_status"]
    sub_type: str | None = None
    index: str | int | None = None
    parameters: list[dict[str, Any]] = []


class _Template(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=512)]
    language: _Language
    components: list[_Component] = []


class _Body(_Shape):
    text: Annotated[str, Field(min_length=1, max_length=BODY_MAX)]


class _LongBody(_Shape):
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]


class _Footer(_Shape):
    text: Annotated[str, Field(min_length=1, max_length=60)]


class _TextHeader(_Shape):
    type: Literal["text"]
    text: Annotated[str, Field(min_length=1, max_length=60)]


class _Header(BaseModel):
    type: Literal["text", "image", "video", "document"]
    text: Annotated[str, Field(min_length=1, max_length=60)] | None = None

    @model_validator(mode="after")
    def _text_of_text(self) -> "_Header":
        if self.type == "text" and self.text is None:
            raise ValueError("a text header needs its text")
        return self


class _Reply(_Shape):
    id: Annotated[str, Field(min_length=1, max_length=256)]
    title: Annotated[str, Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _no_edge_spaces(self) -> "_Reply":
        if self.id != self.id.strip():
            raise ValueError("a button id must not begin or end with a space")
        return self


class _Button(_Shape):
    type: Literal["reply"]
    reply: _Reply


class _Buttons(_Shape):
    buttons: Annotated[list[_Button], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _unique(self) -> "_Buttons":
        for what in ("id", "title"):
            if len({getattr(button.reply, what) for button in self.buttons}) < len(self.buttons):
                raise ValueError(f"button {what}s must be unique within the message")
        return self


class _Row(_Shape):
    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1, max_length=24)]
    description: Annotated[str, Field(max_length=72)] | None = None


class _Section(_Shape):
    title: Annotated[str, Field(max_length=24)] | None = None
    rows: Annotated[list[_Row], Field(min_length=1, max_length=_LIST_ROWS_MAX)]


class _Sections(_Shape):
    button: Annotated[str, Field(min_length=1, max_length=20)]
    sections: Annotated[list[_Section], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _whole_list(self) -> "_Sections":
        ids = [row.id for section in self.sections for row in section.rows]
        if len(ids) > _LIST_ROWS_MAX:
            raise ValueError("a list has at most 10 rows in all its sections together")
        if len(set(ids)) < len(ids):
            raise ValueError("row ids must be unique within the message")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("a section's title is required when there is more than one section")
        return self


class _ButtonMessage(_Shape):
    type: Literal["button"]
    header: _Header | None = None
    body: _Body
    footer: _Footer | None = None
    action: _Buttons


class _ListMessage(_Shape):
    type: Literal["list"]
    header: _TextHeader | None = None
    body: _LongBody
    footer: _Footer | None = None
    action: _Sections


class _UrlParameters(_Shape):
    display_text: Annotated[str, Field(min_length=1, max_length=20)]
    url: Annotated[str, Field(pattern=r"^https?://")]


class _UrlAction(_Shape):
    name: Literal["cta_url"]
    parameters: _UrlParameters


class _UrlMessage(_Shape):
    type: Literal["cta_url"]
    header: _Header | None = None
    body: _Body
    footer: _Footer | None = None
    action: _UrlAction


class _AskAction(_Shape):
    name: Literal["send_location", "request_contact_info"]


class _AskMessage(_Shape):
    type: Literal["location_request_message", "request_contact_info"]
    body: _Body
    action: _AskAction


class _ContactName(BaseModel):
    formatted_name: Required


class _ContactCard(BaseModel):
    name: _ContactName


class _Context(BaseModel):
    message_id: Required


class _Outer(BaseModel):
    """What all messages have; Graph ignores parameters it does not know."""

    model_config = ConfigDict(strict=True)
    recipient_type: Literal["individual"] = "individual"
    biz_opaque_callback_data: Annotated[str, Field(max_length=CALLBACK_MAX)] | None = None
    context: _Context | None = None


_INTERACTIVE: dict[str, type[BaseModel]] = {
    "button": _ButtonMessage,
    "list": _ListMessage,
    "cta_url": _UrlMessage,
    "location_request_message": _AskMessage,
    "request_contact_info": _AskMessage,
}
_TYPES: dict[str, type[BaseModel]] = {
    "text": _Text,
    "image": _Captioned,
    "video": _Captioned,
    "document": _Document,
    "audio": _Audio,
    "sticker": _Media,
    "location": _Location,
    "reaction": _Reaction,
    "template": _Template,
}
MEDIA_TYPES = frozenset({"image", "video", "document", "audio", "sticker"})
_CONTACTS_MAX = 257
_PHONE = re.compile(r"\+?(?:[ ().-]*[0-9]){7,15}")
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def check_message(payload: dict[str, Any]) -> str:
    """Return the type of a message whose every part is as Meta wants it.

    Raises:
        GraphError: it is not; with the code, sentence and details that Graph would give.
    """
    if payload.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    _check_address(payload)
    _fit(_Outer, payload, at=())
    kind = payload.get("type", "text")
    if kind == "interactive":
        _check_interactive(payload)
    elif kind == "contacts":
        _check_contacts(payload)
    elif kind in _TYPES:
        _fit(_TYPES[kind], _part(payload, kind), at=(kind,))
    else:
        raise GraphError(
            100, message="(#100) Param type must be one of the supported message types."
        )
    return str(kind)


def _check_address(payload: dict[str, Any]) -> None:
    to, recipient = payload.get("to"), payload.get("recipient")
    if to is None and recipient is None:
        raise GraphError(100, message="(#100) The parameter to is required.")
    if to is not None:
        if not isinstance(to, str) or not _PHONE.fullmatch(to):
            raise GraphError(131009, details="The parameter to is not a valid phone number.")
    elif not isinstance(recipient, str) or not _BSUID.fullmatch(recipient):
        raise GraphError(131009, details="The parameter recipient is not a valid user ID.")


def _check_interactive(payload: dict[str, Any]) -> None:
    part = _part(payload, "interactive")
    shape = _INTERACTIVE.get(str(part.get("type")))
    if shape is None:
        raise GraphError(131009, details="Param interactive['type'] is not supported.")
    _fit(shape, part, at=("interactive",))


def _check_contacts(payload: dict[str, Any]) -> None:
    cards = payload.get("contacts")
    if not isinstance(cards, list) or not 1 <= len(cards) <= _CONTACTS_MAX:
        raise GraphError(131009, details="Param contacts must hold 1 to 257 contacts.")
    for index, card in enumerate(cards):
        _fit(_ContactCard, card, at=("contacts", index))


def _part(payload: dict[str, Any], kind: str) -> dict[str, Any]:
    part = payload.get(kind)
    if part is None:
        raise GraphError(131008, details=f"Parameter {kind} is required for type {kind}.")
    if not isinstance(part, dict):
        raise GraphError(100, message=f"(#100) Param {kind} must be a JSON object.")
    return part


def _fit(shape: type[BaseModel], value: Any, *, at: tuple[str | int, ...]) -> None:
    try:
        shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True)[0]
        path = _path((*at, *first["loc"]))
        say = _SENTENCES.get(first["type"], _invalid)
        raise say(path, first.get("ctx", {}), first["msg"]) from error


def _path(at: tuple[str | int, ...]) -> str:
    if not at:
        return "message"
    return str(at[0]) + "".join(
        f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in at[1:]
    )


def _invalid(path: str, ctx: dict[str, Any], said: str) -> GraphError:
    del ctx
    return GraphError(131009, details=f"Param {path}: {said.removeprefix('Value error, ')}.")


def _missing(path: str, ctx: dict[str, Any], said: str) -> GraphError:
    del ctx, said
    return GraphError(131008, details=f"The parameter {path} is required.")


def _unexpected(path: str, ctx: dict[str, Any], said: str) -> GraphError:
    del ctx, said
    return GraphError(100, message=f'(#100) Unexpected key on param "{path}".')


def _too_long(path: str, ctx: dict[str, Any], said: str) -> GraphError:
    del said
    limit = ctx["max_length"]
    if path in {"text['body']", "biz_opaque_callback_data"}:
        return GraphError(
            100, message=f"(#100) Param {path} must be at most {limit} characters long."
        )
    return GraphError(131009, details=f"Param {path}: length invalid. Max length: {limit}.")


_SENTENCES: dict[str, Callable[[str, dict[str, Any], str], GraphError]] = {
    "missing": _missing,
    "extra_forbidden": _unexpected,
    "string_too_long": _too_long,
    "too_long": _too_long,
}
