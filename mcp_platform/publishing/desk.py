"""Publishing for whoever asks over HTTP: what would change, and the push of exactly that.

One builder runs at a time in a process: it takes seconds and most of a core. Where this process has
no Git, no builder or no repository, it says so; `mcp-platform publish` does the same elsewhere.
"""

import asyncio
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid, PlatformError
from mcp_platform.kit.database import Sessions
from mcp_platform.publishing import publications
from mcp_platform.publishing.builder import build_manifests
from mcp_platform.publishing.config_export import export_alone, export_config
from mcp_platform.publishing.fleet import SET, Lack, lacks, unready
from mcp_platform.publishing.publishing import (
    ChangedFolder,
    Publication,
    Synth,
    difference,
    publish,
    pushed_to,
    with_api_server,
    with_repository,
)
from mcp_platform.tenants.tenant import Tenant

MOST_FILES: Final = 60  # shown with their lines; the folders are all told
MOST_LINES: Final = 200  # of one file
KINDS: Final = ("removed", "changed", "added")  # in this order: what goes is read first
_FILE: Final = re.compile(r"^diff --git ", re.MULTILINE)

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDifference:
    """The lines of one file that would change. `cut`: there are more."""

    path: str
    kind: Literal["added", "changed", "removed"]
    lines: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationPreview:
    """What publishing would do. `seen` is the digest of all of it, to be handed back with the wish."""

    branch: str
    missing: tuple[Lack, ...]
    waiting: tuple[Lack, ...]
    changes: tuple[ChangedFolder, ...]
    files: tuple[FileDifference, ...]
    more_files: int
    seen: str

    @property
    def removes(self) -> tuple[ChangedFolder, ...]:
        return tuple(each for each in self.changes if each.kind == "removed")


