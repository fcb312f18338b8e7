"""Processes of ours that never outlive us, however we end.

Owns starting and stopping them, and their logs. Each runs under `embedded/supervisor.py`, which holds a
pipe of ours: when we are gone, by SIGKILL too, it closes and the process is stopped.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

from mcp_platform.embedded import supervisor
from mcp_platform.errors import Unavailable

STOP_PATIENCE = timedelta(seconds=30)  # the supervisor kills after 25 s
LOG_TAIL_BYTES = 2_000


class AttendedProcess:
    """One process, with its output in a file. As a context manager it is stopped at the end."""

    def __init__(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path, lock_fd: int
    ) -> None:
        """Start it. `lock_fd` stays open as long as it runs: the lock of who started it."""
        self.name = name
        self.log = log
        spec = {
            "command": list(command),
            "stop": "SIGTERM",
            "hard_stop": "SIGKILL",
            "uid": None,
            "gid": None,
            "env": dict(env),
            "lock_fd": lock_fd,
            "owner": os.getpid(),
        }
        with log.open("ab") as output:
            self._supervisor = subprocess.Popen(  # noqa: S603  # our own script
                [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(spec)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=[lock_fd],
                start_new_session=True,  # Ctrl-C is for us: we stop it when we are done with it
            )

    def check(self) -> None:
        """Raise Unavailable, with the end of its log, if it has ended."""
        if self._supervisor.poll() is not None:
            tail = self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
            raise Unavailable(f"{self.name}: ended by itself. The end of {self.log}:\n{tail}")

    def ask_to_stop(self) -> None:
        """Tell it to stop, without waiting."""
        if self._supervisor.stdin is not None:
            self._supervisor.stdin.close()

    def stop(self) -> None:
        """Stop it and wait until it has ended. Stopping twice is stopping once."""
        self.ask_to_stop()
        try:
            self._supervisor.wait(STOP_PATIENCE.total_seconds())
        except subprocess.TimeoutExpired:
            self._supervisor.kill()  # the kernel then stops the process
            self._supervisor.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
