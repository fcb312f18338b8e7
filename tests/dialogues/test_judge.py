"""Each rule of the judge passes a good reply and fails a bad one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from mcp_platform.rehearsal.dialogues import DialogueTurn, written
from mcp_platform.rehearsal.judge import (
    RULES,
    Evidence,
    PhoneMessage,
    StandingAppointment,
    plain,
    wrong,
)
from tests.cases import cases
from tests.factories import ZONE

TODAY = date(2026, 6, 11)  # a Thursday
CUT = StandingAppointment("corte", "ze", datetime(2026, 6, 12, 9, 30, tzinfo=ZONE))
LATER = replace(CUT, start=datetime(2026, 6, 13, 15, tzinfo=ZONE))
ROWS = ("09:00 Corte · Ana", "09:30 Corte · Zé", "11:00 Corte · Ana")
LIST = PhoneMessage("Corte, amanhã (12/6):", ROWS)
MENU = PhoneMessage("O que você prefere?", ("Agendar", "Meus horários", "Falar com a equipe"))
HELLO = PhoneMessage("Oi! Aqui é o assistente virtual da Barbearia do Zé.")


def evidence(
    *replies: str | PhoneMessage, turn: Mapping[str, Any] | None = None, **more: Any
) -> Evidence:
    said: Sequence[PhoneMessage] = [
        each if isinstance(each, PhoneMessage) else PhoneMessage(each) for each in replies
    ]
    return Evidence(turn=DialogueTurn(**(turn or {})), today=TODAY, replies=said, **more)


CASES = [
    # rule, what is good, what is bad
    ("answered", evidence("Oi!"), evidence()),
    ("answered", evidence(turn={"silent": True}), evidence("Oi!", turn={"silent": True})),
    ("not_the_menu", evidence(LIST), evidence(MENU)),
    ("understood", evidence("Qual dia?"), evidence("Não entendi bem. Qual dia?")),
    (
        "not_again",
        evidence("Qual dia?", earlier=[PhoneMessage("Qual serviço?")]),
        evidence("Qual dia?", earlier=[PhoneMessage("Qual dia?")]),
    ),
    (
        "introduced_once",
        evidence("Qual dia?", earlier=[HELLO]),
        evidence(HELLO, earlier=[HELLO, PhoneMessage("Qual dia?")]),
    ),
    ("few_emojis", evidence("✅ Agendado: Corte. Até lá! 😊"), evidence("Até lá! 😊🎉")),
    (
        "few_emojis",
        evidence("Meus sentimentos.", turn={"grave": True}),
        evidence("Meus sentimentos. 😊", turn={"grave": True}),
    ),
    (
        "one_language",
        evidence("Which of the times would you like?", turn={"language": "en"}),
        evidence("Qual horário você quer? Posso ajudar.", turn={"language": "en"}),
    ),
    ("nothing_empty", evidence("Qual dia?"), evidence("Um momento, vou verificar.")),
    (
        "nothing_empty",
        evidence("Essa opção não vale mais.", turn={"taps": 1}),
        evidence("Essa opção não vale mais."),
    ),
    ("nothing_unseen", evidence(before={"a": CUT}, after={"a": CUT}), evidence(after={"a": CUT})),
    (
        "nothing_unseen",
        evidence(turn={"does": {"booked": {"row": 2, "day": 1}}}, earlier=[LIST], after={"a": CUT}),
        evidence(turn={"does": {"booked": {"row": 1, "day": 1}}}, earlier=[LIST], after={"a": CUT}),
    ),
    (
        "nothing_unseen",
        evidence(
            turn={"does": {"moved": {"day": 2, "at": "15:00"}}},
            before={"a": CUT},
            after={"a": LATER},
        ),
        evidence(turn={"does": {"moved": {"day": 2}}}, before={"a": CUT}, after={"a": CUT}),
    ),
    (
        "nothing_unseen",
        evidence(turn={"does": {"cancelled": {"at": "09:30"}}}, before={"a": CUT}),
        evidence(turn={"does": {"cancelled": {"at": "15:00"}}}, before={"a": CUT}),
    ),
    (
        "says",
        evidence("Na sexta (12/06), às 9h30, por R$\xa045,00.", turn={"says": ("{on1}", "09:30")}),
        evidence("Amanhã, às 15h.", turn={"says": ("{on1}", "09:30")}),
    ),
    (
        "says",
        evidence("Sai por R$ 35,00.", turn={"says": ("R$ 35,00", "sai|custa")}),
        evidence("Sai por R$ 35,00.", turn={"says": ("R$ 45,00",)}),
    ),
    (
        "never",
        evidence("A equipe decide.", turn={"never": ("sem problema",)}),
        evidence("Sem problema!", turn={"never": ("sem problema",)}),
    ),
    (
        "brief",
        evidence("Sai por R$ 35,00.", turn={"brief": True}),
        evidence("Sai por R$ 35,00. " * 30, turn={"brief": True}),
    ),
    ("asks", evidence(LIST, turn={"asks": True}), evidence("Um bom dia.", turn={"asks": True})),
    (
        "buttons",
        evidence(LIST, turn={"buttons": ("corte",)}),
        evidence("Corte?", turn={"buttons": ("corte",)}),
    ),
    (
        "times",
        evidence(LIST, turn={"times": {"day": 1, "least": 3, "within": ["09:00", "12:00"]}}),
        evidence(LIST, turn={"times": {"day": 2, "least": 3}}),
    ),
    (
        "times",
        evidence(LIST, turn={"times": {"includes": ["09:30"], "people": ["Ana", "Zé"]}}),
        evidence(LIST, turn={"times": {"includes": ["18:30"]}}),
    ),
    (
        "times",
        evidence("Ligue 192.", turn={"untapped": True}),
        evidence(LIST, turn={"untapped": True}),
    ),
    (
        "times",
        evidence(LIST, turn={"times": {"people": ["Zé"]}}),
        evidence(LIST, turn={"times": {"people": ["Beto"]}}),
    ),
    (
        "proposes",
        evidence(
            PhoneMessage("Posso marcar? Corte, amanhã, às 9h30.", ("Confirmar",)),
            turn={"proposes": ("{on1}", "09:30")},
        ),
        evidence("Corte, amanhã, às 9h30.", turn={"proposes": ("{on1}", "09:30")}),
    ),
    (
        "closes",
        evidence("Eu que agradeço! 😊", turn={"closes": True}),
        evidence("Por nada! Posso ajudar em mais algo?", turn={"closes": True}),
    ),
    (
        "grave",
        evidence("Meus sentimentos pela sua perda.", turn={"grave": True}),
        evidence("Prontinho!", turn={"grave": True}),
    ),
    (
        "called",
        evidence("Chamei a equipe.", turn={"called": True}, called=True),
        evidence("Chamei a equipe.", turn={"called": True}),
    ),
    (
        "owner",
        evidence(turn={"owner": ("luzes",)}, owner=["Uma cliente pergunta: «vocês fazem luzes?»"]),
        evidence(turn={"owner": ("luzes",)}, owner=["Uma cliente perguntou algo."]),
    ),
    ("owner", evidence(turn={"owner": True}, owner=["Atraso"]), evidence(turn={"owner": True})),
]


@cases("name, good, bad", CASES)
def test_a_rule_tells_a_bad_reply_from_a_good_one(name: str, good: Evidence, bad: Evidence) -> None:
    assert RULES[name](good) is None
    assert RULES[name](bad) is not None
    assert any(why.startswith(f"{name}: ") for why in wrong(bad))


def test_each_rule_has_a_reply_that_it_fails() -> None:
    assert RULES.keys() == {name for name, _, _ in CASES}


@cases(
    "said, meant",
    [
        ("às 9h30", "as 09:30"),
        ("das 9h às 12h", "das 09:00 as 12:00"),
        ("9:30 AM", "09:30"),
        ("12 PM, 12 AM, 4 pm", "12:00, 00:00, 16:00"),
        ("dom 29/11 09:00 Corte", "dom 29/11 09:00 corte"),
        ("dia 05/06, R$ 35,00", "dia 5/6, r$35.00"),
        ("uns 10 minutos, até 10 anos", "uns 10 minutos, ate 10 anos"),
    ],
)
def test_hours_days_and_prices_have_one_spelling(said: str, meant: str) -> None:
    assert plain(said) == meant


def test_days_are_written_as_customers_do() -> None:
    text = "{wd2}, dia {d2} ({dm2})"
    assert written(text, today=TODAY, language="pt-BR") == "sábado, dia 13 (13/6)"
    assert written(text, today=TODAY, language="en") == "Saturday, dia 13 (13/6)"
