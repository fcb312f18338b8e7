"""The phrase book: which phrases there are, when each is said, and what goes with it.

Read once, at import, from `book.yaml`, which explains its keys. The wordings are in `texts`. It says
nothing of the state of a conversation: conditions and consequences are names, which the assistant
gives a meaning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from mcp_platform.words.files import MalformedWords, read

FILE = "book.yaml"

Force = Literal["free", "effect", "does", "question"]
Place = Literal["open", "react", "inform", "lead", "ask", "close", "alone"]
Mood = Literal["warm", "plain", "grave"]
Kind = Literal["service", "professional", "appointment", "slot", "day", "hour", "answer"]
Outcome = Literal[
    "booked",
    "moved",
    "cancelled",
    "late_noted",
    "asked",
    "handed_over",
    "opted_out",
    "waitlisted",
    "noted",
    "proposed",
]
Reason = Literal["missing", "closed", "over", "unreached"]
Condition = Literal[
    "times_shown",
    "choice_shown",  # times or a proposal
    "proposal_shown",
    "booking_proposed",
    "change_proposed",  # a move or a cancellation
    "no_proposal",
    "appointment_stands",  # the one the phrase is about
    "appointment_today",
    "no_appointment",  # none to come
    "open_question",
    "with_person",
]
Consequence = Literal[
    "show_person",  # the button that calls a person; calls nobody yet
    "show_services",  # those the phrase is about, or all
    "show_professionals",
    "show_days",
    "show_parts",  # parts of the day that have free times
    "show_both_days",
    "show_am_pm",
    "show_appointments",
    "show_move_cancel",
    "show_for_whom",
    "show_last_service",  # that service, or another
    "show_see_times",  # the button that looks for times
    "show_first_times",  # the first free times, from today on
    "show_note_wish",  # the button that notes a wish for the waiting list
    "show_erase",  # the button that asks whether their data is to be erased
    "show_back",  # the buttons that go on with the assistant; one of them shows times
    "show_ways",  # buttons: times, appointments, a person
    "show_menu",
    "call_person",
    "call_person_now",  # marked urgent, at any hour
    "tell_owner",  # with the customer's words; what of, the phrase's id says
    "tell_owner_now",  # the same, marked urgent, at any hour
    "list_for_owner",  # without a notice
    "ask_owner",  # an open question; its topic is the phrase's id
    "remind_owner",
    "tell_file",  # the owner hears that a file came, as of every file
    "count_wish",
    "open_data_request",
    "send_nothing",
]

TELLS: frozenset[Consequence] = frozenset(
    {"tell_owner", "tell_owner_now", "tell_file", "remind_owner", "call_person", "call_person_now"}
)
"""What tells the owner, in the transaction of the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a phrase is about: from `least` to `most` ids of one of these kinds."""

    kinds: tuple[Kind, ...]
    least: int = 1
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One entry of the book, without its wordings."""

    id: str
    when: str
    force: Force
    place: Place
    mood: Mood
    by_code: bool = False
    takes: tuple[Subject, ...] = ()
    of: frozenset[Outcome] = frozenset()
    picks: tuple[str, ...] = ()
    instead: Mapping[Reason, str]
    needs: tuple[Condition, ...] = ()
    does: tuple[Consequence, ...] = ()
    steady: bool = False
    fixed: bool = False
    """Of safety: no business replaces its wordings."""

    @property
    def line(self) -> str:
        """What the model reads of it."""
        about = ", ".join(_written(subject) for subject in self.takes)
        return f"{self.id} — {self.when}" + (f" (about: {about})" if about else "")


def near(id_: str) -> Phrase | None:
    """Return the model's phrase of this id, or the only one that is one edit away from it.

    An edit is a letter more, less or other, or two neighbours that changed places.
    """
    if id_ in OFFERED:
        return OFFERED[id_]
    close = [phrase for each, phrase in OFFERED.items() if _one_edit(id_, each)]
    return close[0] if len(close) == 1 else None


def lines() -> str:
    """Return what the model reads of the book: a line for each phrase that it may choose."""
    return "\n".join(phrase.line for phrase in OFFERED.values())


