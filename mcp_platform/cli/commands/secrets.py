"""`secrets`: credentials from a folder into a cluster, where no part of the platform writes them there."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mcp_platform.bootstrap.commands import cluster_alone
from mcp_platform.cli.operating import in_database, split_path, tenants_at
from mcp_platform.cli.spoken import translated, worded
from mcp_platform.errors import Invalid, PlatformError
from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import KEYS, Credentials, CredentialsMissing, CredentialStore
from mcp_platform.tenants.provisioning import Namespaces, Store
from mcp_platform.tenants.stores import EnvDirectoryStore

app = typer.Typer(
    help="Bring credentials into a cluster without Argo CD and without Sealed Secrets.",
    no_args_is_help=True,
)
TENANTS = typer.Argument(
    help="Tenants: [bold]<client>/<environment>[/]. None named: each that the database knows.",
    metavar="[CLIENT/ENV…]",
    show_default=False,
)
FOLDER = typer.Option(
    "--credentials-dir",
    help="Where the .env files lie. Unset: CREDENTIALS_DIR.",
    show_default=False,
)
DRY_RUN = typer.Option("--dry-run", help="Say what would change, and change nothing.")


@app.callback()
def secrets() -> None:
    """Bring credentials into a cluster without Argo CD and without Sealed Secrets."""


@app.command()
def apply(
    tenants: Annotated[list[str] | None, TENANTS] = None,
    *,
    credentials_dir: Annotated[Path | None, FOLDER] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
) -> None:
    """Write each tenant's Secret from its .env file: where KUBECONFIG leads, or around this Pod.

    Keys that the file does not have stay in the Secret. Exit status 1: some could not be written.
    """
    if tenants:
        wanted = [split_path(each) for each in tenants]
    else:
        found = in_database(lambda session: tenants_at(session, None))
        wanted = [split_path(path) for _, path in found]
    folder = credentials_dir or Settings().credentials_dir
    if not asyncio.run(_apply(wanted, folder=folder, dry_run=dry_run)):
        raise typer.Exit(1)


async def _apply(wanted: Sequence[tuple[str, str]], *, folder: Path, dry_run: bool) -> bool:
    """Return whether all went well. One tenant's failure keeps no other waiting."""
    source, good = EnvDirectoryStore(folder), True
    async with cluster_alone() as (store, namespaces):
        for client_name, environment in wanted:
            path = f"{client_name}/{environment}"
            try:
                said = await _apply_one(
                    source, store, namespaces, client_name, environment, dry_run=dry_run
                )
            except PlatformError as error:
                good = False
                fields = error.fields if isinstance(error, Invalid) else {}
                why = [str(error), *(f"{key}: {told}" for key, told in fields.items())]
                typer.secho(f"{path}: {'; '.join(map(translated, why))}", err=True, fg="red")
            else:
                typer.echo(f"{path}: {said}")
    return good


async def _apply_one(
    source: CredentialStore,
    target: Store,
    namespaces: Namespaces,
    client_name: str,
    environment: str,
    *,
    dry_run: bool,
) -> str:
    """Return what was done, or would be; keys are named, values never."""

    def held(credentials: Credentials) -> dict[str, str]:
        return {key: value for key in KEYS if (value := getattr(credentials, key.lower()))}

    values = held(await source.read(client_name=client_name, environment=environment))
    try:
        there = held(await target.read(client_name=client_name, environment=environment))
    except CredentialsMissing:
        there = {}
    changed = sorted(key for key, value in values.items() if there.get(key) != value)
    if not changed:
        return worded("unchanged")
    if not dry_run:
        await namespaces.ensure_namespace(client_name=client_name, environment=environment)
        await target.write(
            client_name=client_name,
            environment=environment,
            values={key: values[key] for key in changed},
        )
    keys = ", ".join(changed)
    if dry_run:
        return worded(
            "would be changed ({keys})" if there else "would be created ({keys})", keys=keys
        )
    return worded("changed ({keys})" if there else "created ({keys})", keys=keys)
