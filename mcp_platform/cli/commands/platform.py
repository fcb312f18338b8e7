"""`platform`: what all tenants share in the manifests: the image, the host, keys, the repository."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from mcp_platform.access.token_keys import PUBLIC, ensure_keys
from mcp_platform.access.totp import ensure_totp_key
from mcp_platform.cli.operating import command_actor, in_database
from mcp_platform.cli.spoken import say, translated, worded
from mcp_platform.publishing.config_form import BLOCKS, schema
from mcp_platform.publishing.fleet import Blocks, FleetBlocks, Lack, lacks, looked_up
from mcp_platform.publishing.publishing import pushed_to
from mcp_platform.settings import Settings

app = typer.Typer(
    help="See and set what all tenants share in the manifests, and what is missing in it.",
    no_args_is_help=True,
)
FIELDS = typer.Argument(
    help="Fields of docs/config.md: [bold]image=…[/], [bold]host=…[/], [bold]argocd.repo_url=…[/],"
    " [bold]settings.LOG_LEVEL=…[/]. Lists with commas. Nothing behind the = takes a field away.",
    metavar="[FIELD=VALUE]…",
    show_default=False,
)
KEYS = typer.Option(
    "--token-keys",
    help="A folder: the public halves of its keys become those that tokens are verified with. A"
    " first pair is made where there is none. Its private half goes into a Secret, by hand.",
    show_default=False,
)
JSON = typer.Option("--json", help="As JSON, for programs.")


@app.command()
def show(*, json: Annotated[bool, JSON] = False) -> None:
    """Show what all tenants share, and what a fleet still needs to run."""
    _tell(in_database(lambda session: FleetBlocks(session, command_actor()).read()), as_json=json)


@app.command("set")
def set_(
    fields: Annotated[list[str] | None, FIELDS] = None,
    *,
    token_keys: Annotated[Path | None, KEYS] = None,
) -> None:
    """Set what all tenants share. What is not named stays; `publish` brings it to the cluster."""
    if not (fields or token_keys):
        raise typer.BadParameter("Name a field, or give --token-keys.")
    patch = _patch(fields or ())
    if token_keys is not None:
        patch.setdefault("platform", {})["token_keys"] = _public_halves(token_keys)
    _tell(
        in_database(lambda session: FleetBlocks(session, command_actor()).change(patch)),
        as_json=False,
    )


def tell_lacks(found: Sequence[Lack], *, most: int) -> None:
    """Say on standard error what is missing: each thing, why, and the command that gives it."""
    for each in found[:most]:
        typer.echo(f"  {each.field}: {translated(each.why)}", err=True)
        typer.echo(f"    {each.command}", err=True)
    if len(found) > most:
        say("  and {count} more", count=len(found) - most, err=True)


def _tell(blocks: Blocks, *, as_json: bool) -> None:
    settings = Settings()
    config: Mapping[str, Any] = blocks
    if settings.manifests_repository is not None:
        config = pushed_to(
            blocks, url=settings.manifests_repository, branch=settings.manifests_branch
        )
    missing = list(lacks(config))
    if as_json:
        told = [{"field": each.field, "why": each.why, "command": each.command} for each in missing]
        typer.echo(dumps({**blocks, "missing": told}, indent=2, ensure_ascii=False))
        return
    if blocks:
        shown = {name: _shown(body) for name, body in blocks.items()}
        typer.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True), nl=False)
    else:
        say("Nothing is set yet.")
    if missing:
        say("A fleet does not run without:", err=True, fg="yellow")
        tell_lacks(missing, most=len(missing))
    if asked := list(looked_up(config)):
        say("Looked up when it is published, as it is not set:", err=True, fg="yellow")
        tell_lacks(asked, most=len(asked))


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    keys = dict.fromkeys(body.get("token_keys", {}), worded("(public key)"))
    return {**body, "token_keys": keys} if keys else dict(body)


def _public_halves(folder: Path) -> dict[str, str]:
    """Return the public keys of a folder by key id; a first pair is made there."""
    ensure_keys(folder, now=datetime.now(UTC))
    ensure_totp_key(folder)
    return {
        file.name.removesuffix(PUBLIC): file.read_text("ascii")
        for file in sorted(folder.glob(f"*{PUBLIC}"))
    }


def _patch(assignments: Sequence[str]) -> dict[str, Any]:
    """Return the merge patch that `FIELD=VALUE` mean; a field without its section is `platform`'s."""
    patch: dict[str, Any] = {}
    for each in assignments:
        name, mark, value = each.partition("=")
        if not mark or not name:
            raise typer.BadParameter(f"{each!r} is not written as FIELD=VALUE.")
        path = name.split(".")
        path = path if path[0] in BLOCKS and len(path) > 1 else ["platform", *path]
        place = patch
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = _typed(path, value) if value else None
    return patch


def _typed(path: Sequence[str], value: str) -> Any:
    """Return the value as the schema wants it; what is no number or boolean stays as it was typed."""
    kind = _described(path).get("type")
    if kind == "integer" and value.isdecimal():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "array":
        return [part for each in value.split(",") if (part := each.strip())]
    return value


def _described(path: Sequence[str]) -> Mapping[str, Any]:
    """Return what the schema says of a field; of one that it does not know, nothing."""
    definitions = schema()["$defs"]

    def resolved(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        while node:
            yield node
            node = definitions.get(node.get("$ref", "").rpartition("/")[2], {})

    found: Mapping[str, Any] = {"properties": definitions}
    for part in path:
        *_, whole = resolved(found)
        found = whole.get("properties", {}).get(part) or whole.get("additionalProperties") or {}
    *_, whole = resolved(found) if found else ({},)
    return whole
