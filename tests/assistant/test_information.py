"""A question about the business is answered with what it asks for."""

import pytest

from mcp_platform.assistant.information import about, information, passages
from tests.factories import catalogue

INFO = information(
    business={"name": "Barbearia do Zé", "address": "Rua das Flores, 123", "phone": None},
    catalogue=catalogue(),
    language="pt-BR",
)


def test_the_card_holds_prices_and_hours_written_by_code() -> None:
    assert INFO["services"][0] == {"name": "Corte", "duration": "30 min", "price": "R$ 45,00"}
    assert INFO["hours"] == ["todos os dias: 08:00–18:00"]
    assert "phone" not in INFO
    assert {"Rua das Flores, 123", "R$ 45,00"} <= set(passages(INFO))


@pytest.mark.parametrize(
    ("asked", "topics"),
    [
        ("Qual o endereço?", {"address"}),
        ("where are you?", {"address"}),
        ("que horas vocês abrem?", {"hours"}),
        ("¿Cuánto cuesta?", {"services"}),
        ("me fale de vocês", {"name", "address", "hours", "services"}),
    ],
)
def test_only_what_was_asked_is_told(asked: str, topics: set[str]) -> None:
    assert set(about(INFO, asked=asked)) == topics


def test_a_question_about_one_service_names_that_one() -> None:
    assert [each["name"] for each in about(INFO, asked="quanto custa a barba?")["services"]] == [
        "Barba"
    ]
