"""The wordings of each language: of the phrase book, and of what code says of its own accord.

Read once, at import, from one file per language. The rules that a wording must keep by its form are
checked here; what it may mean is checked by the tests and by readers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mcp_platform.tenants.languages import LANGUAGES, Language
from mcp_platform.words.book import BOOK
from mcp_platform.words.files import MalformedWords, read, shaped
from mcp_platform.words.templates import PLACEHOLDERS, BadTemplate, grouped, placeholders

WORDING_LIMIT = 200  # characters before filling: a message stays under 700
BUTTON_LIMIT = 20  # characters; Source: WhatsApp, reply buttons
ROW_LIMIT = 24  # characters; Source: WhatsApp, rows of a list


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What code says of proposals, of what was done, of lists and of failures."""

    propose_book: str
    propose_move: str
    propose_cancel: str
    propose_cancel_soft: str
    note_goes: str
    proposal_held: str
    proposal_over: str
    tell_yes_or_no: str
    booked_is: str
    moved_is: str
    cancelled_is: str
    times_of: str
    times_two: str
    times_any: str
    times_move: str
    times_first: str
    services_are: str
    none_that_day: str
    calendar_away: str
    unclear_if_done: str
    model_away: str
    owner_answers: str
    faq_intro: str
    ask_what: str
    own_data: str
    erase_sure: str
    erasure_asked: str
    erased: str
    data_kept: str
    copy_asked: str
    copy_of_team: str
    file_unseen: str
    team_told: str
    team_reminded: str
    team_told_file: str


# What announces a list, a proposal or a text, and so may end in a colon.
ANNOUNCING = frozenset(
    (
        "proposal_over",
        "times_of",
        "times_two",
        "times_any",
        "times_move",
        "times_first",
        "services_are",
        "none_that_day",
        "unclear_if_done",
        "model_away",
    )
)


@dataclass(frozen=True, slots=True)
class Buttons:
    """What stands on buttons."""

    confirm: str
    other_time: str
    not_now: str
    yes_cancel: str
    keep: str
    yes_move: str
    times: str
    options: str
    book: str
    mine: str
    move: str
    cancel: str
    note_wish: str
    person: str
    faq: str
    morning: str
    afternoon: str
    evening: str
    for_me: str
    for_other: str
    other_service: str
    back: str
    data_copy: str
    data_erase: str
    yes_erase: str
    keep_data: str


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands on rows of a list that are always the same."""

    anyone: str
    more_times: str
    more_days: str
    other_day: str
    more_services: str
    more_people: str
    more_faq: str
    ask_team: str


@dataclass(frozen=True, slots=True)
class Texts:
    """One language: the wordings of each phrase by id, and the texts of code."""

    phrases: Mapping[str, tuple[str, ...]]
    outcomes: Outcomes
    buttons: Buttons
    rows: Rows


def texts(held: Mapping[str, Any], *, file: str) -> Texts:
    """Return what a language's file holds.

    Raises:
        MalformedWords: an id is missing or unknown, a text is too long, or has a wrong placeholder.
    """
    read_texts = Texts(
        phrases=_phrases(held.get("phrases"), file=file),
        outcomes=shaped(Outcomes, held.get("outcomes"), file=file, section="outcomes"),
        buttons=shaped(Buttons, held.get("buttons"), file=file, section="buttons"),
        rows=shaped(Rows, held.get("rows"), file=file, section="rows"),
    )
    for name, text in held["outcomes"].items():
        _check(text, limit=WORDING_LIMIT, announces=name in ANNOUNCING, file=file, where=name)
    for section, limit in (("buttons", BUTTON_LIMIT), ("rows", ROW_LIMIT)):
        for name, text in held[section].items():
            _check(text, limit=limit, announces=False, file=file, where=f"{section}.{name}")
    return read_texts


def in_step(all_texts: Mapping[Language, Texts]) -> Mapping[Language, Texts]:
    """Return the texts of all languages, which must use the same placeholders for the same id.

    Raises:
        MalformedWords: a language uses others than the first one does.
    """
    first, *others = all_texts
    expected = _used(all_texts[first])
    for language in others:
        for id_, used in _used(all_texts[language]).items():
            if used != expected[id_]:
                differing = ", ".join(sorted(used ^ expected[id_]))
                what = f"has other placeholders than {first}.yaml: {differing}"
                raise MalformedWords(f"{language}.yaml", id_, what)
    return MappingProxyType(dict(all_texts))


def _phrases(held: Any, *, file: str) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(held, dict):
        raise MalformedWords(file, "phrases", "is not a mapping")
    # A phrase that always becomes one of its picks, or is silence, has no words of its own.
    wordless = {id_ for id_, each in BOOK.items() if "send_nothing" in each.does or each.picks}
    for id_ in sorted(held.keys() ^ BOOK.keys()):
        if id_ in held:
            raise MalformedWords(file, id_, "is not in the phrase book")
        if id_ not in wordless:
            raise MalformedWords(file, id_, "is missing")
    for id_, wordings in held.items():
        if not isinstance(wordings, list) or not wordings:
            raise MalformedWords(file, id_, "is not a list of wordings")
        for wording in wordings:
            check_wording(wording, of=id_, file=file)
    return MappingProxyType({id_: tuple(wordings) for id_, wordings in held.items()})


def check_wording(wording: Any, *, of: str, file: str = "own wordings") -> None:
    """Check the form of a wording of a phrase of the book.

    Raises:
        MalformedWords: it is too long, has an unknown placeholder, or announces nothing.
    """
    leads = BOOK[of].place == "lead"
    _check(wording, limit=WORDING_LIMIT, announces=leads, file=file, where=of)


def _check(text: Any, *, limit: int, announces: bool, file: str, where: str) -> None:
    if not isinstance(text, str) or not text:
        raise MalformedWords(file, where, "is not a text")
    if len(text) > limit:
        raise MalformedWords(file, where, f"is longer than {limit} characters: {text}")
    try:
        unknown = placeholders(text) - PLACEHOLDERS
    except BadTemplate as error:
        raise MalformedWords(file, where, str(error)) from error
    if unknown:
        raise MalformedWords(file, where, f"has an unknown placeholder: {min(unknown)}")
    if text.endswith(":") and not announces:
        raise MalformedWords(file, where, f"ends in a colon and announces nothing: {text}")


def _used(held: Texts) -> Mapping[str, frozenset[str]]:
    """Return which placeholders each phrase and each text of code has, wordings taken together."""
    used = {
        id_: grouped(frozenset().union(*(placeholders(each) for each in wordings)))
        for id_, wordings in held.phrases.items()
    }
    outcomes = held.outcomes
    for name in Outcomes.__dataclass_fields__:
        used[f"outcomes.{name}"] = grouped(placeholders(getattr(outcomes, name)))
    return used


TEXTS: Mapping[Language, Texts] = in_step(
    {language: texts(read(f"{language}.yaml"), file=f"{language}.yaml") for language in LANGUAGES}
)
"""The texts of each language."""
