"""What a simulated contact writes: short descriptions in, the parts of a webhook's message out.

`simulators/meta/world.py` says who writes, when, and to whom.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Protocol

from mcp_platform.simulators.meta.state import Media, Number, WhatsAppContact, digits_of


class KeepMedia(Protocol):
    """Keeps a file for a number, so that its id can be asked for."""

    def __call__(self, phone_number_id: str, *, mime_type: str, content: bytes) -> Media: ...


def content_of(
    spec: Mapping[str, Any], *, number: Number, contact: WhatsAppContact, keep_media: KeepMedia
) -> dict[str, Any]:
    """Return `type` and content of the message that `spec` describes.

    Raises:
        ValueError: it describes none.
    """
    if spec.get("text") is not None:
        return {"type": "text", "text": {"body": str(spec["text"])}}
    if "reply" in spec:
        return _reply(number, contact, spec["reply"])
    if "media" in spec:
        return _media(number, spec["media"], keep_media)
    if isinstance(spec.get("message"), Mapping) and "type" in spec["message"]:
        return dict(spec["message"])
    raise ValueError("one of text, reply, media and message (with a type) is required")


def _reply(number: Number, contact: WhatsAppContact, spec: Mapping[str, Any]) -> dict[str, Any]:
    if spec.get("kind") == "template":
        return _quick_reply(number, contact, spec)
    kind = f"{spec.get('kind')}_reply"
    if kind not in {"button_reply", "list_reply"} or not {"id", "title"} <= spec.keys():
        raise ValueError('reply needs id, title and kind ("button" or "list"), or kind "template"')
    chosen = {key: spec[key] for key in ("id", "title", "description") if key in spec}
    content: dict[str, Any] = {"type": "interactive", "interactive": {"type": kind, kind: chosen}}
    asked = (
        e for e in reversed(number.entries) if e.contact is contact and e.kind == "interactive"
    )
    if question := next((entry for entry in asked if entry.direction == "out"), None):
        sender = digits_of(number.display_phone_number)
        content["context"] = {"from": sender, "id": question.wamid}
    return content


def _quick_reply(
    number: Number, contact: WhatsAppContact, spec: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a tap on the button `index` of the last template: its payload, or else its label."""
    asked = next(
        e
        for e in reversed(number.entries)
        if e.contact is contact and e.direction == "out" and e.kind == "template"
    )
    index = int(spec.get("index", 0))
    buttons = {
        int(each["index"]): each["parameters"][0]["payload"]
        for each in asked.payload["template"].get("components", ())
        if each["type"] == "button"
    }
    label = str(spec.get("title", ""))
    return {
        "type": "button",
        "button": {"text": label, "payload": buttons.get(index, label)},
        "context": {"from": digits_of(number.display_phone_number), "id": asked.wamid},
    }


def _media(number: Number, spec: Mapping[str, Any], keep_media: KeepMedia) -> dict[str, Any]:
    try:
        content = base64.b64decode(spec["content_base64"], validate=True)
        kind, mime_type = str(spec["type"]), str(spec["mime_type"])
    except (KeyError, binascii.Error) as error:
        raise ValueError(f"media needs type, mime_type and content_base64: {error}") from error
    media = keep_media(number.phone_number_id, mime_type=mime_type, content=content)
    shown = {key: spec[key] for key in ("caption", "filename", "voice", "animated") if key in spec}
    digest = base64.b64encode(media.sha256).decode()
    return {"type": kind, kind: {"mime_type": mime_type, "sha256": digest, "id": media.id, **shown}}
