"""Arguments that several commands take, worded once."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from mcp_platform.kit.forms import CommandOption, Form

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


def offering(form: type[Form]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command that takes keywords have an option for each field that `form` offers."""
    options = {
        name: _option(name, offered)
        for name, field in form.model_fields.items()
        for offered in field.metadata
        if isinstance(offered, CommandOption)
    }

    def with_options(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command)
        named = [each for each in own.parameters.values() if each.kind is not each.VAR_KEYWORD]

        @wraps(command)
        def run(*positional: Any, **given: Any) -> None:
            command(*positional, **given)

        # Typer goes by the signature.
        run.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[
                *named,
                *(
                    inspect.Parameter(
                        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
                    )
                    for name, annotation in options.items()
                ),
            ]
        )
        return run

    return with_options


def _option(name: str, offered: CommandOption) -> Any:
    flag = f"--{name.replace('_', '-')}"
    if offered.off is None:
        told = typer.Option(flag, help=offered.help, show_default=False)
        return Annotated[str | None, told]
    return Annotated[bool | None, typer.Option(f"{flag}/{offered.off}", help=offered.help)]
