"""A process that has imported the platform and forks servers: one is up in a tenth of a second.

A script of its own. It runs what `mcp-platform serve` runs. Orders come as lines of JSON on its
standard input, what becomes of its children goes out the same way. When the input ends (whoever
gave the orders is gone, however it went), every child is killed.

A child arms the failpoint of its order at once or, where the order says so, when it gets SIGUSR1.
Then it says so: what it did until then is not to be interrupted.
"""

import collections
import ctypes
import gc
import importlib
import itertools
import json
import os
import select
import signal
import sys
from typing import Any

from mcp_platform import flow
from mcp_platform.cli.serving import run
from mcp_platform.conversations.heard import InboundMessage
from mcp_platform.inbox.turns import TurnEvent
from mcp_platform.kit import failpoints
from mcp_platform.kit.logging import configure_logging
from mcp_platform.settings import Settings

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CHILDREN: set[int] = set()


def tell(*, to: int = 1, **what: Any) -> None:
    os.write(to, json.dumps(what).encode() + b"\n")


def stand_still_at(text: str) -> None:
    """Make a server that never comes back from this text, and holds the interpreter."""
    hear = flow.hear

    def heard(event: TurnEvent) -> InboundMessage:
        found = hear(event)
        if found.text == text:
            os.write(2, b'{"message": "fork_server.stands_still"}\n')
            collections.deque(itertools.repeat(None), maxlen=0)
        return found

    flow.hear = heard  # type: ignore[attr-defined]  # a name that it imported


def become_server(order: dict[str, Any]) -> None:
    """Become a server; never return."""
    status = 1
    try:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        news = os.dup(1)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(order["env"])
        if "STANDS_STILL_AT" in order["env"]:
            stand_still_at(order["env"]["STANDS_STILL_AT"])
        if order["armed"]:
            failpoints.arm(order["failpoint"])
        else:
            _arm_when_told(order["failpoint"], news)
        settings = Settings()
        configure_logging(
            level=settings.log_level, form=settings.log_format or "json", show_texts=True
        )
        run(
            settings,
            order["parts"],
            database_url=str(settings.database_url),
            redis_url=settings.redis_url,
        )
        status = 0
    finally:
        os._exit(status)


def _arm_when_told(failpoint: str, news: int) -> None:
    def arm(_number: int, _frame: Any) -> None:
        failpoints.arm(failpoint)
        tell(pid=os.getpid(), now="armed", to=news)

    signal.signal(signal.SIGUSR1, arm)


def warm_up() -> None:
    """Do what every child would do by itself: most of what its first turn costs."""
    importlib.import_module("mcp_platform.assistant.gemini.client")  # else when a worker is built
    gc.collect()
    gc.freeze()  # a child that looks for garbage would copy all these pages


def reap() -> None:
    while CHILDREN:
        pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if not pid:
            return
        if os.WIFSTOPPED(status):
            tell(pid=pid, now="frozen")
        else:
            CHILDREN.discard(pid)
            tell(pid=pid, now="dead", by=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)


def obey(line: bytes) -> None:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        become_server(order)
    CHILDREN.add(pid)
    tell(pid=pid, now="forked")


def main() -> None:
    warm_up()
    awake, wake = os.pipe()
    os.set_blocking(awake, False)
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to wake the select below
    tell(now="ready")
    orders = b""
    while True:
        readable, _, _ = select.select([0, awake], [], [])
        if awake in readable:
            os.read(awake, 512)
            reap()
        if 0 in readable:
            read = os.read(0, 65536)
            if not read:
                break
            orders += read
            *lines, orders = orders.split(b"\n")
            for line in lines:
                obey(line)
    for pid in CHILDREN:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
