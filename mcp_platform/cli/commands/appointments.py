"""`appointments`: what is booked, booking, moving and cancelling by hand, and whom to call."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.bootstrap.commands import AppointmentServices, appointments_alone
from mcp_platform.cli.arguments import JSON, TENANT
from mcp_platform.cli.operating import command_actor, show, split_path
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import say, worded
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.telling import CallToMake
from mcp_platform.scheduling.tenant_appointments import AppointmentChange, Booking
from mcp_platform.settings import Settings

app = typer.Typer(
    help="See a tenant's appointments, book, move and cancel them; see whom to call.",
    no_args_is_help=True,
)

FORMS = ("%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M")
MOST = 500  # of a listing
APPOINTMENT = typer.Argument(help="The id that [bold]list[/] shows.", show_default=False)
DAY = typer.Option("--from", help="The first day, as 2026-12-01. Unset: today.")
DAYS = typer.Option("--days", min=1, max=366, help="How many days.")
SERVICE = typer.Option("--service", help="The service's id.", show_default=False)
WHO = typer.Option("--who", help="The person's id. Unset: whoever is free.", show_default=False)
START = typer.Option(
    "--start",
    help='When, by the tenant\'s clock: "2026-12-01 10:00".',
    show_default=False,
)
PHONE = typer.Option(
    "--phone",
    help="Whose it is: their number on WhatsApp, as people write it. They need not have written.",
    show_default=False,
)
NAME = typer.Option("--name", help="Stands in the owner's calendar.", show_default=False)
TELL = typer.Option(
    "--tell/--do-not-tell",
    help="Whether the customer is told: by a message where WhatsApp takes one, else they are"
    " listed to be called.",
)

Result = TypeVar("Result")


@app.command("list")
def list_(
    tenant: Annotated[str, TENANT],
    *,
    first: Annotated[str | None, DAY] = None,
    days: Annotated[int, DAYS] = 7,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List what is booked on some days, earliest first, and what became of it."""

    async def find(
        at: AppointmentServices, _: ActorTrail
    ) -> "tuple[list[Appointment], BookingRules]":
        rules = (await at.appointments.catalogue(at.tenant)).rules
        begins = _day(first) if first is not None else datetime.now(rules.zone).date()
        midnights = (
            rules.moment(datetime.combine(each, datetime.min.time()))
            for each in (begins, begins + timedelta(days=days))
        )
        begin, end = midnights
        entries = await at.appointments.page(
            at.tenant,
            first=begin,
            before=end,
            user_id=None,
            status=None,
            after=None,
            limit=MOST,
        )
        return entries, rules

    entries, rules = _at(tenant, find)
    show(
        ("Appointment", "When", "Service", "Who", "For", "Status", "Told"),
        [
            [
                *(str(each.id), _minute(each.starts_at, rules)),
                *(each.service_name, each.professional_name, _plain(each.visitor)),
                *(each.status, each.told or "–"),
            ]
            for each in entries
        ],
        none="Nothing is booked then.",
        codes=("Status", "Told"),
        items=[_json(each) for each in entries] if as_json else None,
    )


@app.command()
def book(
    tenant: Annotated[str, TENANT],
    *,
    service: Annotated[str, SERVICE],
    start: Annotated[str, START],
    phone: Annotated[str, PHONE],
    name: Annotated[str | None, NAME] = None,
    who: Annotated[str | None, WHO] = None,
    tell: Annotated[bool, TELL] = True,
) -> None:
    """Book for somebody, by the assistant's own rules, and have them told."""

    async def work(
        at: AppointmentServices, trail: ActorTrail
    ) -> "tuple[Appointment, BookingRules]":
        rules = (await at.appointments.catalogue(at.tenant)).rules
        booking = Booking(
            service=service,
            professional=who,
            start=_moment(start, rules),
            name=name,
            whatsapp_number=phone,
        )
        return await at.appointments.book(at.tenant, booking, trail=trail, tell=tell), rules

    entry, rules = _at(tenant, work)
    say("{what} is booked: {id}", what=_what(entry, rules), id=entry.id)
    _say_told(entry, tell=tell)


@app.command()
def move(
    tenant: Annotated[str, TENANT],
    appointment: Annotated[UUID, APPOINTMENT],
    *,
    start: Annotated[str | None, START] = None,
    who: Annotated[str | None, WHO] = None,
    service: Annotated[str | None, SERVICE] = None,
    tell: Annotated[bool, TELL] = True,
) -> None:
    """Move an appointment to another time, person or service, and have its customer told."""
    if start is None and who is None and service is None:
        raise typer.BadParameter("Say what is to change.")

    async def work(
        at: AppointmentServices, trail: ActorTrail
    ) -> "tuple[Appointment, BookingRules]":
        rules = (await at.appointments.catalogue(at.tenant)).rules
        change = AppointmentChange(
            service=service,
            professional=who,
            start=None if start is None else _moment(start, rules),
        )
        current = await at.appointments.get(at.tenant, appointment)
        return await at.appointments.move(at.tenant, current, change, trail=trail, tell=tell), rules

    entry, rules = _at(tenant, work)
    say("It is now {what}.", what=_what(entry, rules))
    _say_told(entry, tell=tell)


