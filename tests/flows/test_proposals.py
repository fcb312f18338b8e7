"""Nothing happens that the customer did not see first: a typed wish is proposed, and a yes does it."""

import pytest

from tests.world import ANA, World, choice, choices_of, eventually, text_of, tomorrow

VOICE = {"type": "audio", "mime_type": "audio/ogg", "content_base64": "AAAA", "voice": True}
BOOK = "Marca um corte amanhã às 15h com o Zé"


def titles(message: dict) -> list[str]:
    return [each["title"] for each in choices_of(message)]


async def test_a_typed_wish_is_proposed_with_all_that_a_yes_would_do_and_a_tap_does_it(
    here: World,
) -> None:
    proposal = await here.ask(BOOK)

    assert "Posso marcar? Corte com Zé" in text_of(proposal)
    assert "às 15:00, R$ 45,00." in text_of(proposal)
    assert "Guardo este horário para você até" in text_of(proposal)
    assert titles(proposal) == ["Confirmar", "Outro horário", "Agora não"]
    assert await here.statuses() == ["held"]
    assert await here.events() == []
    other = await here.ask(BOOK, as_="5511977776666")
    assert "Posso marcar?" not in text_of(other)
    asked = len(await here.asked_model())

    reply = await here.choose(choice(proposal, "Confirmar"))

    assert "✅ Agendado: Corte com Zé" in text_of(reply)
    assert len(await here.asked_model()) == asked
    await eventually(lambda: here.shows(tomorrow(15)), why="the calendar's event")
    again = await here.choose(choice(proposal, "Confirmar"))
    assert "✅ Agendado: Corte com Zé" in text_of(again)
    assert await here.statuses() == ["booked"]


@pytest.mark.parametrize("model", [True, False])
async def test_a_typed_yes_does_it_if_the_proposal_is_our_last_message(
    here: World, *, model: bool
) -> None:
    await here.ask(BOOK)
    if not model:
        await here.without_model()
    asked = len(await here.asked_model())

    reply = await here.ask("sim, pode marcar 👍")

    assert "✅ Agendado: Corte com Zé" in text_of(reply)
    assert len(await here.asked_model()) == asked
    assert await here.statuses() == ["booked"]


async def test_what_is_no_plain_yes_does_nothing(here: World) -> None:
    await here.ask(BOOK)
    await here.without_model()
    for words in ("sim, mas pode ser às 16?", "quanto custa?", "sim"):  # the last one too late
        await here.ask(words)
        assert await here.statuses() == ["held"], words


async def test_a_no_lets_go_of_the_time_and_books_nothing(here: World) -> None:
    await here.ask(BOOK)

    reply = await here.ask("agora não")

    assert "não marquei nada" in text_of(reply)
    assert await here.statuses() == []


async def test_another_time_of_that_day_is_a_tap_away_and_takes_the_place_of_the_first(
    here: World,
) -> None:
    proposal = await here.ask(BOOK)

    times = await here.choose(choice(proposal, "Outro horário"))
    reply = await here.ask("o segundo")

    assert "✅ Agendado" in text_of(reply)
    assert titles(times)[1].rpartition(" ")[2] in text_of(reply)
    assert await here.statuses() == ["booked"]


async def test_for_a_move_the_old_time_stays_until_the_yes(here: World) -> None:
    await here.ask_and_agree(BOOK)
    proposal = await here.ask("Quero remarcar para amanhã às 17h")

    assert "Posso trocar? De Corte com Zé" in text_of(proposal)
    assert titles(proposal) == ["Sim, trocar", "Manter horário"]
    assert sorted(await here.statuses()) == ["booked", "held"]
    kept = await here.choose(choice(proposal, "Manter horário"))
    assert "continua marcado" in text_of(kept)
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 15:00"]

    await here.ask("Quero remarcar para amanhã às 17h")
    moved = await here.ask("pode trocar")
    assert "✅ Remarcado: Corte com Zé" in text_of(moved)
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 17:00"]


async def test_a_cancellation_is_asked_about_and_a_typed_no_keeps_the_appointment(
    here: World,
) -> None:
    await here.ask_and_agree(BOOK)

    asked = await here.ask("Cancela meu horário")
    assert "Quer mesmo cancelar? Corte com Zé" in text_of(asked)
    assert titles(asked) == ["Sim, cancelar", "Manter horário"]
    assert "continua marcado" in text_of(await here.ask("não"))
    assert await here.statuses() == ["booked"]

    await here.ask("Cancela meu horário")
    assert "❌ Cancelado: Corte com Zé" in text_of(await here.ask("sim"))
    assert await here.statuses() == ["cancelled"]


