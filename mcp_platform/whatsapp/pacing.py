"""How fast one number may send, and how fast to one contact: asked before each send.

Redis keeps the two budgets of all processes. While Redis is away, each process keeps its share. Meta
counts too, and the outbox retries what Meta refuses.
Source: Meta's "Throughput" page: 80 messages a second per number; one per 6 s to one contact, of
which 45 may be borrowed.
"""

import asyncio
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from cachetools import TTLCache
from prometheus_client import Counter, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

PAIR_BURST = 45
PAIR_INTERVAL = timedelta(seconds=6)
NUMBER_PER_SECOND = 80
_REDIS_TIMEOUT_S = 0.25  # Redis answers in a millisecond; a send that waited longer gained nothing
_REDIS_REST_S = 5.0  # how long a Redis that failed is left alone
_LOCAL_KEPT_S = 600.0  # a pair's whole burst is back after 45 x 6 s = 270 s
_LOCAL_MOST = 50_000  # buckets of about 200 bytes

# Each key holds the time at which its bucket is full again (a "theoretical arrival time", as in
# GCRA). Both buckets have room, and one is taken from each; or nothing changes, and the answer is
# how many microseconds until both have room. Redis' own clock, so that processes need not agree.
_TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local wait, full_at = 0, {}
for i = 1, #KEYS do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local at = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
  wait = math.max(wait, at - now - interval * (burst - 1))
  full_at[i] = at + interval
end
if wait > 0 then return wait end
for i = 1, #KEYS do
  local ttl = math.ceil((full_at[i] - now) / 1000) + 1000
  redis.call('SET', KEYS[i], string.format('%.0f', full_at[i]), 'PX', ttl)
end
return 0
"""

WAITS = Counter("mcp_pacing_waits_total", "Sends that had to wait for their budget.")
FALLBACKS = Counter(
    "mcp_pacing_fallback_total", "Times that pacing went over to this process's own budget."
)
LOCAL = Gauge("mcp_pacing_local", "1 while Redis is away and pacing is this process's own.")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Budget:
    """One message per `interval`, of which `burst` may come at once."""

    interval: timedelta
    burst: int

    def share(self, parts: int) -> "Budget":
        """Return one part of this budget divided among `parts`; a burst is never less than one."""
        return Budget(self.interval * parts, max(1, self.burst // parts))


PAIR = Budget(PAIR_INTERVAL, PAIR_BURST)
NUMBER = Budget(timedelta(seconds=1) / NUMBER_PER_SECOND, NUMBER_PER_SECOND)


class Pacing:
    """The budgets of all numbers and contacts."""

    def __init__(
        self,
        *,
        redis: Redis | None,
        processes: int = 1,
        pair: Budget = PAIR,
        number: Budget = NUMBER,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Pace through `redis`; without it, or while it is away, with one of `processes` shares."""
        self._take = redis.register_script(_TAKE) if redis is not None else None
        self._pair = pair
        self._number = number
        self._timer = timer
        self._rest_until: float | None = None
        self._local = _LocalBuckets(
            pair=pair.share(processes), number=number.share(processes), timer=timer
        )

    async def wait_time(self, *, phone_number_id: str, contact_key: str) -> timedelta:
        """Take one message from both budgets and return zero, or take none and return how long to wait.

        `contact_key` names the contact within the number, and is no phone number.
        """
        keys = (f"pace:n:{phone_number_id}", f"pace:c:{phone_number_id}:{contact_key}")
        wait = await self._shared_wait(keys)
        if wait is None:
            wait = self._local.wait(*keys)
        if wait:
            WAITS.inc()
        return wait

    async def _shared_wait(self, keys: tuple[str, str]) -> timedelta | None:
        """Ask Redis; return None when this process has to decide alone."""
        if self._take is None or (self._rest_until or 0) > self._timer():
            return None
        arguments = [
            part
            for budget in (self._number, self._pair)
            for part in (budget.interval // timedelta(microseconds=1), budget.burst)
        ]
        try:
            async with asyncio.timeout(_REDIS_TIMEOUT_S):
                wait = await self._take(keys=list(keys), args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)
            return None
        if self._rest_until is not None:
            self._rest_until = None
            LOCAL.set(0)
            _log.info("pacing.shared.back")
        return timedelta(microseconds=int(wait))

    def _leave(self, error: Exception) -> None:
        if self._rest_until is None:
            LOCAL.set(1)
            FALLBACKS.inc()
            _log.warning("pacing.shared.lost", reason=type(error).__name__)
        self._rest_until = self._timer() + _REDIS_REST_S


class _LocalBuckets:
    """The same two buckets in memory; the oldest are forgotten, which only makes them full."""

    def __init__(self, *, pair: Budget, number: Budget, timer: Callable[[], float]) -> None:
        self._budgets = (number, pair)
        self._timer = timer
        self._full_at: MutableMapping[str, float] = TTLCache(
            _LOCAL_MOST, _LOCAL_KEPT_S, timer=timer
        )

    def wait(self, number_key: str, pair_key: str) -> timedelta:
        now = self._timer()
        wait_s, full_at = 0.0, {}
        for key, budget in zip((number_key, pair_key), self._budgets, strict=True):
            interval_s = budget.interval.total_seconds()
            at = max(self._full_at.get(key, 0.0), now)
            wait_s = max(wait_s, at - now - interval_s * (budget.burst - 1))
            full_at[key] = at + interval_s
        if wait_s > 0:
            return timedelta(seconds=wait_s)
        self._full_at.update(full_at)
        return timedelta(0)
