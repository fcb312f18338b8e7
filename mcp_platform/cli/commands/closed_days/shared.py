"""What closed days and holidays share: days as people write them, and bookings on them."""

import enum
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime

import typer

from mcp_platform.cli.catalogue import Part, in_catalogue
from mcp_platform.cli.spoken import say, spoken, worded
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.registry.closed_days import BookingOut, ClosedDaysOut, DayBooked

_FORMS = ("%Y-%m-%d", "%d/%m/%Y")


class Bookings(enum.StrEnum):
    """What becomes of bookings at a time that is to be closed."""

    ask = "ask"
    keep = "keep"
    cancel = "cancel"


BOOKINGS = typer.Option(
    "--bookings", help="What becomes of bookings then: keep or cancel. ask: you are asked."
)


def settled(
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
    show_bookings(booked, err=True)
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


def tell_bookings(done: ClosedDaysOut) -> None:
    if done.kept:
        say("Kept, although it is closed then:")
        show_bookings(done.kept)
    if done.cancelled:
        say("Cancelled, and out of the calendar:")
        show_bookings(done.cancelled)


def show_bookings(bookings: Sequence[BookingOut], *, err: bool = False) -> None:
    for each in bookings:
        parts = (each.service, each.professional, each.booked_for)
        when = f"{written_day(each.starts_at.date())} {each.starts_at:%H:%M}"
        typer.echo(f"  {when}  {', '.join(part for part in parts if part)}", err=err)


def read_day(text: str) -> date:
    for form in _FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise Invalid(f"{text!r} is no day. Write it as 2026-12-25 or 25/12/2026.")


def written_day(day: date) -> str:
    """Return a day as the terminal's people write it; both forms are read."""
    return f"{day:%d/%m/%Y}" if spoken() == "pt-BR" else day.isoformat()
