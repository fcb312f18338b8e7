"""`publish` and `diff`: the manifests of all tenants, in the repository that Argo CD applies."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mcp_platform.bootstrap.commands import api_server_ranges
from mcp_platform.cli.commands.platform import tell_lacks
from mcp_platform.cli.operating import in_database, show
from mcp_platform.cli.spoken import say, translated
from mcp_platform.errors import Invalid, PlatformError
from mcp_platform.publishing import publications, publishing
from mcp_platform.publishing.builder import build_manifests
from mcp_platform.publishing.config_export import export_config
from mcp_platform.publishing.fleet import SET, Lack, lacks, unready
from mcp_platform.publishing.publishing import (
    ChangedFolder,
    difference,
    pushed_to,
    with_api_server,
    with_repository,
)
from mcp_platform.settings import Settings

PRUNE = typer.Option(
    "--prune",
    help="Remove the folders of tenants that are gone. With them Argo CD removes what runs.",
)
MOST_WAITING = 20  # as many as a person reads at once
STAT = typer.Option("--stat", help="Name the folders only, not the lines.")


def publish(prune: Annotated[bool, PRUNE] = False) -> None:
    """Export the database, make the manifests, and push them to MANIFESTS_REPOSITORY.

    A fleet that could not run is not pushed: what is missing is said, and which command gives it. Safe to repeat, and to run by several at once: nothing is pushed when nothing changed, and a
    push never goes over somebody else's. Needs `git`, and the extra `manifests` of this package.
    """
    url, branch = _repository()

    _examine(url, branch, refuse=True)

    def requested(digests: Mapping[str, str]) -> None:
        now = datetime.now(UTC)
        in_database(lambda session: publications.record_requested(session, digests, now=now))

    done = publishing.publish(
        export=lambda: _export(url, branch),
        synth=_synth,
        url=url,
        branch=branch,
        prune=prune,
        step=_step,
        requested=requested,
    )
    now = datetime.now(UTC)
    in_database(
        lambda session: publications.record_committed(
            session, done.digests, commit_id=done.head, now=now
        )
    )
    _show(done.changes)
    if done.commit:
        say("Pushed {commit} to {branch}.", commit=done.commit[:12], branch=branch)
    else:
        say("Nothing to publish: all is there.")


def diff(stat: Annotated[bool, STAT] = False) -> None:
    """Show what `publish --prune` would change. Pushes nothing."""
    url, branch = _repository()
    _examine(url, branch, refuse=False)
    changes, lines = difference(
        export=lambda: _export(url, branch), synth=_synth, url=url, branch=branch, step=_step
    )
    _show(changes)
    if not changes:
        say("Nothing would change.")
    elif not stat:
        typer.echo(lines)


def _repository() -> tuple[str, str]:
    settings = _settings()
    if settings.manifests_repository is None:
        raise Invalid(
            "MANIFESTS_REPOSITORY is not set: the URL of the private Git repository that Argo CD"
            " reads, for instance git@git.example.com:agency/manifests.git."
        )
    return settings.manifests_repository, settings.manifests_branch


def _settings() -> Settings:
    return Settings()


def _examine(url: str, branch: str, *, refuse: bool) -> None:
    """Say what the fleet lacks. Raises Exit where it could not run, if `refuse`."""
    _step("looking at what the fleet needs to run")
    config = pushed_to(json.loads(in_database(export_config)), url=url, branch=branch)
    missing = [*lacks(config), *_unreached(config)]
    if waiting := list(unready(config)):
        say("Tenants that cannot work yet:", err=True, fg="yellow")
        tell_lacks(waiting, most=MOST_WAITING)
    if missing:
        say("This fleet cannot run. It lacks:", err=True, fg="red")
        tell_lacks(missing, most=len(missing))
        if refuse:
            say("Nothing was pushed.", err=True)
            raise typer.Exit(1)


def _unreached(config: Mapping[str, Any]) -> Iterator[Lack]:
    """Give what is missing where neither the file nor a cluster tells where its API answers."""
    if config.get("platform", {}).get("api_server_ranges"):
        return
    try:
        asyncio.run(api_server_ranges())
    except PlatformError as error:
        yield Lack(
            field="platform.api_server_ranges",
            why="no part that reads Secrets may reach the cluster's API, and no cluster of"
            f" KUBECONFIG tells its addresses ({error})",
            command=f"{SET} api_server_ranges=203.0.113.10/32",
        )


def _export(url: str, branch: str) -> bytes:
    config = with_repository(in_database(export_config), url=url, branch=branch)
    return with_api_server(config, look_up=lambda: asyncio.run(api_server_ranges()))


def _synth(config: Path, output: Path, *, prune: bool) -> None:
    build_manifests(config, output, prune=prune, told=lambda said: typer.echo(said, err=True))


def _step(sentence: str) -> None:
    typer.echo(f"· {translated(sentence)}", err=True)


def _show(changes: Sequence[ChangedFolder]) -> None:
    if changes:
        rows = [[each.folder, each.kind, str(each.files)] for each in changes]
        show(("Folder", "What", "Files"), rows, none="", codes=("What",))
