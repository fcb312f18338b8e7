"""What means something only as an answer, and names beside what is not theirs."""

import pytest

from mcp_platform.assistant.grounding import ground
from mcp_platform.assistant.lexicon import LANGUAGES, lexicon

NAMES = ("Barbearia do Zé", "Corte", "Barba", "Zé", "Ana")
FIGURES = {"Corte": ["30 min", "R$ 45,00"], "Barba": ["20 min", "R$ 30,00"]}
QUOTABLE = ("Barbearia do Zé", "Rua das Flores, 10", "todos os dias: 08:00–18:00")
QUOTABLE += tuple(passage for name, own in FIGURES.items() for passage in (name, *own))


def said(text: str, *, asked: str = "", language: str = "pt") -> str:
    return ground(text, language=language, placeholders={}, names=NAMES, asked=asked).text


def quoted(text: str) -> str:
    return ground(
        text, language="pt", placeholders={}, names=NAMES, quotable=QUOTABLE, facts=FIGURES
    ).text


COURTESY = [
    ("pt", "Tudo bem, Ana.", "Pode cancelar meu horário?"),
    ("pt", "Sem problema!", "me encaixa aí vai"),
    ("en", "No problem at all, Ana!", "please move it"),
    ("en", "You are very welcome here.", "Can I come at ten?"),
    ("es", "Está bien, Ana.", "¿Puedo ir a las diez?"),
    ("es", "¡Con mucho gusto!", "anúlala"),
]


BEFORE = {"pt": "Que bom!", "en": "No worries!", "es": "¡Qué bueno!"}


@pytest.mark.parametrize(("language", "courtesy", "asked"), COURTESY)
def test_courtesy_is_no_answer_to_a_request(language: str, courtesy: str, asked: str) -> None:
    assert said(courtesy, asked=asked, language=language) == ""
    assert said(courtesy, language=language) == courtesy


@pytest.mark.parametrize(("language", "courtesy", "asked"), COURTESY)
def test_courtesy_may_lead_to_a_question(language: str, courtesy: str, asked: str) -> None:
    question = {
        "pt": "Qual serviço você prefere?",
        "en": "Which service would you like?",
        "es": "¿Qué servicio prefiere?",
    }[language]
    more = {"pt": "Algo mais?", "en": "Anything else?", "es": "¿Algo más?"}[language]

    for text in (f"{courtesy} {question}", f"{BEFORE[language]} {courtesy} {question}"):
        assert said(text, asked=asked, language=language) == text
    # … but not to one that takes the request for done.
    assert said(f"{courtesy} {more}", asked=asked, language=language) == ""


@pytest.mark.parametrize(
    ("language", "asked", "courtesy"),
    [
        ("pt", "Muito obrigada!", "Por nada, Ana!"),
        ("pt", "oi, tudo bem com você?", "Tudo bem, Ana."),
        ("pt", "desculpa a demora", "Sem problema!"),
        ("en", "Thank you so much!", "No problem at all, Ana!"),
        ("es", "Perdón por la demora", "No te preocupes, Ana."),
        ("es", "¡Muchas gracias!", "¡Con mucho gusto!"),
    ],
)
def test_whoever_thanks_greets_or_apologises_asks_for_nothing(
    language: str, asked: str, courtesy: str
) -> None:
    assert said(courtesy, asked=asked, language=language) == courtesy


@pytest.mark.parametrize(
    "asked",
    [
        "obrigada, pode cancelar", "oi, às dez?", "valeu, fechado", "tudo bem", "ok", "👍", "sim",
        "obrigada 👍", "beleza", "oi, posso ir?", "thanks, ten works", "gracias, sí", "oi, quero esse", "oi quero esse",
        "hi, this please", "hola, prefiero ese", "obrigada, pode ser", "hello, I would like that",
    ],
)  # fmt: skip
def test_thanks_that_agree_or_ask_for_something_are_no_small_talk(asked: str) -> None:
    assert said("Tudo bem, Ana.", asked=asked) == ""


