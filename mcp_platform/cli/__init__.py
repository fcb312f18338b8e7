"""The command line, `mcp-platform`: one module of `commands/` for each command or family.

Here is how commands are named, and how an expected failure ends: one sentence, and an exit status
other than 0. A module is imported when its command is called, so that `--help` answers at once.
"""

import gc
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from mcp_platform.cli.failures import said
from mcp_platform.cli.helping import SpokenContext, in_words, paragraphs, usage_in_words
from mcp_platform.cli.spoken import TOLD_IN, Spoken, speak, spoken

__all__ = ["app", "main"]

# What is called how: the module, the command or the family in it, and what `--help` says of it.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "serve": (
        "serve",
        "serve",
        "Serve. SIGTERM and Ctrl-C stop it when what is under way is finished.",
    ),
    "demo": (
        "demo",
        "demo",
        "Run everything here, with simulated vendors: no account, no key, no Docker.",
    ),
    "onboard": (
        "onboard",
        "onboard",
        "Ask everything about a new client, prove its credentials with the vendors, and save it.",
    ),
    "doctor": (
        "doctor",
        "doctor",
        "Check credentials, vendors and webhooks of a tenant, and say what to do.",
    ),
    "rehearse": (
        "rehearse",
        "rehearse",
        "Play dialogues with a tenant's real model, and judge the replies. No customer is reached.",
    ),
    "words": (
        "words",
        "words",
        "Print everything the assistant can say, with an example of each value, as Markdown.",
    ),
    "audit": (
        "audit",
        "audit",
        "Show who did what, newest first. Secrets are masked, and phone numbers but for two digits.",
    ),
    "publish": (
        "publish",
        "publish",
        "Export the database, make the manifests, and push them to MANIFESTS_REPOSITORY.",
    ),
    "diff": ("publish", "diff", "Show what `publish --prune` would change. Pushes nothing."),
    "migrate": (
        "migrate",
        "migrate",
        "Bring the database to this release. Safe to repeat, and to run by several at once.",
    ),
    "check-migrations": (
        "migrate",
        "check_migrations",
        "Compare the tables that the migrations make with those that the code declares.",
    ),
    "tenants": (
        "tenants",
        "app",
        "Make, change, list and show tenants, suspend and resume them, make tokens for their API.",
    ),
    "attention": (
        "waiting.attention",
        "attention",
        "Show what waits for somebody over all tenants, the longest first. Of active tenants.",
    ),
    "services": ("catalogue.services", "app", "See, add, change and remove what a tenant offers."),
    "people": ("catalogue.people", "app", "See, add, change and remove who works for a tenant."),
    "hours": ("catalogue.people", "hours_app", "See and set the weekly hours of people."),
    "closed-days": (
        "closed_days",
        "app",
        "See, close and open days, half days and holidays of a tenant.",
    ),
    "answers": (
        "answers.answers",
        "app",
        "See, add, edit and remove what the assistant answers about a business.",
    ),
    "phrases": (
        "answers.phrases",
        "app",
        "See what the assistant says, and put a business's own words in its place.",
    ),
    "questions": (
        "answers.questions",
        "app",
        "See what customers asked and nobody has answered yet, and answer it.",
    ),
    "waitlist": (
        "waiting.waitlist",
        "app",
        "See who would come if a time became free, and note whom you have seen to.",
    ),
    "templates": (
        "templates",
        "app",
        "See and make the message templates by which customers are reached outside of 24 hours.",
    ),
    "credentials": (
        "credentials",
        "app",
        "See which credentials of a tenant there are, and set them.",
    ),
    "config": (
        "config",
        "app",
        "Bring clients in from a config.json, or write one for the manifest builder.",
    ),
    "platform": (
        "platform",
        "app",
        "See and set what all tenants share in the manifests, and what is missing in it.",
    ),
    "secrets": (
        "secrets",
        "app",
        "Bring credentials into a cluster without Argo CD and without Sealed Secrets.",
    ),
    "users": ("users", "app", "Make and manage the platform's users."),
    "inbox": ("inbox", "app", "See messages that could not be answered, and try again."),
    "outbox": (
        "outbox",
        "app",
        "See messages and calendar writes that were given up, and try again.",
    ),
    "conversations": (
        "conversations.conversations",
        "app",
        "See conversations, take them from the assistant, answer, and give them back.",
    ),
    "appointments": (
        "appointments",
        "app",
        "See a tenant's appointments, book, move and cancel them; see whom to call.",
    ),
}


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Look for no cycles while modules are imported: a quarter of the time that `serve` takes to start.

    What is imported stays; it is not looked at later either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class _Modules(MutableMapping[str, Any]):
    """Commands by name, each made of its module when it is asked for, in the language spoken then."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Any] = {}

    def __getitem__(self, name: str) -> Any:
        key = (name, spoken())
        if key not in self._made:
            module, attribute, _ = COMMANDS[name]
            with _no_garbage():
                found = getattr(import_module(f"mcp_platform.cli.commands.{module}"), attribute)
            self._made[key] = _made(name, found)
        return self._made[key]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name, spoken()] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name, spoken()]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _made(name: str, found: Any) -> Any:
    """Return a family (`typer.Typer`) or a function as Typer's own command, in the language spoken."""
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.name = name
        for each in (group, *group.commands.values()):
            in_words(each)
        return group
    command = get_command_from_info(
        CommandInfo(name=name, callback=found),
        pretty_exceptions_short=False,
        rich_markup_mode="rich",
    )
    in_words(command)
    return command


class _Commands(TyperGroup):
    """All commands. Listing them imports none."""

    context_class = SpokenContext

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Modules()
        self._listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # as Typer calls it
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if self._listing:
            return TyperCommand(cmd_name, help=paragraphs(COMMANDS[cmd_name][2]))
        return super().get_command(ctx, cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        in_words(self)
        self._listing = True
        super().format_help(ctx, formatter)

    def make_context(self, *given: Any, **settings: Any) -> Any:
        with usage_in_words():
            return super().make_context(*given, **settings)

    def invoke(self, ctx: Any) -> Any:
        with usage_in_words():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    name="mcp-platform",
    help=(
        "WhatsApp scheduling assistants for many small businesses, isolated per client.\n\n"
        "Without DATABASE_URL and REDIS_URL the commands use PostgreSQL and Valkey of their own, "
        "in the folder DATA_DIR (default: .data)."
    ),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # its frames would show local variables: secrets among them
)


def _version(wanted: bool) -> None:  # as typer calls it
    if wanted:
        typer.echo(f"mcp-platform {metadata.version('mcp-platform')}")
        raise typer.Exit


def _speak(chosen: Spoken | None) -> None:  # as typer calls it
    speak(chosen)


LANG = typer.Option(
    "--lang",
    help=TOLD_IN,
    show_default=False,
    callback=_speak,
    is_eager=True,  # as --help is, which is answered in it
)
VERSION = typer.Option(
    "--version", help="Say which release this is, and end.", callback=_version, is_eager=True
)


@app.callback()
def mcp_platform(
    *,
    version: Annotated[bool, VERSION] = False,  # eager
    lang: Annotated[Spoken | None, LANG] = None,  # eager
) -> None:
    """What all commands share: the release, and the language."""


def main() -> None:
    """Run one command; what is expected to go wrong is said in one sentence."""
    speak(None)
    with said():
        app(prog_name="mcp-platform")
