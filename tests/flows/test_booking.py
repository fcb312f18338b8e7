"""A customer books, moves and cancels by writing, through the whole service."""

import pytest

from mcp_platform.scheduling.catalogue import ClosedDay
from tests.factories import catalogue
from tests.world import World, choice, choices_of, eventually, text_of, tomorrow


async def test_a_customer_books_by_writing_a_day_and_a_time(here: World) -> None:
    reply = await here.ask_and_agree("Oi! Quero marcar um corte amanhã às 15h com o Zé")

    assert "✅ Agendado: Corte com Zé" in text_of(reply)
    assert "15:00" in text_of(reply)
    await eventually(lambda: here.shows(tomorrow(15)), why="the calendar's event")
    assert await here.statuses() == ["booked"]


async def test_free_times_are_offered_as_a_list_and_a_tap_books_without_the_model(
    here: World,
) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    rows = choices_of(offer)
    assert {row["kind"] for row in rows} == {"list"}
    assert 2 <= len(rows) <= 10
    asked = len(await here.asked_model())

    reply = await here.choose(rows[1])

    assert "✅ Agendado: Corte com Zé" in text_of(reply)
    assert rows[1]["title"].rpartition(" ")[2] in text_of(reply)
    assert len(await here.asked_model()) == asked
    assert await here.statuses() == ["booked"]


@pytest.mark.parametrize("words", ["o segundo", "pode ser o segundo"])
async def test_a_time_that_was_offered_can_be_chosen_by_words(here: World, words: str) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    second = choices_of(offer)[1]["title"].rpartition(" ")[2]

    reply = await here.ask(words)

    assert "✅ Agendado" in text_of(reply)
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} {second}"]


async def test_a_time_that_was_offered_can_be_chosen_by_naming_it(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã de manhã com o Zé?")
    hour = choices_of(offer)[0]["title"].rpartition(" ")[2]

    await here.ask(f"às {hour}")

    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} {hour}"]


