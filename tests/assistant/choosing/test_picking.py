"""A typed choice is the whole turn and names exactly one row; any doubt means none of them."""

from hypothesis import assume, given
from hypothesis import strategies as st

from mcp_platform.assistant.choosing import picking
from mcp_platform.assistant.choosing.picking import ShownRow, all_meant, pick
from tests.cases import cases

PT = (
    ShownRow("a", "seg 07/12 09:00", "Corte · Zé"),
    ShownRow("b", "ter 08/12 09:00", "Corte · Ana"),
    ShownRow("c", "ter 08/12 15:00", "Corte · Zé"),
    ShownRow("d", "qua 09/12 19:30", "Barba · Ana"),
)
CUT = (*PT, ShownRow("more", "Mais horários", counted=False))
EN = (
    ShownRow("a", "Mon Dec 7 9:00 AM", "Haircut · Joe"),
    ShownRow("b", "Tue Dec 8 9:00 AM", "Haircut · Ann"),
    ShownRow("c", "Tue Dec 8 3:00 PM", "Haircut · Joe"),
    ShownRow("d", "Wed Dec 9 7:30 PM", "Beard · Ann"),
)
ES = (
    ShownRow("a", "lun 07/12 09:00", "Corte · José"),
    ShownRow("b", "mar 08/12 09:00", "Corte · Ana"),
    ShownRow("c", "mar 08/12 15:00", "Corte · José"),
    ShownRow("d", "mié 09/12 19:30", "Barba · Ana"),
)
SERVICES = (
    ShownRow("cut", "Corte", "30 min · R$ 45,00"),
    ShownRow("beard", "Barba", "30 min · R$ 30,00"),
    ShownRow("both", "Corte e barba", "1 h · R$ 70,00"),
)
SAME_HOUR = (
    ShownRow("ze", "sex 11/12 10:00", "Corte · Zé"),
    ShownRow("ana", "sex 11/12 10:00", "Corte · Ana"),
)
PROPOSAL = (
    ShownRow("yes", "Confirmar", counted=False),
    ShownRow("other", "Outro horário", counted=False),
    ShownRow("no", "Agora não", counted=False),
)
SHOWN = {
    "pt": PT,
    "cut": CUT,
    "en": EN,
    "es": ES,
    "services": SERVICES,
    "same hour": SAME_HOUR,
    "proposal": PROPOSAL,
}


@cases(
    "shown, text, row",
    [
        ("pt", "o segundo", "b"),
        ("pt", "O 2º", "b"),
        ("pt", "segunda opção", "b"),
        ("pt", "pode ser o terceiro, por favor!", "c"),
        ("pt", "2", "b"),
        ("pt", "quero o 3", "c"),
        ("pt", "opção 4", "d"),
        ("pt", "o último", "d"),
        ("pt", "sim, o primeiro 🙏", "a"),
        ("pt", "o das 15h", "c"),
        ("pt", "15h", "c"),
        ("pt", "às 15", "c"),
        ("pt", "15:00", "c"),
        ("pt", "15h00", "c"),
        ("pt", "o das 3 da tarde", "c"),
        ("pt", "às três da tarde", "c"),
        ("pt", "19h30", "d"),
        ("pt", "sete e meia da noite", "d"),
        ("pt", "19:30h", "d"),
        ("pt", "segunda às 9h", "a"),
        ("pt", "segunda-feira", "a"),
        ("pt", "na quarta", "d"),
        ("pt", "terça às 15h", "c"),
        ("pt", "terça-feira às 9", "b"),
        ("pt", "dia 7", "a"),
        ("pt", "9/12", "d"),
        ("pt", "09/12 às 19:30", "d"),
        ("pt", "terça com a Ana", "b"),
        ("pt", "barba", "d"),
        ("pt", "ter 08/12 15:00", "c"),
        ("cut", "o segundo", "b"),
        ("cut", "mais horários", "more"),
        ("en", "the second one", "b"),
        ("en", "2nd please", "b"),
        ("en", "3pm", "c"),
        ("en", "the one at 3", "c"),
        ("en", "3:00 p.m.", "c"),
        ("en", "Monday", "a"),
        ("en", "Tuesday at 9", "b"),
        ("en", "tue 9 am", "b"),
        ("en", "7:30", "d"),
        ("en", "the last one", "d"),
        ("en", "I'll take the first", "a"),
        ("es", "el segundo", "b"),
        ("es", "la de las 15", "c"),
        ("es", "a las tres de la tarde", "c"),
        ("es", "miércoles", "d"),
        ("es", "martes a las 9", "b"),
        ("es", "el lunes por favor", "a"),
        ("es", "las siete y media de la noche", "d"),
        ("es", "el último", "d"),
        ("services", "corte", "cut"),
        ("services", "Corte e barba", "both"),
        ("services", "quero barba", "beard"),
        ("services", "o primeiro", "cut"),
        ("same hour", "com o Zé", "ze"),
        ("same hour", "10h com a Ana", "ana"),
        ("proposal", "confirmar", "yes"),
        ("proposal", "outro horário", "other"),
        ("proposal", "quero outro horário", "other"),
        ("proposal", "agora não", "no"),
    ],
)
def test_one_row_is_meant(shown: str, text: str, row: str) -> None:
    assert pick(SHOWN[shown], text) == row


