"""Manifests made and pushed: what the database says becomes a commit that Argo CD applies.

The order is: export → manifests → look for secrets → commit → push → written down per tenant. A push
that another one overtook begins again at the export, so the later of two holds what both know.
`cdk8s_app` makes the files, Git keeps them.
"""

import hashlib
import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import yaml

from mcp_platform.errors import Conflict, Invalid, PlatformError
from mcp_platform.publishing.manifests_repository import ChangedFile, ManifestsRepository, Overtaken

TRIES = 6
PAUSE_S = 1.0
CONFIG = "config.json"
INDEX = ".index.json"
FOLDERS = ("argocd", "clients", "data", "platform")
"""What Argo CD applies of the builder's output."""
MOST_LISTED = 50

Export = Callable[[], bytes]
"""Gives `config.json` as the database has it now."""
Step = Callable[[str], None]

# Private keys, tokens and passwords in URLs by their own marks, should one reach a file that is no
# Secret. `$(NAME)` and `{{ name }}` in a URL are filled in later, elsewhere.
_SECRETS = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bEAA[0-9A-Za-z]{60,}"
    rb"|\bAIza[0-9A-Za-z_-]{35}\b|\bAQ\.[0-9A-Za-z_-]{30,}"
    rb"|://[^\s/:@'\"]*:[^\s/@'\"${}]+@"
)


# Argo CD has a login from a Secret of its own. A password may hold a slash.
_LOGIN = re.compile(r"^(https?://).*@")


class Synth(Protocol):
    def __call__(self, config: Path, output: Path, *, prune: bool) -> None:
        """Bring `output` to what `config` says; `prune` removes what is no longer in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFolder:
    """A folder that differs, `clients/<client>/<environment>` for instance."""

    folder: str
    kind: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What was pushed. `commit` is None where nothing changed; `head` is what the branch is at."""

    commit: str | None
    head: str | None
    changes: tuple[ChangedFolder, ...]
    digests: Mapping[str, str]
    """By `<client>/<environment>`: a digest of what the exported file says of it."""


def publish(
    *,
    export: Export,
    synth: Synth,
    url: str,
    branch: str,
    prune: bool,
    step: Step = lambda _: None,
    requested: Callable[[Mapping[str, str]], None] = lambda _: None,
    accepts: Callable[[str], bool] = lambda _: True,
) -> Publication:
    """Bring the repository to what the database says. Blocks.

    Args:
        export: asked again at each try.
        synth: makes the files.
        url: of the repository.
        branch: that is pushed to; made where it is not there yet.
        prune: remove the folders of tenants that are gone. With them Argo CD removes what runs.
        step: told what is being done.
        requested: told the digests that are pushed, before they are, to write them down.
        accepts: asked whether this diff, as `difference` tells it, is to be pushed.

    Raises:
        Conflict: others pushed again and again, a file would hold a secret in clear, or the diff
            is not accepted.
        Unavailable: the repository cannot be reached.
        Invalid: the builder refuses the configuration.
    """
    for attempt in range(1, TRIES + 1):
        with tempfile.TemporaryDirectory(prefix="mcp-publish-") as made:
            step("exporting config.json")
            config = export()
            digests = tenant_digests(config)
            repository, changed = _prepared(
                Path(made), config, synth=synth, url=url, branch=branch, prune=prune, step=step
            )
            changes = tuple(summarised(changed))
            if not changed:
                requested(digests)
                return Publication(commit=None, head=repository.head(), changes=(), digests=digests)
            if not accepts(repository.difference()):
                raise Conflict("Something else would be pushed than what was shown. Look again.")
            requested(digests)
            step(f"pushing {len(changed)} files")
            commit = repository.commit(message(changes))
            try:
                repository.push()
            except Overtaken:
                step("somebody else pushed first: beginning again")
                time.sleep(random.uniform(0, PAUSE_S * attempt))
                continue
            return Publication(commit=commit, head=commit, changes=changes, digests=digests)
    raise Conflict(f"Others pushed to {branch} before us {TRIES} times. Try again in a minute.")


def difference(
    *, export: Export, synth: Synth, url: str, branch: str, step: Step = lambda _: None
) -> tuple[tuple[ChangedFolder, ...], str]:
    """Return what `publish` would change, by folder and as a diff. Pushes nothing. Raises as it."""
    with tempfile.TemporaryDirectory(prefix="mcp-publish-") as made:
        step("exporting config.json")
        repository, changed = _prepared(
            Path(made), export(), synth=synth, url=url, branch=branch, prune=True, step=step
        )
        return tuple(summarised(changed)), repository.difference()


def with_api_server(config: bytes, *, look_up: Callable[[], Sequence[str]]) -> bytes:
    """Return the file with the addresses of the cluster's API in it; as it is, where it has them.

    Without them the parts that read Secrets reach nothing, and no default is narrow enough.

    Raises:
        Invalid: they could not be looked up.
    """
    document = json.loads(config)
    if document.get("platform", {}).get("api_server_ranges"):
        return config
    try:
        found = list(look_up())
    except PlatformError as error:
        raise Invalid(
            "platform.api_server_ranges is not set, and no cluster tells where its API answers:"
            " set it with `platform set`, or KUBECONFIG for this command. Nothing was pushed."
            f" ({error})"
        ) from error
    platform = {**document.get("platform", {}), "api_server_ranges": found}
    document["platform"] = dict(sorted(platform.items()))
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def with_repository(config: bytes, *, url: str, branch: str) -> bytes:
    """Return the file with the repository that is pushed to, where it names none for Argo CD."""
    document = json.loads(config)
    told = pushed_to(document, url=url, branch=branch)
    if told == document:
        return config
    return json.dumps(told, indent=2, ensure_ascii=False).encode() + b"\n"


