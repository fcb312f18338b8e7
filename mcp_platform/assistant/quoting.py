"""Takes what is quoted of a customer out of the customer's own messages. Pure.

The model only points at the words: those that the customer did not write are dropped, so that nobody
reads a word of the model's. What is kept stands on one line, and nothing in it opens as a link.
"""

import re
from collections.abc import Sequence

from mcp_platform.answers.folding import fold
from mcp_platform.scheduling.mirror import LONGEST_NOTE, presentable
from mcp_platform.words.forms import POSSESSIVES

LONGEST_PERSON = 40  # "minha sobrinha Maria Eduarda Albuquerque": a row of a list shows it
MOST_POINTED_AT = 60  # words: what is quoted is no longer, and each message is compared with them
_WORD = re.compile(r"\w+")
_BETWEEN_NAMES = frozenset(" '’-")
# What joins the parts of an address: with a space after it, no phone makes a link of it.
_JOINT = re.compile(r"(?<=\w)([.:])(?=[^\W\d_]|/)")


def quoted_person(said: object, written: Sequence[str]) -> str | None:
    """Return for whom something is, as the customer wrote it: letters alone, "meu filho João"."""
    found = _found(said, written, possessive=True)
    fits = found is not None and all(each.isalpha() or each in _BETWEEN_NAMES for each in found)
    return found if fits and found is not None and len(found) <= LONGEST_PERSON else None


def quoted_note(said: object, written: Sequence[str]) -> str | None:
    """Return what the business is to know, as the customer wrote it; addresses are taken apart."""
    found = _found(said, written)
    return None if found is None else unlinked(found)


def unlinked(words: str) -> str | None:
    """Return words of a customer's as they may stand in an event or a notice: "evil. example"."""
    return presentable(_JOINT.sub(r"\1 ", words), longest=LONGEST_NOTE)


def _found(said: object, written: Sequence[str], *, possessive: bool = False) -> str | None:
    """Return the first place where all words of `said` were written in a row.

    With `possessive`, the "my" that stands before them too.
    """
    if not isinstance(said, str):
        return None
    wanted = [fold(each[0]) for each in _WORD.finditer(said)]
    if not 0 < len(wanted) <= MOST_POINTED_AT:
        return None
    for text in written:
        words = list(_WORD.finditer(text))
        folded = [fold(each[0]) for each in words]
        for at in range(len(words) - len(wanted) + 1):
            if folded[at : at + len(wanted)] == wanted:
                first = at - 1 if possessive and at and folded[at - 1] in POSSESSIVES else at
                last = words[at + len(wanted) - 1]
                return presentable(text[words[first].start() : last.end()], longest=LONGEST_NOTE)
    return None
