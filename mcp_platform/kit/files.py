"""Files that are written whole or not at all, and what people's files say in which encoding."""

import codecs
import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from mcp_platform.errors import Invalid

# What a file begins with that says how it is encoded; UTF-32 before UTF-16, whose mark it begins with.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class NotUtf8(Invalid):
    """A file is in an encoding that nobody can be certain of."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is not in UTF-8: save the file as UTF-8.")
        self.line = line


def text_of(content: bytes, *, comment: bytes = b"") -> str:
    """Return the text of a file that a person wrote on any system.

    A mark at its begin tells UTF-16, which Windows' tools write. Without one it is UTF-8; lines that
    begin with `comment` may be in any encoding, as nobody reads them.

    Raises:
        NotUtf8: it is neither.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or not comment:
            raise NotUtf8(content.count(b"\n", 0, error.start) + 1) from error
    else:
        if "\0" in text:  # UTF-16 without its mark is UTF-8 with these
            raise NotUtf8(text.count("\n", 0, text.index("\0")) + 1)
        return text
    lines = content.split(b"\n")
    for number, line in enumerate(lines):
        if line.lstrip().startswith(comment):
            lines[number] = line.decode("utf-8", "replace").encode()
    return text_of(b"\n".join(lines))


def replace_file(path: Path, content: bytes, *, mode: int) -> None:
    """Put `content` in the place of `path`, so that a reader sees the old file or the new one.

    On disk when it returns; at no moment readable by more than `mode` allows.
    """
    _write(path, content, mode=mode, put=lambda unfinished: unfinished.replace(path))


def create_file(path: Path, content: bytes, *, mode: int) -> None:
    """Write `path` whole, or leave the file that is there: of several at once the first stays.

    On disk when it returns; at no moment readable by more than `mode` allows.
    """

    def put(unfinished: Path) -> None:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(unfinished)
        unfinished.unlink()

    _write(path, content, mode=mode, put=put)


def _write(path: Path, content: bytes, *, mode: int, put: Callable[[Path], object]) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put(unfinished)
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
