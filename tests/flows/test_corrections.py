"""What a contact takes back, writes anew, wrote long ago, or wrote to others."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.factories import ZONE
from tests.flows.test_kinds import bare
from tests.flows.test_model_answers import call
from tests.world import World, choices_of, eventually, message, text_of

ASK = "Marca um corte amanhã às 15h com o Zé"


def written(body: str, *, ago: timedelta) -> dict[str, Any]:
    at = datetime.now(ZONE) - ago
    return message(body, timestamp=str(int(at.timestamp())))


def revoke(of: str) -> dict[str, Any]:
    return bare({"type": "revoke", "revoke": {"original_message_id": of}})


def edit(of: str, body: str) -> dict[str, Any]:
    inner = {"type": "text", "text": {"body": body}}
    return bare({"type": "edit", "edit": {"original_message_id": of, "message": inner}})


async def test_a_message_taken_back_before_it_was_answered_is_not_obeyed(here: World) -> None:
    asked = message(ASK)
    await here.post(here.webhook(asked, revoke(asked["id"]), message("Oi")))

    await here.replies(1)

    assert await here.statuses() == []
    kept = await here.rows("SELECT text FROM messages WHERE tenant_id = :tenant")
    assert not any("corte" in row.text for row in kept)
    assert not any(b"corte" in body for body in await _bodies(here))


async def test_a_message_taken_back_is_not_obeyed_whatever_waits_beside_it(here: World) -> None:
    row = choices_of(await here.ask("Tem horário para corte amanhã com o Zé?"))[0]
    asked, again = message(ASK), message("Marca uma barba amanhã às 16h com o Zé")
    tapped = bare({"type": "interactive", "interactive": {"list_reply": row}})
    await here.post(
        here.webhook(asked, again, tapped, edit(again["id"], "Oi"), revoke(asked["id"]))
    )

    replies = await here.replies(3)

    assert await here.statuses() == ["booked"]
    assert "✅ Agendado" in text_of(replies[2])
    assert not any("Agendado" in text_of(each) for each in replies[:2])
    said = str([each["body"]["contents"] for each in await here.asked_model()])
    assert "15h" not in said
    assert "barba amanhã" not in said


async def test_a_turn_begun_before_a_message_was_taken_back_asks_the_model_again(
    here: World,
) -> None:
    await here.ask("Oi")
    await here.change(status="suspended")
    asked = message(ASK)
    await here.post(here.webhook(asked))
    async with here.session() as session:  # its worker died as the model had answered
        await session.execute(
            text(
                "WITH turn AS (INSERT INTO turns (tenant_id, id, contact_id, starts, opened_at)"
                " SELECT :tenant, gen_random_uuid(), id, 1, now() FROM contacts"
                " WHERE tenant_id = :tenant RETURNING id),"
                " steps AS (INSERT INTO turn_steps (tenant_id, turn_id, name, content)"
                " SELECT :tenant, turn.id, step, CAST(content AS jsonb) FROM turn,"
                " (VALUES ('prompt', :prompt), ('model:0', :answer)) AS given (step, content))"
                " UPDATE inbox_events SET state = 'claimed', turn_id = turn.id FROM turn"
                " WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'"
            ),
            {
                "tenant": here.tenant.id,
                "prompt": json.dumps({"system": "", "contents": [{"parts": [{"text": ASK}]}]}),
                "answer": json.dumps({"content": {}, "text": "Claro, com prazer!", "calls": []}),
            },
        )
    await here.post(here.webhook(revoke(asked["id"])))
    await here.change(status="active")
    await here.say("Bom dia")
    await here.idle()

    assert len(await here.replies(2)) == 2
    assert not any("15h" in str(each["body"]["contents"]) for each in await here.asked_model())


async def test_a_message_taken_back_after_it_was_answered_is_blanked(here: World) -> None:
    asked = message("Oi, aqui é a Maria Segredo")
    await here.post(here.webhook(asked))
    await here.replies(1)
    await here.post(here.webhook(revoke(asked["id"])))

    async def blanked() -> bool:
        bodies = await _bodies(here)
        return bool(bodies) and not any(b"Segredo" in body for body in bodies)

    await eventually(blanked)
    kept = await here.rows("SELECT text FROM messages WHERE tenant_id = :tenant")
    assert "[revoke]" in [row.text for row in kept]
    assert not any("Segredo" in row.text for row in kept)
    steps = await here.rows("SELECT content::text FROM turn_steps WHERE tenant_id = :tenant")
    assert not any("Segredo" in row.content for row in steps)


async def test_a_question_that_was_taken_back_waits_for_nobody(here: World) -> None:
    asked = message("Vocês aceitam criptomoeda, sou a Maria Segredo?")
    await here.post(here.webhook(asked))
    await here.replies(1, as_=here.tenant.owner)
    [(state, words)] = await here.rows(
        "SELECT state, words FROM open_questions WHERE tenant_id = :tenant"
    )
    assert (state, "Segredo" in words) == ("open", True)

    await here.post(here.webhook(revoke(asked["id"])))

    async def forgotten() -> bool:
        left = await here.rows(
            "SELECT state, words, closed_by FROM open_questions WHERE tenant_id = :tenant"
        )
        return [tuple(each) for each in left] == [("dismissed", "[revoke]", "customer")]

    await eventually(forgotten, why="the question without its words")
    assert await here.value("SELECT count(*) FROM question_askers WHERE tenant_id = :tenant") == 0


async def test_a_note_that_was_taken_back_leaves_the_owners_event(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    noted = message("esqueci de dizer: tenho alergia a amônia")
    await here.post(here.webhook(noted))

    async def says(words: str) -> bool:
        events = await here.events()
        return bool(events) and events[0]["description"] == words

    await eventually(lambda: says("Corte\nZé\n“tenho alergia a amônia”"), why="the note")

    await here.post(here.webhook(revoke(noted["id"])))

    await eventually(lambda: says("Corte\nZé"), why="the event without the note")
    kept = await here.rows("SELECT notes FROM appointments WHERE tenant_id = :tenant")
    assert [notes for (notes,) in kept] == [None]


async def test_a_message_that_comes_after_it_was_taken_back_is_not_obeyed(here: World) -> None:
    asked = message(ASK)
    await here.post(here.webhook(revoke(asked["id"])))
    await here.idle()
    await here.post(here.webhook(asked))
    await here.post(here.webhook(message("Oi")))

    await here.replies(1)

    assert await here.statuses() == []
    kept = await here.rows("SELECT text FROM messages WHERE tenant_id = :tenant")
    assert not any("corte" in row.text for row in kept)


async def test_of_a_message_three_days_old_and_one_of_now_only_the_new_one_is_answered(
    here: World,
) -> None:
    await here.post(here.webhook(written(ASK, ago=timedelta(days=3)), message("Oi")))

    await here.replies(1)

    assert await here.statuses() == []


async def test_tomorrow_written_yesterday_is_asked_about_and_not_booked(here: World) -> None:
    await here.post(here.webhook(written(ASK, ago=_since_yesterday())))

    reply = (await here.replies(1))[0]

    assert await here.statuses() == []
    [row, *_] = choices_of(reply)
    await here.tap(row)
    assert "✅ Agendado" in text_of((await here.replies(2))[1])


async def test_a_day_said_before_midnight_is_asked_about_in_the_turn_after_it(here: World) -> None:
    ago = _since_yesterday()
    await here.post(here.webhook(written("Tem horário para corte amanhã com o Zé?", ago=ago)))
    offer = choices_of((await here.replies(1))[0])
    async with here.session() as session:  # it was answered before midnight too
        await session.execute(
            text(
                "UPDATE messages SET at = at - CAST(:ago AS interval)"
                " WHERE tenant_id = :tenant AND direction = 'out'"
            ),
            {"ago": ago, "tenant": here.tenant.id},
        )
    await here.script({"call": call("book", slot_id=offer[0]["id"])}, "Pronto!")

    reply = await here.ask("Pode ser bem cedo")

    assert await here.statuses() == []
    assert [each["title"] for each in choices_of(reply)] == [offer[0]["title"]]
    await here.script({"call": call("book", slot_id=offer[0]["id"])}, "Pronto!")
    proposal = await here.ask("Isso, nesse dia")  # the date was shown today
    assert "Posso marcar?" in text_of(proposal)


async def test_the_model_is_told_when_each_message_of_the_customer_was_written(here: World) -> None:
    first = written("Oi, queria amanhã", ago=timedelta(hours=20))
    await here.post(here.webhook(first))
    await here.replies(1)
    await here.ask("um corte às 17h")

    asked = [each["body"]["contents"] for each in await here.asked_model()]
    system = str(asked[-1])
    at = datetime.fromtimestamp(int(first["timestamp"]), ZONE)
    assert f'"earlier_written":["{at.isoformat(timespec="minutes")}"]' in system
    assert f'"messages_written":["{datetime.now(ZONE):%Y-%m-%d}' in system


async def test_what_is_written_in_a_group_is_kept_and_not_answered(here: World) -> None:
    await here.post(here.webhook(message(ASK, group_id="120363@g.us")))
    answered = await here.ask("Oi")

    assert text_of(answered)
    assert await here.statuses() == []
    kinds = await here.rows("SELECT kind FROM inbox_events WHERE tenant_id = :tenant ORDER BY id")
    assert [row.kind for row in kinds][:2] == ["other", "message"]


async def test_a_message_that_whatsapp_did_not_hand_over_is_asked_for_again(here: World) -> None:
    lost = {"type": "unsupported", "errors": [{"code": 131060, "title": "unavailable"}]}
    await here.post(here.webhook(bare(lost)))

    reply = text_of((await here.replies(1))[0])

    assert "Pode enviar de novo?" in reply


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"type": "unsupported", "errors": [{"code": 131060}]}, "não consegui abrir"),
        ({"type": "audio", "audio": {"id": "1"}}, "não era de texto"),
        ({"type": "sticker", "sticker": {"id": "1"}}, None),
    ],
)
async def test_what_could_not_be_read_beside_a_text_is_said_too(
    here: World, beside: dict[str, Any], said: str | None
) -> None:
    await here.post(here.webhook(message("Tem horário para corte amanhã com o Zé?"), bare(beside)))

    reply = (await here.replies(1))[0]

    assert choices_of(reply)
    assert ("Uma das suas mensagens" in text_of(reply)) == (said is not None)
    assert said is None or said in text_of(reply)


def _since_yesterday() -> timedelta:
    """Return how long ago ten minutes before midnight was, within WhatsApp's 24 hours."""
    now = datetime.now(ZONE)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(now - midnight + timedelta(minutes=10), timedelta(hours=23, minutes=59))


async def _bodies(here: World) -> list[bytes]:
    rows = await here.rows("SELECT body FROM inbox_events WHERE tenant_id = :tenant")
    return [bytes(row.body) for row in rows]
