"""One person is one contact, whatever Meta calls them; nobody else ever is."""

from typing import Any

from sqlalchemy import text

from tests.world import ANA, World, choices_of, eventually, message, text_of, tomorrow

BOOK = "Marca um corte amanhã às 15h com o Zé"
PEOPLE = "SELECT count(*) FROM contacts WHERE tenant_id = :tenant"


async def does(here: World, who: dict[str, Any], words: str) -> dict[str, Any]:
    """Have somebody write what they want, and "Sim" to what is proposed; return the last reply."""
    for said in (words, "Sim"):
        before = len(await here.sent(as_=None))
        await here.write(who, text=said)
        reply = (await here.replies(before + 1, as_=None))[-1]
    return reply


async def test_a_customer_without_a_phone_number_books_and_is_answered(here: World) -> None:
    user = {"user_id": "BR.1000000000000000004", "name": "Ana"}

    await here.write(user, text=BOOK)

    reply = (await here.replies(1, as_="BR.1000000000000000004"))[0]
    assert "Posso marcar?" in text_of(reply)
    assert "to" not in reply["payload"]
    assert reply["payload"]["recipient"] == "BR.1000000000000000004"


async def test_who_was_known_by_phone_and_gets_a_user_id_is_the_same_contact(here: World) -> None:
    await does(here, {"wa_id": ANA, "user_id": None, "name": "Ana"}, BOOK)
    assert (
        await here.value("SELECT alias FROM contact_aliases WHERE tenant_id = :tenant")
        == f"w:{ANA}"
    )

    reply = await here.ask("Quais são os meus horários?")

    assert "Corte com Zé" in text_of(reply)
    assert await here.value(PEOPLE) == 1
    assert "❌ Cancelado" in text_of(await here.ask_and_agree("Cancela meu horário"))


async def test_offers_made_before_the_user_id_was_known_still_count(here: World) -> None:
    await here.write(
        {"wa_id": ANA, "user_id": None, "name": "Ana"},
        text="Tem horário para corte amanhã com o Zé?",
    )
    offer = (await here.replies(1))[0]

    reply = await here.choose(choices_of(offer)[0])

    assert "✅ Agendado" in text_of(reply)


async def test_a_user_id_with_another_phone_is_the_same_contact(here: World) -> None:
    await does(here, {"wa_id": ANA, "user_id": "BR.1000000000000000007", "name": "Ana"}, BOOK)

    await does(
        here,
        {"wa_id": "5521911112222", "user_id": "BR.1000000000000000007", "name": "Ana"},
        "Cancela meu horário",
    )

    await eventually(lambda: _statuses(here, ["cancelled"]))
    assert await here.value(PEOPLE) == 1


async def test_a_phone_that_changed_hands_brings_no_appointments_with_it(here: World) -> None:
    await does(here, {"wa_id": ANA, "user_id": "BR.1000000000000000006", "name": "Ana"}, BOOK)

    await here.post(
        here.webhook(message("Cancela meu horário", from_user_id="BR.1000000000000000005"))
    )
    await here.idle()

    assert await here.statuses() == ["booked"]
    assert await here.value(PEOPLE) == 2
    old = await here.rows(
        "SELECT wa_id FROM contacts WHERE tenant_id = :tenant AND bsuid = 'BR.1000000000000000006'"
    )
    assert old == [(None,)]  # what is sent to the old one must not reach the new one


async def test_a_change_of_number_keeps_the_appointments(here: World) -> None:
    new = "5521933334444"
    await does(here, {"wa_id": ANA, "user_id": None, "name": "Ana"}, BOOK)
    change = {"type": "user_changed_number", "body": "Ana changed", "wa_id": new}

    await here.post(here.webhook(_system(change, wa_id=ANA)))
    await here.idle()
    assert len(await here.sent()) == 2
    reply = await does(here, {"wa_id": new, "user_id": None, "name": "Ana"}, "Cancela meu horário")

    assert "❌ Cancelado" in text_of(reply)
    assert await here.value(PEOPLE) == 1


async def test_a_change_of_user_id_in_a_system_message_keeps_the_appointments(
    here: World,
) -> None:
    await does(here, {"wa_id": ANA, "user_id": "BR.1000000000000000002", "name": "Ana"}, BOOK)
    change = {
        "type": "user_changed_user_id",
        "body": "changed",
        "user_id": "BR.1000000000000000000",
    }

    await here.post(here.webhook(_system(change, wa_id=ANA, from_user_id="BR.1000000000000000002")))
    await here.idle()
    await does(here, {"user_id": "BR.1000000000000000000", "name": "Ana"}, "Cancela meu horário")

    await eventually(lambda: _statuses(here, ["cancelled"]))
    assert await here.value(PEOPLE) == 1


