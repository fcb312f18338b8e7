"""When the business is open, for people who ask: whenever one of its professionals works. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from mcp_platform.scheduling.catalogue import Catalogue, Professional

# Further ahead nobody asks when it opens again.
LOOKED_AHEAD = 60

Span = tuple[datetime, datetime]


def open_on(catalogue: Catalogue, day: date) -> tuple[Span, ...]:
    """Return the open spans of a day as the wall clock shows them, less what is closed, in order."""
    return _merged(
        span for each in catalogue.professionals for span in works_on(catalogue, each, day)
    )


def works_on(catalogue: Catalogue, professional: Professional, day: date) -> tuple[Span, ...]:
    """Return when a professional works on a day, less what is closed for them."""
    spans = _merged(each.on(day) for each in professional.hours if each.weekday == day.weekday())
    for closed in catalogue.closed_for(professional.id).get(day, ()):
        spans = tuple(left for span in spans for left in _without(span, closed.hours()))
    return spans


def knows_hours(catalogue: Catalogue) -> bool:
    """Tell whether any hours were entered. Without them nobody may be told that it is closed."""
    return any(each.hours for each in catalogue.professionals)


def next_opening(catalogue: Catalogue, *, after: datetime) -> datetime | None:
    """Return when the business opens next after a moment of its own wall clock."""
    wall = after.replace(tzinfo=None)
    for ahead in range(LOOKED_AHEAD):
        for opens, _ in open_on(catalogue, wall.date() + timedelta(days=ahead)):
            if opens > wall:
                return opens
    return None


def is_open(catalogue: Catalogue, *, at: datetime) -> bool:
    """Tell whether it is open at a moment of the business's own wall clock."""
    wall = at.replace(tzinfo=None)
    return any(opens <= wall < closes for opens, closes in open_on(catalogue, wall.date()))


def clocks(spans: Sequence[Span]) -> list[tuple[time, time]]:
    """Return spans as times of day; the end of the day is 00:00."""
    return [(opens.time(), closes.time()) for opens, closes in spans]


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)


def _without(span: Span, closed: Span) -> list[Span]:
    opens, closes = span
    begins, ends = closed
    if ends <= opens or closes <= begins:
        return [span]
    return [(a, b) for a, b in ((opens, begins), (ends, closes)) if a < b]
