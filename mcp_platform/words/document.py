"""Writes everything that can be said in one language as a document, to be read and signed.

For one business, with its own wordings, its answers and its names as examples, under a hash.

It reads the files as they are, so that nothing which stands in them can be left out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mcp_platform.tenants.languages import Language
from mcp_platform.words.files import in_every_language, read
from mcp_platform.words.own import OwnWordings
from mcp_platform.words.templates import fill, placeholders
from mcp_platform.words.texts import TEXTS

# In the order in which they are printed. Not printed are `dates`, which are patterns, and what this
# module itself reads.
SECTIONS = ("outcomes", "menu", "telling", "templates", "buttons", "rows", "notices", "misplaced")


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """What the document says of itself: its title, an introduction, a heading for each section."""

    title: str
    intro: str
    phrases: str
    outcomes: str
    menu: str
    telling: str
    templates: str
    buttons: str
    rows: str
    notices: str
    misplaced: str
    of_tenant: str
    intro_of_tenant: str
    own: str
    answers: str
    no_answers: str
    names: str
    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantWords:
    """What is one business's own in what is said to its customers, in one language."""

    path: str
    business: str
    day: date
    """By the business's clock: the document's date."""
    own: OwnWordings
    answers: Sequence[tuple[str, str]]
    """Title and text of each."""
    services: Sequence[str]
    """A line each: name, length and price."""
    people: Sequence[str]
    examples: Mapping[str, str] = field(default_factory=dict)
    """Values out of the business's catalogue and card, in place of made-up ones."""


_TEXTS = in_every_language(DocumentTexts, "document")


def document(language: Language, *, of: TenantWords | None = None) -> str:
    """Return the document in Markdown: ids with their sentences, examples of values in bold.

    A value without example stands under its name. Of a business, the hash is of all that stands
    below the line with it, in UTF-8: nothing was changed since if it is the same again.
    """
    says = _TEXTS[language]
    if of is None:
        return "\n\n".join((f"# {says.title}", says.intro, *_said(language, None))) + "\n"
    body = "\n\n".join((says.intro_of_tenant, *_said(language, of), *_of_tenant(says, of))) + "\n"
    values = {"business": of.business, "path": of.path, "day": f"{of.day}"}
    values["hash"] = hashlib.sha256(body.encode()).hexdigest()
    return f"# {says.title}\n\n{fill(says.of_tenant, values)}\n\n{body}\n{says.signed}\n"


def _said(language: Language, of: TenantWords | None) -> list[str]:
    says, held = _TEXTS[language], read(f"{language}.yaml")
    own = {} if of is None else of.own
    examples = _Examples(held, {} if of is None else of.examples)
    groups: Mapping[str, str] = held["groups"]
    parts = [f"## {says.phrases}"]
    for id_, wordings in TEXTS[language].phrases.items():
        if id_ in groups:
            parts.append(f"### {groups[id_]}")
        entry = _entry(id_, own.get(id_, wordings), examples)
        parts.append(entry.replace(f"`{id_}`", f"`{id_}` {says.own}", 1) if id_ in own else entry)
    for section in SECTIONS:
        parts.append(f"## {getattr(says, section)}")
        for id_, text in held[section].items():
            parts.append(_entry(id_, [text], examples))
    return parts


def _of_tenant(says: DocumentTexts, of: TenantWords) -> list[str]:
    answers = [f"**{title}**\n\n{text}" for title, text in of.answers]
    names = "\n".join(f"- {each}" for each in (of.business, *of.services, *of.people))
    return [f"## {says.answers}", *(answers or [says.no_answers]), f"## {says.names}", names]


def example(id_: str, wording: str, *, language: Language) -> str:
    """Return a wording of a phrase with an example of each value."""
    return _Examples(read(f"{language}.yaml"), {}).fill(id_, wording, mark="")


class _Examples:
    """An example of each value; some ids have their own."""

    def __init__(self, held: Mapping[str, Any], own: Mapping[str, str]) -> None:
        self._all: Mapping[str, str] = {**held["examples"], **own}
        self._of: Mapping[str, Mapping[str, str]] = held["examples_of"]

    def fill(self, id_: str, wording: str, *, mark: str = "**") -> str:
        examples = {**self._all, **self._of.get(id_, {})}
        values = {name: f"{mark}{examples.get(name, name)}{mark}" for name in placeholders(wording)}
        return (fill(wording, values) or "").strip()


def _entry(id_: str, wordings: Sequence[str], examples: _Examples) -> str:
    return "\n".join((f"`{id_}`", *(f"- {examples.fill(id_, each)}" for each in wordings)))
