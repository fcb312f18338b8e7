"""`config`: the file that names all clients, out of the database and into it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.bootstrap.commands import operating_alone
from mcp_platform.cli.operating import command_actor, in_database, isolating
from mcp_platform.cli.servers import servers
from mcp_platform.cli.spoken import later, say, translated, worded
from mcp_platform.errors import Invalid
from mcp_platform.publishing.config_credentials import (
    SaveResult,
    TenantEnvFile,
    known_numbers,
    read_handed_over,
    save_handed_over,
    without_credentials,
)
from mcp_platform.publishing.config_export import export_config
from mcp_platform.publishing.config_form import ConfigFile, read_config
from mcp_platform.publishing.config_import import ConfigImport, Plan
from mcp_platform.registry.catalogue_file import PARTS
from mcp_platform.registry.isolation import unprepared
from mcp_platform.settings import Settings

app = typer.Typer(
    help="Bring clients in from a config.json, or write one for the manifest builder.",
    no_args_is_help=True,
)
FILE = typer.Argument(help="A config.json, as docs/config.md describes it.", show_default=False)
DRY_RUN = typer.Option("--dry-run", help="Show what would change, and change nothing.")
CREDENTIALS = typer.Option(
    "--credentials-dir",
    help="Where the credentials files lie that it names. Unset: beside it.",
    show_default=False,
)
NO_PROVE = typer.Option("--no-prove", help="Save credentials without asking the vendors.")
MOST_ASKED = 20  # as many as a person reads at once
CATALOGUE = typer.Option(
    "--catalogue",
    help="Also what each offers, who does it and when. Not for the manifests repository.",
)
OUTPUT = typer.Option("--output", help="Write to this file instead of standard output.")


@app.command("import")
def import_(
    file: Annotated[Path, FILE],
    *,
    dry_run: Annotated[bool, DRY_RUN] = False,
    credentials_dir: Annotated[Path | None, CREDENTIALS] = None,
    no_prove: Annotated[bool, NO_PROVE] = False,
) -> None:
    """Create the clients and environments that a file names, and update those that differ.

    Nothing is deleted. What the database takes, it takes as a whole; then credentials are proved and
    saved, one tenant at a time. Tenants without a file of their own are named, with the command that
    gives them one, and so are those whose file is no more than an example. Exit status 1: some
    credentials were given, and not saved.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    config = read_config(content, name=file.name)
    for warning in config.warnings:
        typer.secho(f"{file.name}: {translated(warning)}", err=True, fg="yellow")
    numbers = in_database(known_numbers)
    handed = read_handed_over(config, folder=credentials_dir or file.parent, numbers=numbers)
    plan = _import(config, dry_run=dry_run)
    _tell(plan, dry_run=dry_run)
    files = handed.files
    if dry_run:
        if files:
            say("Credentials that would be compared with the store: {count}.", count=len(files))
        for path, why in handed.waiting.items():
            typer.secho(f"{path}: {translated(why)}", err=True, fg="yellow")
        return
    saved = _save(files, prove=not no_prove) if files else []
    refused = [each for each in saved if each.error is not None]
    for each in refused:
        typer.secho(f"{each.path}: {_sentence(each)}", err=True, fg="red")
    if files:
        say(
            "Credentials: {saved} of {count} tenants are saved.",
            saved=len(files) - len(refused),
            count=len(files),
        )
    asked = _ask_for(config, handed.waiting, refused={each.path for each in refused})
    unfit = sorted(handed.unfit - set(asked))  # these have credentials, which stay as they are
    for path in unfit:
        typer.secho(f"{path}: {translated(handed.waiting[path])}", err=True, fg="red")
    if refused or unfit:
        raise typer.Exit(1)


@app.command()
def export(
    output: Annotated[Path | None, OUTPUT] = None,
    *,
    catalogue: Annotated[bool, CATALOGUE] = False,
) -> None:
    """Write config.json: what the manifest builder reads. The same database, the same bytes."""
    content = in_database(lambda session: export_config(session, catalogue=catalogue))
    if output is None:
        typer.echo(content.decode(), nl=False)
        return
    output.write_bytes(content)