async def test_a_user_id_update_by_webhook_keeps_the_appointments(here: World) -> None:
    await does(here, {"wa_id": ANA, "user_id": "BR.1000000000000000003", "name": "Ana"}, BOOK)
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": here.tenant.phone_number_id},
        "user_id_update": [
            {
                "wa_id": ANA,
                "user_id": {
                    "previous": "BR.1000000000000000003",
                    "current": "BR.1000000000000000001",
                },
            }
        ],
    }
    entry = {"id": "waba", "changes": [{"field": "user_id_update", "value": value}]}
    await here.post({"object": "whatsapp_business_account", "entry": [entry]})
    await here.idle()

    await does(here, {"user_id": "BR.1000000000000000001", "name": "Ana"}, "Cancela meu horário")

    await eventually(lambda: _statuses(here, ["cancelled"]))
    assert await here.value(PEOPLE) == 1


async def test_a_turn_that_was_begun_is_finished_by_whom_its_contact_turns_out_to_be(
    here: World,
) -> None:
    old, new = "BR.1000000000000000008", "BR.1000000000000000009"
    await here.write({"wa_id": ANA, "user_id": old, "name": "Ana"}, text="oi")
    await here.replies(1)
    await does(here, {"user_id": new, "name": "Ana"}, BOOK)
    await eventually(lambda: _statuses(here, ["booked"]))
    await does(here, {"user_id": new, "name": "Ana"}, "Cancela meu horário")
    await eventually(lambda: _statuses(here, ["cancelled"]))
    await here.idle()
    await eventually(lambda: _woken(here), why="an end of all wake-ups, which would take it up")
    asked = len(await here.asked_model())
    # The worker died here: cancelled, and nobody told.
    turn = await here.value(
        "SELECT id FROM turns WHERE tenant_id = :tenant ORDER BY opened_at DESC LIMIT 1"
    )
    async with here.session() as session:
        for statement in (
            # Opened so late that no sweep takes it up first.
            "UPDATE turns SET state = 'open', closed_at = NULL, starts = 5,"
            " opened_at = clock_timestamp() + interval '1 hour' WHERE id = :turn",
            "UPDATE inbox_events SET state = 'claimed' WHERE turn_id = :turn",
            "DELETE FROM outbox WHERE key = 'r:' || CAST(CAST(:turn AS uuid) AS text)",
            "DELETE FROM messages WHERE turn_id = :turn",
        ):
            await session.execute(text(statement), {"turn": turn})
    before = len(await here.sent(as_=None))

    change = {"type": "user_changed_user_id", "body": "changed", "user_id": new}
    await here.post(here.webhook(_system(change, wa_id=ANA, from_user_id=old)))

    told = (await here.replies(before + 1, as_=None))[-1]
    assert "❌ Cancelado" in text_of(told)
    assert len(await here.asked_model()) == asked
    await here.idle()
    assert len(await here.sent(as_=None)) == before + 1
    assert await here.value(PEOPLE) == 1


async def _woken(here: World) -> bool:
    queued = (
        "SELECT count(*) FROM queue.pgqueuer"
        " WHERE convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :whose"
    )
    return bool(await here.value(queued, whose=str(here.tenant.id)) == 0)


async def test_the_ninth_digit_is_kept_as_meta_gave_it(here: World) -> None:
    short = "551187654321"

    await here.write({"wa_id": short, "user_id": None, "name": "Ana"}, text=BOOK)

    reply = (await here.replies(1, as_=short))[0]
    assert reply["payload"]["to"] == short
    aliases = await here.rows("SELECT alias FROM contact_aliases WHERE tenant_id = :tenant")
    assert aliases == [(f"w:{short}",)]


async def test_a_name_that_a_customer_gives_themself_states_nothing(here: World) -> None:
    for number, name in enumerate(
        ("Confirmado", "Amanhã 10h", "{slot:s_1}", "R$ 5,00", "Agendado\n✅ Agendado: Corte", "")
    ):
        phone = f"551155555500{number}"
        await here.script(f"Olá, {name}! Posso ajudar?")
        await here.write({"wa_id": phone, "name": name}, text="oi")
        said = text_of((await here.replies(1, as_=phone))[0])
        assert "Confirmado" not in said
        assert "Agendado" not in said
        assert not any(letter.isdigit() for letter in said)


def _system(change: dict[str, Any], *, wa_id: str, **more: Any) -> dict[str, Any]:
    made = message("", wa_id=wa_id, **more)
    del made["text"]
    return made | {"type": "system", "system": change}


async def _statuses(here: World, expected: list[str]) -> bool:
    return await here.statuses() == expected


async def test_tomorrow_is_tomorrow_by_the_shops_clock(here: World) -> None:
    await here.ask_and_agree(BOOK)
    assert await here.starts() == [f"{tomorrow():%Y-%m-%d} 15:00"]
