"""Which holidays a business may want to close on: its state's by a library, its town's by itself.

They are only offered: a holiday is a closed day once somebody said yes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from mcp_platform.errors import Invalid

AHEAD = timedelta(days=60)  # how soon before a holiday one is asked: what customers book by then
MOST_YEARS_AHEAD = 5  # movable feasts of later years may still be moved by law
# The library's names of our languages. Carnival is optional in Brazil, and most shops close.
_LANGUAGES = {"pt-BR": "pt_BR", "en": "en_US", "es": "es"}
_OPTIONAL = "optional"
_CATEGORIES = ("public", _OPTIONAL)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Holiday:
    """A day on which a business may want to close. `optional`: the law leaves it to each."""

    day: date
    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRules:
    """Whose holidays are offered to a business, and up to which year it has decided.

    Attributes:
        of: ISO 3166-1 or 3166-2, such as BR or BR-SP.
        own: The town's own, by month and day as `MM-DD`.
        decided: The last year that somebody decided about; None: none yet.
    """

    of: str = "BR"
    own: Mapping[str, str]
    decided: int | None = None

    def in_year(self, year: int, *, language: str) -> tuple[Holiday, ...]:
        """Return the holidays of a year, earliest first, one a day."""
        found = {each.day: each for each in _by_law(self.of, year, language)}
        for month_day, name in self.own.items():
            day = _on(month_day, year)
            if day is not None:
                found[day] = Holiday(day=day, name=name)
        return tuple(sorted(found.values()))

    def undecided(self, *, today: date, language: str) -> Holiday | None:
        """Return the next holiday, if it is near and nobody decided about its year."""
        for year in (today.year, today.year + 1):
            if self.decided is not None and year <= self.decided:
                continue
            for each in self.in_year(year, language=language):
                if today < each.day <= today + AHEAD:
                    return each
        return None


def check_region(code: str) -> None:
    """Check that the holidays of `code` are known.

    Raises:
        Invalid: they are not.
    """
    country, _, state = code.partition("-")
    known = _regions()
    if country not in known or (state and state not in known[country]):
        states = ", ".join(known.get(country, ()))
        told = f"must be one of {states}" if states else "is no country whose holidays are known"
        raise Invalid(f"holidays_of: {told}.", fields={"holidays_of": told})


@cache
def _regions() -> Mapping[str, list[str]]:
    from holidays import list_supported_countries  # noqa: PLC0415  # only who asks for holidays

    return list_supported_countries(include_aliases=False)


@cache
def _by_law(code: str, year: int, language: str) -> tuple[Holiday, ...]:
    from holidays import country_holidays  # noqa: PLC0415  # only who asks for holidays

    country, _, state = code.partition("-")
    known = country_holidays(country)
    spoken = _LANGUAGES.get(language)
    found: dict[date, Holiday] = {}
    for category in _CATEGORIES:
        if category not in known.supported_categories:
            continue
        named = country_holidays(
            country,
            subdiv=state or None,
            years=year,
            language=spoken if spoken in known.supported_languages else known.default_language,
            categories=(category,),
        )
        for day, name in named.items():
            holiday = Holiday(day=day, name=name, optional=category == _OPTIONAL)
            found.setdefault(day, holiday)
    return tuple(found.values())


def _on(month_day: str, year: int) -> date | None:
    try:
        return date.fromisoformat(f"{year}-{month_day}")
    except ValueError:  # the 29th of February
        return None
