"""What of all that the tools of a turn did must be said, whatever the model says of it.

Values in, values out. Refuses to word anything: `speech.py` does.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from mcp_platform.assistant.outcomes import (
    EFFECTS,
    FAILURES,
    DaysDiffer,
    Done,
    HandedOver,
    Listed,
    Outcome,
    Refused,
    ToCancel,
    ToChoose,
    ToolOutcome,
    UnknownSlot,
)
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Proposed,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)

_ASKS = (ToChoose, ToCancel, Proposed)
_FAILURES = (*FAILURES, UnknownSlot)


def ends_nowhere(done: Sequence[Done]) -> bool:
    """Tell whether what was done last leaves the contact with nothing to choose from."""
    match [each.outcome for each in obliged_of(done)[-1:]]:
        case [SlotsFound(slots=()) | Taken(alternatives=()) | Listed(())]:
            return True
        case [CalendarClosed() | LimitReached() | UnknownAppointment() | UnknownSlot()]:
            return True
    return False


def obliged_of(done: Sequence[Done], *, together: int = 1) -> list[Done]:
    """Return the outcomes a reply must state: all effects; of searches and lists, what came last.

    What was passed on or noted is an effect too, of each kind the last.

    A search or a failure that led to an effect was the model's own business. A failure that was
    followed by mere reading is the answer to what was asked for. What is asked before it is done is
    asked. What became of an appointment is said once; searches of the last `together` outcomes are
    one.
    """
    effects = list({_of(each.outcome): each for each in done if _of(each.outcome)}.values())
    acted_at = max(
        (at for at, each in enumerate(done) if isinstance(each.outcome, EFFECTS)), default=-1
    )
    rest = [each for each in done if not isinstance(each.outcome, (*EFFECTS, Refused))]
    open_ = [each for each in done[acted_at + 1 :] if not isinstance(each.outcome, Refused)]
    last = open_[-1:]
    own = [each for each in rest if _is_own_effect(each.outcome) and each not in last]
    handed = list({each.outcome.kind: each for each in own}.values())
    failed: list[Done] = []
    if last and isinstance(last[0].outcome, Listed | HandedOver):
        failed = [each for each in open_ if isinstance(each.outcome, _FAILURES)][-1:]
    searches = [
        each for each in open_[-together:] if isinstance(each.outcome, SlotsFound | DaysDiffer)
    ]
    if last and last[0] in searches[1:]:
        last = [_as_one(searches)]
    asked = _asked(done)
    answered = [each for each in done if isinstance(each.outcome, _ASKS) and each not in asked]
    last = [each for each in last if each not in answered]
    return [*effects, *handed, *failed, *asked, *(each for each in last if each not in asked)]


def _is_own_effect(outcome: Outcome) -> bool:
    """Tell whether something was passed on or noted: that is said, whatever was read after it."""
    return isinstance(outcome, ToolOutcome) and outcome.role == "effect"


def _asked(done: Sequence[Done]) -> list[Done]:
    """Return what is asked before it is done, of several questions about one thing the last.

    Where times are shown for what would be cancelled, it is a move; where more than was proposed
    may be meant, the contact chooses.
    """
    asked: list[Done] = []
    for each in done:
        match each.outcome:
            case ToChoose() | Proposed():
                asked = [of for of in asked if not isinstance(of.outcome, Proposed)]
                asked = [of for of in asked if not _moves(each.outcome, of.outcome)] + [each]
            case ToCancel():
                asked.append(each)
            case SlotsFound(status="ok") | DaysDiffer() | Taken():
                asked = [of for of in asked if not _moves(each.outcome, of.outcome)]
    return asked


def _moves(found: Outcome, cancelled: Outcome) -> bool:
    """Tell whether times were found, or proposed, of the service of what would be cancelled."""
    if not isinstance(cancelled, ToCancel) or cancelled.also:
        return False
    match found:
        case Proposed(moving=moving):
            return moving is not None and moving.id == cancelled.appointment.id
        case SlotsFound(slots=slots) | DaysDiffer(slots=slots) | Taken(alternatives=slots):
            return any(each.service_id == cancelled.appointment.service_id for each in slots)
    return False


def _placed(outcome: Outcome) -> tuple[Appointment, ...]:
    match outcome:
        case Booked(appointment=one) | Moved(appointment=one):
            return (one,)
        case BookedTogether(appointments=appointments):
            return appointments
    return ()


def _of(outcome: Outcome) -> UUID | None:
    """Return the appointment, or the first of those, that an effect is of."""
    match outcome:
        case Booked(appointment=one) | Moved(appointment=one) | Cancelled(appointment=one):
            return one.id
        case BookedTogether(appointments=(first, *_)):
            return first.id
    return None


def _as_one(searches: Sequence[Done]) -> Done:
    """Return what searches made at once have found together; if nothing, what the last one has."""
    found: dict[SlotView, str] = {}
    for each in searches:
        match each.outcome:
            case SlotsFound(status="ok", slots=slots) | DaysDiffer(slots=slots):
                # Of one slot the last offer: it may be for a move.
                found |= dict(zip(slots, each.ids, strict=True))
    if not found:
        return searches[-1]
    asked = any(isinstance(each.outcome, DaysDiffer) for each in searches)
    slots = tuple(found)
    one = DaysDiffer(slots=slots) if asked else SlotsFound(status="ok", slots=slots)
    # What one of them leaves out is not the rest of a list of different services.
    services = {slot.service_id for slot in slots}
    more = searches[-1].more if len(services) == 1 else None
    return Done(one, tuple(found.values()), more)


def still_to_choose(
    offered: Mapping[str, SlotView], obliged: Sequence[Done]
) -> Mapping[str, SlotView]:
    """Leave out of what was offered earlier what the contact has taken in this turn."""
    has = {
        (view.service_id, view.professional_id, view.starts_at)
        for each in obliged
        for view in _placed(each.outcome)
    }
    return {
        offer: slot
        for offer, slot in offered.items()
        if (slot.service_id, slot.professional_id, slot.start) not in has
    }
