"""Runs one server process that never outlives its owner.

`embedded/server.py` starts this script as `python -I -S supervisor.py SPEC`. It uses the standard
library only, so it is up in a few hundredths of a second.

Why a process between us and the server: a server must stop when its owner is killed with SIGKILL.
The kernel's parent-death signal alone does not do, because it is tied to the *thread* that forked
(a worker thread that ends would take the server down) and does not exist on macOS. So the owner
holds the write end of this process's standard input: when the owner dies, however it dies, that
pipe closes and the server is stopped, in good order if that takes no more than a moment. Should
this process itself be killed, its only thread dies with it, and there the parent-death signal does
what is wanted: the hard one, since nobody is left to send a second.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h
OWNER_CHECK_S = 1.0  # a forked child of the owner may keep the pipe open after the owner died
GRACE_S = 20.0  # time for a clean stop, then the hard signal, then SIGKILL
HARD_GRACE_S = 5.0
# Of each, once the owner is gone: a person who killed it expects nothing to be left, and may start again
# at once. What must last is written before it is promised, so that a server cut short loses nothing.
ORPHAN_GRACE_S = 0.7
POLL_S = 0.05


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _start(spec: dict[str, Any], *, hard_signal: int) -> subprocess.Popen[bytes]:
    libc, me = _libc(), os.getpid()

    def die_with_me() -> None:
        # Runs after the change of user, which would clear the setting.
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, hard_signal)
            if os.getppid() != me:  # it died between fork and prctl
                os._exit(1)

    account: dict[str, Any] = (
        {}
        if spec["uid"] is None
        else {"user": spec["uid"], "group": spec["gid"], "extra_groups": []}
    )
    return subprocess.Popen(  # noqa: S603 - the command comes from our own parent
        spec["command"],
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=spec["env"],
        pass_fds=[spec["lock_fd"]],  # held by every process of the server: free means none is left
        preexec_fn=die_with_me,  # noqa: PLW1509 - this process has a single thread
        **account,
    )


def _stop(
    server: subprocess.Popen[bytes], *, owner: int, stop_signal: int, hard_signal: int
) -> None:
    for number, grace_s in ((stop_signal, GRACE_S), (hard_signal, HARD_GRACE_S)):
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(number)
        if _ended(server, owner=owner, within_s=grace_s):
            return
    server.kill()
    server.wait()


def _ended(server: subprocess.Popen[bytes], *, owner: int, within_s: float) -> bool:
    """Wait for the server's end. The owner may die meanwhile: its pipe closes before it is gone."""
    began = time.monotonic()
    while server.poll() is None:
        orphaned = os.getppid() != owner
        if time.monotonic() - began > (ORPHAN_GRACE_S if orphaned else within_s):
            return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(POLL_S)
    return True


def main() -> int:
    """Run the server until the owner is gone, or asks, or the server ends by itself."""
    spec = json.loads(sys.argv[1])
    stop_signal, hard_signal = signal.Signals[spec["stop"]], signal.Signals[spec["hard_stop"]]
    owner = spec["owner"]
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to wake the select below

    server = _start(spec, hard_signal=hard_signal)
    while server.poll() is None:
        readable, _, _ = select.select([0, awake], [], [], OWNER_CHECK_S)
        if awake in readable:
            os.read(awake, 512)
        if asked or os.getppid() != owner or (0 in readable and not os.read(0, 512)):
            _stop(server, owner=owner, stop_signal=stop_signal, hard_signal=hard_signal)
    os.close(spec["lock_fd"])
    return server.returncode or 0


if __name__ == "__main__":
    sys.exit(main())
