"""Ids that are read aloud, copied by hand and given to the model: opaque, short, of one tenant."""

import secrets
from typing import Final

# No letter or digit that looks like another.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH: Final = (
    6  # of 31 letters: of 200 answers two meet once in 40,000 tenants, and another is made
)


def new_id() -> str:
    """Return an id by chance. The caller looks whether its tenant has it already."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