def book(held: Mapping[str, Any]) -> Mapping[str, Phrase]:
    """Return the phrases that a book file holds, in its order.

    Raises:
        MalformedWords: an entry is incomplete, or names something that does not exist.
    """
    phrases = {id_: _phrase(id_, entry) for id_, entry in held.items()}
    for phrase in phrases.values():
        for other in (*phrase.picks, *phrase.instead.values()):
            if other not in phrases:
                raise MalformedWords(FILE, phrase.id, f"names {other}, which is no phrase")
    return MappingProxyType(phrases)


_KEYS = frozenset(
    (
        "when",
        "by",
        "takes",
        "force",
        "of",
        "place",
        "mood",
        "picks",
        "else",
        "needs",
        "does",
        "steady",
        "fixed",
    )
)


def _phrase(id_: str, entry: Any) -> Phrase:
    if not isinstance(entry, dict):
        raise MalformedWords(FILE, id_, "is not a mapping")
    if unknown := entry.keys() - _KEYS:
        raise MalformedWords(FILE, id_, f"has an unknown key: {min(unknown)}")
    when = entry.get("when")
    if not isinstance(when, str) or not when:
        raise MalformedWords(FILE, id_, "does not say when it is said")
    if entry.get("by", "code") != "code":
        raise MalformedWords(FILE, id_, "`by` can only be code")
    phrase = Phrase(
        id=id_,
        when=when,
        force=_one(id_, entry, "force", Force),
        place=_one(id_, entry, "place", Place),
        mood=_one(id_, entry, "mood", Mood),
        by_code="by" in entry,
        takes=tuple(_subject(id_, each) for each in entry.get("takes", ())),
        of=frozenset(_each(id_, entry.get("of", ()), Outcome)),
        picks=tuple(entry.get("picks", ())),
        instead=MappingProxyType(
            dict(
                zip(
                    _each(id_, entry.get("else", {}), Reason),
                    entry.get("else", {}).values(),
                    strict=True,
                )
            )
        ),
        needs=tuple(_each(id_, entry.get("needs", ()), Condition)),
        does=tuple(_each(id_, entry.get("does", ()), Consequence)),
        steady=bool(entry.get("steady", False)),
        fixed=bool(entry.get("fixed", False)),
    )
    if (phrase.force == "effect") != bool(phrase.of):
        raise MalformedWords(FILE, id_, "names outcomes (`of`) if, and only if, it is an effect")
    if (phrase.force == "does") > bool(TELLS & set(phrase.does)):
        raise MalformedWords(FILE, id_, "is said to tell the team, and sets nothing off that does")
    return phrase


def _subject(id_: str, entry: Any) -> Subject:
    if isinstance(entry, str):
        return Subject(kinds=tuple(_each(id_, [entry], Kind)))
    if not isinstance(entry, dict) or entry.keys() - {"of", "least", "most"}:
        raise MalformedWords(FILE, id_, "`takes` has neither a kind nor `of`, `least`, `most`")
    least, most = entry.get("least", 1), entry.get("most", 1)
    if not 0 <= least <= most or not entry.get("of"):
        raise MalformedWords(FILE, id_, "`takes` has no kind, or a `least` above its `most`")
    return Subject(kinds=tuple(_each(id_, entry["of"], Kind)), least=least, most=most)


def _one(id_: str, entry: Mapping[str, Any], key: str, allowed: Any) -> Any:
    if key not in entry:
        raise MalformedWords(FILE, id_, f"has no {key}")
    return next(_each(id_, [entry[key]], allowed))


def _each(id_: str, values: Any, allowed: Any) -> Iterator[Any]:
    for value in values:
        if value not in get_args(allowed):
            raise MalformedWords(FILE, id_, f"{value} is none of {', '.join(get_args(allowed))}")
        yield value


def _written(subject: Subject) -> str:
    kinds = " or ".join(subject.kinds)
    if subject.least == subject.most:
        return kinds if subject.most == 1 else f"{subject.most} × {kinds}"
    return f"{subject.least}–{subject.most} × {kinds}"


def _one_edit(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    at = next(
        (i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter)
    )
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    swapped = one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped == other[at:]


BOOK = book(read(FILE))
"""All phrases, by id, in the order of the file."""

OFFERED = MappingProxyType({id_: phrase for id_, phrase in BOOK.items() if not phrase.by_code})
"""The phrases that the model may choose."""
