"""Lists, quotations, prices and limits."""

import pytest

from mcp_platform.assistant.grounding import MAX_OUTPUT, Grounded, ground

RENDERED = {
    "slot:s_a1": "Corte com Zé, ter 1/12, 10:00",
    "slot:s_b2": "Corte com Zé, ter 1/12, 10:30",
    "appointment:a_x1": "Barba com Ana, qua 2/12, 9:00",
    "price:corte": "R$ 45,00",
    "service:corte": "Corte",
    "service:barba": "Barba",
}
NAMES = ("Corte", "Barba", "Zé", "Ana", "Barbearia do Zé")
QUOTABLE = (
    "Rua das Flores, 10",
    "segunda a sexta: 08:00–18:00",
    "(11) 99999-0000",
    "Corte: R$ 45,00",
    "7",
    "10",
)


def grounded(text: str) -> Grounded:
    return ground(text, language="pt-BR", placeholders=RENDERED, names=NAMES, quotable=QUOTABLE)


def test_a_list_of_slots_keeps_its_introduction_and_the_question_after_it() -> None:
    result = grounded(
        "Temos estas opções:\n- {slot:s_a1}\n- {slot:s_b2}\nQual delas fica melhor para você?"
    )
    assert result.text == (
        "Temos estas opções:\n• Corte com Zé, ter 1/12, 10:00\n• Corte com Zé, ter 1/12, 10:30\n"
        "Qual delas fica melhor para você?"
    )
    assert result.used == ("slot:s_a1", "slot:s_b2")
    assert result.dropped == 0


def test_numbers_before_list_items_become_bullets() -> None:
    result = grounded("Temos estas opções:\n1. {slot:s_a1}\n2) {slot:s_b2}")
    assert result.text.count("• Corte") == 2


def test_an_unknown_slot_is_left_out_of_a_list() -> None:
    result = grounded("Temos estas opções:\n- {slot:s_zz}\n- {slot:s_a1}")
    assert "s_zz" not in result.text
    assert result.dropped >= 1


@pytest.mark.parametrize(
    "claim", ["Confirmei:", "Seu horário está marcado:", "Cancelei os seguintes:", "Marcado!"]
)
def test_a_dropped_claim_takes_the_list_under_it(claim: str) -> None:
    assert (
        grounded(f"{claim}\n- {{slot:s_a1}}\n- {{slot:s_b2}}\nComo posso ajudar?").text
        == "Como posso ajudar?"
    )


def test_an_introduction_without_anything_under_it_is_not_said() -> None:
    assert grounded("Temos estas opções:\nComo posso ajudar?").text == "Como posso ajudar?"


@pytest.mark.parametrize(
    "text",
    [
        "{slot:s_a1}",
        "{slot:s_a1}, {slot:s_b2}",
        "- {slot:s_a1}\n- {slot:s_b2}",
        "{appointment:a_x1}.",
    ],
)
def test_a_bare_list_of_rendered_text_passes(text: str) -> None:
    assert grounded(text).dropped == 0


@pytest.mark.parametrize(
    "text",
    ["Que bom {slot:s_a1", "Que bom {}", "Que bom {slot}", "Que bom {{slot:s_a1}}", "{tempo:dez}"],
)
def test_malformed_placeholders_drop_their_sentence(text: str) -> None:
    assert grounded(text) == Grounded(text="", dropped=1, used=())


@pytest.mark.parametrize(
    "text",
    [
        "Nosso endereço é Rua das Flores, 10.",
        "Ficamos na rua das flores, 10.",
        "Funcionamos de segunda a sexta: 08:00–18:00.",
        "Nosso telefone é (11) 99999-0000.",
        "Rua das Flores, 10",
        "Claro, nosso endereço é Rua das Flores, 10.",
    ],
)
def test_business_information_is_quoted_whole(text: str) -> None:
    result = grounded(text)
    assert result.text.casefold() == text.casefold()
    assert result.dropped == 0


@pytest.mark.parametrize(
    "text",
    [
        "Nosso endereço é Rua das Flores, 12.",
        "Nosso endereço é Rua das Flores, 101.",
        "Nosso endereço é Rua das Flores, 10:30.",
        "Funcionamos de segunda a sexta: 08:00–18:00 e sábado.",
        "Seu horário é segunda a sexta: 08:00–18:00.",
        "Ana: segunda a sexta: 08:00–18:00.",
        "Barba: Corte: R$ 45,00",
        "Somos 7.",
        "É 10.",
    ],
)
def test_a_quotation_carries_nothing_else(text: str) -> None:
    assert grounded(text).text == ""


@pytest.mark.parametrize(
    "text", ["O Corte custa {price:corte}.", "O valor do {service:corte} é {price:corte}."]
)
def test_a_price_stands_beside_its_own_service(text: str) -> None:
    assert grounded(text).text.endswith("R$ 45,00.")


@pytest.mark.parametrize(
    "text",
    [
        "A Barba custa {price:corte}.",
        "Custa {price:corte}.",
        "{price:corte}",
        "Ana custa {price:corte}.",
        "O Corte custa {price:barba}.",
    ],
)
def test_a_price_stands_beside_no_other_service(text: str) -> None:
    assert grounded(text).text == ""


@pytest.mark.parametrize(
    "text",
    ["Com a Ana temos {slot:s_a1}.", "Com a Ana: {slot:s_a1}.", "Para Barba temos {slot:s_a1}."],
)
def test_a_slot_is_not_said_to_be_of_another_person_or_service(text: str) -> None:
    assert grounded(text).text == ""


def test_a_slot_may_be_introduced_by_its_own_service() -> None:
    assert grounded("Para o Corte, temos {slot:s_a1}.").dropped == 0


def test_agreement_alone_would_answer_a_question_and_is_not_said() -> None:
    assert grounded("Claro! Seu horário está marcado.").text == ""
    assert grounded("Claro! Como posso ajudar?").text == "Claro! Como posso ajudar?"


def test_what_could_count_by_repetition_is_said_once() -> None:
    assert grounded("Oi! " * 10).text == "Oi!"
    assert grounded("Oi 😊😊😊😊😊😊😊").text == ""


def test_markup_and_invisible_characters_are_not_said() -> None:
    assert grounded("## **Como** posso\u200b _ajudar_?").text == "Como posso ajudar?"


def test_a_long_text_ends_at_a_sentence() -> None:
    courtesies = [
        f"{a} {b}!"
        for a in ("Que linda", "Que bela", "Que boa", "Que grande", "Que ótima")
        for b in (
            "família",
            "festa",
            "notícia",
            "ideia",
            "viagem",
            "história",
            "novidade",
            "música",
            "energia",
            "surpresa",
        )
    ]
    result = grounded(" ".join(courtesies))
    assert 0 < len(result.text) <= MAX_OUTPUT
    assert result.text.endswith("!")


def test_text_in_another_language_than_the_contacts_is_judged_in_its_own() -> None:
    assert grounded("How can I help you?").text == "How can I help you?"
    assert grounded("How posso help você?").text == ""


@pytest.mark.parametrize("text", ["", " ", "\n\n", "…", "{", "\x00", "\ud800"])
def test_nothing_in_nothing_out(text: str) -> None:
    assert grounded(text).text == ""
