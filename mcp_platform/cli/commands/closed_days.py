"""`closed-days`: days and hours without bookings, and the holidays that are offered as such."""

import enum
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import JSON, TENANT
from mcp_platform.cli.catalogue import Part, in_catalogue
from mcp_platform.cli.commands.onboarding.hours import clock_time
from mcp_platform.cli.operating import command_actor, in_database, show, split_path
from mcp_platform.cli.spoken import say, spoken, worded
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.paging import MOST
from mcp_platform.registry.closed_days import (
    MOST_DAYS,
    BookingOut,
    ClosedDayOut,
    ClosedDayQuery,
    ClosedDays,
    ClosedDaysOut,
    DayBooked,
    NewClosedDays,
)
from mcp_platform.registry.environments import EnvironmentChange, Environments
from mcp_platform.registry.holidays import HolidayOut, Holidays, HolidaysChosen
from mcp_platform.scheduling.catalogue import MIDNIGHT

app = typer.Typer(
    help="See, close and open days, half days and holidays of a tenant.", no_args_is_help=True
)

_FORMS = ("%Y-%m-%d", "%d/%m/%Y")
_MONTH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})", re.ASCII)
_NUMBERS = re.compile(r"\d{1,3}(?:[\s,]+\d{1,3})*", re.ASCII)
UNNAMED = "–"


class Bookings(enum.StrEnum):
    """What becomes of bookings at a time that is to be closed."""

    ask = "ask"
    keep = "keep"
    cancel = "cancel"


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
BOOKINGS = typer.Option(
    "--bookings", help="What becomes of bookings then: keep or cancel. ask: you are asked."
)
FIRST = typer.Option("--from", help="The first day to list; unset: today.", show_default=False)
LAST = typer.Option("--to", help="The last day to list.", show_default=False)
YEAR = typer.Option(
    "--year", help="Unset: this one; from November on, the next.", show_default=False
)
CLOSE = typer.Option(
    "--close",
    help="A holiday to close on, by its day; [bold]all[/] or [bold]none[/]. May be given several"
    " times. Unset: you are asked.",
    show_default=False,
)
ADD = typer.Option(
    "--add",
    help='Such as "25/01 Aniversário da cidade". Several times for several.',
    show_default=False,
)
TAKE = typer.Option("--remove", help="By its day, such as 25/01.", show_default=False)
REGION = typer.Option(
    "--region",
    help="Whose holidays are offered besides: a country, or a state such as BR-SP.",
    show_default=False,
)


