"""A breaker for each line to a vendor: one that fails again and again is left alone for a while.

A line is any string that is no secret. Each process has its own breakers, and finds out for itself at
a small cost.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from cachetools import LRUCache
from prometheus_client import Counter

from mcp_platform.errors import Unavailable

FAILURES = 3  # in a row; two are still a bad moment
WITHIN = timedelta(minutes=1)  # failures further apart are not one outage
REST = timedelta(seconds=30)  # about as long as an overload lasts at Gemini
MOST_REST = timedelta(hours=1)  # however long a vendor asks for: a person may have mended it
_JITTER = 0.2  # of a rest, added at random: many lines don't come back at once
_MOST_LINES = 10_000  # of about 200 bytes; who is forgotten is asked again

RESTS = Counter("mcp_breaker_rests_total", "Times that a line was left alone.", ["why"])


class ModelResting(Unavailable):
    """The line is left alone, for about `retry_after`."""


@dataclass(slots=True)
class _Line:
    """What is held against one line. A line without failures has none."""

    failures: int = 0
    since: float = 0.0
    rests_until: float | None = None
    probed: bool = False


class Breaker:
    """The lines of one vendor."""

    def __init__(
        self,
        *,
        timer: Callable[[], float],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Count time by `timer`, in seconds."""
        self._timer = timer
        self._uniform = uniform
        self._lines: LRUCache[str, _Line] = LRUCache(_MOST_LINES)

    def trial(self, key: str) -> "Trial":
        """Return the context of one request on the line `key`. After a rest one at a time is tried.

        Raises:
            Resting: do not ask now.
        """
        line = self._lines.get(key)
        if line is None or line.rests_until is None:
            return Trial(self, key, probe=None)
        left_s = line.rests_until - self._timer()
        if left_s > 0 or line.probed:
            raise ModelResting(
                "it failed before and is left alone",
                retry_after=timedelta(seconds=max(left_s, 1.0)),
            )
        line.probed = True
        return Trial(self, key, probe=line)

    def worked(self, key: str, *, probe: _Line | None) -> None:
        line = self._lines.get(key)
        # An answer to an older question does not end a rest that began since.
        if line is not None and (line is probe or line.rests_until is None):
            del self._lines[key]

    def failed(self, key: str, *, probe: _Line | None, rest: timedelta | None) -> None:
        now = self._timer()
        line = self._lines.get(key) or _Line(since=now)
        self._lines[key] = line
        if now - line.since > WITHIN.total_seconds():
            line.failures, line.since = 0, now
        line.failures += 1
        if rest is not None:
            self._rest(line, min(rest, MOST_REST), why="asked")
        elif line is probe or (line.rests_until is None and line.failures >= FAILURES):
            self._rest(line, REST, why="failures")

    def _rest(self, line: _Line, rest: timedelta, *, why: str) -> None:
        rest_s = rest.total_seconds() * (1 + self._uniform(0, _JITTER))
        until = self._timer() + rest_s
        line.rests_until = until if line.rests_until is None else max(until, line.rests_until)
        RESTS.labels(why=why).inc()


class Trial:
    """One request: say how it went before leaving; without a verdict it counts as not made."""

    def __init__(self, breaker: Breaker, key: str, *, probe: _Line | None) -> None:
        self._breaker = breaker
        self._key = key
        self._probe = probe

    def worked(self) -> None:
        """Note that the other side answered."""
        self._breaker.worked(self._key, probe=self._probe)

    def failed(self, *, rest: timedelta | None = None) -> None:
        """There was no answer. With `rest` the line is left alone for so long, an hour at most."""
        self._breaker.failed(self._key, probe=self._probe, rest=rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._probe is not None:
            self._probe.probed = False
