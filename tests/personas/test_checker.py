"""The checker itself: it sees what is false, and lets stand what is true."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.factories import ZONE
from tests.personas.checker import Truth, untruths

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)  # a Monday
AT = datetime(2026, 12, 1, 10, 0, tzinfo=ZONE)
TRUTH = Truth(
    moments={AT, AT + timedelta(hours=1)},
    states={AT: {"booked"}},
    prices={4500},
    minutes={30},
    literal={"Rua das Flores, 123"},
    names={"Corte", "Zé"},
)

TRUE = [
    "✅ Agendado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00.",
    "✅ Booked: Corte with Zé, tomorrow, Tuesday, December 1 at 10:00 AM.",
    "✅ Agendado: Corte con Zé, mañana, martes, 1 de diciembre, a las 10:00.",
    "Estes são os horários livres:\nter 01/12 11:00\nCorte · Zé",
    "Corte — 30 min — R$ 45,00",
    "📍 Rua das Flores, 123",
    "Olá! Tudo bem? Como posso ajudar?",
    "Essa opção não vale mais.\nPosso marcar, remarcar ou cancelar um horário. O que você prefere?",
]
FALSE = [
    "✅ Agendado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 11:00.",
    "❌ Cancelado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00.",
    "✅ Agendado: Corte",
    "✅ Booked: Corte with Zé, tomorrow, Wednesday, December 2 at 10:00 AM.",
    "ter 01/12 12:00",
    "seg 01/12 10:00",
    "Corte — R$ 35,00",
    "Corte — 45 min",
    "Te espero lá!",
    "Está marcado!",
    "Pode vir às dez.",
    "às 10h",
    "⑩",
    "{slot:s_1}",
]


def _sent(text: str) -> dict[str, Any]:
    return {"payload": {"type": "text", "text": {"body": text}}}


@pytest.mark.parametrize("text", TRUE)
def test_what_the_database_says_stands(text: str) -> None:
    assert untruths(_sent(text), TRUTH, now=NOW) == []


@pytest.mark.parametrize("text", FALSE)
def test_what_the_database_does_not_say_is_seen(text: str) -> None:
    assert untruths(_sent(text), TRUTH, now=NOW)
