"""Help, and refusals of what was typed, in the language that is spoken.

Owns putting Typer's commands into words before they are shown. What is written stays English in the
code: a paragraph of it is the key of the Portuguese one in `portuguese/help_texts.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError  # Typer tells no other place
from typer._click.formatting import HelpFormatter
from typer.core import TyperGroup

from mcp_platform.cli.spoken import spoken, translated, worded

# Typer's name of its own sentence, and the sentence.
FIXED = {
    "ARGUMENTS_PANEL_TITLE": "Arguments",
    "OPTIONS_PANEL_TITLE": "Options",
    "COMMANDS_PANEL_TITLE": "Commands",
    "ERRORS_PANEL_TITLE": "Error",
    "DEFAULT_STRING": "[default: {}]",
    "REQUIRED_LONG_STRING": "[required]",
    "RICH_HELP": "Try [blue]'{command_path} {help_option}'[/] for help.",
}


class _Formatter(HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _helped("Usage: ") if prefix is None else prefix)


class SpokenContext(typer.Context):
    """The context of a command that is explained in the language that is spoken."""

    formatter_class = _Formatter

    def make_formatter(self) -> HelpFormatter:
        """Put what Typer itself writes into words: this is called before anything is shown."""
        from typer import rich_utils  # noqa: PLC0415  # slow to import, and only needed here

        for name, sentence in FIXED.items():
            setattr(rich_utils, name, _helped(sentence))
        option = self.command.get_help_option(self)
        if option is not None:
            option.help = _helped("Show this message and exit.")
        return super().make_formatter()


def in_words(command: Any) -> None:
    """Put a command and its parameters into the language that is spoken."""
    command.context_class = SpokenContext
    if spoken() == "en":
        return
    command.help = paragraphs(command.help)
    command.options_metavar = _helped(command.options_metavar)
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = _helped(command.subcommand_metavar)
    for parameter in command.params:
        parameter.help = paragraphs(parameter.help)
        parameter.metavar = _helped(parameter.metavar)


def paragraphs(told: str | None) -> str | None:
    """Return each paragraph of a text in the language that is spoken."""
    return told and "\n\n".join(_helped(" ".join(each.split())) for each in told.split("\n\n"))


def _helped(sentence: Any) -> Any:
    if spoken() == "en" or not sentence:
        return sentence
    from mcp_platform.cli.portuguese import help_texts  # noqa: PLC0415  # who speaks it alone

    return help_texts.HELP.get(sentence) or help_texts.WORDS.get(sentence, sentence)


@contextmanager
def usage_in_words() -> Iterator[None]:
    """Refuse what was typed in the language that is spoken, and say that the user stopped it.

    Raises:
        UsageError: as it was raised, in other words.
        Exit: Ctrl-C at a question.
    """
    try:
        yield
    except typer.Abort:
        typer.echo(worded("Aborted."), err=True)
        raise typer.Exit(1) from None
    except UsageError as error:
        if spoken() == "en" or isinstance(error, NoArgsIsHelpError):
            raise
        raise UsageError(translated(error.format_message()), ctx=error.ctx) from error
