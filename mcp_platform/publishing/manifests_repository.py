"""The Git repository that manifests are kept in: the door to it, through `git` itself.

It clones, looks at what changed, commits and pushes. A password in the repository's URL is never
shown. Better use Git's credential helpers or SSH keys.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from mcp_platform.errors import Conflict, Invalid, Unavailable

TIMEOUT = timedelta(minutes=5)
EMAIL = "mcp-platform@localhost"
AUTHOR = ("-c", "user.name=MCP Platform", "-c", f"user.email={EMAIL}")
# The repository's own list of what Git passes over may name a client's folder, `build` for instance.
ADD = ("add", "--all", "--force")
# A password prompt would wait for ever; messages are read by us, so in one language.
UNATTENDED = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
SSH = {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}  # unless it is set
# What a push says when somebody else's came first; anything else that refuses it is for a person.
OVERTAKEN = ("fetch first", "non-fast-forward", "stale info", "cannot lock ref")

_WORD = re.compile(r"\S+")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", re.ASCII)


class Overtaken(Conflict):
    """Somebody else pushed first: begin again from what is there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that differs from the last commit. `path` is relative to the repository."""

    path: str
    kind: Literal["added", "changed", "removed"]


class ManifestsRepository:
    """A clone of one branch, in `folder`, as it is when made.

    Attributes:
        folder: The work tree.
    """

    def __init__(self, url: str, *, branch: str, folder: Path) -> None:
        """Clone. A branch that is not there yet begins empty.

        Raises:
            Invalid: the branch has a name that Git does not take.
            Unavailable: the repository cannot be reached or read.
        """
        if not _BRANCH.fullmatch(branch) or ".." in branch or branch.endswith((".lock", "/")):
            raise Invalid(f"{branch!r} is no name for a branch.")
        self.folder = folder
        self._branch = branch
        folder.mkdir(parents=True, exist_ok=True)
        self._git("init", "--quiet", f"--initial-branch={branch}")
        self._git("remote", "add", "origin", url)
        if self._git("ls-remote", "--heads", "origin", f"refs/heads/{branch}"):
            self._git("fetch", "--quiet", "--depth=1", "origin", f"refs/heads/{branch}")
            self._git("reset", "--quiet", "--hard", "FETCH_HEAD")

    def head(self) -> str | None:
        """Return the id of the last commit, or None where there is none yet."""
        return self._git("rev-parse", "--quiet", "--verify", "HEAD", fails=True).strip() or None

    def files(self) -> tuple[str, ...]:
        """Return the paths of all files that the next commit holds, in order."""
        self._git(*ADD)
        return tuple(self._git("ls-files", "--cached", "-z").split("\0")[:-1])

    def is_ours(self) -> bool:
        """Tell whether the last commit was made here, and so nothing was changed by hand since."""
        return self._git("log", "-1", "--format=%ce", fails=True).strip() == EMAIL

    def changes(self) -> tuple[ChangedFile, ...]:
        """Return what differs from the last commit, in order of path."""
        self._git(*ADD)
        found = self._git("diff", "--cached", "--name-status", "--no-renames", "-z", *self._base())
        fields = found.split("\0")
        kinds: dict[str, Literal["added", "changed", "removed"]] = {"A": "added", "D": "removed"}
        return tuple(
            ChangedFile(path=path, kind=kinds.get(letter, "changed"))
            for letter, path in sorted(
                zip(fields[::2], fields[1::2], strict=False), key=lambda each: each[1]
            )
        )

    def difference(self) -> str:
        """Return what differs as a unified diff."""
        self._git(*ADD)
        return self._git("diff", "--cached", "--no-renames", *self._base())

    def commit(self, message: str) -> str:
        """Commit all that differs. Return the commit's id."""
        self._git(*ADD)
        self._git(*AUTHOR, "commit", "--quiet", "--message", message)
        return self._git("rev-parse", "HEAD").strip()

    def push(self) -> None:
        """Push the branch, never over somebody else's commits.

        Raises:
            Overtaken: somebody else pushed since this was cloned.
            Unavailable: it cannot be pushed, and why.
        """
        try:
            self._git("push", "--quiet", "origin", f"HEAD:refs/heads/{self._branch}")
        except Unavailable as error:
            if any(each in str(error) for each in OVERTAKEN):
                raise Overtaken("Somebody else pushed first.") from error
            raise

    def _base(self) -> Sequence[str]:
        # The empty tree, which every repository knows: what a first commit is compared with.
        return () if self.head() else ("4b825dc642cb6eb9a060e54bf8d69288fbee4904",)

    def _git(self, *arguments: str, fails: bool = False) -> str:
        # A link in the repository becomes a file: through one, files elsewhere would be written.
        command = ["git", "-c", "core.symlinks=false", "-C", str(self.folder), *arguments]
        try:
            done = subprocess.run(  # noqa: S603  # arguments of ours, and no shell
                command,
                capture_output=True,
                text=True,
                timeout=TIMEOUT.total_seconds(),
                env=SSH | os.environ | UNATTENDED,  # noqa: TID251  # Git reads its own settings there
                check=False,
            )
        except FileNotFoundError as error:
            raise Unavailable("`git` is not installed here: apt-get install git.") from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"`git {arguments[0]}` did not end in {TIMEOUT}.") from error
        if done.returncode == 0 or fails:
            return done.stdout
        why = _WORD.sub(_without_login, done.stderr.strip()) or f"it ended with {done.returncode}"
        verb = next(each for each in arguments if not each.startswith("-") and "=" not in each)
        raise Unavailable(f"`git {verb}` failed: {why}")


def _without_login(word: re.Match[str]) -> str:
    """Leave out what stands up to the last @: a password may hold one, or a slash, unescaped."""
    before, mark, after = word[0].partition("://")
    return f"{before}{mark}{after.rpartition('@')[2]}"
