"""Processes of the service and of the demonstration, started, found and waited for."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PATIENCE_S = 120


def start_demo(folder: Path, *options: str, output: Path) -> subprocess.Popen[bytes]:
    """Start `mcp-platform demo` with its data in `folder`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with output.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, "-m", "mcp_platform.cli", "demo", "--no-browser", *options],
            env={**kept, "DATA_DIR": str(folder), "COLUMNS": "100"},
            stdout=written,
            stderr=subprocess.STDOUT,
        )


def _free_ports(count: int) -> list[int]:
    with_ports = [socket.socket() for _ in range(count)]
    for each in with_ports:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in with_ports]
    for each in with_ports:
        each.close()
    return ports


@contextmanager
def serving(
    database_url: str, *parts: str, deaf_to: str = "", announced: bool = False, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run `mcp-platform serve`; yield it, its public address and its internal one.

    `announced`: it knows its public address, as behind a real name.
    """
    public, internal = _free_ports(2)
    if announced:
        settings["PUBLIC_URL"] = f"http://127.0.0.1:{public}"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {
        **kept,
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",  # pacing is local while it is away
        "PORT": str(public),
        "INTERNAL_PORT": str(internal),
        "JWT_KEYS_DIR": "/nonexistent",
        **settings,
    }
    ignoring = ["sh", "-c", f"trap '' {deaf_to}; exec \"$@\"", "sh"] if deaf_to else []
    process = subprocess.Popen(
        [*ignoring, sys.executable, "-m", "mcp_platform.cli", "serve", *parts],
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, f"http://127.0.0.1:{public}", f"http://127.0.0.1:{internal}"
    finally:
        process.kill()
        _, logged = process.communicate()
        sys.stdout.write((logged or "")[-20_000:])  # shown where a test fails


def wait_for(url: str, process: subprocess.Popen[str]) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at {url}; status {process.poll()}")


def page_of(process: subprocess.Popen[bytes], *, output: Path) -> str:
    """Wait until a demonstration stays up; return its page's address."""
    deadline = time.monotonic() + PATIENCE_S * 2
    while time.monotonic() < deadline and process.poll() is None:
        for line in output.read_text().splitlines():
            if line.startswith("Write as a customer:"):
                return line.rpartition(" ")[2]
        time.sleep(0.1)
    raise AssertionError(f"status {process.poll()}:\n{output.read_text()}")


def descendants(pid: int) -> set[int]:
    """Return all processes below `pid`."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found, new = set[int](), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def alive(pids: set[int]) -> set[int]:
    """Return those that still run; a zombie does not."""
    living = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            living.add(pid)
    return living


def wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while left := alive(pids):
        if time.monotonic() > deadline:
            commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in left]
            raise AssertionError(f"still running: {commands}")
        time.sleep(0.1)
