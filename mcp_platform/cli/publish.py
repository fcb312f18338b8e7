"""`publish` and `diff`: the manifests of all tenants, in the repository that Argo CD applies."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mcp_platform.admin.publishing import Change
    from mcp_platform.settings import Settings

PRUNE = typer.Option(
    "--prune",
    help="Remove the folders of tenants that are gone. With them Argo CD removes what runs.",
)
STAT = typer.Option("--stat", help="Name the folders only, not the lines.")


def publish(prune: Annotated[bool, PRUNE] = False) -> None:
    """Export the database, make the manifests, and push them to MANIFESTS_REPOSITORY.

    Safe to repeat, and to run by several at once: nothing is pushed when nothing changed, and a
    push never goes over somebody else's. Needs `git`, and the extra `manifests` of this package.
    """
    from datetime import UTC, datetime  # noqa: PLC0415  # only here

    from mcp_platform.admin import publications, publishing  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.operating import in_database  # noqa: PLC0415  # slow to import

    url, branch = _repository()

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
    typer.echo(
        f"Pushed {done.commit[:12]} to {branch}."
        if done.commit
        else "Nothing to publish: all is there."
    )


def diff(stat: Annotated[bool, STAT] = False) -> None:
    """Show what `publish --prune` would change. Pushes nothing."""
    from mcp_platform.admin.publishing import difference  # noqa: PLC0415  # slow to import

    url, branch = _repository()
    changes, lines = difference(
        export=lambda: _export(url, branch), synth=_synth, url=url, branch=branch, step=_step
    )
    _show(changes)
    if not changes:
        typer.echo("Nothing would change.")
    elif not stat:
        typer.echo(lines)


def _repository() -> tuple[str, str]:
    from mcp_platform.errors import Invalid  # noqa: PLC0415  # only here

    settings = _settings()
    if settings.manifests_repository is None:
        raise Invalid(
            "MANIFESTS_REPOSITORY is not set: the URL of the private Git repository that Argo CD"
            " reads, for instance git@git.example.com:agency/manifests.git."
        )
    return settings.manifests_repository, settings.manifests_branch


def _settings() -> "Settings":
    from mcp_platform.settings import Settings  # noqa: PLC0415  # slow to import

    return Settings()


def _export(url: str, branch: str) -> bytes:
    import asyncio  # noqa: PLC0415  # only here

    from mcp_platform.admin.config_export import export_config  # noqa: PLC0415  # slow to import
    from mcp_platform.admin.publishing import (  # noqa: PLC0415  # slow to import
        with_api_server,
        with_repository,
    )
    from mcp_platform.bootstrap.commands import (  # noqa: PLC0415  # slow to import
        api_server_ranges as look_up,
    )
    from mcp_platform.cli.operating import in_database  # noqa: PLC0415  # slow to import

    config = with_repository(in_database(export_config), url=url, branch=branch)
    return with_api_server(config, look_up=lambda: asyncio.run(look_up()))


def _synth(config: Path, output: Path, *, prune: bool) -> None:
    """Run the manifest builder, a package of its own, in a process of its own."""
    from mcp_platform.errors import Invalid  # noqa: PLC0415  # only here

    command = [sys.executable, "-m", "cdk8s_app", "--config", str(config), "--output", str(output)]
    done = subprocess.run(  # noqa: S603  # arguments of ours, and no shell
        [*command, *(["--prune"] if prune else [])], stdout=subprocess.PIPE, check=False
    )
    if done.returncode != 0:
        raise Invalid("The manifest builder did not take the configuration; it says why above.")


def _step(sentence: str) -> None:
    typer.echo(f"· {sentence}", err=True)


def _show(changes: "Sequence[Change]") -> None:
    from mcp_platform.cli.operating import show  # noqa: PLC0415  # slow to import

    if changes:
        rows = [[each.folder, each.kind, str(each.files)] for each in changes]
        show(("Folder", "What", "Files"), rows, none="")
