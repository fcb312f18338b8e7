"""What is said of outcomes, and how names stand in it."""

from dataclasses import replace
from datetime import datetime, timedelta

from mcp_platform.assistant.phrases import phrases
from mcp_platform.assistant.speech import Speech
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.tenants.languages import Language
from mcp_platform.words.forms import with_article
from tests.factories import CORTE, ZE, ZONE, catalogue

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)
SLOT = SlotView(
    service_id=CORTE,
    service_name="Corte",
    professional_id=ZE,
    professional_name="Zé",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, minutes=30),
)


LANGUAGES_SPOKEN: tuple[Language, ...] = ("pt-BR", "es", "en")


def test_a_name_without_an_article_takes_that_of_its_kind_of_business() -> None:
    names = ("Barbearia do Zé", "SALÃO DA ANA", "Studio 9", "Clínica Sol", "Zé Cortes", "")
    told = [with_article("of", each, article=None, language="pt-BR") for each in names]
    assert told == [
        "da Barbearia do Zé", "do SALÃO DA ANA", "do Studio 9", "da Clínica Sol", "de Zé Cortes", "de ",
    ]  # fmt: skip
    assert with_article("in", "Barbería Sol", article=None, language="es") == "en la Barbería Sol"
    assert with_article("of", "Salão da Ana", article="a", language="pt-BR") == "da Salão da Ana"


def test_a_business_is_named_with_the_article_it_chose_and_its_services_with_its_own_icon() -> None:
    named = [
        with_article("of", "Nove Luas", article=article, language=language)
        for language in LANGUAGES_SPOKEN
        for article in ("a", "o", None)
    ]
    assert named == [
        *("da Nove Luas", "do Nove Luas", "de Nove Luas"),
        *("de la Nove Luas", "del Nove Luas", "de Nove Luas"),
        *["of Nove Luas"] * 3,
    ]
    for language in ("pt-BR", "es", "en"):
        hello = phrases(language).hello.format(of_business="da Barbearia")
        assert "da Barbearia." in hello


def test_a_long_name_of_a_service_does_not_hide_with_whom() -> None:
    speech = Speech(language="pt-BR", catalogue=catalogue(), now=NOW)
    long = replace(
        SLOT, service_name="Corte masculino na tesoura com acabamento, lavagem e " + "x" * 20
    )

    short, cut = speech.slot_choices((SLOT, long), ("s_1", "s_2"))

    assert short.description == "Corte · Zé"
    assert cut.description.startswith("Zé · Corte masculino")
