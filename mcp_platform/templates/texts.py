"""The templates as data: what each is for, its words, its buttons, and how Meta is asked for it.

Pure. A template states facts of what its reader booked or asked, so that Meta keeps it UTILITY: as
MARKETING it costs about nine times as much in Brazil, and may not be sent at all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, get_args

from mcp_platform.errors import Invalid
from mcp_platform.tenants.languages import Language
from mcp_platform.whatsapp.messages import template_language
from mcp_platform.words.files import in_every_language
from mcp_platform.words.forms import article_pattern

Purpose = Literal["reminder", "confirmation", "moved", "cancelled", "answer", "agenda"]
"""Shortly before an appointment; a day before, asking for a yes; what the business moved or cancelled;
the answer to a question; the owner's day."""
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

Button = Literal["confirm", "move", "cancel"]

LONGEST_BODY = 1024  # Source: Meta, "Template components"
MOST_VERSIONS = 99
UTILITY = "UTILITY"
APPROVED = "APPROVED"
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_APART = re.compile(r"\}\s*\{")
_LINES = re.compile(r"[\n\t]| {4,}")


@dataclass(frozen=True, slots=True)
class TemplateTexts:
    """The words of each template, and of the buttons, in one language."""

    reminder: str
    confirmation: str
    moved: str
    cancelled: str
    answer: str
    agenda: str
    confirm: str
    move: str
    cancel: str


_TEXTS = in_every_language(TemplateTexts, "templates")
BUTTONS: Final[Mapping[Purpose, tuple[Button, ...]]] = {
    "reminder": ("confirm", "move", "cancel"),
    "confirmation": ("confirm", "move", "cancel"),
    "moved": (),
    "cancelled": (),
    "answer": (),
    "agenda": (),
}
LONGEST: Final = timedelta(hours=12)  # Source: Meta, the longest time to live of UTILITY
# What has not reached the phone by then is dropped by Meta, which waits 30 days otherwise: a reminder
# is sent an hour before at the latest.
LASTS: Final[Mapping[Purpose, timedelta]] = {
    **dict.fromkeys(PURPOSES, LONGEST),
    "reminder": timedelta(hours=1),
}
# What Meta's reviewers see in place of the variables.
EXAMPLES: Final[Mapping[str, str]] = {
    "business": "Barbearia Exemplo",
    "what": "Corte com Beto",
    "when": "12/03, 09:00",
    "before": "11/03, 09:00",
    "question": "Vocês abrem no sábado?",
    "answer": "Sim, das 9:00 às 13:00.",
    "day": "12/03",
    "lines": "09:00 Ana, corte; 10:00 Bia, barba",
}


def own_words(
    purpose: Purpose, language: Language, *, business: str = "", article: str | None = None
) -> str:
    """Return the product's words of a template, with `{name}` for each variable.

    The article of the `business` stands before its name where the language has one: "da {business}".
    """
    words: str = getattr(_TEXTS[language], purpose)
    for place, form in (("de_business", "of"), ("em_business", "in")):
        after = article_pattern(form, business, article=article, language=language)
        words = words.replace(f"{{{place}}}", after)
    return words


def labels(purpose: Purpose, language: Language) -> tuple[str, ...]:
    """Return the labels of a template's buttons, in their order."""
    return tuple(getattr(_TEXTS[language], each) for each in BUTTONS[purpose])


def variables(words: str) -> tuple[str, ...]:
    """Return the variables of a text in the order in which they first stand."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(words)))


def check_words(purpose: Purpose, language: Language, words: str) -> str:
    """Return a business's own words of a template, if Meta could take them.

    Raises:
        Invalid: with the field `text`, and which of Meta's rules they break.
    """
    words = words.strip()
    known, used = variables(own_words(purpose, language)), variables(words)
    why = None
    if not 0 < len(words) <= LONGEST_BODY:
        why = f"1 to {LONGEST_BODY} characters"
    elif set(used) != set(known) or re.search(r"[{}]", _PLACEHOLDER.sub("", words)):
        why = f"must have each of these, and no other: {', '.join(f'{{{each}}}' for each in known)}"
    elif words.startswith("{") or words.rstrip(".!?:;, ").endswith("}"):
        why = "no variable may stand at the beginning or the end"
    elif _APART.search(words):
        why = "two variables need words between them"
    elif _LINES.search(words):
        why = "must stand on one line, without tabs or several spaces"
    if why is not None:
        raise Invalid(f"text: {why}.", fields={"text": why})
    return words


def template_name(purpose: Purpose, version: int) -> str:
    """Return a template's name at Meta: an approved text is never edited, it gets a new version."""
    return f"mcp_{purpose}_v{version}"


def definition(
    purpose: Purpose, language: Language, *, name: str, words: str, buttons: Sequence[str]
) -> dict[str, Any]:
    """Return the JSON of `POST /{waba}/message_templates`."""
    examples = [{"param_name": each, "example": EXAMPLES[each]} for each in variables(words)]
    body = {
        "type": "BODY",
        "text": named(words),
        "example": {"body_text_named_params": examples},
    }
    quick = [{"type": "QUICK_REPLY", "text": each} for each in buttons]
    return {
        "name": name,
        "language": template_language(language),
        "category": UTILITY,
        "parameter_format": "NAMED",
        "message_send_ttl_seconds": int(LASTS[purpose].total_seconds()),
        "components": [body, *([{"type": "BUTTONS", "buttons": quick}] if quick else [])],
    }


def named(words: str) -> str:
    """Return a text with its variables as Meta writes them: `{{name}}`."""
    return _PLACEHOLDER.sub(r"{{\1}}", words)


def filled(words: str, values: Mapping[str, str]) -> str:
    """Return what the reader of a template reads."""
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], words)


def message(
    name: str,
    language: Language,
    *,
    words: str,
    values: Mapping[str, str],
    payloads: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the content of a message in a template; `payloads` come back when a button is tapped.

    Their order is that of the buttons as they were registered.
    """
    # On one line: Meta refuses a parameter with a line break or more than four spaces (132018).
    parameters = [
        {"type": "text", "parameter_name": each, "text": " ".join(values[each].split())}
        for each in variables(words)
    ]
    taps = [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(index),
            "parameters": [{"type": "payload", "payload": payload}],
        }
        for index, payload in enumerate(payloads)
    ]
    return {
        "type": "template",
        "template": {
            "name": name,
            "language": {"code": template_language(language)},
            "components": [{"type": "body", "parameters": parameters}, *taps],
        },
    }
