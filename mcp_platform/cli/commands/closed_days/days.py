"""`closed-days`: days and hours without bookings."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import JSON, TENANT
from mcp_platform.cli.catalogue import in_catalogue
from mcp_platform.cli.commands.closed_days.shared import (
    BOOKINGS,
    Bookings,
    read_day,
    settled,
    tell_bookings,
    written_day,
)
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import say, worded
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.paging import MOST, every
from mcp_platform.onboarding.hours import clock_time
from mcp_platform.registry.closed_days import (
    MOST_DAYS,
    ClosedDayOut,
    ClosedDayQuery,
    ClosedDays,
    ClosedDaysOut,
    NewClosedDays,
)
from mcp_platform.scheduling.catalogue import MIDNIGHT

UNNAMED = "–"


DAYS = typer.Argument(
    help="A day or a range: 2026-12-25, 25/12/2026, 2026-12-24..2027-01-02.",
    metavar="DAYS",
    show_default=False,
)
WHO = typer.Option(
    "--who", help="Only this person's, by their id. Unset: everybody's.", show_default=False
)
FROM = typer.Option(
    "--from", help="Half a day: from this hour, such as 12:00 or 12h.", show_default=False
)
TO = typer.Option("--to", help="Until this hour; 00:00 is midnight.", show_default=False)
REASON = typer.Option("--reason", help="Why, for those who read the list.", show_default=False)
FIRST = typer.Option("--from", help="The first day to list; unset: today.", show_default=False)
LAST = typer.Option("--to", help="The last day to list.", show_default=False)


def list_(
    tenant: Annotated[str, TENANT],
    *,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the days and hours that are closed, earliest first."""
    begins = read_day(first) if first is not None else datetime.now(UTC).date() - timedelta(days=1)
    ends = None if last is None else read_day(last)
    found = in_catalogue(ClosedDays, tenant, lambda part: _all(part, first=begins, last=ends))
    runs = _runs(found)
    show(
        ("Days", "Hours", "Who", "Reason"),
        [
            [
                _span(run),
                UNNAMED if run[0].begins is None else f"{run[0].begins:%H:%M}-{run[0].ends:%H:%M}",
                run[0].professional_id or worded("everybody"),
                run[0].reason or UNNAMED,
            ]
            for run in runs
        ],
        none="No day is closed.",
        items=found if as_json else None,
    )


def add(
    tenant: Annotated[str, TENANT],
    days: Annotated[str, DAYS],
    *,
    from_: Annotated[str | None, FROM] = None,
    to: Annotated[str | None, TO] = None,
    who: Annotated[str | None, WHO] = None,
    reason: Annotated[str | None, REASON] = None,
    bookings: Annotated[Bookings, BOOKINGS] = Bookings.ask,
) -> None:
    """Close days, or the same hours of each. Who has booked then is listed, and you are asked.

    What is closed already stays as it is. Every process offers it so within fifteen seconds.
    """
    hours = {
        "begins": None if from_ is None else clock_time(from_),
        "ends": None if to is None else clock_time(to),
    }
    if (from_ is None) != (to is None):  # the rest of the day
        hours = {name: clock or f"{MIDNIGHT:%H:%M}" for name, clock in hours.items()}
    wished = {"professional_id": who, "reason": reason, **hours}

    def close(answer: str) -> Callable[[ClosedDays], Awaitable[ClosedDaysOut]]:
        wish = NewClosedDays.of(
            {
                "days": [
                    {**wished, "day": day.isoformat(), "bookings": answer} for day in _range(days)
                ]
            }
        )
        return lambda part: part.create_many(wish, now=datetime.now(UTC))

    _told(settled(ClosedDays, tenant, close, bookings=bookings))


def remove(
    tenant: Annotated[str, TENANT],
    days: Annotated[str, DAYS],
    *,
    who: Annotated[str | None, WHO] = None,
) -> None:
    """Open closed days again, half days too."""
    wanted = _range(days)

    async def open_again(part: ClosedDays) -> int:
        found = [
            each
            for each in await _all(part, first=wanted[0], last=wanted[-1])
            if each.professional_id == who
        ]
        for each in found:
            await part.delete(each.id, versions=None)
        return len(found)

    opened = in_catalogue(ClosedDays, tenant, open_again)
    if not opened:
        raise NotFound("None of these days is closed.")
    say("Opened again: {count}.", count=opened)


async def _all(part: ClosedDays, *, first: date, last: date | None) -> "list[ClosedDayOut]":
    asked: dict[str, Any] = {"from": first.isoformat(), "limit": MOST}
    if last is not None:
        asked["to"] = last.isoformat()
    return await every(
        lambda cursor: part.page(ClosedDayQuery.model_validate({**asked, "cursor": cursor}))
    )


def _told(done: ClosedDaysOut) -> None:
    for run in _runs(done.items):
        say("{days} is closed.", days=_span(run))
    tell_bookings(done)


def _range(days: str) -> list[date]:
    """Return the days of `A` or `A..B`.

    Raises:
        Invalid: they are no days, or too many.
    """
    first, _, last = days.partition("..")
    begins, ends = read_day(first), read_day(last or first)
    count = (ends - begins).days + 1
    if not 0 < count <= MOST_DAYS:
        raise Invalid(f"{days} is no range of at most {MOST_DAYS} days, the first one first.")
    return [begins + timedelta(days=each) for each in range(count)]


def _runs(days: Sequence[ClosedDayOut]) -> "list[list[ClosedDayOut]]":
    """Put days together that follow each other and are closed alike."""

    def alike(each: ClosedDayOut) -> tuple[object, ...]:
        return (each.professional_id, each.begins, each.ends, each.reason)

    runs: list[list[ClosedDayOut]] = []
    for each in days:
        for run in runs:
            if alike(run[-1]) == alike(each) and each.day - run[-1].day == timedelta(days=1):
                run.append(each)
                break
        else:
            runs.append([each])
    return runs


def _span(run: Sequence[ClosedDayOut]) -> str:
    first, last = run[0].day, run[-1].day
    return written_day(first) if first == last else f"{written_day(first)}..{written_day(last)}"
