"""Counters with a bounded number of series, although a label may have many values.

The counters themselves are in each room's `metrics.py`.
"""

from collections import OrderedDict
from collections.abc import Sequence

from prometheus_client import REGISTRY, CollectorRegistry, Counter


class RecentCounter:
    """A counter by `of` and by labels of few values, for the `most` values of `of` seen last.

    Who is dropped and comes back begins at 0, which Prometheus takes for a restart: `rate()` and
    `increase()` stay right.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        *,
        of: str,
        labels: Sequence[str] = (),
        most: int,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._counter = Counter(name, documentation, [of, *labels], registry=registry)
        self._of = of
        self._most = most
        self._recent: OrderedDict[str, None] = OrderedDict()

    def inc(self, who: str, *labels: str) -> None:
        """Count one of `who`; forget who was counted least recently, if there are too many."""
        self._recent[who] = None
        self._recent.move_to_end(who)
        if len(self._recent) > self._most:
            forgotten, _ = self._recent.popitem(last=False)
            self._counter.remove_by_labels({self._of: forgotten})
        self._counter.labels(who, *labels).inc()
