"""What the file system refuses, in words."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from mcp_platform.errors import Unavailable

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def usable(folder: Path, *, by: str) -> Iterator[None]:
    """Turn what the file system refuses while the data folder is prepared into a sentence.

    Raises:
        Unavailable: it cannot be entered or written, or its disk is full.
    """
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"{by} cannot use {folder}: {refusal(error)}. Set DATA_DIR to another folder."
        ) from error


def refusal(error: OSError) -> str:
    where = "" if error.filename is None else f" ({error.filename})"
    advice = ". Make room on that disk" if error.errno in FULL else ""
    return f"{error.strerror}{where}{advice}"
