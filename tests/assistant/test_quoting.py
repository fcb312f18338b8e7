"""What is quoted of a customer: their own words, where they wrote them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.assistant.quoting import quoted_note, quoted_person, unlinked

WROTE = ("quero marcar pro meu filho João amanhã às 10h", "ele não gosta de MÁQUINA, tá?", "oi")


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("meu filho João", "meu filho João"),
        ("MEU FILHO joao", "meu filho João"),  # as the customer spells it
        ("filho João", "meu filho João"),  # whose he is goes with it
        ("João", "João"),
        ("seu filho João", None),  # the customer did not write that
        ("meu filho Pedro", None),
        ("10h", None),  # no name
        ("gosta de máquina, tá", None),
        ("", None),
        (None, None),
        (["João"], None),
        ("João " * 100, None),
    ],
)
def test_a_person_is_whom_the_customer_named(said: object, quoted: str | None) -> None:
    assert quoted_person(said, WROTE) == quoted


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("ele nao gosta de maquina", "ele não gosta de MÁQUINA"),
        ("não gosta de máquina, tá", "não gosta de MÁQUINA, tá"),
        ("ele não gosta de tesoura", None),
        ("pague em https://evil.example", None),
        ("oi ele não gosta", None),  # of two messages no sentence is made
    ],
)
def test_a_note_is_what_the_customer_wrote(said: str, quoted: str | None) -> None:
    assert quoted_note(said, WROTE) == quoted


def test_what_the_customer_wrote_himself_opens_no_link_and_hides_nothing() -> None:
    wrote = ["veja\u202e https://evil.example/pague?x=1 e\n<b>www.evil.com</b> às 10:30, R$ 1.50"]
    assert quoted_note(wrote[0], wrote) == (
        "veja https: //evil. example/pague?x=1 e ‹b›www. evil. com‹/b› às 10:30, R$ 1.50"
    )
    assert unlinked("bia@evil.com") == "bia@evil. com"
    assert quoted_person("bia.evil.com", ["para bia.evil.com"]) is None


@given(st.text(max_size=40), st.lists(st.text(max_size=60), max_size=3))
def test_no_word_is_quoted_that_was_not_written(said: str, written: list[str]) -> None:
    letters = {letter for text in written for letter in text}
    for quote in (quoted_person(said, written), quoted_note(said, written)):
        assert set(quote or "") <= letters | set(" ‹›")
