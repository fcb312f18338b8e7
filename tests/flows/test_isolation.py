"""Two shops and two customers: nothing of one reaches the other."""

import asyncpg
import pytest
from sqlalchemy import text

from tests.world import ANA, World, choice, choices_of, text_of, tomorrow

BIA = "5511977776666"
BOOK = "Marca um corte amanhã às 15h com o Zé"


async def test_one_phone_at_two_shops_is_two_customers(here: World) -> None:
    other = await here.add_tenant()
    await here.ask_and_agree(BOOK)

    reply = await here.ask("Quais são os meus horários?", to=other)
    assert "horário" in text_of(reply)
    assert choices_of(reply) == []
    await here.ask_and_agree("Cancela meu horário", to=other)
    assert await here.statuses() == ["booked"]

    reply = await here.ask_and_agree(BOOK, to=other)
    assert "✅ Agendado" in text_of(reply)
    assert len(await here.events()) == 1
    await here.idle()
    assert [len(await here.events(of=each.calendar_id)) for each in (here.tenant, other)] == [1, 1]


async def test_an_offer_of_one_shop_tapped_at_another_is_not_valid(here: World) -> None:
    other = await here.add_tenant()
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")

    reply = await here.choose(choices_of(offer)[0], to=other)

    assert "Essa opção não vale mais." in text_of(reply)
    assert await here.statuses(to=other) == []
    assert await here.statuses() == []


async def test_what_was_offered_to_one_customer_is_nothing_to_another(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    row = choices_of(offer)[0]

    tapped = await here.choose(row, as_=BIA)
    assert "Essa opção não vale mais." in text_of(tapped)
    await here.script({"call": {"name": "book", "args": {"slot_id": row["id"]}}}, "ok")
    written = await here.ask(f"marca {row['id']}", as_=BIA)

    assert choices_of(written) != choices_of(offer)
    assert await here.statuses() == []


async def test_another_customers_appointment_can_be_neither_moved_nor_cancelled(
    here: World,
) -> None:
    await here.ask_and_agree(BOOK)
    mine = await here.ask("Tem horário para barba amanhã com o Beto?")
    menu = await _menu_of_my_appointment(here)
    uuid, offers = await _everything_of(here)
    slot = choices_of(await here.ask("Tem horário para corte depois de amanhã?", as_=BIA))[0]["id"]

    for stolen in [uuid, *offers, choices_of(mine)[0]["id"]]:
        for call in (
            {"name": "cancel", "args": {"appointment_id": stolen}},
            {"name": "reschedule", "args": {"appointment_id": stolen, "slot_id": slot}},
            {"name": "find_slots", "args": {"service_id": "corte", "appointment_id": stolen}},
        ):
            await here.script({"call": call}, "ok")
            reply = await here.ask(f"{call['name']} {stolen}", as_=BIA)
            assert "Corte com Zé" not in text_of(reply)
            assert "❌" not in text_of(reply)
    for button in choices_of(menu):
        reply = await here.choose(button, as_=BIA)
        assert "no longer valid" in text_of(reply)  # the orders above were English

    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 15:00"]


async def test_a_customer_sees_no_name_of_another(here: World) -> None:
    await here.say(BOOK, name="Zuleica Maria")
    await here.replies(1)

    for words in ("Quais são os meus horários?", "Tem horário amanhã às 15h para corte?", "oi"):
        reply = await here.ask(words, as_=BIA)
        assert "Zuleica" not in str(reply["payload"])
    asked = [
        each for each in await here.asked_model() if BIA in str(each) or "Zuleica" in str(each)
    ]
    assert all("Zuleica" not in str(each["body"].get("systemInstruction")) for each in asked)


async def test_a_tap_on_a_list_older_than_its_offers_says_that_it_is_not_valid(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    async with here.session() as session:
        await session.execute(
            text("UPDATE offers SET expires_at = now() - interval '1 s' WHERE tenant_id = :tenant"),
            {"tenant": here.tenant.id},
        )

    reply = await here.choose(choices_of(offer)[0])

    assert "Essa opção não vale mais." in text_of(reply)
    assert await here.statuses() == []


async def _menu_of_my_appointment(here: World) -> dict[str, object]:
    await here.change(model_enabled=False)
    menu = await here.choose(choice(await here.ask("oi"), "Meus horários"))
    await here.change(model_enabled=True)
    return menu


async def _everything_of(here: World) -> tuple[str, list[str]]:
    uuid = await here.value("SELECT id FROM appointments WHERE tenant_id = :tenant")
    offers = await here.rows(
        "SELECT o.id FROM offers o JOIN contacts c ON c.id = o.contact_id"
        " WHERE o.tenant_id = :tenant AND c.wa_id = :phone AND o.action->>'do' = 'appointment'",
        phone=ANA,
    )
    return str(uuid), [offer for (offer,) in offers]


async def test_what_anybody_notifies_reaches_no_worker_and_no_log(
    here: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    forged = '{"type": "cancellation_event", "channel": "mcp_queue", "ids": [%s], "x": "FORGED"}'
    login = await asyncpg.connect(here.database_url)
    await login.execute(
        "SELECT pg_notify('mcp_queue', 'FORGED' || n) FROM generate_series(1, 999) n"
    )
    for job in range(100):
        await login.execute("SELECT pg_notify('mcp_queue', $1)", forged % job)
    await login.close()

    assert "✅ Agendado" in text_of(await here.ask_and_agree(BOOK))

    said = caplog.text + "".join(capfd.readouterr())
    assert "FORGED" not in said
