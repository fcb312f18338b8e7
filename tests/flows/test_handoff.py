"""A customer who wants a person gets one: the owner is told, and the assistant is silent."""

import re
from typing import Any

import pytest

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.flow import InboxHandler
from mcp_platform.inbox.event import ContactId
from tests.world import ANA, World, choice, eventually, text_of

WANTS = "quero falar com uma pessoa"
TOLD = "A equipe já foi avisada."


async def test_the_owner_is_told_and_the_assistant_says_once_that_nobody_is_there(
    here: World,
) -> None:
    reply = await here.ask(WANTS)
    assert TOLD in text_of(reply)
    told = (await here.replies(1, as_=here.tenant.owner))[0]
    assert "Ana" in text_of(told)
    assert ANA in text_of(told)

    for words in ("vocês têm estacionamento?", "alô?", "marca um corte amanhã às 15h"):
        await here.say(words)
        await here.idle()

    _, waiting = await here.sent()
    assert "equipe" in text_of(waiting)
    assert await here.statuses() == []
    heard = await here.rows(
        "SELECT text FROM messages WHERE tenant_id = :tenant AND direction = 'in' ORDER BY id"
    )
    assert [words for (words,) in heard][1:] == [
        "vocês têm estacionamento?",
        "alô?",
        "marca um corte amanhã às 15h",
    ]
    _, reminder = await here.sent(as_=here.tenant.owner)
    assert "continua esperando uma pessoa. «vocês têm estacionamento?»" in text_of(reminder)


@pytest.mark.parametrize(
    "words", [WANTS, "péssimo atendimento, fiquei muito chateada", "quero meu dinheiro de volta"]
)
async def test_that_the_team_was_told_is_said_only_where_it_was(here: World, words: str) -> None:
    assert TOLD in text_of(await here.ask(words))
    assert await here.replies(1, as_=here.tenant.owner)
    await here.change(owner_whatsapp=None)

    reply = text_of(await here.ask(words, as_="5511999990077"))

    assert "pessoa" in reply or "para a equipe" in reply
    assert not re.search("avis|cham|recado", reply, re.IGNORECASE), reply
    handled = await here.rows("SELECT answered_by FROM contacts WHERE tenant_id = :tenant")
    assert [by for (by,) in handled] == ["human", "human"]


async def test_taps_are_silent_too_while_a_person_has_the_conversation(here: World) -> None:
    await here.without_model()
    root = await here.ask("oi")
    reply = await here.choose(choice(root, "Falar com a equipe"))
    assert "quem responde é uma pessoa da equipe" in text_of(reply)

    for _ in range(2):
        await here.tap(choice(root, "Agendar"))
        await here.idle()

    assert [choice(each, "Voltar ao assistente") for each in (await here.sent())[2:]]
    assert len(await here.sent()) == 3
    assert await here.statuses() == []


async def test_other_customers_are_answered_as_before(here: World) -> None:
    await here.ask(WANTS)

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé", as_="5511999990002")

    assert "✅ Agendado" in text_of(reply)


async def test_the_assistant_is_back_when_it_is_told_to(here: World) -> None:
    await here.ask(WANTS)
    await here.say("esperando")
    await here.idle()
    contact = await here.value("SELECT id FROM contacts WHERE tenant_id = :tenant")
    async with here.session() as session:
        contacts = Contacts(session, here.tenant.id)
        await contacts.answered_by(ContactId(contact), "assistant")

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)


async def test_the_assistant_is_back_after_a_time(here: World) -> None:
    await here.ask(WANTS)
    await here.say("alô?")
    await here.idle()
    assert len(await here.sent()) == 2
    await here.as_owner(
        "UPDATE contacts SET human_until = human_until - interval '12 hours'"
        f" WHERE tenant_id = {here.tenant.id}"
    )

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)


@pytest.mark.parametrize("alone", [{"owner_notice_template": "aviso_ao_dono"}], indirect=True)
async def test_with_a_template_the_owner_is_told_though_the_window_is_closed(
    alone: World,
) -> None:
    await alone.meta.post(
        "/_control/templates",
        json={
            "waba_id": f"waba-{alone.tenant.client_name}",
            "name": "aviso_ao_dono",
            "language": "pt_BR",
            "body_parameters": 1,
        },
    )
    await alone.ask("Quero falar com uma pessoa")

    notice = (await alone.replies(1, as_=alone.tenant.owner))[-1]
    assert notice["payload"]["type"] == "template"

    async def delivered() -> bool:
        [message] = await alone.sent(as_=alone.tenant.owner)
        return "delivered" in str(message["statuses"])

    await eventually(delivered, why="the notice's delivery")


async def test_without_an_owners_number_the_handoff_works_all_the_same(here: World) -> None:
    await here.change(owner_whatsapp=None)

    reply = await here.ask(WANTS)

    assert "pessoa" in text_of(reply) or "para a equipe" in text_of(reply)
    assert await here.value(
        "SELECT count(*) FROM tenant_troubles WHERE tenant_id = :tenant AND what = 'owner_number'"
    )


async def test_asking_twice_in_one_moment_tells_the_owner_once(here: World) -> None:
    await here.write_together((ANA, {"text": WANTS}), (ANA, {"text": "uma pessoa, por favor"}))
    await here.replies(1)
    await here.idle()

    assert len(await here.sent(as_=here.tenant.owner)) == 1


async def test_who_waits_for_a_person_and_gets_a_user_id_waits_on(here: World) -> None:
    unnamed = {"wa_id": ANA, "user_id": None, "name": "Ana"}
    await here.write(unnamed, text=WANTS)
    await here.replies(1)

    for words in ("alô?", "oi?"):
        await here.say(words)
        await here.idle()

    assert await here.value("SELECT count(*) FROM contacts WHERE tenant_id = :tenant") == 1
    assert len(await here.sent()) == 2


async def test_a_handoff_that_was_interrupted_before_its_reply_is_still_told(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, failures = InboxHandler._close, [RuntimeError("killed here")]

    async def failing(answering: InboxHandler, *args: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return await close(answering, *args, **more)

    monkeypatch.setattr(InboxHandler, "_close", failing)

    reply = await here.ask(WANTS)

    assert TOLD in text_of(reply)
    await here.idle()
    assert len(await here.sent(as_=here.tenant.owner)) == 1
