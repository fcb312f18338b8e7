"""Chooses among the wordings of one phrase.

The choice follows from the turn's number and from what was said before, so that a turn that is
replayed after a crash says the same, and no contact reads one wording twice running.
"""

from collections.abc import Mapping, Sequence

from mcp_platform.words.templates import fill


def wording(
    wordings: Sequence[str],
    values: Mapping[str, str | None],
    *,
    turn_number: int,
    last_said: int | None,
    steady: bool = False,
) -> tuple[int, str] | None:
    """Return the number of a wording and its text with the values; `None` if none can be filled.

    `last_said` is the number of the wording that this contact was last told, `None` if there was
    none. It is taken again only where no other one can be filled. A steady phrase keeps to its first
    wording; the others begin with the one whose turn it is.
    """
    begin = 0 if steady else turn_number
    numbers = [(begin + step) % len(wordings) for step in range(len(wordings))]
    for number in sorted(numbers, key=lambda each: each == last_said):
        text = fill(wordings[number], values)
        if text is not None:
            return number, text
    return None
