"""Clocks and timers that go on when a test says so."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Clock:
    """Tells the time of day."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def timestamp(self) -> float:
        return self.now.timestamp()

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class ClockAhead(Clock):
    """Tells the real time, and what was added to it."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self._stopped: datetime | None = None

    def __call__(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self.ahead

    def stop(self) -> None:
        """Stand still from now on, but for what is added."""
        self._stopped = datetime.now(UTC)

    def go_on(self) -> None:
        self._stopped = None

    def advance(self, **by: float) -> None:
        self.ahead += timedelta(**by)


class Timer:
    """Counts seconds."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by.total_seconds()