@app.command("list")
def list_(
    tenant: Annotated[str, TENANT],
    *,
    first: Annotated[str | None, FIRST] = None,
    last: Annotated[str | None, LAST] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the days and hours that are closed, earliest first."""
    begins = _day(first) if first is not None else datetime.now(UTC).date() - timedelta(days=1)
    ends = None if last is None else _day(last)
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


@app.command()
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

    _told(_settled(ClosedDays, tenant, close, bookings=bookings))


@app.command()
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


@app.command()
def holidays(
    tenant: Annotated[str, TENANT],
    *,
    year: Annotated[int | None, YEAR] = None,
    close: Annotated[list[str] | None, CLOSE] = None,
    bookings: Annotated[Bookings, BOOKINGS] = Bookings.ask,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show the holidays of a year and close on those that you name; on none without a yes.

    The state's and the town's own are set by [bold]closed-days town[/].
    """
    now = datetime.now(UTC)
    of = year if year is not None else now.year + (now.month >= 11)  # noqa: PLR2004  # November
    offered = in_catalogue(Holidays, tenant, lambda part: part.of_year(of, now=now))
    if as_json or not close:
        show(
            ("No.", "Day", "Holiday", "By law", "State"),
            [
                [
                    str(number),
                    _written(each.day),
                    each.name,
                    worded("optional") if each.optional else worded("holiday"),
                    worded("closed") if each.closed else worded("open"),
                ]
                for number, each in enumerate(offered.items, 1)
            ],
            none="No holiday is known there: mcp-platform closed-days town.",
            items=offered.items if as_json else None,
        )
    if close is None:
        if as_json or not sys.stdin.isatty():
            return
        close = _asked(offered.items)
    chosen = _chosen(close, offered.items)

    def choose(answer: str) -> Callable[[Holidays], Awaitable[ClosedDaysOut]]:
        wish = HolidaysChosen.of(
            {"days": [each.isoformat() for each in chosen], "bookings": answer}
        )
        return lambda part: part.choose(of, wish, now=datetime.now(UTC))

    done = _settled(Holidays, tenant, choose, bookings=bookings)
    say("{year} is decided: closed on {count} holidays.", year=of, count=len(done.items))
    _tell_bookings(done)


@app.command()
def town(
    tenant: Annotated[str, TENANT],
    *,
    region: Annotated[str | None, REGION] = None,
    add: Annotated[list[str] | None, ADD] = None,
    remove: Annotated[list[str] | None, TAKE] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show and set where a tenant is: its state, and the holidays of its town, of every year."""
    path, actor = split_path(tenant), command_actor()
    added = dict(_own(each) for each in add or ())
    taken = {_month_and_day(each) for each in remove or ()}

    async def change(session: Any) -> Any:
        environments = Environments(session, actor)
        found = await environments.get(*path)
        own = {each.day: each.name for each in found.own_holidays}
        unknown = taken - own.keys()
        if unknown:
            raise NotFound(f"There is no such holiday of the town's: {', '.join(sorted(unknown))}.")
        wished = {day: name for day, name in {**own, **added}.items() if day not in taken}
        given: dict[str, Any] = {} if region is None else {"holidays_of": region.upper()}
        if wished != own:
            given["own_holidays"] = [
                {"day": day, "name": name} for day, name in sorted(wished.items())
            ]
        if not given:
            return found
        return await environments.update(*path, EnvironmentChange.of(given), versions=None)

    found = in_database(change)
    if not as_json:
        say("Holidays of {region}, and of the town:", region=found.holidays_of)
    show(
        ("Day", "Holiday"),
        [[f"{each.day[3:]}/{each.day[:2]}", each.name] for each in found.own_holidays],
        none="None of its own.",
        items=found.own_holidays if as_json else None,
    )


async def _all(part: ClosedDays, *, first: date, last: date | None) -> "list[ClosedDayOut]":
    found, cursor = [], None
    while True:
        asked: dict[str, Any] = {"from": first.isoformat(), "limit": MOST, "cursor": cursor}
        if last is not None:
            asked["to"] = last.isoformat()
        page = await part.page(ClosedDayQuery.model_validate(asked))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def _settled(
    kind: type[Part],
    tenant: str,
    work: Callable[[str], Callable[[Part], Awaitable[ClosedDaysOut]]],
    *,
    bookings: Bookings,
) -> ClosedDaysOut:
    """Close as `work` says, and ask what becomes of bookings if nobody said so.

    Raises:
        DayBooked: nobody is there to be asked.
    """
    try:
        return in_catalogue(kind, tenant, work(bookings.value))
    except DayBooked as error:
        booked = error.bookings
    say("There are bookings then:", err=True)
    _show_bookings(booked, err=True)
    if not sys.stdin.isatty():
        raise Conflict("Nothing was closed: say --bookings keep or --bookings cancel.")
    answers = {"k": "keep", "c": "cancel", "m": "keep", "d": "cancel"}
    asked = worded("Keep them (k), cancel them (c), or close nothing (n)?")
    answer = (
        typer.prompt(asked, default="n", show_default=False, prompt_suffix=" ").strip().lower()[:1]
    )
    if answer not in answers:
        say("Nothing was closed.")
        raise typer.Exit(1)
    return in_catalogue(kind, tenant, work(answers[answer]))


def _told(done: ClosedDaysOut) -> None:
    for run in _runs(done.items):
        say("{days} is closed.", days=_span(run))
    _tell_bookings(done)


def _tell_bookings(done: ClosedDaysOut) -> None:
    if done.kept:
        say("Kept, although it is closed then:")
        _show_bookings(done.kept)
    if done.cancelled:
        say("Cancelled, and out of the calendar:")
        _show_bookings(done.cancelled)


def _show_bookings(bookings: Sequence[BookingOut], *, err: bool = False) -> None:
    for each in bookings:
        parts = (each.service, each.professional, each.booked_for)
        when = f"{_written(each.starts_at.date())} {each.starts_at:%H:%M}"
        typer.echo(f"  {when}  {', '.join(part for part in parts if part)}", err=err)


def _asked(offered: Sequence[HolidayOut]) -> list[str]:
    """Ask on which to close, until the answer is one."""
    while True:
        asked = worded("Close on which? Numbers, all or none:")
        answer = typer.prompt(asked, prompt_suffix=" ").strip().lower()
        if answer in ("all", "todos", "none", "nenhum"):
            return [answer]
        numbers = [int(each) for each in re.findall(r"\d{1,3}", answer)]
        if _NUMBERS.fullmatch(answer) and all(0 < each <= len(offered) for each in numbers):
            return [offered[each - 1].day.isoformat() for each in numbers]


def _chosen(close: Sequence[str], offered: Sequence[HolidayOut]) -> list[date]:
    words = {each.lower() for each in close}
    if words & {"all", "todos"}:
        return [each.day for each in offered]
    if words & {"none", "nenhum"}:
        return []
    return sorted({_day(each) for each in close})


def _range(days: str) -> list[date]:
    """Return the days of `A` or `A..B`.

    Raises:
        Invalid: they are no days, or too many.
    """
    first, _, last = days.partition("..")
    begins, ends = _day(first), _day(last or first)
    count = (ends - begins).days + 1
    if not 0 < count <= MOST_DAYS:
        raise Invalid(f"{days} is no range of at most {MOST_DAYS} days, the first one first.")
    return [begins + timedelta(days=each) for each in range(count)]


def _day(text: str) -> date:
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise Invalid(f"{text!r} is no day. Write it as 2026-12-25 or 25/12/2026.")


def _own(text: str) -> tuple[str, str]:
    day, _, name = text.strip().partition(" ")
    return _month_and_day(day), name.strip()


def _month_and_day(text: str) -> str:
    found = _MONTH_DAY.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"{text!r} is no day of a year. Write it as 25/01, the day first.")
    return f"{int(found[2]):02}-{int(found[1]):02}"


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
    return _written(first) if first == last else f"{_written(first)}..{_written(last)}"


def _written(day: date) -> str:
    """Return a day as the terminal's people write it; both forms are read."""
    return f"{day:%d/%m/%Y}" if spoken() == "pt" else day.isoformat()
