"""Writes everything that can be said in one language as a document, to be read and signed.

It reads the files as they are, so that nothing which stands in them can be left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_platform.tenants.languages import Language
from mcp_platform.words.files import in_every_language, read
from mcp_platform.words.templates import fill, placeholders
from mcp_platform.words.texts import TEXTS

# In the order in which they are printed. Not printed are `dates`, which are patterns, and what this
# module itself reads.
SECTIONS = ("outcomes", "menu", "telling", "buttons", "rows", "notices", "misplaced")


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """What the document says of itself: its title, an introduction, a heading for each section."""

    title: str
    intro: str
    phrases: str
    outcomes: str
    menu: str
    telling: str
    buttons: str
    rows: str
    notices: str
    misplaced: str


_TEXTS = in_every_language(DocumentTexts, "document")


def document(language: Language) -> str:
    """Return the document in Markdown: ids with their sentences, examples of values in bold.

    A value without example stands under its name.
    """
    says, held = _TEXTS[language], read(f"{language}.yaml")
    examples = _Examples(held)
    groups: Mapping[str, str] = held["groups"]
    parts = [f"# {says.title}", says.intro, f"## {says.phrases}"]
    for id_, wordings in TEXTS[language].phrases.items():
        if id_ in groups:
            parts.append(f"### {groups[id_]}")
        parts.append(_entry(id_, wordings, examples))
    for section in SECTIONS:
        parts.append(f"## {getattr(says, section)}")
        for id_, text in held[section].items():
            parts.append(_entry(id_, [text], examples))
    return "\n\n".join(parts) + "\n"


def example(id_: str, wording: str, *, language: Language) -> str:
    """Return a wording of a phrase with an example of each value."""
    return _Examples(read(f"{language}.yaml")).fill(id_, wording, mark="")


class _Examples:
    """An example of each value; some ids have their own."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        self._all: Mapping[str, str] = held["examples"]
        self._of: Mapping[str, Mapping[str, str]] = held["examples_of"]

    def fill(self, id_: str, wording: str, *, mark: str = "**") -> str:
        examples = {**self._all, **self._of.get(id_, {})}
        values = {name: f"{mark}{examples.get(name, name)}{mark}" for name in placeholders(wording)}
        return (fill(wording, values) or "").strip()


def _entry(id_: str, wordings: Sequence[str], examples: _Examples) -> str:
    return "\n".join((f"`{id_}`", *(f"- {examples.fill(id_, each)}" for each in wordings)))
