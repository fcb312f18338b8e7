"""What is said of outcomes, and how names stand in it."""

from dataclasses import replace
from datetime import datetime, timedelta

from mcp_platform.assistant.phrases import of_business, phrases
from mcp_platform.assistant.speech import Speech
from mcp_platform.scheduling.outcome import SlotView
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


def test_a_business_is_named_with_the_article_it_chose_and_its_services_with_its_own_icon() -> None:
    named = [
        of_business("Barbearia", article=article, language=language)
        for language in ("pt-BR", "es", "en")
        for article in ("a", "o", None)
    ]
    assert named == [
        *("da Barbearia", "do Barbearia", "de Barbearia"),
        *("de la Barbearia", "del Barbearia", "de Barbearia"),
        *["of Barbearia"] * 3,
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
