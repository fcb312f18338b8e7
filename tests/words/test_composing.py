"""Messages as the customer reads them, put together of phrases and of what code says."""

from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.words.book import BOOK
from mcp_platform.words.composing import EMOJI, MESSAGE_LIMIT, Blocks, Composed, compose
from mcp_platform.words.joining import Part, Refusal, Situation
from mcp_platform.words.templates import PLACEHOLDERS
from mcp_platform.words.texts import TEXTS

COMMON = {
    "name": "Carla",
    "good_day": "Bom dia",
    "good_day_low": "bom dia",
    "business": "Barbearia do Zé",
    "o_business": "a Barbearia do Zé",
    "de_business": "da Barbearia do Zé",
    "em_business": "na Barbearia do Zé",
}


def _part(phrase: str, *about: str, **values: str) -> Part:
    return Part(phrase, about, {**COMMON, **values})


def _compose(
    *parts: Part,
    situation: Situation | None = None,
    blocks: Blocks | None = None,
    turn: int = 0,
    last_said: dict[str, int] | None = None,
    named_last: bool = False,
) -> Composed:
    return compose(
        parts,
        situation or Situation(),
        blocks=blocks or Blocks(),
        phrases=TEXTS["pt-BR"].phrases,
        turn_number=turn,
        last_said=last_said or {},
        named_last=named_last,
    )


def test_a_greeting_and_small_talk_share_a_line() -> None:
    said = _compose(_part("ask_help"), _part("greet_first"), _part("how_are_you"))
    assert said.text == (
        "Bom dia, Carla! Aqui é o assistente virtual da Barbearia do Zé. 😊"
        " Por aqui vai tudo ótimo, e espero que por aí também.\n\nComo posso ajudar?"
    )
    assert said.said == {"greet_first": 0, "how_are_you": 0, "ask_help": 0}
    assert said.named


def test_what_was_done_stands_between_the_reaction_and_the_closing() -> None:
    said = _compose(
        _part("look_forward"),
        _part("done_book"),
        situation=Situation(outcomes=frozenset({"booked"})),
        blocks=Blocks(effects=["✅ Agendado: Corte com Zé, sexta (12/6), às 9h30, R$ 45,00."]),
    )
    assert said.text == (
        "Prontinho, Carla!\n\n✅ Agendado: Corte com Zé, sexta (12/6), às 9h30, R$ 45,00.\n\n"
        "Até lá! 😊"
    )


def test_a_list_is_announced_and_asked_about() -> None:
    said = _compose(
        _part("ask_time"),
        _part("look_at_times"),
        situation=Situation(listed=True),
        blocks=Blocks(header="Corte, amanhã (12/6):"),
    )
    assert said.text == (
        "Encontrei estes horários:\n\nCorte, amanhã (12/6):\n\nQual desses horários fica melhor?"
    )


def test_an_answer_beside_a_proposal_is_its_condition() -> None:
    proposal = "Posso marcar? Corte com Ana, sábado (13/6), às 10h, para Theo, R$ 45,00."
    said = _compose(
        _part("see_below"),
        _part("answer", "n_children", answer="Criança até 10 anos vem com um responsável."),
        _part("duration", service="Corte", duration="30 min"),
        situation=Situation(proposal="book"),
        blocks=Blocks(proposal=proposal),
    )
    assert said.text == (
        f"Corte leva 30 min, em média.\n\nEsse horário está livre:\n\n{proposal}\n\n"
        "Criança até 10 anos vem com um responsável."
    )


def test_beside_grief_nothing_cheerful_is_said_and_nothing_is_decorated() -> None:
    said = _compose(
        _part("greet"),
        _part("death"),
        _part("do_not_worry"),
        _part("look_forward"),
        situation=Situation(outcomes=frozenset({"cancelled", "booked"})),
        blocks=Blocks(effects=["✅ Agendado: Corte, sexta.", "Cancelado: Barba, quinta."]),
    )
    assert said.text == (
        "Bom dia, Carla. Meus sentimentos pela sua perda. Um abraço.\n\n"
        "Agendado: Corte, sexta.\nCancelado: Barba, quinta.\n\nCom o horário, não se preocupe."
    )
    assert [each.reason for each in said.dropped] == [Refusal.TOO_GRAVE] * 2


