"""`/chat`: the same turn as WhatsApp, in an identity space of its own."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.inbox.event import ContactId
from mcp_platform.simulators.serving import serving
from tests.api.world import ALL, Business, World
from tests.cases import cases
from tests.handed_over import CHAT

NUMBER = "5511987654321"


async def test_a_message_is_answered_by_the_turn_that_answers_whatsapp(
    world: World, shop: Business
) -> None:
    async with world.working():
        answer = await shop.chat("Oi, tudo bem?")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["answered_by"] == "menu"
    assert said["reply"]
    assert said["choices"]
    assert said["whatsapp_queued"] is False
    (turn,) = await shop.turns()
    assert (str(turn.id), turn.state) == (said["turn_id"], "done")
    heard, replied = sorted(await shop.messages(), key=lambda each: each.direction)
    assert heard.text == "Oi, tudo bem?"
    assert replied.text == said["reply"]
    assert str(heard.contact_id) == said["conversation_id"]


async def test_choices_lead_to_a_booking(world: World, shop: Business) -> None:
    async with world.working():
        said = (await shop.chat()).json()
        for _ in range(8):
            assert said["choices"], said["reply"]
            answer = await shop.chat(None, choice_id=said["choices"][0]["id"])
            assert answer.status_code == 200, answer.text
            said = answer.json()
            if await shop.appointments():
                break
    (appointment,) = await shop.appointments()
    assert appointment.status == "booked"
    assert str(appointment.contact_id) == said["conversation_id"]


async def test_who_wants_to_be_erased_is_sent_to_the_team_and_given_no_button(
    world: World, shop: Business
) -> None:
    async with world.working():
        said = (await shop.chat("apaga meus dados")).json()
    assert said["reply"] == "Quem entrega a cópia dos seus dados, ou os apaga, é a equipe."
    assert said["choices"] == []


async def test_a_retried_message_is_one_message_and_has_one_answer(
    world: World, shop: Business
) -> None:
    async with world.working():
        first, second = await asyncio.gather(
            shop.chat(headers={"Idempotency-Key": "k1"}),
            shop.chat(headers={"Idempotency-Key": "k1"}),
        )
        third = await shop.chat(headers={"Idempotency-Key": "k1"})
    assert first.json() == second.json() == third.json()
    assert len(await shop.events()) == 1


async def test_a_key_used_for_another_message_is_refused(world: World, shop: Business) -> None:
    async with world.working():
        await shop.chat("Oi", headers={"Idempotency-Key": "k1"})
        again = await shop.chat("Tchau", headers={"Idempotency-Key": "k1"})
    assert again.status_code == 422
    assert again.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_one_key_of_two_users_is_two_messages(world: World, shop: Business) -> None:
    async with world.working():
        await shop.chat(user_id="ana", headers={"Idempotency-Key": "k1"})
        await shop.chat(user_id="bia", headers={"Idempotency-Key": "k1"})
    assert len(await shop.events()) == 2


async def test_what_is_not_answered_in_time_is_pending_and_found_by_its_id_later(
    world: World, shop: Business
) -> None:
    impatient = world.serve(patience=timedelta(milliseconds=50))
    pending = await shop.chat(app=impatient)
    assert pending.status_code == 202
    assert pending.json()["status"] == "pending"
    async with world.working():
        answer = await shop.chat(headers={"Idempotency-Key": pending.json()["message_id"]})
    assert answer.status_code == 200
    assert len(await shop.events()) == 1


async def test_a_parked_turn_is_told_at_once(world: World, shop: Business) -> None:
    impatient = world.serve(patience=timedelta(milliseconds=50))
    key = (await shop.chat(app=impatient)).json()["message_id"]
    await shop.execute("UPDATE inbox_events SET state = 'parked' WHERE tenant_id = :tenant")
    answer = await shop.chat(headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["status"]) == (202, "parked")


async def test_while_a_person_answers_it_is_said_once_that_one_was_called(
    world: World, shop: Business
) -> None:
    async with world.working():
        conversation = (await shop.chat()).json()["conversation_id"]
        await shop.execute(
            "UPDATE contacts SET answered_by = 'human' WHERE id = :contact", contact=conversation
        )
        first, second = await shop.chat(), await shop.chat()
    assert "equipe" in first.json()["reply"]
    assert second.status_code == 200
    assert second.json()["reply"] is None
    assert [each.json()["answered_by"] for each in (first, second)] == ["menu", "human"]


@pytest.mark.parametrize("user_id", [f"w:{NUMBER}", NUMBER, f"u:{NUMBER}", f"whatsapp:{NUMBER}"])
async def test_no_user_id_reaches_a_whatsapp_contact(
    world: World, shop: Business, user_id: str
) -> None:
    known = await shop.writes_on_whatsapp(NUMBER)
    async with world.working():
        answer = await shop.chat(user_id=user_id)
    assert answer.status_code == 200
    assert answer.json()["conversation_id"] != str(known)
    assert await shop.sent() == []
    spaces = {each.id: each.space for each in await shop.contacts()}
    assert sorted(spaces.values()) == ["api", "whatsapp"]


@pytest.mark.parametrize("number", [NUMBER, "551187654321", "(11) 98765-4321"])
async def test_acting_for_a_whatsapp_contact_is_in_that_contacts_conversation(
    world: World, shop: Business, number: str
) -> None:
    known = await shop.writes_on_whatsapp(NUMBER)
    async with world.working():
        answer = await shop.chat(whatsapp_number=number)
    assert answer.status_code == 200, answer.text
    assert answer.json()["conversation_id"] == str(known)
    (sent,) = await shop.sent()
    assert sent.body["message"]["to"] == NUMBER
    async with world.sessions.everywhere() as session:
        contact = await Contacts(session, shop.id).get(ContactId(known))
    assert (contact.space, contact.wa_id, contact.name) == ("whatsapp", NUMBER, "Bia")


@pytest.mark.parametrize("copied", [True, False])
async def test_whatsapp_needs_its_scope(shop: Business, *, copied: bool) -> None:
    await shop.writes_on_whatsapp(NUMBER)
    token = shop.token(scopes=frozenset({"chat"}))
    answer = await shop.chat(send_whatsapp=copied, whatsapp_number=NUMBER, token=token)
    assert answer.status_code == 403
    assert await shop.events() == []


async def test_an_unknown_whatsapp_number_is_not_found(shop: Business, other: Business) -> None:
    await other.writes_on_whatsapp(NUMBER)
    answer = await shop.chat(whatsapp_number=NUMBER)
    assert answer.status_code == 404
    assert await shop.events() == []


async def test_a_copy_of_the_reply_is_queued_once_for_the_known_contact(
    world: World, shop: Business
) -> None:
    known = await shop.writes_on_whatsapp(NUMBER)
    async with world.working():
        for _ in range(2):
            answer = await shop.chat(
                send_whatsapp=True, whatsapp_number=NUMBER, headers={"Idempotency-Key": "k"}
            )
    said = answer.json()
    assert said["whatsapp_queued"] is True
    assert said["conversation_id"] != str(known)
    (sent,) = await shop.sent()
    assert (sent.key, sent.lane) == (f"chat:{said['turn_id']}", f"c:{known}")
    assert sent.contact_id == known
    message = sent.body["message"]
    assert message["to"] == NUMBER
    assert message["type"] == "text"
    assert said["reply"] in message["text"]["body"]
    assert said["choices"][0]["title"] in message["text"]["body"]


@pytest.mark.parametrize("wrote", ["never", "24 hours ago", "a moment less ago"])
async def test_outside_of_the_24_hours_no_copy_is_sent_and_the_answer_says_so(
    world: World, shop: Business, wrote: str
) -> None:
    if wrote != "never":
        await shop.writes_on_whatsapp(NUMBER)
        world.now += timedelta(days=1) - timedelta(seconds=wrote == "a moment less ago")
    sends = wrote == "a moment less ago"
    token = world.tokens.mint(
        tenant=shop.path, scopes=ALL, ttl=timedelta(hours=1), now=world.now, subject="site"
    )
    async with world.working():
        for _ in range(2):
            answer = await shop.chat(
                send_whatsapp=True,
                whatsapp_number=NUMBER,
                token=token,
                headers={"Idempotency-Key": "k"},
            )
            said = answer.json()
            assert answer.status_code == 200, answer.text
            assert said["reply"]
            told = (said["whatsapp_queued"], said["whatsapp_refused"])
            assert told == ((True, None) if sends else (False, "outside_24_hours"))
    assert len(await shop.sent()) == sends
    assert len(await shop.contacts()) == (1 if wrote == "never" else 2)


async def test_the_body_that_is_handed_over_is_answered_and_its_number_gets_a_copy_only(
    world: World, shop: Business
) -> None:
    body = json.loads(CHAT.read_text())
    known = await shop.writes_on_whatsapp(body["user_id"])
    await shop.create("10:00", whatsapp_number=body["user_id"])
    booked = await shop.appointments()
    assert [each.contact_id for each in booked] == [known]

    refused = await shop.ask("POST", "/chat", json=body, token=shop.token(scopes={"chat"}))
    assert (refused.status_code, await shop.events()) == (403, [])

    async with world.working():
        answer = await shop.ask("POST", "/chat", json=body)
        asks = {**body, "message": "Quais são os meus horários?"}
        mine = await shop.ask("POST", "/chat", json=asks)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["whatsapp_queued"], said["whatsapp_refused"]) == (True, None)
    assert said["conversation_id"] == mine.json()["conversation_id"] != str(known)
    assert "10:00" not in mine.json()["reply"]
    (sent, _) = await shop.sent()
    assert (sent.contact_id, sent.body["message"]["to"]) == (known, body["user_id"])
    spaces = {each.id: each.space for each in await shop.contacts()}
    assert spaces[known] == "whatsapp"
    assert [each.contact_id for each in await shop.messages()].count(known) == 0
    assert [each.contact_id for each in await shop.appointments()] == [known]


@cases(
    "body, field",
    [
        ({"user_id": "ana"}, "body"),
        ({"user_id": "ana", "message": "Oi", "choice_id": "x"}, "body"),
        ({"user_id": "ana", "message": "Oi", "send_whatsapp": True}, "body"),
        ({"user_id": "ana", "message": ""}, "message"),
        ({"user_id": "ana", "message": " \n\t"}, "message"),
        ({"user_id": "ana", "message": "\x00"}, "message"),
        ({"user_id": "ana", "message": "x" * 4097}, "message"),
        ({"user_id": "ana", "message": 5}, "message"),
        ({"user_id": "", "message": "Oi"}, "user_id"),
        ({"user_id": "a b", "message": "Oi"}, "user_id"),
        ({"user_id": "a\x00b", "message": "Oi"}, "user_id"),
        ({"user_id": "a" * 129, "message": "Oi"}, "user_id"),
        ({"user_id": "ana", "message": "Oi", "send_whatsapp": "yes"}, "send_whatsapp"),
        ({"user_id": "ana", "message": "Oi", "whatsapp_number": "+5511"}, "whatsapp_number"),
        ({"user_id": "ana", "message": "Oi", "tenant_id": 1}, "tenant_id"),
        ([], "body"),
        (None, "body"),
    ],
)
async def test_odd_bodies_are_refused_with_the_field(
    shop: Business, body: object, field: str
) -> None:
    answer = await shop.ask("POST", "/chat", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in {each["field"] for each in answer.json()["errors"]}
    assert await shop.events() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"user_id": "ana", "message": "\\ud800"}',
        b'{"user_id": "ana", "message": ' + b"[" * 20_000,
        b'{"user_id": "ana", "message": ' + b"9" * 5_000 + b"}",
        b"NaN",
    ],
)
async def test_bodies_that_cannot_be_read_are_the_callers_mistake(
    shop: Business, body: bytes
) -> None:
    answer = await shop.ask(
        "POST", "/chat", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_huge_body_is_refused_before_it_is_read(shop: Business) -> None:
    for sized in (True, False):

        async def parts():
            for _ in range(100):
                yield b" " * 10_000

        content = b" " * 1_000_000 if sized else parts()
        answer = await shop.ask(
            "POST", "/chat", content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_longest_message_in_the_longest_spelling_is_taken(
    world: World, shop: Business
) -> None:
    async with world.working():
        answer = await shop.chat("😀" * 4096)
    assert answer.status_code == 200


async def test_many_who_wait_ask_the_database_together(world: World, shop: Business) -> None:
    async with world.working():
        answers = await asyncio.gather(*(shop.chat(user_id=f"user-{n}") for n in range(25)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["conversation_id"] for each in answers}) == 25


async def test_over_a_real_server_a_message_is_answered(world: World, shop: Business) -> None:
    async with serving(world.app) as url, httpx.AsyncClient(base_url=url) as client:
        async with world.working():
            answer = await client.post(
                f"/{shop.path}/api/v1/chat",
                json={"user_id": "ana", "message": "Oi"},
                headers={"authorization": f"Bearer {shop.token()}"},
                timeout=30,
            )
        missing = await client.post(f"/{shop.path}/api/v1/nothing")
    assert answer.status_code == 200
    assert answer.json()["reply"]
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_two_calls_at_once_are_each_answered(world: World, shop: Business) -> None:
    async with world.working():
        choices = (await shop.chat()).json()["choices"]
    impatient = world.serve(patience=timedelta(milliseconds=50))
    keys = [
        (await shop.chat(app=impatient, **said)).json()["message_id"]
        for said in ({"message": "Oi"}, {"message": None, "choice_id": choices[1]["id"]})
    ]
    async with world.working():
        first = await shop.chat(headers={"Idempotency-Key": keys[0]})
        second = await shop.chat(
            None, choice_id=choices[1]["id"], headers={"Idempotency-Key": keys[1]}
        )
    assert "Posso marcar" in first.json()["reply"]
    assert first.json()["turn_id"] != second.json()["turn_id"]
    assert first.json()["reply"] != second.json()["reply"]
