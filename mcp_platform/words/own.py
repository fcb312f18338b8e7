"""A business's own wordings of a phrase: which may be replaced, and what form a wording must have.

What a wording may mean is the business's to answer for. Ours are judged one by one against requests
that they could falsely answer; of an owner's only the form is checked: length and placeholders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.tenants.languages import LANGUAGES, Language
from mcp_platform.words.book import BOOK
from mcp_platform.words.files import MalformedWords
from mcp_platform.words.templates import PLACEHOLDERS, always_needed, grouped, placeholders
from mcp_platform.words.texts import TEXTS, check_wording

MOST_WORDINGS = 4  # of a phrase, as in our own files

OwnWordings = Mapping[str, Sequence[str]]
NO_OWN_WORDINGS: OwnWordings = MappingProxyType({})

# What code knows in every turn.
_ALWAYS_KNOWN = frozenset(
    ("business", "o_business", "de_business", "em_business", "good_day", "good_day_low")
)


@dataclass(frozen=True, slots=True)
class PlaceholderRules:
    """Which placeholders the wordings of one phrase have, in one language."""

    needed: frozenset[str]
    """Each stands in every wording, outside brackets, itself or by another one of its group."""
    certain: frozenset[str]
    """May stand outside brackets: they always have a value where the phrase is said."""
    possible: frozenset[str]
    """All that may stand there; those that are not certain, within brackets."""


def replaceable(id_: str) -> None:
    """Check that a business may replace a phrase.

    Raises:
        NotFound: the book has no such phrase.
        Invalid: it is one of safety, or has no words of its own.
    """
    if id_ not in BOOK:
        raise NotFound(f"There is no phrase {id_}.")
    if BOOK[id_].fixed:
        raise Invalid(f"{id_} is about safety: its wording is the same for every business.")
    if id_ not in TEXTS[LANGUAGES[0]].phrases:
        others = ", ".join(BOOK[id_].picks) or "–"
        raise Invalid(f"{id_} has no words of its own. Replace one of these: {others}.")


def is_replaceable(id_: str) -> bool:
    """Tell whether `replaceable` lets a business replace a phrase."""
    return id_ in TEXTS[LANGUAGES[0]].phrases and not BOOK[id_].fixed


@cache
def placeholder_rules(id_: str, language: Language) -> PlaceholderRules:
    """Return which placeholders own wordings of a phrase of the book have."""
    ours = TEXTS[language].phrases[id_]
    needed = frozenset.intersection(*(grouped(always_needed(each)) for each in ours))
    used = frozenset().union(
        *(placeholders(each) for spoken in LANGUAGES for each in TEXTS[spoken].phrases[id_])
    )
    return PlaceholderRules(
        needed=needed,
        certain=frozenset(
            name
            for name in used | _ALWAYS_KNOWN
            if name in _ALWAYS_KNOWN or grouped(frozenset((name,))) <= needed
        ),
        possible=(used | _ALWAYS_KNOWN | {"name"}) & PLACEHOLDERS,
    )


def check(id_: str, wordings: Sequence[str], language: Language) -> None:
    """Check that a business may put these wordings in place of ours.

    Raises:
        NotFound: the book has no such phrase.
        Invalid: it may not be replaced, or a wording has not the right form; `fields` says which.
    """
    replaceable(id_)
    rules = placeholder_rules(id_, language)
    wrong = {}
    for index, wording in enumerate(wordings):
        told = _wrong(id_, wording, rules)
        if told is None and wording in wordings[:index]:
            told = "stands twice"
        if told is not None:
            wrong[f"wordings.{index}"] = told
    if wrong:
        raise Invalid(f"{id_} cannot be worded so.", fields=wrong)


def fits(id_: str, wordings: Sequence[str], language: Language) -> bool:
    """Tell whether `check` takes these wordings."""
    return _fits(id_, tuple(wordings), language)


@lru_cache(maxsize=4096)
def _fits(id_: str, wordings: tuple[str, ...], language: Language) -> bool:
    try:
        check(id_, wordings, language)
    except (NotFound, Invalid):
        return False
    return True


def _wrong(id_: str, wording: str, rules: PlaceholderRules) -> str | None:
    """Return what is wrong with the form of a wording; None: nothing."""
    try:
        check_wording(wording, of=id_)
    except MalformedWords as error:
        return error.what
    outside, all_ = always_needed(wording), placeholders(wording)
    if missing := rules.needed - grouped(outside):
        return f"lacks {_named(missing)} (outside brackets)"
    if unknown := all_ - rules.possible:
        return f"{_named(unknown)} has no value here; known are {_named(rules.possible)}"
    if uncertain := outside - rules.certain:
        return (
            f"{_named(uncertain)} may have no value: put it in [brackets] with the words around it"
        )
    return None


def _named(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