def test_the_last_emoji_stands_and_those_of_values_are_let_alone() -> None:
    said = _compose(
        _part("greet"),
        _part("address", address="Rua 7, 10 🏡"),
        _part("phone", phone="(11) 4002-8922"),
    )
    assert said.text == (
        "Bom dia, Carla!\n\nEstamos aqui: Rua 7, 10 🏡.\nNosso telefone é (11) 4002-8922. 📞"
    )


def test_after_a_failure_there_is_no_emoji() -> None:
    said = _compose(_part("phone", phone="1"), situation=Situation(failed=True))
    assert said.text == "Nosso telefone é 1."


def test_the_name_is_said_once_and_not_in_two_messages_running() -> None:
    parts = (_part("greet"), _part("birthday"))
    assert _compose(*parts).text.count("Carla") == 1
    again = _compose(*parts, named_last=True)
    assert "Carla" not in again.text
    assert not again.named
    assert not _compose(_part("price", service="Barba", costs="sai por R$ 35,00")).named


def test_an_answer_is_quoted_bare_and_introduced_when_it_comes_again() -> None:
    pix = _part("answer", "n_pix", answer="Aceitamos pix.")
    first = _compose(pix, turn=5)
    assert first.text == "Aceitamos pix."
    assert first.said == {"answer:n_pix": 0}
    again = _compose(pix, turn=6, last_said=dict(first.said))
    assert again.text == "Sobre isso: Aceitamos pix."
    other = _part("answer", "n_park", answer="Temos vaga na porta.")
    assert _compose(other, turn=6, last_said=dict(first.said)).text == "Temos vaga na porta."


def test_a_fact_that_is_not_known_is_not_said() -> None:
    said = _compose(_part("price", service="Barba"), _part("ask_see_times"))
    assert said.text == "Quer ver os horários livres?"
    assert [(each.part.phrase, each.reason) for each in said.dropped] == [
        ("price", Refusal.NO_FACTS)
    ]


def test_a_long_message_loses_what_is_missed_least_and_no_fact() -> None:
    parts = [
        _part("greet"),
        _part("birthday"),
        _part("answer", "a", answer="x" * 640),
        _part("ask_day"),
    ]
    said = _compose(*parts)
    assert [part.phrase for part in said.kept] == ["greet", "answer", "ask_day"]
    assert [each.reason for each in said.dropped] == [Refusal.TOO_LONG]
    longer = _compose(*parts[:3], _part("answer", "b", answer="y" * 600), parts[3])
    assert [part.phrase for part in longer.kept] == ["answer", "answer", "ask_day"]


def test_what_stands_alone_hides_lists_and_proposals_but_not_what_was_done() -> None:
    said = _compose(
        _part("danger"),
        _part("greet"),
        situation=Situation(listed=True, proposal="book"),
        blocks=Blocks(effects=["Cancelado: Corte."], header="Corte:", proposal="Posso marcar?"),
    )
    first, second = said.text.split("\n\n")
    assert "190" in first
    assert second == "Cancelado: Corte."


def test_nothing_left_is_nothing_said() -> None:
    assert _compose(_part("look_at_times"), _part("spam")).text == ""


ANY_PART = st.builds(
    Part,
    st.sampled_from(sorted(BOOK)),
    st.just(("x",)),
    st.dictionaries(
        st.sampled_from(sorted(PLACEHOLDERS)), st.sampled_from(["v", "{name}", "[x]", None])
    ),
)


ANY_SITUATION = st.builds(
    Situation, outcomes=st.just(frozenset({"booked", "moved", "asked"})), listed=st.booleans()
)


@given(st.lists(ANY_PART, max_size=5), st.integers(0, 50), ANY_SITUATION)
def test_whatever_is_chosen_the_message_is_well_formed(
    parts: list[Part], turn: int, situation: Situation
) -> None:
    said = _compose(*parts, situation=situation, turn=turn)
    assert said == _compose(*parts, situation=situation, turn=turn), "the same on replay"
    assert len(EMOJI.findall(said.text)) <= 1
    assert len(said.text) < MESSAGE_LIMIT
    assert bool(said.text) == bool(said.kept)
    assert all(paragraph.strip() == paragraph for paragraph in said.text.split("\n\n"))
