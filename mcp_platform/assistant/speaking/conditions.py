"""What must be so before a phrase is said: the meaning of each `needs` of the phrase book. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from mcp_platform.assistant.speaking.facts import About
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.words.book import Condition, Phrase
from mcp_platform.words.joining import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnState:
    """What the conditions look at, as the reply is put together."""

    times_shown: bool = False
    """Times to choose from are in this message, or in the last one and still to come."""
    proposal: Proposal | None = None
    """What this message proposes."""
    proposal_open: bool = False
    """A proposal waits for an answer, of this turn or of an earlier one."""
    upcoming: tuple[Appointment, ...] = ()
    """What stands of the contact's, as this turn has left it."""
    open_questions: int = 0
    with_person: bool = False
    """A person has the conversation."""
    unread: str = "unsupported"
    """The phrase of the kind of message that came and cannot be read."""
    today: date
    """By the business's clock."""


def met(phrase: Phrase, about: About, state: TurnState) -> bool:
    """Tell whether all that a phrase needs is so."""
    return all(_CONDITIONS[each](about, state) for each in phrase.needs)


def _stands(about: About, state: TurnState) -> bool:
    ahead = {each.id for each in state.upcoming}
    return bool(about.appointments) and all(each.id in ahead for each in about.appointments)


def _today(_: About, state: TurnState) -> bool:
    return any(each.starts_at.date() == state.today for each in state.upcoming)


_CONDITIONS: Mapping[Condition, Callable[[About, TurnState], bool]] = {
    "times_shown": lambda _, state: state.times_shown,
    "choice_shown": lambda _, state: state.times_shown or state.proposal is not None,
    "proposal_shown": lambda _, state: state.proposal_open,
    "booking_proposed": lambda _, state: state.proposal == "book",
    "change_proposed": lambda _, state: state.proposal in ("move", "cancel"),
    "no_proposal": lambda _, state: not state.proposal_open,
    "appointment_stands": _stands,
    "appointment_today": _today,
    "no_appointment": lambda _, state: not state.upcoming,
    "open_question": lambda _, state: state.open_questions > 0,
    "with_person": lambda _, state: state.with_person,
}
