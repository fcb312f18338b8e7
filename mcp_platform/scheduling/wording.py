"""Dates, times, durations, prices and appointments as a customer reads them.

What CLDR does not say stands under `dates` in the file of each language. Month and day names, number formats and
currency symbols are Unicode's CLDR through Babel. Times must arrive by the tenant's own clock
(`BookingRules.local`). One that does not is a bug, and is refused: a customer would read it three
hours wrong.

A language is `pt-BR`, `en` or `es`, or a variant of them; any other is written as `pt-BR`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_day_names
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

from mcp_platform.scheduling.catalogue import DAYS_A_WEEK, MIDNIGHT, OpeningSpan
from mcp_platform.tenants.languages import supported
from mcp_platform.words.files import in_every_language

PAIR = 2


@dataclass(frozen=True, slots=True)
class DateTexts:
    """What CLDR does not say, or says in another way than people write on WhatsApp."""

    locale: str
    day: str  # CLDR date patterns, as Babel takes them
    first_day: str
    year: str
    short_day: str
    clock: str
    money: str
    today: str
    tomorrow: str
    at: str
    at_one: str
    with_: str
    hour: str
    span_of_days: str
    pair_of_days: str
    every_day: str
    all_hours: str


_PHRASES = in_every_language(DateTexts, "dates")


def day(when: date, *, language: str, today: date) -> str:
    """Write a day: "terça-feira, 1º de dezembro", after "hoje, " or "amanhã, " when it is so.

    The year is told when it is not today's.
    """
    phrases = _phrases(language)
    pattern = phrases.first_day if when.day == 1 else phrases.day
    if when.year != today.year:
        pattern += phrases.year
    written = format_date(when, pattern, locale=phrases.locale)
    if when == today:
        return f"{phrases.today}, {written}"
    if when == today + timedelta(days=1):
        return f"{phrases.tomorrow}, {written}"
    return written


def weekday(when: date, *, language: str) -> str:
    """Write the day of the week: "terça-feira"."""
    return format_date(when, "EEEE", locale=_phrases(language).locale)


def clock(when: datetime, *, language: str) -> str:
    """Write a time of day: "10:00", in English "10:00 AM"."""
    return _clock(_local(when).time(), phrases=_phrases(language))


def moment(when: datetime, *, language: str, now: datetime) -> str:
    """Write when something is: "amanhã, terça-feira, 1º de dezembro, às 10:00"."""
    phrases = _phrases(language)
    local = _local(when)
    today = now.astimezone(UTC).astimezone(local.tzinfo).date()
    at = phrases.at_one if local.hour == 1 else phrases.at
    return at.format(
        day=day(local.date(), language=language, today=today),
        clock=clock(when, language=language),
    )


def dated(when: datetime, *, language: str) -> str:
    """Write when something is, with no "today" in it, for what may be read days later."""
    phrases = _phrases(language)
    local = _local(when)
    at = phrases.at_one if local.hour == 1 else phrases.at
    pattern = phrases.first_day if local.day == 1 else phrases.day
    written = format_date(local.date(), pattern, locale=phrases.locale)
    return at.format(day=written, clock=clock(when, language=language))


def visit(*, service: str, professional: str | None, language: str) -> str:
    """Write what somebody comes for: "Corte com Zé"; without a choice of people, "Corte"."""
    if professional is None:
        return service
    return _phrases(language).with_.format(service=service, professional=professional)


def short_day(when: date, *, language: str) -> str:
    """Write a day in few characters: "ter 01/12"."""
    phrases = _phrases(language)
    return format_date(when, phrases.short_day, locale=phrases.locale).replace(".", "")


def short_moment(when: datetime, *, language: str) -> str:
    """Write when something is in at most 24 characters: "ter 01/12 10:00".

    Source: WhatsApp refuses an interactive list whose row title is longer.
    """
    phrases = _phrases(language)
    written = format_date(_local(when).date(), phrases.short_day, locale=phrases.locale)
    return f"{written.replace('.', '')} {clock(when, language=language)}"


def appointment(
    *, service: str, professional: str | None, start: datetime, language: str, now: datetime
) -> str:
    """Write an appointment: "Corte com Zé, terça-feira, 1º de dezembro, às 10:00".

    Leave `professional` out where the customer has no choice of one.
    """
    what = visit(service=service, professional=professional, language=language)
    return f"{what}, {moment(start, language=language, now=now)}"


def duration(length: timedelta, *, language: str) -> str:
    """Write a length of time in whole minutes: "1 h 30 min"."""
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    parts = []
    if hours:
        parts.append(f"{hours} {_phrases(language).hour}")
    if minutes or not hours:
        parts.append(f"{minutes} min")
    return " ".join(parts)


def price(cents: int, *, currency: str, language: str) -> str:
    """Write an amount of a currency's minor units: "R$ 45,00"."""
    phrases = _phrases(language)
    amount = Decimal(cents).scaleb(-get_currency_precision(currency))
    written = format_currency(amount, currency, format=phrases.money, locale=phrases.locale)
    # Spanish has no symbol for most currencies and writes "BRL"; people there write "R$" all the
    # same. The pattern's own spaces are ordinary ones, so that a quoted price can be recognised.
    return written.replace(currency, get_currency_symbol(currency, locale="pt_BR"))


def hours_lines(hours: Iterable[OpeningSpan], *, language: str) -> list[str]:
    """Write weekly hours, neighbouring days that are alike in one line, closed days left out.

    "segunda a sexta: 08:00–12:00, 13:00–18:00". Spans that overlap or touch become one, so that the
    hours of several professionals can be given together.
    """
    phrases = _phrases(language)
    of_day: dict[int, list[OpeningSpan]] = {number: [] for number in range(DAYS_A_WEEK)}
    for span in hours:
        of_day[span.weekday].append(span)
    written = [(number, _hours(spans, phrases=phrases)) for number, spans in of_day.items()]
    return [
        f"{_weekdays([number for number, _ in group], phrases=phrases)}: {text}"
        for text, group in groupby(written, key=lambda pair: pair[1])
        if text
    ]


def _phrases(language: str) -> DateTexts:
    return _PHRASES[supported(language)]


def _local(when: datetime) -> datetime:
    if not isinstance(when.tzinfo, ZoneInfo):
        raise TypeError(f"{when!r} is not by a tenant's clock: convert it with BookingRules.local")
    return when


def _clock(at: time, *, phrases: DateTexts) -> str:
    return format_time(at, phrases.clock, locale=phrases.locale)


def _weekdays(numbers: Sequence[int], *, phrases: DateTexts) -> str:
    # "segunda" is what a shop writes on its door for CLDR's "segunda-feira"
    names = [
        str(get_day_names("wide", "stand-alone", phrases.locale)[number]).removesuffix("-feira")
        for number in numbers
    ]
    if len(names) == 1:
        return names[0]
    if len(names) == DAYS_A_WEEK:
        return phrases.every_day
    pattern = phrases.pair_of_days if len(names) == PAIR else phrases.span_of_days
    return pattern.format(first=names[0], last=names[-1])


def _hours(spans: Iterable[OpeningSpan], *, phrases: DateTexts) -> str:
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(span.on(date.min) for span in spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return ", ".join(
        phrases.all_hours
        if opens.time() == closes.time() == MIDNIGHT
        else f"{_clock(opens.time(), phrases=phrases)}–{_clock(closes.time(), phrases=phrases)}"
        for opens, closes in merged
    )
