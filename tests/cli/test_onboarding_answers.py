"""What people type into the interview, and what is made of it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.answers.usual import USUAL
from mcp_platform.cli.commands.onboarding.kept import Kept
from mcp_platform.errors import Invalid
from mcp_platform.onboarding import words
from mcp_platform.onboarding.answers import (
    READERS,
    UnfitAnswer,
    answer_wishes,
    catalogue,
    check,
    read_file,
    read_notice,
    read_price,
)
from mcp_platform.onboarding.given import Answers
from mcp_platform.onboarding.hours import HoursUnreadable, read_hours
from mcp_platform.tenants.languages import LANGUAGES
from mcp_platform.whatsapp.messages import ROW_TITLE_MAX

EXAMPLE = Path(__file__).parents[2] / "docs/examples/onboarding.json"


def week(text: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for span in read_hours(text):
        found.setdefault(span.weekday, []).append(f"{span.opens:%H:%M}-{span.closes:%H:%M}")
    return found


@pytest.mark.parametrize(
    "text",
    [
        "seg-sex 09:00-12:00 13:00-18:00; sáb 09:00-13:00",
        "SEG-SEX 9-12 13-18 SAB 9-13",
        "segunda a sexta das 9h às 12h e das 13h às 18h, sábado das 9h às 13h",
        "segunda-feira até sexta-feira: 9h–12h, 13h–18h\nsábado: 9h–13h",
        "mon-fri 9:00-12:00 and 13:00-18:00; sat 9:00 to 13:00",
        "lunes a viernes 9h a 12h y 13h a 18h; sábado de 9h a 13h",
        "seg ter qua qui sex 9-12 13-18; sab 9-13",
    ],
)
def test_one_week_is_read_however_it_is_written(text: str) -> None:
    working = ["09:00-12:00", "13:00-18:00"]
    assert week(text) == {**dict.fromkeys(range(5), working), 5: ["09:00-13:00"]}


def test_days_wrap_around_the_week_and_midnight_ends_a_day() -> None:
    assert week("sex-seg 22h30-24h") == {day: ["22:30-00:00"] for day in (4, 5, 6, 0)}
    assert sorted(week("todos os dias 8-20")) == list(range(7))


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("seg-xyz 9-12", "seg-xyz"),
        ("9-12", "9-12"),
        ("seg 25-26", "25-26"),
        ("seg 9:75-12:00", "9:75-12:00"),
        ("seg", "seg"),
        ("seg 9-12 ter", "seg 9-12 ter"),
    ],
)
def test_what_is_no_hours_is_named(text: str, piece: str) -> None:
    with pytest.raises(HoursUnreadable) as refused:
        read_hours(text)
    assert refused.value.piece == piece


@pytest.mark.parametrize("text", ["seg 9-12 11-13", "seg 12-9", "seg 9-12; seg 10-11"])
def test_hours_that_cannot_be_are_the_registrys_to_refuse(text: str) -> None:
    with pytest.raises(Invalid):
        read_hours(text)


@pytest.mark.parametrize(
    ("text", "cents", "currency"),
    [
        ("45", 4500, "BRL"),
        ("R$ 45,00", 4500, "BRL"),
        ("1.234,50", 123450, "BRL"),
        ("1,234.50", 123450, "BRL"),
        ("usd 12.50", 1250, "USD"),
        ("12,50 EUR", 1250, "EUR"),
        ("", None, "BRL"),
    ],
)
def test_prices_are_read_as_they_are_written(text: str, cents: int | None, currency: str) -> None:
    assert read_price(text) == (cents, currency)


@pytest.mark.parametrize("text", ["45,5", "abc", "-3", "1.2.3", "R$"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UnfitAnswer):
        read_price(text)


def test_notice_is_read_as_people_say_it() -> None:
    said = ("", "0", "30", "30 min", "2h", "2 horas", "1 dia", "90 minutes", 60)
    assert [read_notice(each) for each in said] == [0, 0, 30, 30, 120, 120, 1440, 90, 60]
    for wrong in ("já", "31 dias", -1, True, "h"):
        with pytest.raises(UnfitAnswer):
            read_notice(wrong)


def test_the_example_answers_everything() -> None:
    values, wrong = check(read_file(EXAMPLE))
    assert wrong == {}
    assert set(values) == {*READERS, "credentials"}
    services, professionals = catalogue(Answers(values))
    assert [(each.id, each.price_cents) for each in services] == [("corte", 4500), ("barba", 3000)]
    assert [each.service_ids for each in professionals] == [("corte", "barba"), ("corte",)]
    assert [len(each.hours) for each in professionals] == [11, 2]
    made = answer_wishes(Answers(values))
    assert [each.title for each in made] == ["Formas de pagamento", "Estacionamento", "Atrasos"]


def test_usual_answers_are_made_in_the_language_of_the_business_and_empty_ones_are_not() -> None:
    for language in LANGUAGES:
        said = dict.fromkeys(USUAL, "x") | {"wifi": "  "}
        values, wrong = check({"language": language, "answers": said})
        assert not wrong
        made = answer_wishes(Answers(values))
        assert [each.title for each in made] == [
            each[language].title for topic, each in USUAL.items() if topic != "wifi"
        ]
        assert {each.language for each in made} == {language}
        assert all(len(each.title) <= ROW_TITLE_MAX for each in made)


def test_the_owner_s_number_is_read_where_the_business_is() -> None:
    for written, zone, meant in (
        ("(11) 98765-4321", None, "5511987654321"),
        ("11987654321", "America/Bahia", "5511987654321"),
        ("912 345 678", "Europe/Lisbon", "351912345678"),
        ("", None, None),
    ):
        values, wrong = check({"owner_whatsapp": written} | ({"time_zone": zone} if zone else {}))
        assert not wrong
        assert values["owner_whatsapp"] == meant


def test_yaml_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text("client_name: padaria\nservices:\n- {name: Bolo, minutes: 60, price: 80.5}\n")
    values, wrong = check(read_file(file))
    assert wrong == {}
    assert values["services"] == [{"name": "Bolo", "minutes": 60, "price": "80.50"}]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("client_name", "api", "reserved"),
        ("client_name", "Bad Name", "client_name"),
        ("client_name", ["x"], "client_name"),
        ("business_name", "", "business_name"),
        ("environments", ["prod"], "environments"),
        ("environments", [], "environments"),
        ("topology", "both", "topology"),
        ("time_zone", "Sao Paulo", "time_zone"),
        ("time_zone", "America/Nowhere", "time_zone"),
        ("language", "fr", "language"),
        ("owner_whatsapp", "12", "owner_whatsapp"),
        ("owner_whatsapp", "98765-4321", "owner_whatsapp"),
        ("article", "le", "article"),
        ("kind", "circus", "kind"),
        ("address", "x" * 301, "address"),
        ("minimum_notice", "soon", "minimum_notice"),
        ("resources", {"requests": {"cpu": "lots"}}, "resources"),
        ("resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}, "above"),
        ("answers", {"parking": "x" * 601}, "answers"),
        ("answers", {"weather": "x"}, "answers"),
        ("answers", ["x"], "answers"),
        ("services", [], "services"),
        ("services", [{"name": "Corte", "minutes": 1}], "minutes"),
        ("services", [{"name": "Corte", "minutes": 30, "price": "x"}], "price"),
        (
            "services",
            [{"name": "A", "minutes": 30}, {"name": "A", "minutes": 30}],
            "services_twice",
        ),
        ("professionals", [{"name": "Zé", "hours": "never"}], "hours"),
        ("professionals", [{"name": "Zé", "hours": "seg 9-12 10-13"}], "hours_overlap"),
        (
            "professionals",
            [{"name": "Zé", "hours": "seg 9-12", "calendar": "primary"}],
            "calendar_primary",
        ),
        ("services", [{"name": "Corte", "minutes": 30, "preço": "45"}], "services"),
        ("shoe_size", 44, "no_such_answer"),
    ],
)
def test_an_answer_that_will_not_do_is_refused_with_a_sentence(
    name: str, value: Any, code: str
) -> None:
    kept, wrong = check({name: value})
    assert kept == {}
    [(at, found)] = wrong.items()
    assert (at.partition(" › ")[0], found.code) == (name, code)
    for language in ("pt-BR", "en"):
        assert words.OnboardingWords(language).unfit(found)


def test_what_is_wrong_in_a_list_is_named_by_service_or_person_and_field() -> None:
    said = {
        "services": [{"name": "Corte", "minutes": 30}, {"name": "Barba", "minutes": "muito"}],
        "professionals": [{"name": "Zé", "hours": "seg 9-12", "calendar": "https://x/y"}],
    }
    _, wrong = check(said)
    assert {at: each.code for at, each in wrong.items()} == {
        "services › Barba › minutes": "minutes",
        "professionals › Zé › calendar": "calendar_address",
    }
    kept, _ = check({"services": [{"name": "Corte", "minutes": "30"}]})
    assert kept["services"][0]["minutes"] == 30
    _, wrong = check({"services": [{"minutes": 30}]})
    assert list(wrong) == ["services › 1 › name"]


def test_a_secret_has_no_place_among_the_answers() -> None:
    held = {"GEMINI_API_KEY": "AQ.secret", "WHATSAPP_APP_ID": "123"}
    kept, wrong = check({"credentials": {"production": held}})
    assert kept == {"credentials": {"production": {"WHATSAPP_APP_ID": "123"}}}
    assert wrong["credentials.production.GEMINI_API_KEY"].code == "secret_in_answers"


def test_names_that_look_alike_get_ids_of_their_own() -> None:
    named = [{"name": each, "minutes": 30} for each in ("Pé", "Pe", "Pe!")]
    answers = Answers({"services": named, "professionals": [{"name": "ж", "hours": "seg 9-12"}]})
    services, professionals = catalogue(answers)
    assert [each.id for each in services] == ["pe", "pe-2", "pe-3"]
    assert professionals[0].id == "item"


def test_a_professional_cannot_do_what_is_not_offered() -> None:
    answers = Answers({"services": [{"name": "Corte", "minutes": 30}]})
    answers.values["professionals"] = [{"name": "Zé", "hours": "seg 9-12", "services": ["Barba"]}]
    with pytest.raises(UnfitAnswer) as refused:
        catalogue(answers)
    assert refused.value.details == {"name": "Zé", "service": "Barba"}
    assert refused.value.at == " › Zé › services"


def test_what_is_kept_is_for_its_owner_alone_and_damage_is_forgotten(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "onboarding")
    kept.save(Answers({"client_name": "padaria", "language": "en"}))
    file = kept.file("padaria")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert kept.unfinished() == ["padaria"]
    assert kept.load("padaria").values["language"] == "en"
    file.write_text(json.dumps({"client_name": "padaria", "language": "klingon"}))
    assert kept.load("padaria").values == {"client_name": "padaria"}
    file.write_text("{")
    assert kept.load("padaria").values == {}
    kept.remove("padaria")
    assert kept.unfinished() == []
    begun = Answers({"business_name": "Padaria São José"}, {"services.0.name": "Pão"})
    kept.save(begun)  # it has no name of its own yet
    assert kept.unfinished() == ["padaria-sao-jose"]
    assert kept.load("padaria-sao-jose") == begun