@pytest.mark.parametrize(
    ("language", "asked", "text"),
    [
        ("pt", "minha avó faleceu ontem, nem sei o que faço", "Sinto muito pela sua perda, Ana."),
        ("pt", "me ajuda com a prova?", "Não posso ajudar com isso."),
        ("en", "my gran died on monday", "I'm so sorry for your loss, Ana."),
        ("es", "¿me ayudas con la tarea?", "No puedo ayudarte con eso."),
        ("en", "do you like football?", "I can't help with that."),
        ("es", "mi abuela murió el lunes", "Lo siento mucho por tu pérdida, Ana."),
    ],
)
def test_talk_of_what_happened_to_somebody_is_said_whatever_was_asked(
    language: str, asked: str, text: str
) -> None:
    assert said(text, asked=asked, language=language) == text


def test_an_occasion_lends_itself_to_no_other_part_of_a_sentence() -> None:
    assert said("Tudo bem, obrigada!", asked="posso ir às dez?") == ""
    assert said("Sua mãe também!", asked="minha mãe pode ir?") == ""
    assert said("Boas notícias, Ana!", asked="consegui o horário?") == ""
    assert said("Obrigada, Ana!", asked="posso ir às dez?") == "Obrigada, Ana!"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_agreement_is_an_occasion(language: str) -> None:
    words = lexicon(language)
    assert (
        not words.occasion
        & {word for phrase, kinds in words.phrases.items() for word in phrase if len(phrase) == 1}
        & {"ok", "okay", "claro", "bem", "bom", "certo", "perfeito", "vale", "bien", "sure", "fine"}
    )


@pytest.mark.parametrize(
    "text",
    [
        "O Corte custa R$ 45,00.",
        "O Corte custa R$ 45,00 e a Barba R$ 30,00.",
        "O Corte dura 30 min e custa R$ 45,00.",
        "A duração da Barba é 20 min.",
        "Barbearia do Zé: Rua das Flores, 10",
    ],
)
def test_figures_stand_beside_the_service_they_are_of(text: str) -> None:
    assert quoted(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "O Corte custa R$ 30,00.",
        "O Corte custa R$ 30,00 e a Barba R$ 45,00.",
        "O Corte dura 20 min e custa R$ 45,00.",
        "Corte: R$ 30,00",
        "R$ 30,00",
        "Zé: R$ 45,00",
        "Zé: todos os dias: 08:00–18:00",
    ],
)
def test_figures_stand_beside_nothing_else_and_never_alone(text: str) -> None:
    assert quoted(text) == ""


def test_of_two_services_with_one_name_only_common_figures_are_said() -> None:
    both = {"Corte": ["30 min", "R$ 45,00"], "corte": ["30 min", "R$ 60,00"]}
    quotable = ("30 min", "R$ 45,00", "R$ 60,00")

    def of_both(text: str) -> str:
        return ground(
            text, language="pt", placeholders={}, names=("Corte",), quotable=quotable, facts=both
        ).text

    assert of_both("O Corte dura 30 min.") == "O Corte dura 30 min."
    assert of_both("O Corte custa R$ 45,00.") == ""
    assert of_both("O Corte custa R$ 60,00.") == ""


@pytest.mark.parametrize(
    ("language", "phrase", "longer"),
    [
        ("en", "I see.", "I see you too."),
        ("es", "A la orden.", "A la orden y usted."),
    ],
)
def test_a_whole_phrase_is_said_by_itself_only(language: str, phrase: str, longer: str) -> None:
    assert said(phrase, language=language) == phrase
    assert said(longer, language=language) == ""


@pytest.mark.parametrize(
    ("language", "to", "about"),
    [
        ("pt", "Tenha um ótimo dia, Ana!", "Tenha um ótimo dia com Zé!"),
        ("en", "Good luck, Ana!", "Good luck with Zé!"),
        ("es", "¡Que tengas un buen día, Ana!", "¡Que tengas un buen día con Zé!"),
    ],
)
def test_a_name_is_called_and_not_put_beside_a_day(language: str, to: str, about: str) -> None:
    assert said(to, language=language) == to
    assert said(about, language=language) == ""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "Obrigada por entrar em contato com a Barbearia do Zé!"),
        ("es", "¡Gracias por contactar con Barbearia do Zé!"),
    ],
)
def test_one_may_be_in_touch_with_a_business(language: str, text: str) -> None:
    assert said(text, language=language) == text
