"""The command line, `mcp-platform`: one file per command or family of commands.

Owns how commands are named, and how an expected failure ends: one sentence, an exit status other
than 0. What commands need is imported when they run, so that `--help` answers at once.
"""

from importlib import metadata
from typing import Annotated

import typer

from mcp_platform.cli import (
    audit,
    closed_days,
    config,
    conversations,
    credentials,
    demo,
    doctor,
    inbox,
    leaving,
    migrate,
    onboard,
    outbox,
    people,
    platform,
    publish,
    secrets,
    serve,
    services,
    tenants,
    users,
)
from mcp_platform.cli.failures import said
from mcp_platform.cli.spoken import LANG, Spoken, speak

__all__ = ["app", "main"]

app = typer.Typer(
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
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("onboard")(onboard.onboard)
app.command("doctor")(doctor.doctor)
app.command("audit")(audit.audit)
app.command("publish")(publish.publish)
app.command("diff")(publish.diff)
app.command("migrate")(migrate.migrate)
app.command("check-migrations")(migrate.check_migrations)
tenants.app.command("export")(leaving.export)
tenants.app.command("offboard")(leaving.offboard)
tenants.app.command("restore")(leaving.restore)
tenants.app.command("purge")(leaving.purge)
app.add_typer(tenants.app, name="tenants")
app.add_typer(services.app, name="services")
app.add_typer(people.app, name="people")
app.add_typer(people.hours_app, name="hours")
app.add_typer(closed_days.app, name="closed-days")
app.add_typer(credentials.app, name="credentials")
app.add_typer(config.app, name="config")
app.add_typer(platform.app, name="platform")
app.add_typer(secrets.app, name="secrets")
app.add_typer(users.app, name="users")
app.add_typer(inbox.app, name="inbox")
app.add_typer(outbox.app, name="outbox")
app.add_typer(conversations.app, name="conversations")


def _version(wanted: bool) -> None:  # as typer calls it
    if wanted:
        typer.echo(f"mcp-platform {metadata.version('mcp-platform')}")
        raise typer.Exit


VERSION = typer.Option(
    "--version", help="Say which release this is, and end.", callback=_version, is_eager=True
)


@app.callback()
def mcp_platform(
    *,
    version: Annotated[bool, VERSION] = False,  # noqa: ARG001  # eager
    lang: Annotated[Spoken | None, LANG] = None,
) -> None:
    """What all commands share: the release, and the language."""
    speak(lang)


def main() -> None:
    """Run one command; what is expected to go wrong is said in one sentence."""
    with said():
        app()
