"""A typed yes or no is the whole turn, out of closed lists."""

from hypothesis import assume, given
from hypothesis import strategies as st

from mcp_platform.assistant.choosing import typed
from mcp_platform.assistant.choosing.typed import Asked, answer_to, words_of
from tests.cases import cases

ASKED: tuple[Asked, ...] = ("book", "move", "cancel")


@cases(
    "text",
    [
        *("sim", "Sim!", "simmm", "SIM", "s", "ss", "claro", "isso", "isso mesmo", "ok", "Ok."),
        *("blz", "tá bom", "pode", "pode sim", "pode ser", "confirma", "confirmado", "fechado"),
        *("sim, pode confirmar", "sim por favor", "isso, obrigada!", "pode confirmar 🙏", "👍"),
        *("👍🏽", "sim 👍", "ok 😊", "sim\npode", "perfeito ❤️", "uhum", "é isso"),
        *(
            "yes",
            "Yes, please",
            "yep",
            "sure",
            "sounds good!",
            "go ahead",
            "that's right",
            "ok thx",
        ),
        *("na verdade sim", "pensando bem, pode", "então ok", "actually yes", "en realidad sí"),
        *("sí", "Si", "sí, claro", "vale", "dale", "de acuerdo", "está bien", "sí por favor"),
    ],
)
def test_a_yes_is_a_yes_to_whatever_was_asked(text: str) -> None:
    assert [answer_to(asked, text) for asked in ASKED] == ["yes"] * 3


@cases(
    "text, asked",
    [
        ("pode marcar", "book"),
        ("sim, marca pra mim", "book"),
        ("book it", "book"),
        ("puede agendar", "book"),
        ("pode trocar", "move"),
        ("move it please", "move"),
        ("cámbiela", "move"),
        ("pode cancelar", "cancel"),
        ("sim, cancela", "cancel"),
        ("cancel it", "cancel"),
        ("puede cancelar", "cancel"),
    ],
)
def test_a_verb_is_a_yes_to_its_own_question_alone(text: str, asked: Asked) -> None:
    others = [answer_to(other, text) for other in ASKED if other != asked]
    assert (answer_to(asked, text), *others) == ("yes", None, None)


@cases(
    "text",
    [
        *(
            "pensando bem não, deixa",
            "na vdd não",
            "então não",
            "actually no",
            "pensándolo bien no",
        ),
        *("não", "Nao", "n", "agora não", "não, obrigado", "melhor não", "deixa pra lá", "👎"),
        *("não quero", "no", "nope", "no thanks", "not now", "no, gracias", "ahora no", "mejor no"),
    ],
)
def test_a_no_is_a_no(text: str) -> None:
    assert [answer_to(asked, text) for asked in ASKED] == ["no"] * 3


@cases(
    "text",
    [
        *("", " ", "🙏", "😊", "obrigado", "por favor", "thanks", "gracias", "?", "..."),
        *("sim?", "pode?", "ok?", "sim, mas às 16?", "sim mas às 16", "sim, às 16h", "sim e não"),
        *("sim ou não", "não sim", "sim 👎", "👍👎", "quem sabe", "talvez", "acho que sim"),
        *(
            "sim, quanto custa",
            "pode ser mais tarde",
            "pode ser às 15h",
            "ok, e amanhã",
            "sim sim mas",
        ),
        *(
            "isso não",
            "não pode ser",
            "claro que não",
            "pode deixar",
            "depois confirmo",
            "confirma o quê",
        ),
        *("yes but later", "yes or no", "not sure", "maybe", "i think so", "ok but at 4"),
        *(
            "sí pero más tarde",
            "sí o no",
            "quizás",
            "creo que sí",
            "sim com o Zé",
            "sim para meu filho",
        ),
    ],
)
def test_anything_else_is_neither(text: str) -> None:
    assert [answer_to(asked, text) for asked in ASKED] == [None] * 3


def test_nothing_is_both_a_yes_and_a_no_or_no_more_than_polite() -> None:
    for asked in ASKED:
        yes, no = typed._YES_ALL[asked], typed._NO_ALL[asked]
        assert not yes & no
        assert not (yes | no) & typed.POLITE


def test_every_phrase_of_every_list_is_understood_as_it_is_written() -> None:
    wrong = [
        (asked, phrase)
        for asked in ASKED
        for answer, phrases in (("yes", typed._YES_ALL), ("no", typed._NO_ALL))
        for phrase in phrases[asked]
        if answer_to(asked, " ".join(phrase)) != answer
    ]
    assert not wrong


_VOCABULARY = {
    word
    for every in (*typed._YES_ALL.values(), *typed._NO_ALL.values(), typed.POLITE)
    for phrase in every
    for word in phrase
}


@given(st.sampled_from(["sim", "pode", "ok", "yes", "sí", "não", "no"]), st.text(), st.booleans())
def test_any_word_more_makes_it_neither(text: str, more: str, first: bool) -> None:  # noqa: FBT001
    extra = words_of(more)
    assume(extra and not set(extra) & _VOCABULARY)
    also = f"{more} {text}" if first else f"{text} {more}"
    assert [answer_to(asked, also) for asked in ASKED] == [None] * 3