def pushed_to(config: Mapping[str, Any], *, url: str, branch: str) -> dict[str, Any]:
    """Return what a file says, with this repository for Argo CD where it names none."""
    said = config.get("argocd", {})
    if said.get("repo_url"):
        return dict(config)
    pushed = {"repo_url": _LOGIN.sub(r"\1", url), "target_revision": branch}
    return {**config, "argocd": dict(sorted({**pushed, **said}.items()))}


def _prepared(
    folder: Path,
    config: bytes,
    *,
    synth: Synth,
    url: str,
    branch: str,
    prune: bool,
    step: Step,
) -> tuple[ManifestsRepository, Sequence[ChangedFile]]:
    step("cloning the repository")
    repository = ManifestsRepository(url, branch=branch, folder=folder / "clone")
    step("making the manifests")
    within = _within(config)
    output = repository.folder / within
    output.mkdir(parents=True, exist_ok=True)
    if not repository.is_ours():
        # Somebody may have changed manifests: what the index says of them is not believed.
        (output / INDEX).unlink(missing_ok=True)
    (output / CONFIG).write_bytes(config)
    synth(output / CONFIG, output, prune=prune)
    changed = repository.changes()
    applied = tuple(f"{within}{each}/" for each in FOLDERS)
    refuse_secrets(
        repository.folder,
        {each.path for each in changed if each.kind != "removed"}
        | {path for path in repository.files() if path.startswith(applied)},
    )
    return repository, [replace(each, path=each.path.removeprefix(within)) for each in changed]


def _within(config: bytes) -> str:
    """Return the folder of the repository that Argo CD is told to read: `` or `clusters/main/`."""
    path: str = json.loads(config).get("argocd", {}).get("path", ".").strip("/")
    return "" if path in {".", ""} else f"{path}/"


def refuse_secrets(folder: Path, paths: Collection[str]) -> None:
    """Check that no file holds a secret in clear.

    Raises:
        Conflict: one does. Says which, and never what.
    """
    for path in sorted(paths):
        content = (folder / path).read_bytes()
        if _SECRETS.search(content):
            raise Conflict(f"{path} holds what looks like a key or a token. Nothing was pushed.")
        if path.endswith((".yaml", ".yml", ".json")) and b"Secret" in content:
            for each in _objects(content, path):
                if each.get("kind") == "Secret" and str(each.get("apiVersion")) == "v1":
                    raise Conflict(
                        f"{path} holds a Secret in clear. Nothing was pushed. Seal it, let"
                        " External Secrets bring it, or let the platform write it."
                    )


def _objects(content: bytes, path: str) -> Iterator[Mapping[str, Any]]:
    try:
        found = list(yaml.load_all(content, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise Invalid(f"{path} is not YAML: a manifest that nobody can read.") from error
    while found:
        match found.pop():
            case list() as several:
                found += several
            case dict() as each:
                yield each
                if str(each.get("kind", "")).endswith("List"):
                    found.append(each.get("items"))
            case _:
                pass


def tenant_digests(config: bytes) -> dict[str, str]:
    """Return a digest of what an exported file says of each tenant."""
    return {
        f"{client['client_name']}/{environment}": tenant_digest(said)
        for client in json.loads(config)["clients"]
        for environment, said in client["environments"].items()
    }


def tenant_digest(said: Mapping[str, Any]) -> str:
    """Return a digest of what an exported file says of one tenant."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def summarised(changed: Sequence[ChangedFile]) -> Iterator[ChangedFolder]:
    """Give the folders that differ, in order; the file itself and its index go unsaid."""
    folders: dict[str, list[str]] = {}
    for each in changed:
        if each.path in (CONFIG, INDEX):
            continue
        parts = each.path.split("/")
        depth = {"clients": 3, "argocd": 1}.get(parts[0], 1)
        folders.setdefault("/".join(parts[:depth]), []).append(each.kind)
    for folder, kinds in folders.items():
        kind = kinds[0] if len(set(kinds)) == 1 else "changed"
        yield ChangedFolder(folder=folder, kind=kind, files=len(kinds))


def message(changes: Sequence[ChangedFolder]) -> str:
    """Return a commit message that says which clients changed."""
    tenants = [each for each in changes if each.folder.startswith("clients/")]
    match tenants:
        case []:
            subject = ", ".join(each.folder for each in changes) or "Configuration"
        case [one]:
            subject = f"{one.folder.removeprefix('clients/')} {one.kind}"
        case _:
            counts: dict[str, int] = {}
            for each in tenants:
                counts[each.kind] = counts.get(each.kind, 0) + 1
            subject = "Tenants: " + ", ".join(f"{count} {kind}" for kind, count in counts.items())
    lines = [f"- {each.folder} {each.kind} ({each.files} files)" for each in changes[:MOST_LISTED]]
    if len(changes) > MOST_LISTED:
        lines.append(f"- and {len(changes) - MOST_LISTED} more")
    return "\n".join([subject, "", *lines])
