"""A calendar that cannot be read is closed for booking: the customer and the owner are told."""

from datetime import UTC, datetime

import pytest

from tests.world import World, choices_of, eventually, text_of, tomorrow

CLOSED = "No momento não consigo ver a agenda"
# Of the calendar and of its token. Every other is in the contract of the calendar's door.
FAULTS = ("unreadable", "invalid_grant")


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_unreadable_calendar_is_closed_for_booking_and_the_owner_is_told_once(
    here: World, fault: str
) -> None:
    await _strike(here, fault)
    hour = datetime.now(UTC).hour

    for words in ("Marca um corte amanhã às 15h com o Zé", "Tem horário para corte amanhã?"):
        reply = await here.ask(words)
        assert CLOSED in text_of(reply)
        assert choices_of(reply)[0]["title"] == "Agendar", "no time, and a way to try again"

    assert await here.statuses() == []
    await here.idle()
    told = [text_of(each) for each in await here.sent(as_=here.tenant.owner)]
    assert len(told) == 1 or datetime.now(UTC).hour != hour, "told once an hour"
    assert "agenda" in told[0]


async def test_taps_say_so_too_and_no_hold_is_left(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    await _strike(here, "unreadable")

    reply = await here.choose(choices_of(offer)[0])

    assert CLOSED in text_of(reply)
    assert choices_of(reply)[0]["title"] == "Agendar"
    assert await here.statuses() == []


async def test_cancelling_needs_no_calendar_and_is_mirrored_when_it_is_back(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    await eventually(lambda: here.shows(tomorrow(15)), why="the event")
    await _strike(here, "unreadable", times=3)

    reply = await here.ask_and_agree("Cancela meu horário")

    assert "❌ Cancelado" in text_of(reply)
    await eventually(here.shows, why="an empty calendar")


async def test_when_the_calendar_is_back_it_books_again(here: World) -> None:
    await _strike(here, "unreadable", times=30)
    assert CLOSED in text_of(await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé"))
    await here.forgive()

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)


async def test_the_calendar_that_the_credentials_name_will_do(here: World) -> None:
    await here.change(calendar_id=None)

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)
    await eventually(lambda: here.shows(tomorrow(15)), why="the event")


async def test_a_private_key_that_is_none_closes_the_calendar_and_breaks_nothing(
    here: World,
) -> None:
    here.rewrite_credentials(GOOGLE_PRIVATE_KEY="not-a-key")

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert CLOSED in text_of(reply)
    assert text_of(await here.ask("oi"))


async def _strike(here: World, fault: str, *, times: int | None = None) -> None:
    match = {} if fault == "invalid_grant" else {"calendar_id": here.tenant.calendar_id}
    await here.fault(here.google, fault, match=match, times=times)
