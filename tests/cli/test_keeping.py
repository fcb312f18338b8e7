"""The process that starts a server again: only one that stood still, and never more than one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.processes import PATIENCE_S, descendants, wait_until_gone

KEPT = """
import os, signal, sys, time
from mcp_platform.cli.keeping import kept
again = kept()
print("again" if again else "first", os.getpid(), flush=True)
"""


@contextmanager
def keeping(then: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", KEPT + then], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> list[str]:
    out, _ = process.communicate(timeout=PATIENCE_S)
    return [line.split()[0] for line in out.splitlines()]


def test_who_stood_still_is_started_again() -> None:
    with keeping("again and sys.exit(3)\nos._exit(1)") as process:
        assert said(process) == ["first", "again"]
        assert process.returncode == 3


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ("", 0),
        ("sys.exit(1)", 1),
        ("raise RuntimeError('a bug')", 1),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM),
    ],
)
def test_every_other_end_is_the_end(ends: str, status: int) -> None:
    with keeping(ends) as process:
        assert said(process) == ["first"]
        assert process.returncode == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_the_parent_is_told_the_child_is_told(number: signal.Signals) -> None:
    obeys = (
        f"signal.signal({number}, lambda n, f: sys.exit(7))\nprint('ready', flush=True)\n"
        "time.sleep(60)"
    )
    with keeping(obeys) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "ready\n":
            pass
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 7


def test_a_child_does_not_outlive_its_parent() -> None:
    with keeping("time.sleep(60)") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        assert child in descendants(process.pid)
        process.kill()
        wait_until_gone({child})


def test_who_is_told_to_end_while_its_child_stands_still_ends() -> None:
    """The signal finds a child that cannot hear it, and is not lost with that child."""
    deaf = (
        "again and print('again', flush=True)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n"
        "time.sleep(1)\nos._exit(1)"
    )
    with keeping(deaf) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 1
        assert process.stdout.read() == ""
