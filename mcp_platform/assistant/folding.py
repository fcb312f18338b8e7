"""Words as they are compared: without case and accents."""

import unicodedata
from functools import lru_cache

# What means something else without its accent: "é" and "e", "sí" and "si".
_ACCENTED = frozenset({"é", "sí", "está", "estás"})


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """Return a word, or a sentence, without case and accents; a word of `_ACCENTED` keeps its own."""
    whole = unicodedata.normalize("NFKC", word.casefold())
    if whole in _ACCENTED:
        return whole
    decomposed = unicodedata.normalize("NFKD", whole)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("’", "'")
