"""Bursts, repetitions and disorder: one answer, to everything, in the order it was written."""

import asyncio
import time
from typing import Any

import pytest

from tests.world import ANA, World, choice, message, text_of

PATIENT = [{"debounce_s": 60, "debounce_cap_s": 250}]


@pytest.mark.parametrize("alone", PATIENT, indirect=True)
async def test_five_messages_with_less_than_a_pause_between_are_answered_together_once(
    alone: World,
) -> None:
    for words in ("Oi", "tudo bem", "queria marcar um corte", "com o Zé", "amanhã às 15h"):
        await alone.let_pass(seconds=45)
        await alone.say(words)
    await alone.let_pass(seconds=60)

    replies = await alone.replies(1)
    await alone.idle()

    assert len(await alone.sent()) == 1
    assert "Posso marcar? Corte com Zé" in text_of(replies[0])
    assert await alone.value("SELECT count(*) FROM turns WHERE tenant_id = :tenant") == 1
    last = (await alone.asked_model())[-1]["body"]["contents"]
    assert "queria marcar um corte" in str(last)


@pytest.mark.parametrize("alone", PATIENT, indirect=True)
async def test_who_never_stops_writing_is_answered_at_the_cap(alone: World) -> None:
    for answers in (1, 2):
        for _ in range(6):
            await alone.say("oi")
            await alone.let_pass(seconds=45)

        await alone.replies(answers)
        await alone.idle()

    assert len(await alone.sent()) == 2


async def test_messages_of_one_post_are_answered_each_contact_once(alone: World) -> None:
    other = "5511999990002"
    await alone.write_together(
        (ANA, {"text": "Oi"}),
        (other, {"text": "Quero marcar uma barba"}),
        (ANA, {"text": "quero marcar um corte com o Zé"}),
        (ANA, {"text": "amanhã às 15h"}),
        (other, {"text": "com o Beto amanhã às 16h"}),
    )

    replies = await alone.replies(1), await alone.replies(1, as_=other)
    await alone.idle()

    assert [
        "Corte com Zé" in text_of(replies[0][0]),
        "Barba com Beto" in text_of(replies[1][0]),
    ] == [
        True,
        True,
    ]
    assert [len(await alone.sent()), len(await alone.sent(as_=other))] == [1, 1]


async def test_a_message_that_meta_sends_five_times_is_answered_once(here: World) -> None:
    body = here.webhook(message("Marca um corte amanhã às 15h com o Zé"))

    answers = await asyncio.gather(*(here.post(body) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    await here.replies(1)
    again = await here.post(body)
    await here.idle()

    assert again.status_code == 200
    assert len(await here.sent()) == 1
    assert await here.statuses() == ["held"]


async def test_of_two_taps_of_one_moment_the_last_counts(alone: World) -> None:
    await alone.without_model()
    root = await alone.ask("oi")
    first, second = choice(root, "Agendar"), choice(root, "Meus horários")
    taps: list[tuple[str, dict[str, Any]]] = [
        (ANA, {"reply": {"id": each["id"], "title": each["title"], "kind": "button"}})
        for each in (first, second)
    ]

    await alone.write_together(*taps)
    replies = await alone.replies(2)
    await alone.idle()

    assert len(replies) == 2
    assert "marcado" in text_of(replies[1])


async def test_an_old_message_that_comes_late_is_heard_all_the_same(here: World) -> None:
    hours_ago = str(int(time.time()) - 20 * 3_600)

    await here.post(here.webhook(message("oi", timestamp=hours_ago)))

    await here.replies(1)


async def test_a_timestamp_without_sense_keeps_nobody_from_an_answer(here: World) -> None:
    senseless = ["", "soon", "-1", "9" * 20, "1e9", 1_700_000_000, None, True, [], "253402300799"]
    phones = [f"55118888800{number:02}" for number in range(len(senseless))]
    said = [
        message("oi", wa_id=phone, timestamp=each)
        for phone, each in zip(phones, senseless, strict=True)
    ]

    answer = await here.post(here.webhook(*said))

    assert answer.status_code == 200
    for phone in phones:
        assert len(await here.replies(1, as_=phone)) == 1


async def test_a_flood_is_answered_in_few_turns_and_nothing_of_it_is_lost(alone: World) -> None:
    await alone.post(alone.webhook(*(message(f"mensagem {number}") for number in range(120))))

    await alone.replies(1)
    await alone.idle()

    heard = await alone.value("SELECT count(*) FROM messages WHERE direction = 'in'")
    assert heard == 120
    assert len(await alone.sent()) <= 3


async def test_many_contacts_at_once_are_all_answered(here: World) -> None:
    phones = [f"55118888800{number:02}" for number in range(40)]

    await here.write_together(*((phone, {"text": "oi"}) for phone in phones))
    await here.replies(40, as_=None)
    await here.idle()

    sent = await here.sent(as_=None)
    assert len(sent) == 40
    assert (
        len(
            {
                each["payload"]["to"] if "to" in each["payload"] else each["payload"]["recipient"]
                for each in sent
            }
        )
        == 40
    )


async def test_a_message_of_days_ago_is_not_acted_on_and_the_owner_is_told_once(
    here: World,
) -> None:
    ago = str(int(time.time()) - 2 * 24 * 3600)
    for words in ("Marca um corte amanhã às 15h com o Zé", "alô?"):
        await here.post(here.webhook(message(words, timestamp=ago)))
        await here.idle()

    (told,) = await here.replies(1, as_=here.tenant.owner)
    assert "mais de 24 horas" in text_of(told)
    assert await here.statuses() == []
    assert await here.sent() == []
    heard = "SELECT count(*) FROM messages WHERE tenant_id = :tenant AND direction = 'in'"
    assert await here.value(heard) == 2
