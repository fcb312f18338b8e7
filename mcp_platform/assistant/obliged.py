"""What of all that the tools of a turn did must be said, whatever the model says of it.

Values in, values out. Refuses to word anything: `speech.py` does.
"""

from collections.abc import Mapping, Sequence

from mcp_platform.assistant.outcomes import (
    EFFECTS,
    DaysDiffer,
    Done,
    HandedOver,
    Informed,
    Listed,
    Refused,
    ToCancel,
    ToChoose,
    UnknownSlot,
)
from mcp_platform.scheduling.outcome import (
    Booked,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)

_FAILURES = (Taken, CalendarClosed, LimitReached, UnknownAppointment, UnknownSlot)


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

    A search or a failure that led to an effect was the model's own business. A failure that was
    followed by mere reading is the answer to what was asked for. What is asked before it is done is
    asked. What became of an appointment is said once; searches of the last `together` outcomes are
    one.
    """
    effects = list(
        {
            each.outcome.appointment.id: each
            for each in done
            if isinstance(each.outcome, Booked | Moved | Cancelled)
        }.values()
    )
    acted_at = max(
        (at for at, each in enumerate(done) if isinstance(each.outcome, EFFECTS)), default=-1
    )
    rest = [each for each in done if not isinstance(each.outcome, (*EFFECTS, Refused))]
    open_ = [each for each in done[acted_at + 1 :] if not isinstance(each.outcome, Refused)]
    informed = [each for each in rest[:-1] if isinstance(each.outcome, Informed | HandedOver)]
    last = open_[-1:]
    failed: list[Done] = []
    if last and isinstance(last[0].outcome, Informed | Listed | HandedOver):
        failed = [each for each in open_ if isinstance(each.outcome, _FAILURES)][-1:]
    searches = [
        each for each in open_[-together:] if isinstance(each.outcome, SlotsFound | DaysDiffer)
    ]
    if last and last[0] in searches[1:]:
        last = [_as_one(searches)]
    asked = [each for each in done if isinstance(each.outcome, ToChoose | ToCancel)]
    return [*effects, *informed, *failed, *asked, *(each for each in last if each not in asked)]


def _as_one(searches: Sequence[Done]) -> Done:
    """Return what searches made at once have found together; if nothing, what the last one has."""
    found: dict[SlotView, str] = {}
    for each in searches:
        match each.outcome:
            case SlotsFound(status="ok", slots=slots) | DaysDiffer(slots=slots):
                for slot, offer in zip(slots, each.ids, strict=True):
                    found.setdefault(slot, offer)
    if not found:
        return searches[-1]
    asked = any(isinstance(each.outcome, DaysDiffer) for each in searches)
    slots = tuple(found)
    one = DaysDiffer(slots=slots) if asked else SlotsFound(status="ok", slots=slots)
    return Done(one, tuple(found.values()))


def still_to_choose(
    offered: Mapping[str, SlotView], obliged: Sequence[Done]
) -> Mapping[str, SlotView]:
    """Leave out of what was offered earlier what the contact has taken in this turn."""
    has = {
        (view.service_id, view.professional_id, view.starts_at)
        for each in obliged
        if isinstance(each.outcome, Booked | Moved)
        for view in (each.outcome.appointment,)
    }
    return {
        offer: slot
        for offer, slot in offered.items()
        if (slot.service_id, slot.professional_id, slot.start) not in has
    }
