"""Arguments that several commands take, worded once."""

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
