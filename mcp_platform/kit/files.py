"""Files that are written whole or not at all."""

import os
import secrets
from pathlib import Path


def replace_file(path: Path, content: bytes, *, mode: int) -> None:
    """Put `content` in the place of `path`, so that a reader sees the old file or the new one.

    On disk when it returns; at no moment readable by more than `mode` allows.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring to disk which files are in `folder`."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
