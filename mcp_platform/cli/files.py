"""Files that commands write."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mcp_platform.errors import Invalid


@contextmanager
def new_file(output: Path) -> Iterator[IO[bytes]]:
    """Open a file that only its owner may read, and that is whole or not there.

    Raises:
        Invalid: it is there already, or cannot be made.
    """
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Invalid(f"{output} cannot be made: {error.strerror}.") from error
    try:
        with open(handle, "wb") as file:  # noqa: PTH123  # of a handle
            yield file
    except BaseException:
        output.unlink()
        raise
