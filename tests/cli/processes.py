"""Processes of the demonstration, found and waited for."""

import os
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 60


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