async def test_an_appointment_is_moved_by_writing(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    await eventually(lambda: here.shows(tomorrow(15)), why="the event")

    reply = await here.ask_and_agree("Quero remarcar para amanhã às 17h")

    assert "✅ Remarcado: Corte com Zé" in text_of(reply)
    assert "17:00" in text_of(reply)
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 17:00"]
    assert await here.statuses() == ["booked"]
    await eventually(lambda: here.shows(tomorrow(17)), why="the event, moved")


async def test_a_list_of_times_offered_for_a_move_moves_and_books_no_second_one(
    here: World,
) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    offer = await here.ask("Preciso remarcar, o que tem depois de amanhã com o Zé?")
    row = [each for each in choices_of(offer) if ":" in each["title"]][-1]  # less «Mais horários»
    asked = len(await here.asked_model())

    reply = await here.choose(row)

    assert "✅ Remarcado" in text_of(reply)
    assert await here.statuses() == ["booked"]
    assert len(await here.asked_model()) == asked
    hour = row["title"].rpartition(" ")[2]
    assert await here.starts() == [f"{tomorrow(days=2):%Y-%m-%d} {hour}"]
    await eventually(
        lambda: here.shows(tomorrow(*map(int, hour.split(":")), days=2)), why="the event, moved"
    )


async def test_an_appointment_is_cancelled_by_writing(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    await eventually(lambda: here.shows(tomorrow(15)), why="the event")

    reply = await here.ask_and_agree("Cancela meu horário")

    assert "❌ Cancelado: Corte com Zé" in text_of(reply)
    assert await here.statuses() == ["cancelled"]
    await eventually(here.shows, why="an empty calendar")


async def test_on_a_closed_day_the_customer_is_told_so_and_offered_what_comes_next(
    here: World,
) -> None:
    closed = ClosedDay(day=tomorrow().date(), reason="Feriado")
    shop = await here.add_tenant(catalogue=catalogue(closed_days=(closed,)))

    reply = await here.ask("Quero um corte amanhã às 10h", to=shop)

    assert "Não atendemos nesse período." in text_of(reply)
    assert choices_of(reply)
    assert not any(f"{tomorrow():%d/%m}" in row["title"] for row in choices_of(reply))
    assert await here.statuses(to=shop) == []


async def test_when_nothing_is_free_any_more_that_day_it_says_so(here: World) -> None:
    await here.owner_adds(tomorrow(0), minutes=24 * 60)

    reply = await here.ask("Tem horário para corte amanhã?")

    assert "Não há mais horários livres nesse período." in text_of(reply)
    assert f"{tomorrow(days=2):%d/%m}" in choices_of(reply)[0]["title"]


async def test_when_nothing_at_all_is_free_it_says_so(here: World) -> None:
    await here.owner_adds(tomorrow(0, days=-1), minutes=90 * 24 * 60)

    reply = await here.ask("Tem horário para corte amanhã?")

    assert "Não encontrei outros horários próximos." in text_of(reply)
    assert "Falar com a equipe" in [each["title"] for each in choices_of(reply)]


async def test_beyond_the_horizon_nothing_is_booked(here: World) -> None:
    far = tomorrow(10, days=100)

    reply = await here.ask_and_agree(f"Marca um corte dia {far:%d/%m/%Y} às 10h")

    assert "Não marcamos horários para esse período." in text_of(reply)
    assert await here.statuses() == []


async def test_an_event_that_the_owner_adds_after_the_offer_is_asked_for_at_the_tap(
    here: World,
) -> None:
    offer = await here.ask("Tem horário para corte amanhã às 15h com o Zé?")
    row = choice(offer, "15:00")
    await here.owner_adds(tomorrow(15), minutes=60)

    reply = await here.choose(row)

    assert "Esse horário não está mais livre." in text_of(reply)
    *shown, more = choices_of(reply)
    assert more["title"] == "Mais horários"
    assert not any("15:00" in other["title"] for other in shown)
    assert await here.starts() == []
    rest = await here.choose(more)  # the whole day, page by page
    assert choices_of(rest)[0]["title"].endswith("08:00")


async def test_a_second_booking_of_the_same_time_by_the_same_customer_is_the_same_booking(
    here: World,
) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    row = choices_of(offer)[0]
    await here.choose(row)

    reply = await here.choose(row)

    assert "✅ Agendado" in text_of(reply)
    assert await here.statuses() == ["booked"]


async def test_after_cancelling_a_tap_on_the_old_list_books_again(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    row = choices_of(offer)[0]
    await here.choose(row)
    await here.ask_and_agree("Cancela meu horário")

    reply = await here.choose(row)

    assert "✅ Agendado" in text_of(reply)
    assert await here.statuses() == ["cancelled", "booked"]


async def test_one_phone_cannot_empty_the_agenda(here: World) -> None:
    for hour in range(9, 14):
        await here.ask_and_agree(f"Marca um corte amanhã às {hour}h com o Zé")

    reply = await here.ask_and_agree("Marca um corte amanhã às 17h com o Zé")

    assert "máximo por pessoa" in text_of(reply)
    assert await here.statuses() == ["booked"] * 5


async def test_own_appointments_are_listed_as_the_database_has_them(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    await here.ask_and_agree("Marca uma barba amanhã às 10h com o Beto")

    reply = await here.ask("Quais são os meus horários?")

    rows = {each["description"]: each["title"] for each in choices_of(reply)}
    assert rows["Corte · Zé"].endswith("15:00")
    assert rows["Barba · Beto"].endswith("10:00")


async def test_what_the_business_says_of_itself_is_told_with_its_own_prices(here: World) -> None:
    reply = await here.ask("Quanto custa o corte e qual o endereço?")

    assert "R$ 45,00" in text_of(reply)
    assert "Rua das Flores, 123" in text_of(reply)


@pytest.mark.parametrize(
    ("book", "move", "cancel", "said"),
    [
        (
            "Hi, please book a haircut tomorrow at 3pm with Zé",
            "Please move my appointment to tomorrow at 5pm",
            "Please cancel my appointment",
            ("✅ Booked: Corte with Zé", "✅ Moved: Corte with Zé", "❌ Cancelled: Corte with Zé"),
        ),
        (
            "Hola, quiero reservar un corte mañana a las 15h con Zé, por favor",
            "Quiero cambiar mi cita para mañana a las 17h, por favor",
            "Quiero cancelar mi cita, por favor",
            (
                "✅ Agendado: Corte con Zé",
                "✅ Cambiado: Corte con Zé",
                "❌ Cancelado: Corte con Zé",
            ),
        ),
    ],
    ids=["en", "es"],
)
async def test_other_languages_book_move_and_cancel(
    here: World, book: str, move: str, cancel: str, said: tuple[str, str, str]
) -> None:
    for words, expected, status in zip(
        (book, move, cancel), said, ("booked", "booked", "cancelled"), strict=True
    ):
        reply = await here.ask_and_agree(words)
        assert expected in text_of(reply)
        assert await here.statuses() == [status]


async def test_the_tenant_s_language_holds_until_a_second_message_speaks_against_it(
    here: World,
) -> None:
    heard = []
    for words in ("de manhã", "pode me ligar?", "gracias", "hasta luego", "ok"):
        await here.say(words)  # a second closing is answered by silence
        await here.idle()
        heard.append(await here.value("SELECT language FROM contacts WHERE tenant_id = :tenant"))
    assert heard == [None, None, None, "es", "es"]


@pytest.mark.parametrize(
    ("words", "said"),
    [("how much is Corte?", "R$45.00"), ("¿cuánto cuesta Corte?", "45,00"), ("hola", "asistente")],
)
async def test_a_stranger_is_answered_in_the_language_of_the_first_words(
    here: World, words: str, said: str
) -> None:
    answered = text_of(await here.ask(words))
    assert said in answered
    assert "Aqui é o assistente" not in answered


async def test_a_proposal_stands_even_if_the_model_fails_right_after_it(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    slot = choices_of(offer)[0]["id"]
    blocked = {"promptFeedback": {"blockReason": "OTHER"}}
    await here.script({"call": {"name": "book", "args": {"slot_id": slot}}}, blocked)

    reply = await here.ask("esse mesmo")

    assert "Posso marcar?" in text_of(reply)
    assert await here.statuses() == ["held"]
    assert "✅ Agendado" in text_of(await here.choose(choice(reply, "Confirmar")))
    assert await here.statuses() == ["booked"]
