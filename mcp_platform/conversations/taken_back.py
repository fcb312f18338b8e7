"""What is left of words that quote a message once its writer has taken that back. Pure."""

import re

_WORD = re.compile(r"\w+")


def without(quoted: str, message: str) -> str | None:
    """Return what of `quoted` was not written in `message`; None: nothing.

    What quotes a part of the message goes whole; of what quotes more, the message's words go.
    """
    places, gone = list(_WORD.finditer(quoted)), _words(message)
    words = [each[0].casefold() for each in places]
    if not gone:
        return quoted
    if not words or _at(words, gone) is not None:
        return None
    at = _at(gone, words)
    if at is None:
        return quoted
    follows = at + len(gone)
    after = quoted[places[follows].start() :] if follows < len(places) else ""
    return f"{quoted[: places[at].start()].strip()} {after}".strip()


def _words(text: str) -> list[str]:
    return [each.casefold() for each in _WORD.findall(text)]


def _at(few: list[str], many: list[str]) -> int | None:
    """Return where `few` words stand in a row among `many`."""
    span = len(few)
    return next((at for at in range(len(many) - span + 1) if many[at : at + span] == few), None)