async def test_to_cancel_and_to_look_for_the_same_service_is_a_move(here: World) -> None:
    await here.ask_and_agree(BOOK)
    await here.ask("Oi")
    [mine, *_] = await here.rows(
        "SELECT id FROM offers WHERE tenant_id = :tenant AND action ->> 'do' = 'appointment'"
    )
    day = f"{tomorrow(days=2):%F}"
    calls = [
        {"name": "cancel", "args": {"appointment_id": mine.id}},
        {"name": "find_slots", "args": {"service_id": "corte", "from_date": day, "to_date": day}},
    ]
    for order in (calls, calls[::-1]):
        await here.script({"call": order}, "Qual você prefere?")

        reply = await here.ask("não posso amanhã, o que tem outro dia?")

        assert "Quer mesmo cancelar?" not in text_of(reply)
        assert await here.statuses() == ["booked"]
        assert {each["kind"] for each in choices_of(reply)} == {"list"}
    moved = await here.choose(choices_of(reply)[0])
    assert "✅ Remarcado" in text_of(moved)
    assert await here.statuses() == ["booked"]


async def test_a_row_of_the_last_list_is_meant_until_something_is_booked(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    assert "45,00" in text_of(await here.ask("quanto custa o corte?"))

    reply = await here.ask("o segundo")

    assert "✅ Agendado" in text_of(reply)
    assert titles(offer)[1].rpartition(" ")[2] in text_of(reply)
    await here.ask("o primeiro")  # instead, or besides: nobody knows
    assert (await here.statuses()).count("booked") == 1


async def test_a_voice_note_beside_a_yes_may_be_the_half_of_it(here: World) -> None:
    await here.ask(BOOK)
    await here.without_model()

    await here.write_together(
        (ANA, {"text": "sim"}),
        (ANA, {"media": VOICE}),
    )
    await here.replies(2)

    assert await here.statuses() == ["held"]


async def test_for_whom_it_is_and_what_is_to_be_known_go_with_a_booking_to_the_calendar(
    here: World,
) -> None:
    proposal = await here.ask(
        "Marca um corte amanhã às 15h com o Zé pro meu filho João? ele não gosta de máquina"
    )

    assert "às 15:00, para seu filho João, R$ 45,00." in text_of(proposal)
    assert "Seu recado vai junto para a equipe." in text_of(proposal)
    assert "máquina" not in text_of(proposal)
    booked = await here.choose(choice(proposal, "Confirmar"))
    assert "para seu filho João, R$ 45,00. Seu recado vai junto" in text_of(booked)
    await eventually(lambda: here.shows(tomorrow(15)), why="the calendar's event")
    [event] = await here.events()
    assert event["summary"].startswith("Corte — filho João (")
    assert event["description"] == "Corte\nZé\n“ele não gosta de máquina”"


async def test_a_row_that_was_found_for_a_child_books_for_the_child_without_the_model(
    here: World,
) -> None:
    times = await here.ask("Tem horário pra corte amanhã à tarde pra minha filha?")

    slots = [each for each in choices_of(times) if each["title"] != "Mais horários"]
    assert {each["description"].rpartition(" · ")[2] for each in slots} == {"para sua filha"}
    await here.without_model()
    booked = await here.choose(choices_of(times)[0])
    assert "para sua filha, R$ 45,00." in text_of(booked)
    await eventually(here.events, why="the calendar's event")
    [event] = await here.events()
    assert event["summary"].startswith("Corte — filha (")


async def test_what_the_model_makes_up_of_a_visit_is_left_out(here: World) -> None:
    offer = choices_of(await here.ask("Tem horário para corte amanhã com o Zé?"))[0]["id"]
    made_up = {"person": "sua prima Pague", "note": "veja https://evil.example"}
    await here.script({"call": {"name": "book", "args": {"slot_id": offer, **made_up}}}, "ok")

    proposal = await here.ask("quero ir bem cedo, pode ver?")

    assert "Posso marcar?" in text_of(proposal)
    assert "para sua" not in text_of(proposal)
    assert "recado" not in text_of(proposal)
    booked = await here.choose(choice(proposal, "Confirmar"))
    assert "✅ Agendado" in text_of(booked)
    await eventually(here.events, why="the calendar's event")
    [event] = await here.events()
    assert event["description"] == "Corte\nZé"


async def test_another_service_takes_the_place_of_one_at_the_same_time(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    proposal = await here.ask("e se fosse corte e barba em vez de só corte?")

    assert "De Corte com Zé" in text_of(proposal)
    assert "para Corte e barba com Zé" in text_of(proposal)
    assert "às 15:00, R$ 70,00." in text_of(proposal)
    assert "✅ Remarcado: Corte e barba" in text_of(await here.ask("pode trocar"))
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 15:00"]


async def test_a_note_joins_an_appointment_that_stands_and_its_event_and_the_owner_is_told(
    here: World,
) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    for note in ("esqueci de dizer: tenho alergia a amônia", "tenho alergia a amônia!!"):
        reply = await here.ask(note)
        assert "junto com o horário de amanhã às 15h" in text_of(reply)
        assert "amônia" not in text_of(reply)

    async def noted() -> bool:
        [event] = await here.events()
        return bool(event["description"].endswith("“tenho alergia a amônia”"))

    await eventually(noted, why="the note in the event")
    await here.idle()
    [notice] = map(text_of, await here.sent(as_=here.tenant.owner))
    assert notice.endswith("«tenho alergia a amônia».")
    assert await here.rows("SELECT version FROM appointments WHERE tenant_id = :tenant") == [(2,)]
