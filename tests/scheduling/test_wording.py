"""What customers read, in the three languages."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.scheduling import wording
from mcp_platform.scheduling.catalogue import BookingRules, OpeningSpan, every_day

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOW = datetime(2026, 11, 29, 12, 12, tzinfo=UTC)
TUESDAY_TEN = datetime(2026, 12, 1, 10, tzinfo=SAO_PAULO)
LANGUAGES = ["pt-BR", "en", "es"]

local_times = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 hypothesis adds the zone
    timezones=st.just(SAO_PAULO),
)


@pytest.mark.parametrize(
    ("language", "today", "written"),
    [
        ("pt-BR", date(2026, 11, 20), "terça-feira, 1º de dezembro"),
        ("pt-BR", date(2026, 11, 30), "amanhã, terça-feira, 1º de dezembro"),
        ("pt-BR", date(2026, 12, 1), "hoje, terça-feira, 1º de dezembro"),
        ("pt-BR", date(2026, 12, 2), "terça-feira, 1º de dezembro"),
        ("pt-BR", date(2025, 12, 2), "terça-feira, 1º de dezembro de 2026"),
        ("en", date(2026, 11, 20), "Tuesday, December 1"),
        ("en", date(2026, 11, 30), "tomorrow, Tuesday, December 1"),
        ("en", date(2026, 12, 1), "today, Tuesday, December 1"),
        ("en", date(2025, 12, 2), "Tuesday, December 1, 2026"),
        ("es", date(2026, 11, 20), "martes, 1 de diciembre"),
        ("es", date(2026, 11, 30), "mañana, martes, 1 de diciembre"),
        ("es", date(2026, 12, 1), "hoy, martes, 1 de diciembre"),
        ("es", date(2025, 12, 2), "martes, 1 de diciembre de 2026"),
    ],
)
def test_a_day_is_written_with_its_weekday_and_says_today_and_tomorrow(
    language, today, written
) -> None:
    assert wording.day(date(2026, 12, 1), language=language, today=today) == written


def test_only_the_first_of_a_month_is_an_ordinal_in_portuguese() -> None:
    written = wording.day(date(2026, 12, 21), language="pt-BR", today=date(2026, 12, 1))
    assert written == "segunda-feira, 21 de dezembro"


def test_tomorrow_may_be_next_year() -> None:
    written = wording.day(date(2027, 1, 1), language="pt-BR", today=date(2026, 12, 31))
    assert written == "amanhã, sexta-feira, 1º de janeiro de 2027"


@pytest.mark.parametrize(
    ("language", "written"), [("pt-BR", "terça-feira"), ("en", "Tuesday"), ("es", "martes")]
)
def test_a_weekday_is_written_in_full(language, written) -> None:
    assert wording.weekday(date(2026, 12, 1), language=language) == written


@pytest.mark.parametrize(
    ("language", "morning", "midnight", "evening"),
    [
        ("pt-BR", "08:05", "00:00", "20:30"),
        ("en", "8:05 AM", "12:00 AM", "8:30 PM"),
        ("es", "08:05", "00:00", "20:30"),
    ],
)
def test_a_time_of_day_is_written_as_the_language_does(
    language, morning, midnight, evening
) -> None:
    for at, written in ((time(8, 5), morning), (time(0), midnight), (time(20, 30), evening)):
        when = datetime.combine(date(2026, 12, 1), at, SAO_PAULO)
        assert wording.clock(when, language=language) == written


@pytest.mark.parametrize(
    ("language", "hour", "written"),
    [
        ("pt-BR", 10, "terça-feira, 1º de dezembro, às 10:00"),
        ("pt-BR", 1, "terça-feira, 1º de dezembro, à 01:00"),
        ("pt-BR", 0, "terça-feira, 1º de dezembro, às 00:00"),
        ("en", 10, "Tuesday, December 1 at 10:00 AM"),
        ("es", 10, "martes, 1 de diciembre, a las 10:00"),
        ("es", 1, "martes, 1 de diciembre, a la 01:00"),
        ("es", 13, "martes, 1 de diciembre, a las 13:00"),
    ],
)
def test_a_moment_is_a_phrase(language, hour, written) -> None:
    when = TUESDAY_TEN.replace(hour=hour)
    assert wording.moment(when, language=language, now=NOW) == written


def test_today_is_by_the_tenants_clock_not_by_that_of_now() -> None:
    now = datetime(2026, 12, 1, 2, tzinfo=UTC)  # still 23:00 on Monday in São Paulo
    written = wording.moment(TUESDAY_TEN, language="pt-BR", now=now)
    assert written == "amanhã, terça-feira, 1º de dezembro, às 10:00"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("pt-BR", "ter 01/12 10:00"),
        ("en", "Tue Dec 1 10:00 AM"),
        ("es", "mar 01/12 10:00"),
    ],
)
def test_a_short_moment_is_written_for_a_row_of_a_list(language, written) -> None:
    assert wording.short_moment(TUESDAY_TEN, language=language) == written


@given(local_times, st.sampled_from(LANGUAGES))
def test_a_short_moment_fits_the_title_of_a_row(when, language) -> None:
    assert len(wording.short_moment(when, language=language)) <= 24


@given(local_times, st.sampled_from(LANGUAGES))
def test_nothing_is_written_with_a_space_that_does_not_look_like_one(when, language) -> None:
    written = (
        wording.moment(when, language=language, now=NOW)
        + wording.short_moment(when, language=language)
        + wording.price(when.year * 1000, currency="BRL", language=language)
    )
    assert not any(letter.isspace() and letter != " " for letter in written)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_minute_of_a_day_is_written_in_its_own_way(language) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=SAO_PAULO)
    times = [midnight + timedelta(minutes=minute) for minute in range(24 * 60)]
    assert len({wording.clock(when, language=language) for when in times}) == len(times)


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 12, 1, 13, tzinfo=UTC),
        datetime(2026, 12, 1, 10),  # noqa: DTZ001 that is the point
        datetime.fromisoformat("2026-12-01T10:00:00-03:00"),
    ],
)
def test_a_time_that_is_not_by_the_tenants_clock_is_refused(when) -> None:
    with pytest.raises(TypeError, match=r"BookingRules\.local"):
        wording.clock(when, language="pt-BR")
    with pytest.raises(TypeError):
        wording.moment(when, language="pt-BR", now=NOW)
    with pytest.raises(TypeError):
        wording.short_moment(when, language="pt-BR")


def test_a_time_from_the_database_is_written_after_the_rules_made_it_local() -> None:
    stored = datetime(2026, 12, 1, 13, tzinfo=UTC)
    assert wording.clock(BookingRules().local(stored), language="pt-BR") == "10:00"


@pytest.mark.parametrize(
    ("language", "professional", "written"),
    [
        ("pt-BR", "Zé", "Corte com Zé, terça-feira, 1º de dezembro, às 10:00"),
        ("en", "Zé", "Corte with Zé, Tuesday, December 1 at 10:00 AM"),
        ("es", "Zé", "Corte con Zé, martes, 1 de diciembre, a las 10:00"),
        ("pt-BR", None, "Corte, terça-feira, 1º de dezembro, às 10:00"),
    ],
)
def test_an_appointment_says_what_with_whom_and_when(language, professional, written) -> None:
    assert written == wording.appointment(
        service="Corte", professional=professional, start=TUESDAY_TEN, language=language, now=NOW
    )


def test_names_with_braces_are_written_as_they_are() -> None:
    written = wording.appointment(
        service="{day}", professional="{x}", start=TUESDAY_TEN, language="pt-BR", now=NOW
    )
    assert written.startswith("{day} com {x}, terça-feira")


@pytest.mark.parametrize(
    ("minutes", "portuguese", "english"),
    [
        (30, "30 min", "30 min"),
        (60, "1 h", "1 hr"),
        (90, "1 h 30 min", "1 hr 30 min"),
        (0, "0 min", "0 min"),
    ],
)
def test_a_duration_is_in_hours_and_minutes(minutes, portuguese, english) -> None:
    length = timedelta(minutes=minutes)
    assert wording.duration(length, language="pt-BR") == portuguese
    assert wording.duration(length, language="es") == portuguese
    assert wording.duration(length, language="en") == english


@pytest.mark.parametrize(
    ("cents", "currency", "language", "written"),
    [
        (4500, "BRL", "pt-BR", "R$ 45,00"),
        (4500, "BRL", "en", "R$45.00"),
        (4500, "BRL", "es", "R$ 45,00"),
        (123456789, "BRL", "pt-BR", "R$ 1.234.567,89"),
        (123456789, "BRL", "en", "R$1,234,567.89"),
        (5, "BRL", "pt-BR", "R$ 0,05"),
        (0, "EUR", "es", "€ 0,00"),
        (4500, "USD", "en", "$45.00"),
        (4500, "CLP", "es", "CLP 4.500"),
    ],
)
def test_a_price_is_exact_and_in_its_currency(cents, currency, language, written) -> None:
    assert wording.price(cents, currency=currency, language=language) == written


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "pt-BR",
            ["segunda a sexta: 08:00–12:00, 13:00–18:00", "sábado: 09:00–13:00"],
        ),
        (
            "en",
            [
                "Monday to Friday: 8:00 AM–12:00 PM, 1:00 PM–6:00 PM",
                "Saturday: 9:00 AM–1:00 PM",
            ],
        ),
        (
            "es",
            ["lunes a viernes: 08:00–12:00, 13:00–18:00", "sábado: 09:00–13:00"],
        ),
    ],
)
def test_weekly_hours_join_neighbouring_days_that_are_alike(language, lines) -> None:
    hours = (
        *every_day(weekdays=range(5), opens=time(13)),
        *every_day(weekdays=range(5), closes=time(12)),
        OpeningSpan(weekday=5, opens=time(9), closes=time(13)),
    )
    assert wording.hours_lines(hours, language=language) == lines


def test_two_days_are_joined_by_and_and_a_closed_day_parts_its_neighbours() -> None:
    hours = every_day(weekdays=[0, 2, 3, 5, 6])
    assert wording.hours_lines(hours, language="pt-BR") == [
        "segunda: 08:00–18:00",
        "quarta e quinta: 08:00–18:00",
        "sábado e domingo: 08:00–18:00",
    ]


def test_the_hours_of_several_professionals_become_those_of_the_house() -> None:
    hours = (
        *every_day(weekdays=range(7), opens=time(14), closes=time(0)),
        *every_day(weekdays=range(7), opens=time(8), closes=time(12)),
        *every_day(weekdays=range(7), opens=time(10), closes=time(14)),
    )
    assert wording.hours_lines(hours, language="pt-BR") == ["todos os dias: 08:00–00:00"]


def test_a_day_without_an_end_is_24_hours_and_no_hours_are_no_lines() -> None:
    hours = every_day(weekdays=range(7), opens=time(0), closes=time(0))
    assert wording.hours_lines(hours, language="es") == ["todos los días: 24 horas"]
    assert wording.hours_lines((), language="es") == []


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("pt", "terça-feira"),
        ("en-US", "Tuesday"),
        ("en_GB", "Tuesday"),
        ("ES-419", "martes"),
        ("fr", "terça-feira"),
        ("", "terça-feira"),
        ("english", "terça-feira"),
    ],
)
def test_a_variant_is_its_language_and_an_unknown_language_is_portuguese(language, written) -> None:
    assert wording.weekday(date(2026, 12, 1), language=language) == written
