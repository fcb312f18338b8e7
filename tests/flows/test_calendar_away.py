"""A calendar that cannot be read is closed for booking: the customer and the owner are told."""

from typing import Any

import pytest

from tests.world import World, choices_of, eventually, text_of, tomorrow

CLOSED = "No momento não consigo ver a agenda"
# One of each kind, and those of the same kind. All are in the contract of the calendar's door.
FAULTS = [
    ("unreadable", {}),
    ("not_shared", {}),
    ("malformed_body", {"status": 200}),
    ("reset", {}),
    ("invalid_grant", {}),
    ("token_unreadable", {}),
    *(
        pytest.param(fault, {}, marks=pytest.mark.full)
        for fault in (
            *("server_error", "rate_limited_403", "rate_limited_429", "access_not_configured"),
            *("unauthorized", "malformed_body", "token_malformed_body"),
        )
    ),
]


@pytest.mark.parametrize(
    ("fault", "params"), FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_an_unreadable_calendar_is_closed_for_booking_and_the_owner_is_told_once(
    here: World, fault: str, params: dict[str, Any]
) -> None:
    await _strike(here, fault, **params)

    for words in ("Marca um corte amanhã às 15h com o Zé", "Tem horário para corte amanhã?"):
        reply = await here.ask(words)
        assert CLOSED in text_of(reply)
        assert choices_of(reply)[0]["title"] == "Agendar", "no time, and a way to try again"

    assert await here.statuses() == []
    await here.idle()
    told = [text_of(each) for each in await here.sent(as_=here.tenant.owner)]
    assert len(told) == 1
    assert "agenda" in told[0]


@pytest.mark.parametrize("fault", ["unreadable", "not_shared", "malformed_body"])
async def test_taps_say_so_too_and_no_hold_is_left(here: World, fault: str) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    await _strike(here, fault)

    reply = await here.choose(choices_of(offer)[0])

    assert CLOSED in text_of(reply)
    assert choices_of(reply)[0]["title"] == "Agendar"
    assert await here.statuses() == []


async def test_a_move_needs_the_calendar_and_leaves_the_appointment_where_it_was(
    here: World,
) -> None:
    await here.ask("Marca um corte amanhã às 15h com o Zé")
    offer = await here.ask("Preciso remarcar, o que tem depois de amanhã com o Zé?")
    await here.idle()
    await _strike(here, "unreadable")

    reply = await here.choose(choices_of(offer)[0])

    assert CLOSED in text_of(reply)
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 15:00"]


async def test_cancelling_needs_no_calendar_and_is_mirrored_when_it_is_back(here: World) -> None:
    await here.ask("Marca um corte amanhã às 15h com o Zé")
    await eventually(lambda: here.shows(tomorrow(15)), why="the event")
    await _strike(here, "unreadable", times=3)

    reply = await here.ask("Cancela meu horário")

    assert "❌ Cancelado" in text_of(reply)
    await eventually(here.shows, why="an empty calendar")


async def test_when_the_calendar_is_back_it_books_again(here: World) -> None:
    await _strike(here, "unreadable", times=30)
    assert CLOSED in text_of(await here.ask("Marca um corte amanhã às 15h com o Zé"))
    await here.forgive()

    reply = await here.ask("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)


async def test_a_tenant_without_a_calendar_books_nothing(here: World) -> None:
    await here.change(calendar_id=None)
    here.rewrite_credentials(GOOGLE_CALENDAR_ID="")

    reply = await here.ask("Marca um corte amanhã às 15h com o Zé")

    assert CLOSED in text_of(reply)
    assert await here.statuses() == []


async def test_the_calendar_that_the_credentials_name_will_do(here: World) -> None:
    await here.change(calendar_id=None)

    reply = await here.ask("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)
    await eventually(lambda: here.shows(tomorrow(15)), why="the event")


async def test_a_private_key_that_is_none_closes_the_calendar_and_breaks_nothing(
    here: World,
) -> None:
    here.rewrite_credentials(GOOGLE_PRIVATE_KEY="not-a-key")

    reply = await here.ask("Marca um corte amanhã às 15h com o Zé")

    assert CLOSED in text_of(reply)
    assert "Olá" in text_of(await here.ask("oi"))


async def _strike(here: World, fault: str, *, times: int | None = None, **params: Any) -> None:
    tokens = fault in ("invalid_grant", "token_unreadable", "token_malformed_body")
    match = {} if tokens else {"calendar_id": here.tenant.calendar_id}
    await here.fault(here.google, fault, match=match, times=times, **params)
