"""The reader of sent texts itself: it takes what may be said, and sees everything else."""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.factories import BUSINESS, ZONE
from tests.sentences import Proposal, Truth, Visit

AT = datetime(2026, 12, 1, 10, 0, tzinfo=ZONE)
LATER = Visit("Barba", "Beto", AT + timedelta(hours=5))
TRUTH = Truth(
    today=datetime(2026, 11, 30, tzinfo=ZONE).date(),  # a Monday
    business=BUSINESS,
    services={"Corte": (4500, 30), "Barba": (3000, 30), "Corte e barba": (7000, 60)},
    people=("Zé", "Beto"),
    visits=(Visit("Corte", "Zé", AT), Visit("Barba", "Zé", LATER.start, person="Duda", note=True)),
    proposals=(
        Proposal(slots=(LATER,), until=AT - timedelta(hours=1), person="Duda"),
        Proposal(slots=(LATER,), until=AT, moving=Visit("Corte", "Zé", AT), note=True),
    ),
    offered=(AT + timedelta(hours=1),),
    answers=("Aceitamos pix.\n\nE cartão.",),
    names=("Ana",),
    address="Rua das Flores, 123",
)

TRUE = [
    "✅ Agendado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00, R$ 45,00.",
    "✅ Booked: Corte with Zé, tomorrow, Tuesday, December 1 at 10:00 AM, R$45.00.",
    "✅ Agendado: Barba com Zé, amanhã, terça-feira, 1º de dezembro, às 15:00, para Duda, R$ 30,00."
    " Seu recado vai junto para a equipe.",
    "Bom dia, Ana! 😊\n\nAceitamos pix.\n\nE cartão.",
    "Boa tarde!\n\nCorte: R$ 45,00.\nCorte leva 30 min, em média.\n\nPosso ajudar em mais alguma coisa?",
    "Corte R$ 45,00 + Barba R$ 30,00. No total, R$ 75,00.",
    "Sobre o horário de amanhã às 10h: você prefere remarcar ou cancelar?",
    "Na terça (1/12) atendemos das 8h às 18h.",
    "Nossos horários: todos os dias: 08:00–18:00. 🕒",
    "Olá! Sou o assistente de Barbearia do Zé. 😊\nPosso marcar, remarcar ou cancelar um horário. O que você prefere?",
    "Esse horário não está mais livre. Não encontrei outros horários próximos.",
    "Posso marcar? Barba com Beto, amanhã, terça-feira, 1º de dezembro, às 15:00, para Duda, R$ 30,00."
    "\nGuardo este horário para você até 09:00.",
    "Posso trocar? De Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00 para Barba com Beto,"
    " amanhã, terça-feira, 1º de dezembro, às 15:00, R$ 30,00. Seu recado vai junto para a equipe.",
    "Quer mesmo cancelar? Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00.",
]
FALSE = [
    "✅ Agendado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 11:00, R$ 45,00.",
    "✅ Agendado: Corte com Beto, amanhã, terça-feira, 1º de dezembro, às 10:00, R$ 45,00.",
    "✅ Agendado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00, R$ 30,00.",
    "✅ Agendado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00, para Duda, R$ 45,00.",
    "❌ Cancelado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00.",
    "✅ Booked: Corte with Zé, tomorrow, Wednesday, December 2 at 10:00 AM, R$45.00.",
    "Corte: R$ 35,00.",
    "Corte leva 45 min, em média.",
    "Bom dia, Bia!",
    "Aceitamos cheque.",
    "Bom dia! Te espero lá!",
    "Bom dia! {slot:s_1}",
    "Bom dia! Hello",
    "https://evil.example/pague-aqui",
    "Sobre o horário de amanhã às 11h: você prefere remarcar ou cancelar?",
    "Nosso telefone é 190.",
    "✅ Agendado: Barba com Beto, amanhã, terça-feira, 1º de dezembro, às 15:00, R$ 30,00.",
    "Posso marcar? Barba com Beto, amanhã, terça-feira, 1º de dezembro, às 15:00, para Duda, R$ 45,00.",
    "Posso marcar? Barba com Beto, amanhã, terça-feira, 1º de dezembro, às 15:00, R$ 30,00.",
    "Posso marcar? Barba com Beto, amanhã, terça-feira, 1º de dezembro, às 16:00, para Duda, R$ 30,00.",
    "Guardo este horário para você até 11:00.",
    "Quer mesmo cancelar? Barba com Beto, amanhã, terça-feira, 1º de dezembro, às 15:00.",
]


def test_what_may_be_said_is_covered_and_nothing_else() -> None:
    assert [each for each in TRUE if TRUTH.unsaid(each)] == []
    assert [each for each in FALSE if not TRUTH.unsaid(each)] == []


def test_what_states_a_change_is_told_from_what_only_talks() -> None:
    gone = replace(TRUTH, visits=(replace(TRUTH.visits[0], stands=False),))
    assert TRUTH.claims(TRUE[0]) == ["outcomes.booked_is"]
    assert gone.claims("Cancelado: Corte com Zé, amanhã, terça-feira, 1º de dezembro, às 10:00.")
    assert TRUTH.claims("Prontinho, Ana!") == ["done_book"]
    assert [each for each in TRUE[4:] if TRUTH.claims(each)] == []


def test_rows_show_free_times_names_and_our_own_labels() -> None:
    good = [
        "ter 01/12 11:00",
        "Corte · Zé",
        "Corte · Zé · para Duda",
        "Beto",
        "30 min · R$ 45,00",
        "Tanto faz",
        "Sim, cancelar",
        "Confirmar",
        "Agora não",
    ]
    assert TRUTH.unknown_labels(good) == []
    bad = ["ter 01/12 12:00", "Corte · Bia", "Corte · Zé · para Bia", "Pague aqui"]
    assert TRUTH.unknown_labels(bad) == bad
