"""Masks phone numbers for those who may read conversations and not call people."""

import re

# Eight digits or more as people write a number: +55 (11) 98765-4321. Times and prices have other
# signs between their digits.
NUMBER = r"\+?\(?\d(?:[ ().-]{0,2}\d){7,14}"  # as PostgreSQL reads it too
_WRITTEN = re.compile(NUMBER)
_KEPT = 2


def masked(text: str) -> str:
    """Return `text` with two digits left of each phone number in it."""
    return _WRITTEN.sub(lambda found: f"…{found[0][-_KEPT:]}", text)
