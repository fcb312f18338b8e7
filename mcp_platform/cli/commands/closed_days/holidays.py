"""`closed-days holidays` and `closed-days town`: the holidays that are offered, and a town's own."""

import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
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
from mcp_platform.cli.operating import command_actor, in_database, show, split_path
from mcp_platform.cli.spoken import say, worded
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.registry.closed_days import ClosedDaysOut
from mcp_platform.registry.environments import EnvironmentChange, Environments
from mcp_platform.registry.holidays import HolidayOut, Holidays, HolidaysChosen

_MONTH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})", re.ASCII)
_NUMBERS = re.compile(r"\d{1,3}(?:[\s,]+\d{1,3})*", re.ASCII)
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
                    written_day(each.day),
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

    done = settled(Holidays, tenant, choose, bookings=bookings)
    say("{year} is decided: closed on {count} holidays.", year=of, count=len(done.items))
    tell_bookings(done)


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
    return sorted({read_day(each) for each in close})


def _own(text: str) -> tuple[str, str]:
    day, _, name = text.strip().partition(" ")
    return _month_and_day(day), name.strip()


def _month_and_day(text: str) -> str:
    found = _MONTH_DAY.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"{text!r} is no day of a year. Write it as 25/01, the day first.")
    return f"{int(found[2]):02}-{int(found[1]):02}"
