"""Whether a turn asks for no more reminders, or for them again."""

import pytest

from mcp_platform.assistant.choosing.reminding import Wish, bare_stop, reminders_wish


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("Parar lembretes", "stop"),
        ("não quero mais receber lembretes, por favor", "stop"),
        ("STOP REMINDERS!", "stop"),
        ("No quiero más recordatorios", "stop"),
        ("quero lembretes", "start"),
        ("start reminders please", "start"),
        ("por favor, parar lembretes, obrigado", "stop"),
        ("parar lembretes por favor obrigada", "stop"),
        ("parar lembretes obrigada por favor", "stop"),
        ("parar lembretes, quero lembretes", None),
        ("quiero recibir recordatorios", "start"),
        ("não quero lembrete, quero remarcar", None),
        ("parar", None),
        ("cancelar", None),
        ("que lembretes vocês mandam?", None),
        ("", None),
    ],
)
def test_only_the_whole_of_what_was_written_counts(said: str, wish: Wish | None) -> None:
    assert reminders_wish([said]) == wish


@pytest.mark.parametrize(
    ("said", "stops"),
    [
        ("PARAR", True),
        ("pare, por favor", True),
        ("SAIR", True),
        ("STOP", True),
        ("não quero mais mensagens", True),
        ("No quiero más mensajes", True),
        ("não", False),
        ("cancelar", False),
        ("pare de doer", False),
        ("quero sair mais cedo", False),
    ],
)
def test_a_bare_word_stops_what_was_last_sent(said: str, *, stops: bool) -> None:
    assert bare_stop([said]) is stops
