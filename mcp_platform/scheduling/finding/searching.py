"""What is looked for among free times, and which of those found are shown. Pure.

A candidate is a slot, or several that follow one another. `openings.py` reads what is free.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Literal, NamedTuple
from uuid import UUID

from mcp_platform.scheduling.availability import SearchWindow, Slot

Order = Literal["earliest", "latest", "nearest", "spread"]
"""Which come first: `nearest` to the window's times of day; `spread`: evenly over all that is found."""

# How many times a list shows at least, before it shows at one time all who are free: where the hour
# was asked for, who is free then counts; of a whole day or week, the times do.
_FEWEST_TIMES: Mapping[Order, int] = {"nearest": 2, "earliest": 3, "latest": 3, "spread": 6}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSearch:
    """One of several services, or all of them one after the other (`together`), and when and with whom.

    With `nearest` the window's times of day are what was asked for, and other hours of its days are
    shown too. `everyone`: at one time all who are free, for a list to choose from; else one slot for
    each start, of who has least to do that day.
    """

    service_ids: tuple[str, ...]
    window: SearchWindow
    professional_id: str | None = None
    order: Order = "earliest"
    together: bool = False
    everyone: bool = False
    moving: UUID | None = None
    """An appointment whose own time is not in the way."""
    before: datetime | None = None
    """Only what starts before this instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotCandidate:
    """Slots that follow one another, mostly one; `load` is how much who does them has to do that day."""

    slots: tuple[Slot, ...]
    load: int
    place: int
    """Where it stands among those of its start that are as good: services and people in their order."""

    @property
    def start(self) -> datetime:
        """Its first start, in UTC."""
        return self.slots[0].interval.start

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(each.service_id for each in self.slots)

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(each.professional_id for each in self.slots)


def one_for_each_start(
    candidates: Iterable[SlotCandidate], *, prefer: str | None = None
) -> list[SlotCandidate]:
    """Return the best of each start: of the preferred person, of who has least to do, the first."""
    best: dict[datetime, SlotCandidate] = {}
    for each in sorted(
        candidates, key=lambda each: (each.people != (prefer,), each.load, each.place)
    ):
        best.setdefault(each.start, each)
    return sorted(best.values(), key=_by_start)


def shortlist(
    candidates: Sequence[SlotCandidate],
    *,
    limit: int,
    order: Order,
    window: SearchWindow,
    day_first: bool = False,
) -> list[SlotCandidate]:
    """Return up to `limit` candidates, earliest first: the starts by `order`, at each who is free.

    Services and people that were shown least come first. `day_first`: of `nearest`, those of an
    earlier day are nearer than any of a later one.
    """
    if len(candidates) <= limit:
        return sorted(candidates, key=_by_start)
    by_start = {
        start: list(group) for start, group in groupby(sorted(candidates, key=_by_start), _by_start)
    }
    starts = list(by_start)
    share = max(1, limit // min(len(starts), _FEWEST_TIMES[order]))
    match order:
        case "latest":
            starts.reverse()
        case "nearest":

            def distance(start: datetime) -> tuple[object, ...]:
                local = by_start[start][0].slots[0].start
                away = _away(local.time(), window)
                return (local.date(), away, start) if day_first else (away, start)

            starts.sort(key=distance)
        case "spread":
            largest = max(map(len, by_start.values()))
            starts = _evenly(starts, limit // min(share, largest))
    shown: Counter[tuple[str, ...]] = Counter()
    chosen: list[SlotCandidate] = []
    for start in starts:
        group = by_start[start]
        for _ in range(min(share, len(group), limit - len(chosen))):
            one = min(
                group,
                key=lambda each: (shown[each.services], shown[each.people], each.load, each.place),
            )
            group.remove(one)
            chosen.append(one)
            shown.update((one.services, one.people))
    return sorted(chosen, key=_by_start)


def whole_until(
    shown: Sequence[SlotCandidate], candidates: Iterable[SlotCandidate]
) -> datetime | None:
    """Return the last start up to which everything is shown; None: the first is not, or not wholly."""
    last = None
    for start, group in groupby(sorted(candidates, key=_by_start), _by_start):
        if any(each not in shown for each in group):
            break
        last = start
    return last


def back_to_back(
    free: Sequence[Sequence[SlotCandidate]],
    *,
    blocked: Mapping[str, tuple[timedelta, timedelta]],
    longest_wait: timedelta,
) -> list[SlotCandidate]:
    """Return for each start the best run of one candidate of each service, one after the other.

    `free` are the candidates of each service, tried in this order and in the opposite one; `blocked`
    is how long before and after itself each service keeps its person busy. Between two slots of a run
    is no more than `longest_wait`, besides what the services themselves need there. The best has the shortest wait, then the fewest people.
    """
    timed = [[_Timed.of(each) for each in of_service] for of_service in free]
    best: dict[datetime, tuple[tuple[object, ...], SlotCandidate, SlotCandidate]] = {}
    for first, *between, last in (timed, timed[::-1]):
        runs = first
        for following in between:
            pairs = _pairs(runs, following, blocked=blocked, longest_wait=longest_wait)
            runs = [_Timed.of(_joined(run.run, each.run)) for run, each in pairs]
        # Of the last ones nothing is made but the best: there may be tens of thousands.
        for run, each in _pairs(runs, last, blocked=blocked, longest_wait=longest_wait):
            one, other = run.run, each.run
            people = len({*one.people, *other.people})
            rank = (each.end, people, one.load + other.load, one.place + other.place)
            if run.start not in best or rank < best[run.start][0]:
                best[run.start] = (rank, one, other)
    return [_joined(one, other) for _, one, other in best.values()]


class _Timed(NamedTuple):
    """A candidate, with its start and end in UTC: each costs a conversion."""

    start: datetime
    end: datetime
    run: SlotCandidate

    @classmethod
    def of(cls, run: SlotCandidate) -> "_Timed":
        return cls(run.start, run.slots[-1].interval.end, run)


def _pairs(
    runs: Iterable[_Timed],
    following: Iterable[_Timed],
    *,
    blocked: Mapping[str, tuple[timedelta, timedelta]],
    longest_wait: timedelta,
) -> Iterator[tuple[_Timed, _Timed]]:
    """Yield each run with each slot of the next service that may follow it."""
    by_start: dict[datetime, list[_Timed]] = {}
    for each in following:
        by_start.setdefault(each.start, []).append(each)
    starts = sorted(by_start)
    for run in runs:
        last = run.run.slots[-1]
        for at in range(bisect_left(starts, run.end), len(starts)):
            start = starts[at]
            next_service = by_start[start][0].run.slots[0].service_id
            apart = run.end + blocked[last.service_id][1] + blocked[next_service][0]
            if start >= apart + longest_wait:
                break
            for each in by_start[start]:
                if start >= apart or each.run.slots[0].professional_id != last.professional_id:
                    yield run, each


def _joined(one: SlotCandidate, other: SlotCandidate) -> SlotCandidate:
    return SlotCandidate(
        slots=(*one.slots, *other.slots),
        load=one.load + other.load,
        place=one.place + other.place,
    )


def _by_start(candidate: SlotCandidate) -> datetime:
    return candidate.start


def _evenly(starts: Sequence[datetime], number: int) -> list[datetime]:
    """Return that many, evenly from first to last."""
    if len(starts) <= number or number < 2:  # noqa: PLR2004 evenly needs two ends
        return list(starts[:number])
    step = (len(starts) - 1) / (number - 1)
    return [starts[round(at * step)] for at in range(number)]


def _away(at: time, window: SearchWindow) -> int:
    """Return how many minutes a time of day is from the window's."""
    begin, end, here = (
        60 * each.hour + each.minute for each in (window.from_time, window.to_time, at)
    )
    return max(begin - here, here - end, 0)
