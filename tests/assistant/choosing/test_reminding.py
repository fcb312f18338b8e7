"""Whether a turn asks for no more reminders, or for them again."""

import pytest

from mcp_platform.assistant.choosing.reminding import Wish, reminders_wish


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("Parar lembretes", "stop"),
        ("não quero mais receber lembretes, por favor", "stop"),
        ("STOP REMINDERS!", "stop"),
        ("No quiero más recordatorios", "stop"),
        ("quero lembretes", "start"),
        ("start reminders please", "start"),
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
