"""What holds for every text, whoever wrote it."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_platform.assistant.grounding import MAX_OUTPUT, ground
from mcp_platform.assistant.lexicon import LANGUAGES, fold, lexicon

HARMLESS = {
    "pt": [
        "Que bom falar com você",
        "Como posso ajudar?",
        "Qual serviço você prefere?",
        "Muito obrigada pela sua paciência",
        "Sinto muito por isso",
        "Vou verificar os horários para você",
        "Prefere de manhã ou à tarde?",
    ],
    "en": [
        "How can I help you?",
        "Thank you for your message",
        "Which service do you prefer?",
        "I'm happy to help",
        "Let me check the calendar for you",
        "I hope you and your family are well",
    ],
    "es": [
        "¿Qué servicio prefieres?",
        "Muchas gracias por tu mensaje",
        "Estoy aquí para ayudarte",
        "Lo siento mucho",
        "Voy a revisar los horarios para ti",
        "¿Cómo puedo ayudarte?",
    ],
}
TELLTALES = [
    "dez",
    "onze",
    "meio-dia",
    "sábado",
    "segunda-feira",
    "amanhã",
    "hoje",
    "agora",
    "cedo",
    "semana",
    "março",
    "reais",
    "grátis",
    "agendado",
    "confirmado",
    "fechado",
    "livre",
    "disponível",
    "marquei",
    "ten",
    "noon",
    "tomorrow",
    "Sunday",
    "o'clock",
    "tonight",
    "free",
    "booked",
    "cancelled",
    "closed",
    "available",
    "dollars",
    "once",
    "doce",
    "mediodía",
    "mañana",
    "viernes",
    "ahora",
    "gratis",
    "agendado",
    "cerrado",
    "listo",
    "quedó",
    "10",
    "7h",
    "½",
    "⑩",
    "٣",
    "Ⅹ",
    "1️⃣",
    "🕙",
    "✅",
    "十",
    "десять",
    "zehn",
    "dix",
    "dieci",
    "10:30",
    "R$",
    "1º",
]
DISGUISES = [
    lambda word: word,
    str.upper,
    ".".join,
    " ".join,
    "-".join,
    "\u200b".join,
    "\u0336".join,
    "*".join,
    "_".join,
    lambda word: f"**{word}**",
    lambda word: f"({word})",
    lambda word: word.translate(str.maketrans("aeocpx", "аеосрх")),
    lambda word: word.translate(str.maketrans("aeios", "43105")),
    lambda word: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word),
    lambda word: word[::-1],
]
NAMES = ("Barbearia do Zé", "Corte", "Ana")
RENDERED = {
    "slot:s_a1": "Corte com Zé",
    "appointment:a_x1": "Barba",
    "price:corte": "um preço",
    "service:corte": "Corte",
}


@settings(max_examples=600)
@given(data=st.data())
def test_a_telltale_anywhere_drops_the_sentence(data: st.DataObject) -> None:
    language = data.draw(st.sampled_from(LANGUAGES))
    words = data.draw(st.sampled_from(HARMLESS[language])).split()
    hidden = data.draw(st.sampled_from(DISGUISES))(data.draw(st.sampled_from(TELLTALES)))
    at = data.draw(st.integers(0, len(words)))
    text = " ".join([*words[:at], hidden, *words[at:]])
    if re.search(r"[.!?](?=\s)", text[:-1]):
        return  # the telltale is a sentence of its own: the next test
    assert ground(text, language=language, placeholders={}).text == ""


@settings(max_examples=500)
@given(data=st.data())
def test_a_telltale_as_a_sentence_of_its_own_is_never_said(data: st.DataObject) -> None:
    language = data.draw(st.sampled_from(LANGUAGES))
    telltale = data.draw(st.sampled_from(TELLTALES))
    hidden = data.draw(st.sampled_from(DISGUISES))(telltale)
    end = data.draw(st.sampled_from([".", "!", "?", "…", "\n", ";", ""]))
    text = f"{data.draw(st.sampled_from(HARMLESS[language]))}\n{hidden}{end}"
    kept = ground(text, language=language, placeholders={}).text
    assert fold(telltale) not in fold(kept).split()[-1:]
    assert kept.split("\n")[1:] == []


vocabulary = sorted({word for language in LANGUAGES for word in lexicon(language).words})
pieces = st.one_of(
    st.sampled_from(vocabulary),
    st.sampled_from(TELLTALES),
    st.sampled_from([f"{{{key}}}" for key in RENDERED]),
    st.sampled_from(
        [
            "{slot:s_zz}",
            "{",
            "}",
            "{slot:}",
            "Ana",
            "Corte",
            ".",
            "!",
            "?",
            "\n",
            "- ",
            "1. ",
            ", ",
            ":",
            "😊",
            "Rua X, 10",
        ]
    ),
    st.text(max_size=4),
)


def known(word: str) -> bool:
    return any(fold(word) in lexicon(language).vocabulary for language in LANGUAGES)


@settings(max_examples=600)
@given(
    text=st.one_of(st.text(max_size=300), st.lists(pieces, max_size=30).map(" ".join)),
    language=st.sampled_from(["pt-BR", "en", "es", "fr", ""]),
)
def test_any_text_yields_only_known_words_and_no_number(text: str, language: str) -> None:
    result = ground(
        text, language=language, placeholders=RENDERED, names=NAMES, quotable=("Rua X, 10",)
    )
    left = result.text.replace("Rua X, 10", " ")
    for said in (*RENDERED.values(), *NAMES):
        left = re.sub(rf"(?<!\w){re.escape(said)}(?!\w)", " ", left, flags=re.IGNORECASE)
    assert not [c for c in left if unicodedata.category(c).startswith("N")]
    assert [
        word for word in re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", left) if not known(word)
    ] == []
    assert len(result.text) <= MAX_OUTPUT
    assert set(result.used) <= set(RENDERED)


@settings(max_examples=300)
@given(text=st.lists(pieces, max_size=30).map(" ".join))
def test_what_was_said_once_can_be_said_again(text: str) -> None:
    once = ground(text, language="pt", placeholders={}).text
    again = ground(once, language="pt", placeholders={})
    assert again.text == once
    assert again.dropped == 0


@pytest.mark.parametrize(
    "name",
    [
        "Dez",
        "10h",
        "Amanhã",
        "Sábado Livre",
        "Confirmado",
        "D3z",
        "Dеz",
        "X",
        "Agendado Zé",
        "Ten",
        "Once",
        "{slot:s_a1}",
        "Não",
    ],
)
def test_a_name_that_states_something_is_not_a_name(name: str) -> None:
    assert ground(f"Olá, {name}!", language="pt", placeholders={}, names=[name]).text == ""


@pytest.mark.parametrize(
    "name", ["Ana", "João Pedro", "D'Ávila", "Maria-Clara", "Barbearia do Zé", "Studio Bella & Co."]
)
def test_a_name_may_be_greeted(name: str) -> None:
    assert (
        ground(f"Olá, {name}!", language="pt", placeholders={}, names=[name]).text
        == f"Olá, {name}!"
    )
