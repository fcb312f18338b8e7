"""Finds an account and folders for a server that must not run as root when we are root.

No user is added, and no permission of another's folder is changed.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534  # where there is no account of that name
# Root's places for what an unprivileged account must reach.
ROOT_DATA = Path("/var/lib/mcp-platform")
ROOT_CACHE = Path("/var/cache/mcp-platform")


@dataclass(frozen=True, slots=True)
class SystemAccount:
    """The unprivileged user and group that a server runs under when we are root."""

    uid: int
    gid: int


def account_for(data: Path) -> SystemAccount | None:
    """Return who must run the server of `data`: None is ourselves, which is only right without root.

    A folder made by an ordinary user goes on belonging to that user when root starts it.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(FileNotFoundError):
        owner = data.stat()
        if owner.st_uid != 0:
            return SystemAccount(uid=owner.st_uid, gid=owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return SystemAccount(uid=NOBODY, gid=NOBODY)
    return SystemAccount(uid=nobody.pw_uid, gid=nobody.pw_gid)


def reachable(path: Path, *, account: SystemAccount | None) -> bool:
    """Tell whether `account` may enter every folder above `path`."""
    if account is None:
        return True
    return all(
        _allowed(folder.stat(), account=account, right=stat.S_IXOTH)
        for folder in path.resolve().parents
    )


def _allowed(found: os.stat_result, *, account: SystemAccount, right: int) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & (right << 6))
    return bool(found.st_mode & right)


def make_folder(path: Path) -> None:
    """Create `path` and what is missing above it; others may pass through what we create."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)


def readable_binaries(root: Path, *, parts: tuple[str, ...], version: str) -> Path:
    """Return a folder with `parts` of `root` that the unprivileged account can execute.

    In place for an ordinary user, and for root where everybody may read; else a copy, made once.
    """
    everybody = SystemAccount(uid=-1, gid=-1)
    if os.geteuid() != 0 or (
        reachable(root / "x", account=everybody)
        and all(_open_to_all(root / part) for part in parts)
    ):
        return root
    name = hashlib.sha256(f"{root}\0{version}".encode()).hexdigest()[:12]
    copy = ROOT_CACHE / f"{parts[0].partition('/')[0]}-{version}-{name}"
    if copy.exists():
        return copy
    make_folder(ROOT_CACHE)
    fresh = Path(tempfile.mkdtemp(prefix=f".{copy.name}.", dir=ROOT_CACHE))
    try:
        for part in parts:
            shutil.copytree(root / part, fresh / part)
        for made in (fresh, *fresh.rglob("*")):
            made.chmod(0o755 if made.is_dir() or made.stat().st_mode & stat.S_IXUSR else 0o644)
        with contextlib.suppress(OSError):  # another process was quicker
            fresh.rename(copy)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return copy


def _open_to_all(part: Path) -> bool:
    return all(
        found.stat().st_mode & stat.S_IROTH
        and (not found.is_dir() or found.stat().st_mode & stat.S_IXOTH)
        for found in (part, *part.rglob("*"))
    )
