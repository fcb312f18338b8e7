"""What commands say to a person, in Portuguese where the terminal is, else in English.

A sentence stands in English where it is said, and is its own key: `portuguese.py` has the other.
Errors are raised in English far from here, and are found again by their form. Owns the choice of
language; help texts, JSON and logs stay English.
"""

import enum
import os
import re
from contextvars import ContextVar
from functools import cache
from typing import Any, Literal

import typer

Language = Literal["pt", "en"]
_PLACE = re.compile(r"\{(\w+)\}")
_language: ContextVar[Language] = ContextVar("_language", default="en")


class Spoken(enum.StrEnum):
    """The languages that commands speak."""

    pt = "pt"
    en = "en"


LANG = typer.Option(
    "--lang",
    help="What is said in. Unset: Portuguese where LANG is, else English.",
    show_default=False,
)


def speak(chosen: Spoken | None) -> None:
    """Say from now on everything in this language; None: in the terminal's."""
    _language.set(chosen.value if chosen is not None else of_terminal())


def spoken() -> Language:
    """Return the language that is spoken."""
    return _language.get()


def of_terminal() -> Language:
    """Return what this terminal's messages are in. Source: POSIX, "Environment Variables"."""
    named = (os.environ.get(each) for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "pt" if next((each for each in named if each), "").lower().startswith("pt") else "en"


def worded(sentence: str, **details: Any) -> str:
    """Return a sentence of `portuguese.py` in the language that is spoken, filled in."""
    if spoken() == "pt":
        from mcp_platform.cli.portuguese import PORTUGUESE  # noqa: PLC0415  # who speaks it alone

        sentence = PORTUGUESE.get(sentence, sentence)
    return sentence.format(**details)


def say(sentence: str, *, err: bool = False, fg: str | None = None, **details: Any) -> None:
    """Print a sentence in the language that is spoken."""
    typer.secho(worded(sentence, **details), err=err, fg=fg)


def translated(told: str) -> str:
    """Return what an error says in the language that is spoken; as it is where that is unknown."""
    if spoken() == "en":
        return told
    for form, portuguese in _forms():
        found = form.fullmatch(told)
        if found is not None:
            return portuguese.format(**found.groupdict())
    return told


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    from mcp_platform.cli.portuguese import ERRORS  # noqa: PLC0415  # who speaks it alone

    return [(_form(english), portuguese) for english, portuguese in ERRORS.items()]


def _form(sentence: str) -> re.Pattern[str]:
    pieces = _PLACE.split(sentence)
    return re.compile(
        "".join(
            f"(?P<{piece}>.+?)" if index % 2 else re.escape(piece)
            for index, piece in enumerate(pieces)
        ),
        re.DOTALL,
    )
