"""Moments and numbers as people read them, in the language of the console."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal

from mcp_platform.console.sentences import Tongue

DEFAULT_ZONE = "America/Sao_Paulo"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTimes:
    """Writes moments. `now` is when the page is made."""

    tongue: Tongue
    now: datetime

    @property
    def _locale(self) -> str:
        return self.tongue.replace("-", "_")

    def ago(self, moment: datetime) -> str:
        """Return how long ago a moment was: "há 5 minutos", "5 minutes ago"."""
        passed = min(moment - self.now, timedelta(0))
        return format_timedelta(passed, add_direction=True, locale=self._locale)

    def at(self, moment: datetime, zone: str = DEFAULT_ZONE) -> str:
        """Return a moment with its day, in a zone."""
        return format_datetime(moment, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=self._locale)

    def wait(self, left: timedelta) -> str:
        """Return how long something takes still."""
        return format_timedelta(left, locale=self._locale)

    def number(self, value: int) -> str:
        return format_decimal(value, locale=self._locale)