def _import(config: ConfigFile, *, dry_run: bool) -> Plan:
    actor, unsaid, now = command_actor(), Settings().unsaid_topology, datetime.now(UTC)
    named = [each.path for client in config.clients for each in client.environments]

    async def apply(session: AsyncSession) -> Plan:
        importing = ConfigImport(session, actor, config, unsaid=unsaid, now=now)
        plan = await importing.plan()
        todo = sum(step.action != "unchanged" for step in plan.steps)
        with _progress(worded("Clients and tenants"), total=todo) as advance:
            await importing.apply(plan, tell=lambda done: advance(done, ""))
        return plan

    plan = in_database(
        lambda session: ConfigImport(session, actor, config, unsaid=unsaid, now=now).plan()
    )
    if not dry_run:
        _prepare(plan.becoming_isolated)
        plan = in_database(apply)
        _prepare(in_database(lambda session: unprepared(session, named)))
    return plan


def _prepare(paths: Sequence[str]) -> None:
    """Give tenants that are isolated, or will be, what they need for it."""
    if paths:
        isolating(lambda isolation: isolation.prepare_all(paths, actor=command_actor()))


_CALLED = {
    "client": later("Clients"),
    "tenant": later("Tenants"),
    "service": later("Services"),
    "professional": later("People"),
    "closed_day": later("Closed days"),
}


def _tell(plan: Plan, *, dry_run: bool) -> None:
    marks = {"create": "+", "update": "~"}
    for step in plan.steps:
        if step.action in marks and dry_run:
            changes = ", ".join(
                f"{field}: {now} → {wished}" if step.action == "update" else f"{field}: {wished}"
                for field, (now, wished) in step.changes.items()
            )
            name = f"{step.of_tenant} {step.name}".strip()
            typer.echo(f"{marks[step.action]} {step.kind} {name}  {changes}".rstrip())
    for path in plan.not_named:
        say("  {path} is not named, and stays as it is.", path=path)
    for kind, called in _CALLED.items():
        if kind in PARTS and not any(step.kind == kind for step in plan.steps):
            continue
        created, updated = (len(plan.of(kind, action)) for action in ("create", "update"))
        unchanged = len(plan.of(kind, "unchanged"))
        say(
            "{what}: {created} would be created, {updated} would be updated, {unchanged} unchanged."
            if dry_run
            else "{what}: {created} created, {updated} updated, {unchanged} unchanged.",
            what=worded(called),
            created=created,
            updated=updated,
            unchanged=unchanged,
        )


def _ask_for(
    config: ConfigFile, waiting: Mapping[str, str], *, refused: Collection[str]
) -> list[str]:
    """Ask for the credentials of tenants that have none: why, and by which command. Return whose."""
    named = [each.path for client in config.clients for each in client.environments]
    asked = in_database(lambda session: without_credentials(session, named))
    asked = [path for path in asked if path not in refused]
    if asked:
        say("Still to be given are the credentials of:", err=True, fg="yellow")
    for path in asked[:MOST_ASKED]:
        why = translated(waiting[path]) if path in waiting else worded("no file is named for it")
        typer.echo(f"  {path}: {why}", err=True)
        say("    mcp-platform credentials set {path} --from-file FILE.env", path=path, err=True)
    if len(asked) > MOST_ASKED:
        say("  and {count} more", count=len(asked) - MOST_ASKED, err=True)
    return asked


def _save(files: Sequence[TenantEnvFile], *, prove: bool) -> "list[SaveResult]":
    settings = Settings()

    async def run(database_url: str) -> "list[SaveResult]":
        done = []
        async with operating_alone(settings, database_url=database_url) as made:
            with _progress(worded("Credentials"), total=len(files)) as advance:
                saving = save_handed_over(made.keys, files, actor=command_actor(), prove=prove)
                async for saved in saving:
                    advance(1, saved.path)
                    done.append(saved)
        return done

    with servers(settings) as given:
        return asyncio.run(run(given.database_url))


@contextmanager
def _progress(what: str, *, total: int) -> Iterator[Callable[[int, str], None]]:
    """Show a bar on standard error while the block works; what is yielded moves it on."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, name: bar.update(task, advance=done, description=name)


def _sentence(saved: SaveResult) -> str:
    error = saved.error
    fields = error.fields if isinstance(error, Invalid) else {}
    told = (f"{name}: {translated(why)}" for name, why in fields.items())
    return " ".join([translated(str(error)), *told])
