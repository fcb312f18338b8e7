"""Moments and numbers as people read them, in the language of the console."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta, get_day_names
from babel.numbers import format_currency, format_decimal

from mcp_platform.console.sentences import Tongue

DEFAULT_ZONE = "America/Sao_Paulo"


# From so many seconds on, how many make no difference to what is said: a page of fifty tenants says
# 150 such times, and to write one costs a quarter of a millisecond.
STEPS = ((2 * 86_400, 3_600), (2 * 3_600, 60))


@lru_cache(maxsize=20_000)
def _ago(seconds: int, locale: str) -> str:
    return format_timedelta(-timedelta(seconds=seconds), add_direction=True, locale=locale)


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
        passed = max((self.now - moment).total_seconds(), 0.0)
        step = next((step for least, step in STEPS if passed >= least), 1)
        return _ago(int(passed) // step * step, self._locale)

    def at(self, moment: datetime, zone: str = DEFAULT_ZONE) -> str:
        """Return a moment with its day, in a zone."""
        return format_datetime(moment, "d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=self._locale)

    def clock(self, moment: datetime, zone: str) -> str:
        """Return the time of day."""
        return format_datetime(moment, "HH:mm", tzinfo=ZoneInfo(zone), locale=self._locale)

    def day(self, moment: datetime, zone: str) -> str:
        """Return the day by its name, with its year where it is another one."""
        place = ZoneInfo(zone)
        this_year = moment.astimezone(place).year == self.now.astimezone(place).year
        form = {"pt-BR": "EEEE, d 'de' MMMM", "en": "EEEE, d MMMM"}[self.tongue]
        year = {"pt-BR": " 'de' y", "en": " y"}[self.tongue]
        return format_datetime(
            moment, form if this_year else form + year, tzinfo=place, locale=self._locale
        )

    def soon(self, moment: datetime, zone: str) -> str:
        """Return a moment by its time alone if it is today, else with its day."""
        place = ZoneInfo(zone)
        if moment.astimezone(place).date() == self.now.astimezone(place).date():
            return self.clock(moment, zone)
        return format_datetime(moment, "EEE, d MMM, HH:mm", tzinfo=place, locale=self._locale)

    def wait(self, left: timedelta) -> str:
        """Return how long something takes still."""
        return format_timedelta(left, locale=self._locale)

    def seconds(self, length: timedelta) -> str:
        """Return a short length of time, in seconds and their tenths."""
        return f"{format_decimal(length.total_seconds(), '0.0', locale=self._locale)} s"

    def language(self, tag: str) -> str:
        """Return what a language is called; one that nobody knows, as it is written."""
        try:
            return Locale.parse(tag, sep="-").get_display_name(self._locale) or tag
        except (ValueError, UnknownLocaleError):
            return tag

    def money(self, cents: int, currency: str | None) -> str:
        """Return a price: "R$ 45,00"."""
        return format_currency(cents / 100, currency or "BRL", locale=self._locale)

    def number(self, value: int) -> str:
        return format_decimal(value, locale=self._locale)

    def date(self, day: date) -> str:
        """Return a day with its weekday: "qua., 25 de dez. de 2026"."""
        return format_date(day, "EEE, d MMM y", locale=self._locale)

    def weekday(self, number: int) -> str:
        """Return what a weekday is called; 0 is Monday."""
        names = get_day_names("wide", "stand-alone", locale=self._locale)
        return str(names[number]).removesuffix("-feira").capitalize()
