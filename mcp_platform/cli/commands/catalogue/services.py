"""`services`: what a tenant offers."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import JSON, TENANT, Id, Name, Named, Position, option
from mcp_platform.cli.catalogue import cents, every_one, in_catalogue, slug
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import say, worded
from mcp_platform.registry.services import NewService, ServiceChange, Services
from mcp_platform.scheduling.wording import price

app = typer.Typer(help="See, add, change and remove what a tenant offers.", no_args_is_help=True)

SERVICE = typer.Argument(help="Its id, as `services list` shows it.", show_default=False)


Minutes = Annotated[int | None, option("--minutes", told="How long it takes.")]
Price = Annotated[
    str | None, option("--price", told='Such as 45,00 or "USD 12.50"; empty: it is not told.')
]
Before = Annotated[int | None, option("--before", told="Minutes kept free before it.")]
After = Annotated[int | None, option("--after", told="Minutes kept free after it.")]
Active = Annotated[
    bool | None, option("--active/--inactive", told="Whether it is offered; its history stays.")
]


@app.command("list")
def list_(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List what a tenant offers, in the owner's order."""
    found = in_catalogue(Services, tenant, every_one)
    show(
        ("Id", "Name", "Minutes", "Price", "Done by", "State", "Remarks"),
        [
            [
                each.id,
                each.name,
                str(each.duration_minutes),
                "–"
                if each.price_cents is None
                else price(each.price_cents, currency=each.currency, language="pt-BR"),
                str(each.professionals),
                worded("active") if each.active else worded("inactive"),
                " ".join(each.warnings),
            ]
            for each in found
        ],
        none="Nothing is offered yet: mcp-platform services add.",
        items=found if as_json else None,
    )


@app.command()
def add(
    tenant: Annotated[str, TENANT],
    name: Named,
    *,
    minutes: Annotated[int, typer.Option("--minutes", help="How long it takes.")],
    price: Price = None,
    id_: Id = None,
    before: Before = None,
    after: After = None,
    position: Position = None,
) -> None:
    """Add a service. It can be booked once somebody does it: mcp-platform people."""
    wish = NewService.of(
        {
            "id": id_ or slug(name),
            "name": name,
            "duration_minutes": minutes,
            **_given(price=price, before=before, after=after, position=position),
        }
    )
    in_catalogue(Services, tenant, lambda services: services.create(wish))
    say("{name} is offered; every process sees it within fifteen seconds.", name=name)


@app.command()
def change(
    tenant: Annotated[str, TENANT],
    service: Annotated[str, SERVICE],
    *,
    name: Name = None,
    minutes: Minutes = None,
    price: Price = None,
    before: Before = None,
    after: After = None,
    position: Position = None,
    active: Active = None,
) -> None:
    """Change a service; what is not named stays as it is."""
    given = {
        **_given(price=price, before=before, after=after, position=position),
        **{
            field: value
            for field, value in (("name", name), ("duration_minutes", minutes), ("active", active))
            if value is not None
        },
    }
    if not given:
        raise typer.BadParameter("Say what is to change.")
    wish = ServiceChange.of(given)
    in_catalogue(Services, tenant, lambda services: services.update(service, wish, versions=None))
    say("{name} is changed; every process sees it within fifteen seconds.", name=service)


@app.command()
def remove(tenant: Annotated[str, TENANT], service: Annotated[str, SERVICE]) -> None:
    """Remove a service that nobody ever booked; one with a history is made inactive instead."""
    now = datetime.now(UTC)
    in_catalogue(
        Services, tenant, lambda services: services.delete(service, versions=None, now=now)
    )
    say("{name} is removed.", name=service)


def _given(
    *, price: str | None, before: int | None, after: int | None, position: int | None
) -> dict[str, Any]:
    columns = {
        "buffer_before_minutes": before,
        "buffer_after_minutes": after,
        "position": position,
    }
    return {
        **{field: value for field, value in columns.items() if value is not None},
        **({} if price is None else cents(price)),
    }