class PublishingDesk:
    """Shows what publishing would change, and does it. `repository` None: none is set."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        repository: str | None,
        branch: str,
        api_servers: Callable[[], Coroutine[Any, Any, Sequence[str]]],
        clock: Callable[[], datetime],
        synth: Synth = build_manifests,
    ) -> None:
        self._sessions = sessions
        self._repository = repository
        self._branch = branch
        self._api_servers = api_servers
        self._clock = clock
        self._synth = synth
        self._one = asyncio.Lock()

    @property
    def publishes(self) -> bool:
        """Tell whether there is a repository to publish to."""
        return self._repository is not None

    async def preview(self) -> PublicationPreview:
        """Return what `publish` would change. Pushes nothing; takes seconds.

        Raises:
            Conflict: no repository is set, or a file would hold a secret in clear.
            Unavailable: the repository cannot be reached, or nothing here makes manifests.
            Invalid: the builder refuses the configuration.
        """
        url = self._url()
        missing, waiting = await self._examined(url)
        if any(each.field == "platform.api_server_ranges" for each in missing):
            return self._shown(missing, waiting, (), "")
        changes, text = await self._working(
            lambda wait: difference(
                export=lambda: wait(self._export(url)),
                synth=self._synth,
                url=url,
                branch=self._branch,
            )
        )
        return self._shown(missing, waiting, changes, text)

    async def publish(self, *, seen: str, actor: Actor) -> Publication:
        """Push what `preview` has shown, removals too. Takes seconds; safe to repeat.

        Raises:
            Conflict: something else would be pushed by now, the fleet could not run, no repository
                is set, or others push all the time.
            Unavailable: the repository cannot be reached, or nothing here makes manifests.
            Invalid: the builder refuses the configuration.
        """
        url = self._url()
        missing, _ = await self._examined(url)
        if missing:
            fields = ", ".join(each.field for each in missing)
            raise Conflict(f"This fleet cannot run: {fields} is missing. Nothing was pushed.")

        async def requested(digests: Mapping[str, str]) -> None:
            async with self._sessions.everywhere.begin() as session:
                await publications.record_requested(session, digests, now=self._clock())

        done = await self._working(
            lambda wait: publish(
                export=lambda: wait(self._export(url)),
                synth=self._synth,
                url=url,
                branch=self._branch,
                prune=True,
                requested=lambda digests: wait(requested(digests)),
                accepts=lambda text: _digest(text) == seen,
            )
        )
        async with self._sessions.everywhere.begin() as session:
            await publications.record_committed(
                session, done.digests, commit_id=done.head, now=self._clock()
            )
            if done.commit is not None:
                await audit.record(
                    session,
                    actor=actor,
                    action="fleet.publish",
                    target=self._branch,
                    after={
                        "commit": done.commit,
                        "folders": [f"{each.folder} {each.kind}" for each in done.changes[:50]],
                    },
                )
        return done

    async def manifests_of(self, tenant: Tenant) -> dict[str, str]:
        """Return the manifests of one tenant as they would be published, by file name.

        Raises:
            Unavailable: nothing here makes manifests.
            Invalid: the builder refuses the configuration.
        """
        async with self._sessions.everywhere() as session:
            config = await export_alone(session, tenant)
        if self._repository is not None:
            config = pushed_to(config, url=self._repository, branch=self._branch)
        return await self._working(lambda _: _manifests(config, self._synth, tenant.path))

    def _url(self) -> str:
        if self._repository is None:
            raise Conflict("MANIFESTS_REPOSITORY is not set: there is nothing to publish to.")
        return self._repository

    async def _examined(self, url: str) -> tuple[tuple[Lack, ...], tuple[Lack, ...]]:
        """Return what the fleet cannot run without, and the tenants that cannot work yet."""
        async with self._sessions.everywhere() as session:
            config = pushed_to(
                json.loads(await export_config(session)), url=url, branch=self._branch
            )
        missing = list(lacks(config))
        if not config.get("platform", {}).get("api_server_ranges"):
            try:
                await self._api_servers()
            except PlatformError as error:
                missing.append(
                    Lack(
                        field="platform.api_server_ranges",
                        why="no part that reads Secrets may reach the cluster's API, and no cluster"
                        f" tells its addresses here ({error})",
                        command=f"{SET} api_server_ranges=203.0.113.10/32",
                    )
                )
        return tuple(missing), tuple(unready(config))

    async def _export(self, url: str) -> bytes:
        async with self._sessions.everywhere() as session:
            config = with_repository(await export_config(session), url=url, branch=self._branch)
        if json.loads(config).get("platform", {}).get("api_server_ranges"):
            return config
        found = await self._api_servers()
        return with_api_server(config, look_up=lambda: found)

    async def _working(
        self, work: Callable[[Callable[[Coroutine[Any, Any, Any]], Any]], Done]
    ) -> Done:
        """Run what blocks in a thread, one at a time; it may `wait` for what this loop does."""
        loop = asyncio.get_running_loop()

        def wait(doing: Coroutine[Any, Any, Any]) -> Any:
            return asyncio.run_coroutine_threadsafe(doing, loop).result()

        async with self._one:
            return await asyncio.to_thread(work, wait)

    def _shown(
        self,
        missing: Sequence[Lack],
        waiting: Sequence[Lack],
        changes: Sequence[ChangedFolder],
        text: str,
    ) -> PublicationPreview:
        files = sorted(_files(text), key=lambda each: KINDS.index(each.kind))
        return PublicationPreview(
            branch=self._branch,
            missing=tuple(missing),
            waiting=tuple(waiting),
            changes=tuple(sorted(changes, key=lambda each: KINDS.index(each.kind))),
            files=tuple(files[:MOST_FILES]),
            more_files=max(0, len(files) - MOST_FILES),
            seen=_digest(text),
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _files(text: str) -> Iterator[FileDifference]:
    """Give the files of a unified diff, with what was and what will be in them."""
    for part in _FILE.split(text)[1:]:
        head, *lines = part.splitlines()
        path = head.rpartition(" b/")[2]
        if path.endswith(".index.json"):
            continue
        begin = next((at for at, line in enumerate(lines) if line.startswith("@@")), len(lines))
        about = "\n".join(lines[:begin])
        kind: Literal["added", "changed", "removed"] = "changed"
        if "new file mode" in about:
            kind = "added"
        elif "deleted file mode" in about:
            kind = "removed"
        told = lines[begin:]
        yield FileDifference(
            path=path, kind=kind, lines=tuple(told[:MOST_LINES]), cut=len(told) > MOST_LINES
        )


def _manifests(config: Mapping[str, Any], synth: Synth, path: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="mcp-preview-") as made:
        output = Path(made)
        folder = f"clients/{path}"
        (output / "config.json").write_text(json.dumps(config))
        synth(output / "config.json", output, prune=False)
        if not (output / folder).is_dir():
            raise Invalid("The builder made nothing for this tenant.")
        return {
            str(path.relative_to(output / folder)): path.read_text()
            for path in sorted((output / folder).rglob("*"))
            if path.is_file()
        }
