"""Which holidays are offered, and when somebody is asked about them."""

from datetime import date

import pytest

from mcp_platform.errors import Invalid
from mcp_platform.scheduling.holidays import HolidayRules, check_region

SAO_PAULO = HolidayRules(of="BR-SP", own={"01-25": "Aniversário de São Paulo", "02-29": "Bissexto"})


def test_a_year_has_carnival_the_states_own_and_the_towns_own_in_portuguese() -> None:
    found = {each.day: each for each in SAO_PAULO.in_year(2027, language="pt-BR")}

    assert found[date(2027, 2, 9)].name == "Carnaval"
    assert found[date(2027, 2, 9)].optional
    assert found[date(2027, 7, 9)].name == "Revolução Constitucionalista"
    assert found[date(2027, 1, 25)].name == "Aniversário de São Paulo"
    assert not found[date(2027, 12, 25)].optional
    assert list(found) == sorted(found)
    assert date(2027, 7, 9) not in {
        each.day for each in HolidayRules(own={}).in_year(2027, language="pt-BR")
    }
    assert date(2028, 2, 29) in {each.day for each in SAO_PAULO.in_year(2028, language="pt-BR")}


def test_who_speaks_another_language_reads_the_names_in_it_where_there_are_some() -> None:
    christmas = {
        (of, language): next(
            each.name
            for each in HolidayRules(of=of, own={}).in_year(2027, language=language)
            if each.day == date(2027, 12, 25)
        )
        for of, language in (("BR", "en"), ("BR", "es"), ("AR", "es"), ("FR", "pt-BR"))
    }
    assert christmas == {
        ("BR", "en"): "Christmas Day",
        ("BR", "es"): "Natal",
        ("AR", "es"): "Navidad",
        ("FR", "pt-BR"): "Noël",
    }


@pytest.mark.parametrize(
    ("decided", "today", "name"),
    [
        (None, date(2026, 11, 30), "Véspera de Natal"),
        (2026, date(2026, 11, 30), "Confraternização Universal"),
        (2027, date(2026, 11, 30), None),
        (2026, date(2026, 10, 30), None),  # the new year is not near yet
        (None, date(2026, 12, 31), "Confraternização Universal"),
    ],
)
def test_the_next_holiday_of_a_year_nobody_decided_about_is_asked_about_in_time(
    decided: int | None, today: date, name: str | None
) -> None:
    rules = HolidayRules(own={}, decided=decided)
    found = rules.undecided(today=today, language="pt-BR")
    assert (found.name if found else None) == name


@pytest.mark.parametrize("code", ["XX", "BR-XX", "br", "US-SP"])
def test_a_place_without_known_holidays_is_refused(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_region(code)
    assert list(refused.value.fields) == ["holidays_of"]