@app.command()
def cancel(
    tenant: Annotated[str, TENANT],
    appointment: Annotated[UUID, APPOINTMENT],
    *,
    tell: Annotated[bool, TELL] = True,
) -> None:
    """Cancel an appointment, and have its customer told."""

    async def work(
        at: AppointmentServices, trail: ActorTrail
    ) -> "tuple[Appointment, BookingRules]":
        rules = (await at.appointments.catalogue(at.tenant)).rules
        return await at.appointments.cancel(at.tenant, appointment, trail=trail, tell=tell), rules

    entry, rules = _at(tenant, work)
    say("{what} is cancelled.", what=_what(entry, rules))
    _say_told(entry, tell=tell)


@app.command()
def calls(
    tenant: Annotated[str, TENANT],
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the customers to call: what was changed for them, and no message could tell them.

    The most urgent first. Whoever was called is taken off with [bold]called[/]; what has begun goes
    by itself.
    """

    async def find(
        at: AppointmentServices, _: ActorTrail
    ) -> "tuple[list[CallToMake], BookingRules]":
        rules = (await at.appointments.catalogue(at.tenant)).rules
        return await at.appointments.calls(at.tenant, limit=MOST), rules

    found, rules = _at(tenant, find)
    show(
        ("Appointment", "Who", "Phone", "They know", "Now", "Changed by", "Why no message"),
        [
            [
                *(str(each.appointment_id), _plain(each.name), each.phone or "–"),
                _minute(each.known_start, rules) if each.known_start else "–",
                worded("cancelled")
                if each.status == "cancelled"
                else _minute(each.starts_at, rules),
                *(each.by, each.error or worded("WhatsApp takes none now")),
            ]
            for each in found
        ],
        none="Nobody is to be called.",
        items=[_json(each) for each in found] if as_json else None,
    )


@app.command()
def called(tenant: Annotated[str, TENANT], appointment: Annotated[UUID, APPOINTMENT]) -> None:
    """Note that the customer of an appointment was called."""

    async def work(at: AppointmentServices, trail: ActorTrail) -> None:
        await at.appointments.called(at.tenant, appointment, trail=trail)

    _at(tenant, work)
    say("Noted.")


def _at(
    path: str, work: Callable[["AppointmentServices", "ActorTrail"], Awaitable[Result]]
) -> Result:
    """Run `work` on the appointments of one tenant, as the person at this machine."""
    settings, where, trail = Settings(), split_path(path), ActorTrail(command_actor())

    async def run(database_url: str) -> Result:
        async with appointments_alone(settings, database_url=database_url, path=where) as at:
            return await work(at, trail)

    with servers(settings) as given:
        refuse_old_schema(given.database_url)
        return asyncio.run(run(given.database_url))


def _say_told(entry: Appointment, *, tell: bool) -> None:
    if entry.told == "message":
        say("The customer is told by a message.")
    elif entry.told == "call":
        say("WhatsApp takes no message now: call them. mcp-platform appointments calls")
    elif not tell:
        say("The customer was not told.")


def _minute(at: datetime, rules: BookingRules) -> str:
    return f"{rules.local(at):%Y-%m-%d %H:%M}"


def _what(entry: Appointment, rules: BookingRules) -> str:
    when = _minute(entry.starts_at, rules)
    return f"{entry.service_name}, {entry.professional_name}, {when}"


def _day(written: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007  # by the tenant's clock
        except ValueError:
            continue
    raise typer.BadParameter(f"{written!r} is no day; write 2026-12-01.")


def _moment(written: str, rules: BookingRules) -> datetime:
    """Return when is meant, by the tenant's clock unless an offset is written."""
    for form in FORMS:
        try:
            return rules.moment(datetime.strptime(written, form))  # noqa: DTZ007  # as above
        except ValueError:
            continue
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(f'{written!r} is no time; write "2026-12-01 10:00".')
    return moment


def _plain(words: str | None) -> str:
    """Return what somebody wrote, without what would steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in words or "–")


def _json(shown: Appointment | CallToMake) -> dict[str, object]:
    hidden = "calendar_id"  # where its event was last written to is our own matter
    return {name: getattr(shown, name) for name in type(shown).__slots__ if name != hidden}
