"""The clock of a process."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
