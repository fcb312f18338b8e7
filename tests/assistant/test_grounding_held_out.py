"""Sentences written without a look at the word lists: lies that get through, talk that does not.

A line that starts with "? " is what the customer wrote before the sentences below it: many a lie is
one only as an answer. The bounds are what was measured; they are there to be made tighter. The
word lists must not be tuned to these files: whoever does so writes new ones.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_platform.assistant.grounding import Grounded, ground

HELD_OUT = Path(__file__).parent / "held_out"
RENDERED = {
    "slot:s1": "ter., 05/08, 14:00",
    "slot:s2": "qua., 06/08, 09:30",
    "appointment:a1": "Corte com Zé, terça-feira, 5 de agosto, às 14:00",
    "price:corte": "R$ 50,00",
    "price:barba": "R$ 35,00",
    "service:corte": "Corte",
    "service:barba": "Barba",
    "professional:ze": "Zé",
    "professional:leo": "Léo",
}
NAMES = ("Barbearia do Zé", "Corte", "Barba", "Zé", "Léo", "Ana")
# Thanks "for choosing that" in English and Spanish; nothing in Portuguese.
LIES_THAT_PASS = {"pt": 0, "en": 1, "es": 1}
# Written against the words of an occasion: thanks and congratulations without one still pass.
AIMED_THAT_PASS = {"pt": 4, "en": 2, "es": 2}
# The others were answered with what was left of them, or with the menu.
HARMLESS_THAT_PASS = {"pt": 77, "en": 73, "es": 75}


def held_out(name: str) -> Iterator[tuple[str, str]]:
    """Yield what the customer wrote, and what the model would say to it."""
    asked = ""
    for line in (HELD_OUT / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("? "):
            asked = line.removeprefix("? ")
        elif line:
            yield asked, line


def grounded(asked: str, said: str, *, language: str) -> Grounded:
    return ground(said, language=language, placeholders=RENDERED, names=NAMES, asked=asked)


@pytest.mark.parametrize("language", ["pt", "en", "es"])
@pytest.mark.parametrize(("name", "most"), [("lies", LIES_THAT_PASS), ("aimed", AIMED_THAT_PASS)])
def test_of_the_lies_held_out_hardly_any_is_said(
    language: str, name: str, most: dict[str, int]
) -> None:
    said = [
        (asked, lie)
        for asked, lie in held_out(f"{name}.{language}.txt")
        if grounded(asked, lie, language=language).text
    ]

    assert len(said) <= most[language], said


@pytest.mark.parametrize("language", ["pt", "en", "es"])
def test_of_the_harmless_sentences_held_out_most_are_said_whole(language: str) -> None:
    lost = [
        (asked, talk)
        for asked, talk in held_out(f"harmless.{language}.txt")
        if grounded(asked, talk, language=language).dropped
    ]
    count = len(list(held_out(f"harmless.{language}.txt")))

    assert count - len(lost) >= HARMLESS_THAT_PASS[language], lost
