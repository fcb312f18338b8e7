"""The document has every sentence of the files, and leaves no placeholder open."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mcp_platform.tenants.languages import LANGUAGES, Language
from mcp_platform.words.document import SECTIONS, document
from mcp_platform.words.files import read
from mcp_platform.words.templates import PLACEHOLDERS, placeholders

# What is no sentence of its own: patterns of dates, and what the document is made of.
NOT_SAID = {"dates", "groups", "document", "examples", "examples_of"}


def _texts(held: Any) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    else:
        for each in held.values() if isinstance(held, dict) else held:
            yield from _texts(each)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_the_file_is_in_it(language: Language) -> None:
    held, written = read(f"{language}.yaml"), document(language)
    assert held.keys() == {"phrases", *SECTIONS} | NOT_SAID
    missing = []
    for section in ("phrases", *SECTIONS):
        for text in _texts(held[section]):
            pieces = re.split(r"\{\w+\}|[\[\]]", text.strip())
            between = r"(\*\*[^*]+\*\*)?".join(re.escape(piece) for piece in pieces)
            if not re.search(f"^- {between}$", written, re.MULTILINE):
                missing.append(text)
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_open(language: Language) -> None:
    assert not re.findall(r"[{}\[\]]", document(language))
    held = read(f"{language}.yaml")
    named = {
        name
        for section in ("phrases", *SECTIONS)
        for text in _texts(held[section])
        for name in placeholders(text)
    }
    assert held["examples"].keys() >= PLACEHOLDERS | named


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_has_its_heading(language: Language) -> None:
    headings = re.findall(r"^### (.+)$", document(language), re.MULTILINE)
    assert headings == list(read(f"{language}.yaml")["groups"].values())


def test_a_value_without_example_stands_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(read("en.yaml")["telling"], "booked", "See {nothing}.")
    assert "\n- See **nothing**.\n" in document("en")
