"""What the model is told in one turn: how much it is, and how much of it stays the same."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from mcp_platform.assistant.prompt import (
    REPLY,
    contents,
    describe_business,
    describe_turn,
    system_instruction,
)
from mcp_platform.assistant.speaking.repertoire import REPERTOIRE
from mcp_platform.assistant.tools import declarations
from mcp_platform.conversations.messages import Message
from mcp_platform.scheduling.catalogue import Catalogue, ServiceId
from mcp_platform.simulators.gemini.answers import tokens_of_contents, tokens_of_text
from tests.factories import ZONE, catalogue

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)
MOST_TOKENS = 8_000
# Forty answers, with two ways of asking each.
ANSWERS = {
    f"n{number:05}": f"Formas de pagamento {number}; Vocês aceitam pix ou cartão de crédito?; Dá para"
    " parcelar?"
    for number in range(40)
}


def shop() -> Catalogue:
    """Return a business of eight services and three people."""
    one = catalogue()
    service = one.services[0]
    services = tuple(
        replace(service, id=ServiceId(f"servico-{n}"), name=f"Corte e barba número {n}")
        for n in range(8)
    )
    ids = frozenset(each.id for each in services)
    people = tuple(replace(each, service_ids=ids) for each in one.professionals)
    return replace(one, services=services, professionals=people)


def instruction() -> str:
    return system_instruction(
        describe_business(
            business="Barbearia do Zé",
            kind="barber",
            language="pt-BR",
            catalogue=shop(),
            answers=ANSWERS,
        )
    )


def test_a_whole_turn_is_at_most_so_many_tokens() -> None:
    history = [
        Message("contact" if n % 2 == 0 else "model", "Tem horário para corte amanhã?", NOW, f"{n}")
        for n in range(20)
    ]
    facts = describe_turn(
        catalogue=shop(),
        language="pt-BR",
        now=NOW,
        contact={"name": "Ana", "first_message": False, "greeted_today": True},
        appointments={},
        offered={},
        written=[NOW],
        earlier=[NOW - timedelta(minutes=n) for n in range(10)],
    )
    asked = contents(history, texts=["Quanto custa, e dá para ir amanhã?"], facts=facts)
    functions = json.dumps([*declarations(), REPLY], ensure_ascii=False)

    tokens = tokens_of_text(instruction()) + tokens_of_contents(asked) + tokens_of_text(functions)

    assert len(REPERTOIRE) > 120
    assert tokens <= MOST_TOKENS


def test_what_never_changes_is_long_enough_for_the_vendors_cache() -> None:
    """It begins at 4,096 tokens of an unchanged prefix."""
    assert tokens_of_text(instruction()) >= 4_096
