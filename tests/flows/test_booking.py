"""A customer books, moves and cancels by WhatsApp, through the whole service."""

from tests.flows.world import World, choice, choices_of, eventually, text_of, tomorrow


async def test_a_customer_books_by_writing_a_day_and_a_time(here: World) -> None:
    reply = await here.ask("Oi! Quero marcar um corte amanhã às 15h com o Zé")

    assert "✅ Agendado: Corte com Zé" in text_of(reply)
    assert "15:00" in text_of(reply)
    await eventually(lambda: _one_event(here), why="the calendar's event")
    assert await here.value("SELECT status FROM appointments") == "booked"


async def _one_event(here: World) -> bool:
    events = await here.events()
    return len(events) == 1 and events[0]["start"]["dateTime"].startswith(
        tomorrow(15).isoformat()[:16]
    )
