"""What the closed lists of danger recognise, and what they leave alone."""

import pytest

from mcp_platform.assistant.choosing.danger import SAFETY, danger_in
from mcp_platform.words.book import BOOK


@pytest.mark.parametrize(
    ("written", "phrase"),
    [
        ("Meu pai tá com DOR NO PEITO!!", "emergency"),
        ("ela desmaiou aqui na porta", "emergency"),
        ("ele não consegue  respirar", "emergency"),
        ("he can’t breathe", "emergency"),
        ("mi madre no respira", "emergency"),
        ("a Mel comeu chumbinho, tá tremendo toda", "emergency_animal"),
        ("meu cachorro foi atropelado", "emergency_animal"),
        ("my dog is having a seizure", "emergency_animal"),
        ("não quero mais viver", "despair"),
        ("i want to kill myself", "despair"),
        ("me quiero morir", "despair"),
        ("eu quero morrer de verdade", "despair"),
        ("socorro, meu marido tá me batendo", "danger"),
        ("they say he has a gun", "danger"),
        ("me va a matar mi marido", "danger"),
    ],
)
def test_danger_is_recognised_in_every_language(written: str, phrase: str) -> None:
    assert danger_in(["oi", written]) == phrase


@pytest.mark.parametrize(
    "written",
    [
        "vou morrer de rir, kkk",
        "quero morrer de vergonha",
        "minha mãe vai me matar se eu atrasar",
        "tô morrendo de vontade de cortar o cabelo",
        "vocês cortam cabelo de cachorro?",
        "estou com dor de cabeça",
        "socorro, preciso de um corte hoje",
        "quiero morir de risa",
        "",
    ],
)
def test_figures_of_speech_and_lesser_things_are_no_danger(written: str) -> None:
    assert danger_in([written]) is None


def test_each_has_a_phrase_that_stands_alone_and_calls_somebody() -> None:
    assert {BOOK[each].place for each in SAFETY} == {"alone"}
    assert {BOOK[each].does for each in SAFETY} == {("call_person_now",)}
