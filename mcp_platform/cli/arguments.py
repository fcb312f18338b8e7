"""Arguments that several commands take, worded once."""

import enum
from typing import Annotated, Any

import typer

TENANT = typer.Argument(
    help="A tenant: [bold]<client>/<environment>[/].", metavar="CLIENT/ENV", show_default=False
)
TENANT_OR_ALL = typer.Argument(
    help="A tenant: [bold]<client>/<environment>[/]. None named: all of them.",
    metavar="[CLIENT/ENV]",
    show_default=False,
)
TENANT_UNLESS_ALL = typer.Argument(
    help="A tenant: [bold]<client>/<environment>[/], unless [bold]--all[/] is given.",
    metavar="[CLIENT/ENV]",
    show_default=False,
)
ALL = typer.Option("--all", help="All of them, instead of naming each.")
JSON = typer.Option("--json", help="Print JSON, for programs, instead of a table.")


def option(*names: str, told: str) -> Any:
    """Return an option without a default that would be shown."""
    return typer.Option(*names, help=told, show_default=False)


class CustomerLanguage(enum.StrEnum):
    """The languages of customers, as an option takes them."""

    pt = "pt-BR"
    en = "en"
    es = "es"


# What `services` and `people` have alike.
Named = Annotated[
    str, typer.Argument(help="As customers read it.", metavar="NAME", show_default=False)
]
Id = Annotated[str | None, option("--id", told="Unset: made of the name. It never changes.")]
Name = Annotated[str | None, option("--name", told="As customers read it.")]
Position = Annotated[int | None, option("--position", told="Lower comes first.")]
CONTACT = typer.Argument(
    help="A phone number in any form, a user id of Meta's (BR.…), an API user, or the id that"
    " [bold]list[/] shows.",
    show_default=False,
)
