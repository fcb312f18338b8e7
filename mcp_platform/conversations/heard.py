"""What a contact's event says, read from the channel's shape: text, a tap, or something else.

What is missing or of another type is left out; nothing here raises.

Source: WhatsApp Cloud API webhooks reference, messages by type.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from mcp_platform.conversations.contacts import Identity
from mcp_platform.inbox.event import LONGEST_ID, corrected_key
from mcp_platform.inbox.turns import TurnEvent
from mcp_platform.kit.jsons import storable

Kind = Literal["text", "tap", "unsupported", "unreadable", "silent", "moved"]
"""`unreadable`: WhatsApp did not hand over what was written."""

# Kinds that want no answer: they say nothing to the business, or correct what was said.
REVOKED = "revoke"
SILENT = frozenset({"reaction", "request_welcome", REVOKED, "ephemeral"})
# What comes as a file that nobody here opens; a voice note is asked for in writing instead.
FILES = frozenset({"image", "video", "document"})
POLL_AND_THE_LIKE = 131051  # Meta's code for what the Cloud API has no type for
LONGEST_TEXT = 4096
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message, as the platform understands it."""

    kind: Kind
    key: str
    message_id: str
    text: str
    tap: str | None
    type: str
    identity: Identity
    at: datetime
    renamed: tuple[str, ...] = ()
    """Other aliases of the same contact, where a system message tells of a change."""
    corrects: str | None = None
    """The key of the message that this one takes back, or replaces."""

    @property
    def is_file(self) -> bool:
        """Tell whether a file came that is still to be known of, with words below it or without."""
        return self.type in FILES and self.kind in ("text", "unsupported")


def corrected(heard: Sequence[InboundMessage]) -> tuple[InboundMessage, ...]:
    """Return the messages as their writer left them: what was taken back says nothing any more.

    An edited message says the new words in its old place.
    """
    left = list(heard)
    place = {each.key: index for index, each in enumerate(heard) if not each.corrects}
    for index, each in enumerate(heard):
        at = place.get(each.corrects or "")
        if at is None:
            continue
        left[at] = replace(left[at], kind=each.kind, text=each.text, tap=None)
        left[index] = replace(each, kind="silent", text="")
    return tuple(left)


def hear(event: TurnEvent) -> InboundMessage:
    """Read one event of a turn."""
    message = _dict(event.content.get("message"))
    contact = _dict(event.content.get("contact"))
    type_ = _text(message.get("type")) or "unknown"
    said = _read(type_, message)
    return InboundMessage(
        kind=said.kind,
        key=event.key,
        message_id=_text(message.get("id")) or event.key.removeprefix("m:"),
        text=said.text[:LONGEST_TEXT],
        tap=said.tap,
        type=type_,
        identity=_identity(event, message, contact),
        at=event.sent_at,
        renamed=said.renamed,
        corrects=corrected_key(event.content),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    kind: Kind
    text: str = ""
    tap: str | None = None
    renamed: tuple[str, ...] = ()


def _read(type_: str, message: dict[str, Any]) -> _Said:
    content = _dict(message.get(type_))
    if type_ == "edit":  # what was written before may be answered already: the edit counts again
        edited = _dict(content.get("message"))
        edited_type = _text(edited.get("type")) or "text"
        return _read(edited_type, edited) if edited_type != "edit" else _Said("silent")
    if type_ == "text":
        body = _text(content.get("body")) or ""
        return _Said("text" if body.strip() else "silent", body)
    if type_ == "unsupported" and POLL_AND_THE_LIKE not in _codes(message):
        return _Said("unreadable")
    if type_ in ("interactive", "button"):
        return _tapped(content)
    if type_ == "system":
        return _Said("moved", renamed=_renamed(content))
    if type_ in SILENT:
        return _Said("silent")
    # What stands below a picture was written like any other text.
    caption = _text(content.get("caption")) or ""
    return _Said("text" if caption.strip() else "unsupported", caption)


def _codes(message: dict[str, Any]) -> set[Any]:
    errors = message.get("errors")
    listed = errors if isinstance(errors, list) else []
    codes = (_dict(each).get("code") for each in listed)
    return {code for code in codes if isinstance(code, int)} or {POLL_AND_THE_LIKE}


def _tapped(content: dict[str, Any]) -> _Said:
    """A button or list row of ours, or a quick reply of a template."""
    reply = _dict(content.get("button_reply")) or _dict(content.get("list_reply"))
    tap = _text(reply.get("id")) or _text(content.get("payload"))
    title = _text(reply.get("title")) or _text(content.get("text")) or ""
    return _Said("tap", title, tap=tap) if tap else _Said("unsupported", title)


def _renamed(content: dict[str, Any]) -> tuple[str, ...]:
    """The ids before and after a change of number or user id, the new ones last."""
    named = (
        ("u", _id(content.get("previous_user_id"))),
        ("w", _id(content.get("new_wa_id"))),  # of an older webhook
        ("w", _id(content.get("wa_id"))),
        ("u", _id(content.get("user_id"))),
    )
    return tuple(f"{kind}:{value}" for kind, value in named if value)


def _identity(event: TurnEvent, message: dict[str, Any], contact: dict[str, Any]) -> Identity:
    if event.contact_key.startswith("a:"):
        return Identity(api_user_id=event.contact_key[2:], name=_name(contact))
    return Identity(
        bsuid=_id(message.get("from_user_id")) or _id(contact.get("user_id")),
        wa_id=_id(message.get("from")) or _id(contact.get("wa_id")),
        name=_name(contact),
    )


def _name(contact: dict[str, Any]) -> str | None:
    name = _text(_dict(contact.get("profile")).get("name"))
    return name.strip()[:LONGEST_NAME] or None if name else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _id(value: Any) -> str | None:
    """Return an id that can be an alias; Postgres could not index a longer one."""
    id_ = _text(value)
    return id_ if id_ and len(id_) <= LONGEST_ID else None


def _text(value: Any) -> str | None:
    return storable(value) or None if isinstance(value, str) else None
