"""The language of a reply follows the customer, and does not flip on a shared word."""

import pytest

from mcp_platform.assistant.language import detect, supported


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, I'd like to book a haircut tomorrow", "en"),
        ("Hi", "en"),
        ("Hola, quiero reservar un corte mañana", "es"),
        ("Buenos días", "es"),
        ("Oi, quero marcar um corte amanhã", "pt-BR"),
    ],
)
@pytest.mark.parametrize("before", ["pt-BR", "en", "es"])
def test_a_clear_sentence_is_answered_in_its_language(
    text: str, language: str, before: str
) -> None:
    assert detect(text, now=before) == language


@pytest.mark.parametrize(
    "text", ["Cancela a instalação, por favor", "ok", "15h", "", "👍", "Corte", "sexta às 10"]
)
def test_little_or_shared_words_change_nothing(text: str) -> None:
    assert detect(text, now="pt-BR") == "pt-BR"


@pytest.mark.parametrize(
    "text", ["cancel s_7a3me0o4e", "cancel 1a-2e3-o4a-5de6", "find a_9um2e7os"]
)
def test_the_letters_of_an_id_are_no_words(text: str) -> None:
    assert detect(text, now="en") == "en"


def test_an_unknown_language_is_answered_in_portuguese() -> None:
    assert supported("fr-FR") == "pt-BR"
    assert supported(None) == "pt-BR"
    assert supported("en-US") == "en"
    assert supported("es_419") == "es"
