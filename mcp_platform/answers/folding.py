"""The words that a search compares: without case and accents, abbreviations written out.

Both sides go through it, what an owner wrote and what a customer asks, so that no extension of
PostgreSQL is needed: `unaccent` and `pg_trgm` ask for a privilege that a managed server may not give.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mcp_platform.answers.everyday import CONCEPTS, SHORT_FORMS
from mcp_platform.tenants.languages import Language

MOST_WORDS = 40  # of a line: more say nothing new, and each is compared with every answer
MOST_PIECES = 160  # of a question: some 25 words
SHORTEST_PIECED = 4  # letters: of a shorter word, a piece is the word
PIECE = 3
_WORD = re.compile(r"\w+")
EMPHASIS = 3  # letters alike in a row, "simmm", "oiii"; figures stay, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchWords:
    """The words of a text, three ways: as written, by concept, and in pieces that outlive a typo."""

    words: str
    concepts: str
    pieces: str


def fold(text: str) -> str:
    """Return `text` without case and accents, letters that are repeated for emphasis once."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).replace("’", "'")
    plain = (letter for letter in decomposed if not unicodedata.combining(letter))
    rows = (list(alike) for _, alike in groupby(plain))
    return "".join(
        "".join(row if len(row) < EMPHASIS or not row[0].isalpha() else row[:1]) for row in rows
    )


def search_words(
    texts: Sequence[str], *, language: Language, most_pieces: int | None = None
) -> SearchWords:
    """Return what a search compares of `texts`, at most `MOST_WORDS` words of each."""
    words = [word for text in texts for word in _words(text, language)]
    concepts = [CONCEPTS[language][each] for each in words if each in CONCEPTS[language]]
    pieces = [piece for word in dict.fromkeys(words) for piece in _pieces(word)]
    return SearchWords(
        words=" ".join(words),
        concepts=" ".join(concepts),
        pieces=" ".join(list(dict.fromkeys(pieces))[:most_pieces]),
    )


def _words(text: str, language: Language) -> list[str]:
    short = SHORT_FORMS[language]
    written = _WORD.findall(fold(text).replace("_", " "))[:MOST_WORDS]
    return [word for each in written for word in short.get(each, each).split()]


def _pieces(word: str) -> list[str]:
    """Return the word's trigrams, its begin and end marked; "q0" keeps them apart from words."""
    if len(word) < SHORTEST_PIECED or word.isdecimal():
        return []
    marked = f"0{word}0"
    return [f"q{marked[place : place + PIECE]}" for place in range(len(marked) - PIECE + 1)]