@cases(
    "shown, text",
    [
        ("pt", ""),
        ("pt", "👍"),
        ("pt", "sim"),
        ("pt", "o segundo é com quem?"),
        ("pt", "o segundo é com quem"),
        ("pt", "o segundo?"),
        ("pt", "o segundo ou o terceiro"),
        ("pt", "o segundo e o terceiro"),
        ("pt", "não o segundo"),
        ("pt", "menos o segundo"),
        ("pt", "o segundo não"),
        ("pt", "o segundo 👎"),
        ("pt", "o segundo, mas mais tarde"),
        ("pt", "o quinto"),
        ("pt", "o das 16h"),
        ("pt", "9h"),  # two have it
        ("pt", "terça"),
        ("pt", "corte"),
        ("pt", "segunda"),  # the day, or the second
        ("pt", "quarta às 15h"),
        ("pt", "sim, mas às 16"),
        ("pt", "depois das 15h"),
        ("pt", "antes das 15h"),
        ("pt", "15h em ponto ou 15h15"),
        ("pt", "às 15h para duas pessoas"),
        ("pt", "os 2"),
        ("pt", "qualquer um"),
        ("pt", "tanto faz"),
        ("pt", "o Zé atende sábado"),
        ("pt", "15%"),
        ("pt", "150"),
        ("cut", "o último"),  # of the list, or of the day
        ("en", "the second one with whom?"),
        ("en", "not the second"),
        ("en", "the second or third"),
        ("en", "any"),
        ("en", "at 9"),
        ("es", "no el segundo"),
        ("es", "¿el segundo con quién"),
        ("es", "el segundo o el tercero"),
        ("services", "corte ou barba"),
        ("services", "corte barba"),
        ("services", "e"),
        ("services", "não quero corte"),
        ("services", "quanto custa o corte"),
        ("same hour", "10h"),
        ("same hour", "as duas"),
        ("same hour", "as 2"),
        ("proposal", "o segundo"),  # of the list before
        ("proposal", "2"),
        ("proposal", "agora"),
        ("proposal", "não confirmar"),
        ("proposal", "horário"),
    ],
)
def test_no_row_is_meant(shown: str, text: str) -> None:
    assert pick(SHOWN[shown], text) is None


def test_an_hour_of_twelve_is_of_the_half_of_the_day_that_was_shown() -> None:
    rows = (ShownRow("a", "seg 07/12 15:00"), ShownRow("b", "seg 07/12 16:00"))
    assert pick(rows, "às 3") == "a"
    assert pick((*rows, ShownRow("c", "ter 08/12 03:00")), "às 3") is None
    assert pick(rows, "3 da manhã") is None
    noon = (ShownRow("a", "seg 07/12 12:00"), ShownRow("b", "seg 07/12 00:00"))
    assert pick(noon, "meio-dia") == pick(noon, "12 da tarde") == "a"
    assert pick(noon, "meia-noite") is None


_WORDS = st.text(st.characters(categories=["Ll", "Lu", "So", "Po"]), min_size=1, max_size=9)
_KNOWN = picking._FILLERS | picking._COURTESIES


@given(
    st.sampled_from(["o segundo", "o das 15h", "terça às 15h", "dia 7", "barba"]),
    _WORDS,
    st.booleans(),
)
def test_any_word_more_makes_it_none(text: str, word: str, first: bool) -> None:  # noqa: FBT001
    extra = picking.words_of(word)
    shown = frozenset().union(*(row.words for row in PT))
    assume(extra and not set(extra) & (_KNOWN | shown))
    also = f"{word} {text}" if first else f"{text} {word}"
    assume(not picking._WEEKDAY.search(also) or picking._WEEKDAY.search(text))
    assume(not picking._ORDINAL.search(word))
    assert pick(PT, also) in (None, pick(PT, text) if _reads_alike(text, also) else None)


def _reads_alike(text: str, also: str) -> bool:
    """Tell whether what was added belongs to an hour: "o das 15h" and "o das 15h h"."""
    return picking._facts(also, PT) == picking._facts(text, PT)


@given(
    st.lists(st.builds(ShownRow, st.uuids().map(str), st.text(), st.text(), st.booleans())),
    st.text(),
)
def test_whatever_is_shown_and_typed_one_of_the_rows_is_meant_or_none(
    rows: list[ShownRow], text: str
) -> None:
    assert pick(rows, text) in (None, *(row.id for row in rows))


@cases(
    "text, title",
    [
        ("quero os dois", "Os dois"),
        ("Sim, os dois!", "Os dois"),
        ("as duas", "Os dois"),
        ("pode ser todos", "Todos"),
        ("I want both", "Both"),
        ("both", "Both"),
        ("all of them", "All of them"),
        ("quiero los dos", "Los dos"),
    ],
)
def test_all_are_meant(text: str, title: str) -> None:
    assert all_meant(text, title)


@cases(
    "text, title",
    [
        ("não quero os dois", "Os dois"),
        ("nem os dois", "Os dois"),
        ("os dois?", "Os dois"),
        ("cancela os dois", "Os dois"),
        ("not both", "Both"),
        ("don't want both", "Both"),
        ("no los dos", "Los dos"),
        ("no quiero todos", "Todos"),
        ("os dois não", "Os dois"),
        ("os dois", "Corte"),
    ],
)
def test_not_all_are_meant(text: str, title: str) -> None:
    assert not all_meant(text, title)
