"""When to try again: pure rules from an attempt's number to a pause."""

from collections.abc import Callable
from datetime import timedelta

from mcp_platform.whatsapp.graph_errors import Action

FIRST = timedelta(seconds=2)
MOST = timedelta(minutes=5)
PAIR_MOST = timedelta(hours=1)
FEW = 5  # attempts at what Meta calls its own fault and seldom mends
CREDENTIAL_PAUSE = timedelta(minutes=5)
_SPREAD = 0.1  # of a pause that the vendor sets: late is allowed, early is not

Uniform = Callable[[float, float], float]
"""`random.uniform`, or a test's."""


def pause(
    *, attempts: int, action: Action, after: timedelta | None, uniform: Uniform
) -> timedelta | None:
    """Return how long to wait after the `attempts`-th attempt (from 1), or None to give up.

    Without a pause set by the vendor: exponential with full jitter, so that many tenants that
    failed together do not come back together. A pause of the vendor's is the least that is waited.
    """
    if action is Action.RETRY_FEW and attempts >= FEW:
        return None
    if action is Action.CREDENTIAL:
        return _spread(CREDENTIAL_PAUSE, uniform)
    if action is Action.PAIR:
        # Source: Meta's "Throughput" page: retry after 4^0, 4^1, 4^2 … seconds
        return _spread(_grown(timedelta(seconds=1), 4, attempts, PAIR_MOST), uniform)
    if after is not None:
        return _spread(after, uniform)
    return _grown(FIRST, 2, attempts, MOST) * uniform(0, 1)


def _grown(first: timedelta, factor: int, attempts: int, most: timedelta) -> timedelta:
    exponent = min(max(attempts - 1, 0), 20)  # beyond any `most`, and no overflow
    grown: timedelta = first * factor**exponent
    return min(grown, most)


def _spread(least: timedelta, uniform: Uniform) -> timedelta:
    return least * (1 + uniform(0, _SPREAD))
