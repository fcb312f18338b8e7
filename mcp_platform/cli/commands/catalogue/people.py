"""`people`: who works for a tenant, and `hours`: when."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import JSON, TENANT, Id, Name, Named, Position, option
from mcp_platform.cli.catalogue import every_one, in_catalogue, slug, spans, week
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import say, worded
from mcp_platform.registry.hours import HoursWish
from mcp_platform.registry.professionals import NewProfessional, ProfessionalChange, Professionals

app = typer.Typer(help="See, add, change and remove who works for a tenant.", no_args_is_help=True)
hours_app = typer.Typer(help="See and set the weekly hours of people.", no_args_is_help=True)

PERSON = typer.Argument(help="Their id, as `people list` shows it.", show_default=False)
WEEK = typer.Argument(
    help='The whole week, such as "seg-sex 09:00-12:00 13:00-18:00; sáb 9h-13h". Empty: none.',
    metavar="HOURS",
    show_default=False,
)


Does = Annotated[
    list[str] | None,
    option("--does", told="A service they do, by its id. Several times for several; all of them."),
]
CalendarId = Annotated[
    str | None, option("--calendar-id", told="Their own Google calendar; empty: the business's.")
]
Active = Annotated[
    bool | None, option("--active/--inactive", told="Whether they take bookings; history stays.")
]
Hours = Annotated[str | None, option("--hours", told="Their week, as `hours set` takes it.")]


@app.command("list")
def list_(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List who works for a tenant and what they do, in the owner's order."""
    found = in_catalogue(Professionals, tenant, every_one)
    show(
        ("Id", "Name", "Does", "Calendar", "State"),
        [
            [
                each.id,
                each.name,
                ", ".join(each.service_ids) or "–",
                each.calendar_id or "–",
                worded("active") if each.active else worded("inactive"),
            ]
            for each in found
        ],
        none="Nobody works here yet: mcp-platform people add.",
        items=found if as_json else None,
    )


@app.command()
def add(
    tenant: Annotated[str, TENANT],
    name: Named,
    *,
    does: Does = None,
    hours: Hours = None,
    calendar_id: CalendarId = None,
    id_: Id = None,
    position: Position = None,
) -> None:
    """Add somebody. They can be booked once they have hours, and services that they do."""
    wish = NewProfessional.of(
        {
            "id": id_ or slug(name),
            "name": name,
            "hours": spans(hours or ""),
            **_given(does=does, calendar_id=calendar_id, position=position),
        }
    )
    in_catalogue(Professionals, tenant, lambda people: people.create(wish))
    say("{name} works here; every process sees it within fifteen seconds.", name=name)


@app.command()
def change(
    tenant: Annotated[str, TENANT],
    person: Annotated[str, PERSON],
    *,
    name: Name = None,
    does: Does = None,
    calendar_id: CalendarId = None,
    position: Position = None,
    active: Active = None,
) -> None:
    """Change somebody; what is not named stays as it is. Their week: mcp-platform hours set."""
    given = _given(does=does, calendar_id=calendar_id, position=position)
    given |= {
        field: value for field, value in (("name", name), ("active", active)) if value is not None
    }
    if not given:
        raise typer.BadParameter("Say what is to change.")
    wish = ProfessionalChange.of(given)
    in_catalogue(Professionals, tenant, lambda people: people.update(person, wish, versions=None))
    say("{name} is changed; every process sees it within fifteen seconds.", name=person)


@app.command()
def remove(tenant: Annotated[str, TENANT], person: Annotated[str, PERSON]) -> None:
    """Remove somebody whom nobody ever booked; one with a history is made inactive instead."""
    now = datetime.now(UTC)
    in_catalogue(
        Professionals, tenant, lambda people: people.delete(person, versions=None, now=now)
    )
    say("{name} is removed.", name=person)


@hours_app.command("list")
def list_hours(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List the weekly hours of everybody who works for a tenant."""

    async def read(people: Professionals) -> list[tuple[Any, Any]]:
        return [(each, await people.hours(each.id)) for each in await every_one(people)]

    found = in_catalogue(Professionals, tenant, read)
    show(
        ("Id", "Name", "Hours"),
        [[each.id, each.name, week(of.hours) or "–"] for each, of in found],
        none="Nobody works here yet: mcp-platform people add.",
        items=[
            {"id": each.id, "name": each.name, **of.model_dump(mode="json")} for each, of in found
        ]
        if as_json
        else None,
    )


@hours_app.command("set")
def set_hours(
    tenant: Annotated[str, TENANT],
    person: Annotated[str, PERSON],
    hours: Annotated[str, WEEK],
) -> None:
    """Replace somebody's whole week."""
    wish = HoursWish(hours=spans(hours))
    set_ = in_catalogue(
        Professionals, tenant, lambda people: people.replace_hours(person, wish, versions=None)
    )
    say("{name}: {week}", name=person, week=week(set_.hours) or "–")


def _given(
    *, does: list[str] | None, calendar_id: str | None, position: int | None
) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "service_ids": None if does is None else tuple(each for each in does if each),
        "position": position,
    }
    given = {field: value for field, value in columns.items() if value is not None}
    return given if calendar_id is None else {**given, "calendar_id": calendar_id or None}
