"""What commands say to a person, in Portuguese where the terminal is, else in English.

A sentence stands in English where it is said, and is its own key: `portuguese/` has the other.
Errors are raised in English far from here, and are found again by their form. Owns the choice of
language; JSON and logs stay English.
"""

import enum
import os
import re
from contextvars import ContextVar
from functools import cache
from typing import Any

import typer

from mcp_platform.tenants.languages import StaffLanguage, for_staff

_PLACE = re.compile(r"\{([a-z_]\w*)\}")
_language: ContextVar[StaffLanguage | None] = ContextVar("_language", default=None)


class Spoken(enum.StrEnum):
    """The languages that commands speak."""

    pt = "pt"
    en = "en"

    @property
    def language(self) -> StaffLanguage:
        """The language of this short name, as `LANG` has one too."""
        return for_staff(self.value)


TOLD_IN = "What is said in. Unset: Portuguese where LANG is, else English."


def speak(chosen: Spoken | None) -> None:
    """Say from now on everything in this language; None: in the terminal's."""
    _language.set(None if chosen is None else chosen.language)


def spoken() -> StaffLanguage:
    """Return the language that is spoken."""
    return _language.get() or of_terminal()


def of_terminal() -> StaffLanguage:
    """Return what this terminal's messages are in. Source: POSIX, "Environment Variables"."""
    named = (os.environ.get(each) for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    set_ = next((each for each in named if each), "")
    return "pt-BR" if set_.lower().startswith("pt") else "en"


def worded(sentence: str, **details: Any) -> str:
    """Return a sentence of `portuguese/` in the language that is spoken, filled in."""
    if spoken() == "pt-BR":
        from mcp_platform.cli.portuguese.sentences import PORTUGUESE  # noqa: PLC0415  # who speaks it alone

        sentence = PORTUGUESE.get(sentence, sentence)
    return sentence.format(**details)


def later(sentence: str) -> str:
    """Mark a sentence that is said elsewhere, by `worded`."""
    return sentence


def say(sentence: str, *, err: bool = False, fg: str | None = None, **details: Any) -> None:
    """Print a sentence in the language that is spoken."""
    typer.secho(worded(sentence, **details), err=err, fg=fg)


def translated(told: str) -> str:
    """Return what an error says in the language that is spoken; as it is where that is unknown.

    What fills a sentence in is translated too, and so is each part of one that was put together.
    """
    if spoken() == "en" or not told:
        return told
    for whole, ending in ((told, None), (told.removesuffix("."), "."), (f"{told}.", "")):
        portuguese = _known(whole)
        if portuguese is not None:
            return portuguese if ending is None else portuguese.removesuffix(".") + ending
    for mark in ("; ", ". ", ": "):
        first, found, rest = told.partition(mark)
        if found:
            return f"{translated(first)}{mark}{translated(rest)}"
    return told


def _known(told: str) -> str | None:
    for form, portuguese in _forms():
        found = form.fullmatch(told)
        if found is not None:
            values = {name: translated(value) for name, value in found.groupdict().items()}
            pieces = _PLACE.split(portuguese)
            return "".join(values[each] if n % 2 else each for n, each in enumerate(pieces))
    return None


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    from mcp_platform.cli.portuguese.errors import ERRORS, PARTS, TYPED  # noqa: PLC0415  # who speaks it alone
    from mcp_platform.doctor.sentences import SENTENCES  # noqa: PLC0415  # as above

    said = {**TYPED, **ERRORS, **PARTS}
    for each in SENTENCES.values():  # a proof that failed says what a check found
        plain = [
            tuple(words.replace("{{", "{").replace("}}", "}") for words in language)
            for language in (each.en, each.pt)
        ]
        said |= dict(zip(*plain, strict=True)) | {" ".join(plain[0]): " ".join(plain[1])}
    return [(_form(english), portuguese) for english, portuguese in said.items() if english]


def _form(sentence: str) -> re.Pattern[str]:
    pieces, written = _PLACE.split(sentence), set[str]()
    form = ""
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            form += re.escape(piece)
        else:
            form += f"(?P={piece})" if piece in written else f"(?P<{piece}>.+?)"
            written.add(piece)
    return re.compile(form, re.DOTALL)
