"""The phrases that the model may choose: those of the book whose effects this release has."""

from collections.abc import Mapping

from mcp_platform.words.book import OFFERED, Outcome, Phrase, near

# What the book provides for and nothing does yet is not among them.
_POSSIBLE: frozenset[Outcome] = frozenset(
    {
        "booked",
        "moved",
        "cancelled",
        "late_noted",
        "asked",
        "handed_over",
        "proposed",
        "noted",
        "waitlisted",
    }
)


def _can_be_said(phrase: Phrase) -> bool:
    return phrase.force != "effect" or bool(phrase.of & _POSSIBLE)


REPERTOIRE: Mapping[str, Phrase] = {
    id_: phrase for id_, phrase in OFFERED.items() if _can_be_said(phrase)
}


def phrase_near(id_: str) -> Phrase | None:
    """Return the phrase of this id, or the only one that is one edit away from it."""
    phrase = near(id_)
    return phrase if phrase is not None and phrase.id in REPERTOIRE else None


def lines() -> str:
    """Return what the model reads of the repertoire: a line for each phrase."""
    return "\n".join(phrase.line for phrase in REPERTOIRE.values())
