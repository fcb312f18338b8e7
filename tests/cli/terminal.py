"""A real pseudo-terminal with a command in it, driven as a person would."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

PATIENCE_S = 120  # a command imports for seconds, on a busy machine for many
DOWN, ENTER, CTRL_C = "\x1b[B", "\r", "\x03"
# Control sequences of a terminal, and what sets its title.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[=>()][0-9A-Z]?")


class Terminal:
    """`mcp-platform` with `arguments` in a terminal 300 columns wide."""

    def __init__(self, *arguments: str, env: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 300, 0, 0))
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mcp_platform.cli", *arguments],
            env={**kept, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "LANG": "C.UTF-8", **env},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            # Its own session, of which this is the terminal: Ctrl-C reaches it at any time.
            preexec_fn=lambda: _take(slave),  # noqa: PLW1509  # a child of a test, before its exec
            start_new_session=True,
        )
        os.close(slave)
        self._raw = b""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    @property
    def raw(self) -> str:
        """All that was ever sent to the terminal."""
        return self._raw.decode("utf-8", "replace")

    @property
    def text(self) -> str:
        """The same without control sequences."""
        return _CONTROL.sub("", self.raw)

    def shows(self, wanted: str) -> str:
        """Wait until `wanted` is written, after what was waited for before; return what came."""
        deadline = time.monotonic() + PATIENCE_S
        while wanted not in self.text[self._seen :]:
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"no {wanted!r} in:\n{self.text[self._seen :]}")
        began = self._seen
        self._seen = self.text.index(wanted, self._seen) + len(wanted)
        return self.text[began : self._seen]

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def answer(self, question: str, keys: str = "", *, end: str = ENTER) -> None:
        """Wait for a question, and type."""
        self.shows(question)
        self.type(keys + end)

    def ends(self) -> int:
        """Wait for the end; return the status."""
        while self._read():
            pass
        return self._process.wait(PATIENCE_S)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
        try:
            found = os.read(self._master, 65536) if ready else b""
        except OSError:  # EIO: the other end is closed
            found = b""
        self._raw += found
        return bool(found)


def _take(slave: int) -> None:
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
