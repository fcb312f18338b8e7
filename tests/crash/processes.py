"""Servers as processes of their own: started, frozen, thawed, killed, and always cleared away."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
SCRIPT = Path(__file__).with_name("fork_server.py")


@dataclass(slots=True)
class Process:
    """One server. `ended_by` is the signal that ended it, 0 if it ended by itself."""

    pid: int
    part: str
    log: Path
    failpoint: str = ""
    armed: asyncio.Event = field(default_factory=asyncio.Event)
    frozen: asyncio.Event = field(default_factory=asyncio.Event)
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    ended_by: int | None = None

    @property
    def alive(self) -> bool:
        return self.ended_by is None

    async def kill(self) -> None:
        """Kill it as a power cut would, and wait until it is gone."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            await self.dead.wait()

    async def arm(self) -> None:
        """Arm the failpoint that it was started with, unless it is, and wait until it is."""
        if not self.armed.is_set():
            os.kill(self.pid, signal.SIGUSR1)
            await self.armed.wait()

    def thaw(self) -> None:
        self.frozen.clear()
        os.kill(self.pid, signal.SIGCONT)

    def has_said(self, event: str) -> bool:
        """Tell whether its log holds this event."""
        return f'"{event}"' in self.log.read_text()


class ForkServer:
    """Forks servers: one is up in a tenth of a second."""

    def __init__(self, process: asyncio.subprocess.Process, *, logs: Path) -> None:
        self._process = process
        self._logs = logs
        self._count = 0
        self._forked: asyncio.Queue[int] = asyncio.Queue()
        self._children: dict[int, Process] = {}
        self._early: dict[int, list[dict[str, Any]]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def serve(
        self, part: str, *, env: dict[str, str], failpoint: str, armed: bool
    ) -> Process:
        """Start a server that runs `part`, its failpoint armed at once or when it is told."""
        self._count += 1
        log = self._logs / f"{self._count:03d}-{part}.log"
        log.touch()
        order = {
            "parts": [part],
            "env": env,
            "failpoint": failpoint,
            "armed": armed,
            "log": str(log),
        }
        assert self._process.stdin is not None
        async with self._one_at_a_time:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._forked.get()
        child = self._children[pid] = Process(pid, part, log, failpoint)
        if armed:
            child.armed.set()
        for news in self._early.pop(pid, []):
            self._hear(child, news)
        return child

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            news = json.loads(line)
            if news["now"] == "forked":
                self._forked.put_nowait(news["pid"])
            elif child := self._children.get(news["pid"]):
                self._hear(child, news)
            else:
                self._early.setdefault(news["pid"], []).append(news)

    def _hear(self, child: Process, news: dict[str, Any]) -> None:
        if news["now"] == "armed":
            child.armed.set()
        elif news["now"] == "frozen":
            child.frozen.set()
        else:
            del self._children[child.pid]
            child.ended_by = news["by"]
            child.dead.set()


@contextlib.asynccontextmanager
async def open_fork_server(logs: Path) -> AsyncIterator[ForkServer]:
    """Start the fork server; at the end every server that it forked is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,  # Ctrl-C is for pytest, which then ends the fork server
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline()) == {"now": "ready"}
    opened = ForkServer(process, logs=logs)
    listening = asyncio.create_task(opened.listen())
    try:
        yield opened
    finally:
        process.stdin.close()
        await process.wait()
        await listening
