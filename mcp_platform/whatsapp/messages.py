"""A reply in the form that Graph takes, within every limit that Meta sets.

What is too long is cut at a word, and what Meta would refuse is left out. Lengths are counted in
UTF-16 units. No other way counts more, so an emoji at the edge gets no message refused.
Source: Meta's "Send messages", "Interactive list messages" and "Interactive reply buttons" (2026).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcp_platform.errors import Invalid
from mcp_platform.tenants.languages import primary
from mcp_platform.whatsapp.reply import Reply, ReplyOption

TEXT_MAX = 4096  # of a text, and of a list's body
BUTTONS_BODY_MAX = 1024
BUTTONS_MAX = 3
BUTTON_TITLE_MAX = 20
ROWS_MAX = 10
ROW_TITLE_MAX = 24
ROW_DESCRIPTION_MAX = 72
LIST_LABEL_MAX = 20
CHOICE_ID_MAX = 200  # a row's; a button's may have 256, but one id must fit both
CALLBACK_MAX = 512
LIST_LABEL = "Menu"  # the same word in all languages that we speak, where the caller gave none
ELLIPSIS = "…"
# Meta's name of a template's language, by ours. Source: Meta's "Supported languages" of templates.
_TEMPLATE_LANGUAGES = {"pt": "pt_BR", "en": "en", "es": "es"}
_JOINERS = "\u200d\ufe0e\ufe0f"  # left at the end of a cut, they belong to what was cut off


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to write to: `wa_id` exactly as a webhook gave it, or Meta's user id, or both."""

    bsuid: str | None = None
    wa_id: str | None = None

    def __post_init__(self) -> None:
        if not self.bsuid and not self.wa_id:
            raise ValueError("a recipient needs a wa_id or a BSUID")

    def address(self) -> dict[str, str]:
        """Return the part of a message that says whom it is for."""
        if self.wa_id:
            return {"to": self.wa_id}
        return {"recipient": self.bsuid or ""}


def template_language(language: str) -> str:
    """Return what Meta calls the language in which a tenant's owner is told."""
    return _TEMPLATE_LANGUAGES[primary(language)]


def template_message(text: str, *, template: str, language: str) -> dict[str, Any]:
    """Return the content of a message in a template that has one body variable: `text`.

    On one line: Meta refuses a parameter with a line break, a tab or more than four spaces in a row
    (132018).
    """
    parameter = {"type": "text", "text": " ".join(text.split())}
    return {
        "type": "template",
        "template": {
            "name": template,
            "language": {"code": template_language(language)},
            "components": [{"type": "body", "parameters": [parameter]}],
        },
    }


def graph_message(reply: Reply, *, recipient: Recipient, callback: str) -> dict[str, Any]:
    """Return `reply` as the JSON of `POST /{phone_number_id}/messages`.

    `callback` comes back in every status of the message: it is how a send whose answer was lost is
    recognised.

    Raises:
        ValueError: `callback` is longer than Meta takes; cut, it would recognise nothing.
    """
    if _length(callback) > CALLBACK_MAX:
        raise ValueError(f"callback data is at most {CALLBACK_MAX} characters: {callback[:40]}…")
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **recipient.address(),
        "biz_opaque_callback_data": callback,
        **_content(reply),
    }


def _content(reply: Reply) -> dict[str, Any]:
    text = _clean(reply.text) or ELLIPSIS
    choices = _usable(reply.choices)
    if not choices:
        return {"type": "text", "text": {"body": shortened(text, TEXT_MAX), "preview_url": False}}
    part = _buttons(text, choices) if fit_buttons(text, choices) else _list(text, choices, reply)
    return {"type": "interactive", "interactive": part}


def whole_text(words: str) -> str:
    """Return what a person wrote as WhatsApp takes it: it is sent as it is, or not at all.

    Raises:
        Invalid: nothing can be seen in it, or it is longer than one message may be.
    """
    text = _clean(words.replace("\r\n", "\n"))
    why = None
    if not text:
        why = "has nothing in it that can be seen"
    elif _length(text) > TEXT_MAX:
        why = f"has {_length(text)} characters, and WhatsApp takes {TEXT_MAX}: send it in parts"
    if why is not None:
        raise Invalid(f"The text {why}.", fields={"text": why})
    return text


def _buttons(text: str, choices: list[ReplyOption]) -> dict[str, Any]:
    buttons = [
        {"type": "reply", "reply": {"id": choice.id, "title": choice.title}} for choice in choices
    ]
    return {"type": "button", "body": {"text": text}, "action": {"buttons": buttons}}


def _list(text: str, choices: list[ReplyOption], reply: Reply) -> dict[str, Any]:
    rows = []
    for choice in choices[:ROWS_MAX]:
        row = {"id": choice.id, "title": shortened(choice.title, ROW_TITLE_MAX)}
        # Of two long names the beginnings may be the same: the whole one is told below.
        cut = [choice.title] if row["title"] != choice.title else []
        if description := " · ".join(filter(None, [*cut, choice.description])):
            row["description"] = shortened(description, ROW_DESCRIPTION_MAX)
        rows.append(row)
    label = shortened(_one_line(reply.list_label) or LIST_LABEL, LIST_LABEL_MAX)
    return {
        "type": "list",
        "body": {"text": shortened(text, TEXT_MAX)},
        "action": {"button": label, "sections": [{"rows": rows}]},
    }


def fit_buttons(text: str, choices: Sequence[ReplyOption]) -> bool:
    """Tell whether choices are shown as buttons below a text, and not as a list."""
    return (
        len(choices) <= BUTTONS_MAX
        and _length(text) <= BUTTONS_BODY_MAX
        and all(_length(choice.title) <= BUTTON_TITLE_MAX for choice in choices)
        and not any(choice.description for choice in choices)
        and len({choice.title for choice in choices}) == len(choices)  # Meta wants them unique
    )


def _usable(choices: tuple[ReplyOption, ...]) -> list[ReplyOption]:
    """Return what can be offered: an id that cannot come back unchanged would mean another thing."""
    usable: dict[str, ReplyOption] = {}
    for choice in choices:
        whole = choice.id == _one_line(choice.id) and 0 < _length(choice.id) <= CHOICE_ID_MAX
        if whole and choice.id not in usable:
            title = _one_line(choice.title) or ELLIPSIS
            usable[choice.id] = ReplyOption(choice.id, title, _one_line(choice.description))
    return list(usable.values())


def shortened(text: str, most: int) -> str:
    """Cut `text` to `most` UTF-16 units, between words unless that would lose half of it."""
    if _length(text) <= most:
        return text
    room = most - len(ELLIPSIS)
    kept: list[str] = []
    for character in text:
        room -= _length(character)
        if room < 0:
            break
        kept.append(character)
    cut = "".join(kept)
    if not text[len(cut)].isspace():
        last_space = max(cut.rfind(" "), cut.rfind("\n"))
        cut = cut[:last_space] if last_space * 2 >= len(cut) else cut
    return cut.rstrip().rstrip(_JOINERS) + ELLIPSIS


def _length(text: str) -> int:
    return len(text) + sum(ord(character) > 0xFFFF for character in text)  # noqa: PLR2004  # UTF-16


def _clean(text: str) -> str:
    """Leave out what neither Postgres nor Meta takes; return nothing if nothing can be seen."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    visible = any(unicodedata.category(c)[0] not in "ZC" for c in kept)
    return kept.strip() if visible else ""


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())
