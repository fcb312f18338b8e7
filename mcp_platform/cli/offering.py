"""Options of a command that are fields of a form: worded once, where the field is."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import option
from mcp_platform.kit.forms import CommandOption, Form


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
        return Annotated[str | None, option(flag, told=offered.help)]
    return Annotated[bool | None, typer.Option(f"{flag}/{offered.off}", help=offered.help)]
