"""What runs under the supervisor ends with its owner, whatever it would rather do."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_platform.embedded import supervisor

AT_ONCE_S = supervisor.GRACE_S / 2  # less than an orderly stop is given
STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
OWNER = f"""
import json, os, subprocess, sys, time
spec = json.loads(sys.argv[1]) | {{"owner": os.getpid()}}
command = [sys.executable, "-I", "-S", {supervisor.__file__!r}, json.dumps(spec)]
child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[spec["lock_fd"]])
print(child.pid, flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def stubborn(lock: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run what does not heed SIGTERM; give its owner and its supervisor's number."""
    lock_fd = os.open(lock, os.O_RDWR | os.O_CREAT)
    spec: dict[str, object] = {
        "command": [sys.executable, "-I", "-S", "-c", STUBBORN],
        "stop": "SIGTERM",
        "hard_stop": "SIGKILL",
        "uid": None,
        "gid": None,
        "env": {},
        "lock_fd": lock_fd,
    }
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", OWNER, json.dumps(spec)],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[lock_fd],
    ) as owner:
        os.close(lock_fd)
        try:
            assert owner.stdout is not None
            told = {owner.stdout.readline().strip(), owner.stdout.readline().strip()}
            yield owner, int((told - {"up"}).pop())
        finally:
            owner.kill()


def wait_until_gone(owner: subprocess.Popen[str]) -> None:
    """Wait until nobody holds the other end of a pipe that all of them inherited."""
    assert owner.stdout is not None
    os.set_blocking(owner.stdout.fileno(), False)
    deadline = time.monotonic() + AT_ONCE_S
    while True:
        with contextlib.suppress(BlockingIOError):
            if os.read(owner.stdout.fileno(), 1) == b"":
                return
        assert time.monotonic() < deadline, "it outlived its owner"
        time.sleep(0.02)


@pytest.mark.parametrize("frozen", [False, True])
def test_when_the_owner_is_killed_nobody_waits_for_an_orderly_stop(
    tmp_path: Path, *, frozen: bool
) -> None:
    with stubborn(tmp_path / "lock") as (owner, supervising):
        if frozen:  # notices late, when the owner is long gone
            os.kill(supervising, signal.SIGSTOP)
        owner.kill()
        if frozen:
            owner.wait()
            os.kill(supervising, signal.SIGCONT)
        wait_until_gone(owner)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels have no parent-death signal")
def test_a_killed_supervisor_takes_along_what_heeds_no_signal(tmp_path: Path) -> None:
    with stubborn(tmp_path / "lock") as (owner, supervising):
        os.kill(supervising, signal.SIGKILL)
        owner.kill()
        wait_until_gone(owner)
