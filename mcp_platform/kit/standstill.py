"""Keeps the event loop going: work that holds it up is logged, and in the end stopped.

There are three limits. Work that uses much processor time is given up at its next step. A loop that
stood still is logged and counted, with its tenant. A loop that does not come back ends the process,
by a timer in C, because the interpreter itself may be stuck.
"""

import asyncio
import faulthandler
import time
import types
from collections.abc import Callable, Coroutine, Generator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from prometheus_client import Counter, Gauge

from mcp_platform.errors import PlatformError

log = structlog.get_logger(__name__)

T = TypeVar("T")

BEAT_S = 0.1
STOOD_STILL_S = 0.5  # what everybody else waits for an answer by then, a person notices
REARM_S = 1.0  # each time costs a thread; by so much earlier the process may be ended

STANDSTILLS = Counter(
    "mcp_loop_standstills_total", "Times the event loop stood still for more than half a second."
)
RESTARTED = Gauge(
    "mcp_started_after_standstill", "1 where this process replaces one that stood still for good."
)


class OverBudget(PlatformError):
    """A piece of work used more processor time than it may."""


class ProcessorTime:
    """Counts the processor time of one piece of work, and remembers whose stretch was long.

    Only stretches between two awaits are counted: there nothing else runs on the loop's thread.
    """

    def __init__(self, *, most: timedelta, **whose: str) -> None:
        self._most_s = most.total_seconds()
        self._whose = whose
        self._used_s = 0.0
        self._since_s: float | None = None

    def check(self) -> None:
        """Raise OverBudget if the work has used more than it may."""
        running = 0.0 if self._since_s is None else time.thread_time() - self._since_s
        if self._used_s + running > self._most_s:
            raise OverBudget(f"More than {self._most_s:g} s of processor time are used.")

    @types.coroutine
    def of(self, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Run `work` to its end, as awaiting it would."""
        go_on: Callable[[], Any] = partial(work.send, None)
        while True:
            began, self._since_s = time.perf_counter(), time.thread_time()
            try:
                awaited = go_on()
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # what `work` returns
            finally:
                self._used_s += time.thread_time() - self._since_s
                self._since_s = None
                _longest.meet(time.perf_counter() - began, self._whose)
            try:
                go_on = partial(work.send, (yield awaited))
            except GeneratorExit:
                work.close()
                raise
            except BaseException as error:  # noqa: BLE001  # thrown in, a cancellation say: passed on
                go_on = partial(work.throw, error)


class _Longest:
    """The longest stretch since the last beat. There is one event loop in a process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lasted_s = 0.0
        self.whose: Mapping[str, str] = {}

    def meet(self, lasted_s: float, whose: Mapping[str, str]) -> None:
        if lasted_s > max(self._lasted_s, STOOD_STILL_S):
            self._lasted_s, self.whose = lasted_s, whose


_longest = _Longest()


async def watch(*, ends_after: timedelta) -> None:
    """Watch over the loop until cancelled; one that stands still so long ends with its process.

    Then every thread's stack is written to standard error: names of functions, no values.
    """
    armed_at = float("-inf")
    try:
        while True:
            began = time.monotonic()
            if began - armed_at >= REARM_S:
                faulthandler.dump_traceback_later(ends_after.total_seconds(), exit=True)
                armed_at = began
            _longest.forget()
            await asyncio.sleep(BEAT_S)
            stood_s = time.monotonic() - began - BEAT_S
            if stood_s > STOOD_STILL_S:
                STANDSTILLS.inc()
                log.error("kit.loop.stood_still", seconds=round(stood_s, 1), **_longest.whose)
    finally:
        faulthandler.cancel_dump_traceback_later()
