"""`/conversations`: what a person sees of them and does in them, over a real database."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mcp_platform.conversations.contacts import Contacts, Identity
from mcp_platform.conversations.masking import masked
from mcp_platform.outbox.models import OUTBOX
from tests.api.world import IDLE, NOW, Business, World

BIA = "5511987654321"
WORST = [
    "\u202egnp.exe\u200f",
    "<script>alert(1)</script>",
    "'; DROP TABLE messages; --",
    "{{7*7}} %s {who}",
    "👩🏽‍🚒" * 500,
    "a\r\nb\tc",
    "\ufeffola",
]


async def wrote(
    shop: Business, wa_id: str = BIA, *, ago: timedelta = timedelta(0), **more: Any
) -> str:
    """Have a contact write; return the conversation's id."""
    contact = await shop.writes_on_whatsapp(wa_id)
    at = NOW - ago
    await shop.execute(
        "UPDATE contacts SET last_inbound_at = :at WHERE tenant_id = :tenant AND id = :contact",
        at=at,
        contact=contact,
    )
    await says(shop, str(contact), more.get("text", "Oi"), at=at)
    return str(contact)


async def says(shop: Business, contact: str, text: str, *, at: Any = NOW) -> None:
    await shop.execute(
        "INSERT INTO messages (tenant_id, contact_id, direction, author, text, at)"
        " VALUES (:tenant, CAST(:contact AS uuid), 'in', 'contact', :text, :at)",
        contact=uuid.UUID(contact),
        text=text,
        at=at,
    )


async def take(shop: Business, contact: str, *, who: str = "bia", **body: Any) -> httpx.Response:
    return await shop.ask(
        "POST",
        f"/conversations/{contact}/take",
        json=body,
        token=token(shop, who),
    )


async def reply(
    shop: Business, contact: str, text: str = "Já vejo", *, who: str = "bia", key: str | None = None
) -> httpx.Response:
    return await shop.ask(
        "POST",
        f"/conversations/{contact}/reply",
        json={"text": text},
        token=token(shop, who),
        headers={} if key is None else {"Idempotency-Key": key},
    )


def token(shop: Business, who: str = "site") -> str:
    return shop.token(subject=who, ttl=timedelta(days=3))  # the clock of a test is moved on


async def read(shop: Business, contact: str) -> dict[str, Any]:
    answer = await shop.ask("GET", f"/conversations/{contact}", token=token(shop))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def thread(shop: Business, contact: str, **query: Any) -> dict[str, Any]:
    answer = await shop.ask("GET", f"/conversations/{contact}/messages", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def page(shop: Business, **query: Any) -> dict[str, Any]:
    answer = await shop.ask("GET", "/conversations", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_conversation_is_taken_answered_and_returned(shop: Business) -> None:
    contact = await wrote(shop, text="Quero falar com alguém")
    taken = (await take(shop, contact)).json()
    assert (taken["under_way"], taken["conversation"]["taken_by"]) == (False, "bia")
    assert taken["conversation"]["until"] == (NOW + IDLE).isoformat().replace("+00:00", "Z")

    sent = await reply(shop, contact, "Oi, Bia! Sou eu.\r\nPode falar.")

    assert sent.status_code == 200, sent.text
    assert (sent.json()["by"], sent.json()["delivery"]) == ("bia", "queued")
    [queued] = await shop.sent()
    assert queued.lane == f"c:{contact}"
    assert queued.body["message"]["text"]["body"] == "Oi, Bia! Sou eu.\nPode falar."
    said = (await thread(shop, contact))["messages"]
    assert [each["author"] for each in said] == ["human", "contact"]
    assert (await read(shop, contact))["unanswered_since"] is None

    answer = await shop.ask("POST", f"/conversations/{contact}/return")
    assert answer.json()["handling"] == "assistant"
    assert (await reply(shop, contact)).status_code == 409

    audited = await shop.audited()
    assert [each[:2] for each in audited] == [
        ("bia", "conversation.take"),
        ("bia", "conversation.reply"),
        ("site", "conversation.return"),
    ]
    assert "Pode falar" not in str(audited)


async def test_of_two_who_take_one_has_it_and_the_other_is_told_who(shop: Business) -> None:
    contact = await wrote(shop)
    both = await asyncio.gather(*(take(shop, contact, who=who) for who in ("bia", "caio")))

    assert sorted(each.status_code for each in both) == [200, 409]
    [lost] = [each for each in both if each.status_code == 409]
    winner = (await read(shop, contact))["taken_by"]
    assert f"{winner} has this conversation until 2026-11-30 13:00Z" in lost.json()["detail"]
    loser = {"bia": "caio", "caio": "bia"}[winner]
    assert (await reply(shop, contact, who=loser)).status_code == 409
    assert (await take(shop, contact, who=winner)).status_code == 200
    assert (await take(shop, contact, who=loser, over=True)).json()["conversation"][
        "taken_by"
    ] == loser
    assert (await reply(shop, contact, who=winner)).status_code == 409
    actions = [action for _, action, _ in await shop.audited()]
    assert actions == ["conversation.take", "conversation.take_over"]


async def test_a_reply_keeps_a_conversation_and_silence_gives_it_back(
    shop: Business, world: World
) -> None:
    contact = await wrote(shop)
    await take(shop, contact)
    world.now += timedelta(minutes=50)
    assert (await reply(shop, contact)).status_code == 200
    world.now += timedelta(minutes=50)
    assert (await read(shop, contact))["handling"] == "person"
    world.now += timedelta(minutes=11)

    found = await read(shop, contact)

    assert (found["handling"], found["taken_by"], found["until"]) == ("assistant", None, None)
    assert "take it first" in (await reply(shop, contact)).json()["detail"]
    assert (await take(shop, contact, who="caio")).status_code == 200


async def test_a_reply_that_is_sent_again_is_sent_once(shop: Business, world: World) -> None:
    contact = await wrote(shop)
    await take(shop, contact)
    first, *others = await asyncio.gather(*(reply(shop, contact, key="k") for _ in range(4)))
    world.now += timedelta(hours=30)  # neither the window nor the conversation is open any more
    others.append(await reply(shop, contact, key="k"))

    assert {each.json()["id"] for each in others} == {first.json()["id"]}
    assert len(await shop.sent()) == 1
    other = await reply(shop, contact, "Outra coisa", key="k")
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


async def test_what_whatsapp_would_not_take_is_not_sent(shop: Business, world: World) -> None:
    late = await wrote(shop, "5511900000001", ago=timedelta(hours=24))
    never = str(await shop.writes_on_whatsapp("5511900000002"))
    await shop.execute(
        "UPDATE contacts SET last_inbound_at = NULL WHERE tenant_id = :tenant AND wa_id LIKE '%2'"
    )
    by_api = (await shop.chat("oi", app=world.serve(patience=timedelta(0)))).status_code
    assert by_api == 202
    async with world.sessions.everywhere.begin() as session:
        speaker = await Contacts(session, shop.id).ensure(Identity(api_user_id="ana"))
    now = await wrote(shop)
    for contact in (late, never, now, str(speaker)):
        assert (await take(shop, contact)).status_code == 200
    for contact in (late, never):
        refused = await reply(shop, contact)
        assert (refused.status_code, "Call them" in refused.json()["detail"]) == (409, True)
    assert "writes by the API" in (await reply(shop, str(speaker))).json()["detail"]
    for text, why in (
        ("x" * 4097, "has 4097 characters, and WhatsApp takes 4096"),
        ("👍" * 2049, "has 4098 characters"),
        ("\u200b \u2060", "can be seen"),
        ("\x00", "can be seen"),
    ):
        refused = await reply(shop, now, text)
        assert (refused.status_code, why in refused.json()["detail"]) == (422, True), text
    assert (await reply(shop, now, "")).status_code == 422
    assert await shop.sent() == []
    whole = await reply(shop, now, "x" * 4096)
    assert whole.json()["text"] == "x" * 4096


async def test_the_worst_strings_are_told_as_they_are(shop: Business) -> None:
    contact = await wrote(shop)
    await take(shop, contact)
    for text in WORST:
        await shop.execute(
            "UPDATE contacts SET name = :name WHERE tenant_id = :tenant", name=text[:80]
        )
        await says(shop, contact, text)
        assert (await read(shop, contact))["name"] == text[:80]
        answer = await reply(shop, contact, text)
        assert answer.status_code == 200, answer.text
        assert answer.json()["text"] == text.replace("\r\n", "\n")
    sent = sorted(await shop.sent(), key=lambda each: each.id)
    queued = [each.body["message"]["text"]["body"] for each in sent]
    assert queued == [text.replace("\r\n", "\n") for text in WORST]


async def test_pages_miss_nothing_and_tell_nothing_twice(shop: Business) -> None:
    contacts = [
        await wrote(shop, f"551190000{number:04}", ago=timedelta(minutes=number // 2))
        for number in range(7)
    ]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        found = await page(shop, **query)
        seen += [each["id"] for each in found["conversations"]]
        cursor = found["next_cursor"]
        if cursor is None:
            break
        # Somebody new comes before all.
        await wrote(shop, f"55119100{len(seen):05}", ago=-timedelta(minutes=len(seen)))
    assert sorted(seen) == sorted(contacts)
    assert [contacts.index(each) // 2 for each in seen] == [0, 0, 1, 1, 2, 2, 3]

    for number in range(5):
        await says(shop, contacts[0], f"de novo {number}")
    first = await thread(shop, contacts[0], limit=4)
    await says(shop, contacts[0], "e mais uma")
    rest = await thread(shop, contacts[0], limit=4, cursor=first["next_cursor"])
    told = [each["text"] for each in (*first["messages"], *rest["messages"])]
    assert told == [*(f"de novo {number}" for number in reversed(range(5))), "Oi"]
    for path in ("/conversations", f"/conversations/{contacts[0]}/messages"):
        for cursor in ("x", "9" * 19, "-1", "é"):
            answer = await shop.ask("GET", path, params={"cursor": cursor})
            assert answer.status_code == 422, (path, cursor)


async def test_who_waits_for_a_person_is_found(shop: Business, other: Business) -> None:
    await wrote(other)
    waiting, taken, left = [await wrote(shop, f"551190000000{number}") for number in range(3)]
    for contact in (waiting, taken):
        await shop.execute(
            "UPDATE contacts SET answered_by = 'human', human_until = :until"
            " WHERE tenant_id = :tenant AND id = CAST(:contact AS uuid)",
            until=NOW + timedelta(hours=12),
            contact=uuid.UUID(contact),
        )
    await take(shop, taken)
    for handling, expected in (("waiting", waiting), ("person", taken), ("assistant", left)):
        found = (await page(shop, handling=handling))["conversations"]
        assert [(each["id"], each["handling"]) for each in found] == [(expected, handling)]


async def test_what_became_of_a_reply_is_told(shop: Business) -> None:
    contact = await wrote(shop)
    await take(shop, contact)
    await reply(shop, contact)
    told = []
    for state in ("pending", "sending", "uncertain", "sent", "delivered", "read", "failed", "dead"):
        await shop.execute(
            f"UPDATE {OUTBOX.name} SET state = :state, error_code = 131026"
            " WHERE tenant_id = :tenant",
            state=state,
        )
        told.append((await thread(shop, contact))["messages"][0]["delivery"])
    assert told == [
        *("queued", "queued", "uncertain", "accepted", "delivered", "read", "failed", "failed")
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("me liga: (11) 98765-4321", "me liga: …21"),
        ("+55 11 98765-4321 ou 11 3333-4444", "…21 ou …44"),
        ("5511987654321", "…21"),
        ("às 10:00 ou 10h30, R$ 45,00, dia 01/12/2026", None),
        ("1" * 100_000, "…" + "11" * 0),
    ],
)
def test_numbers_are_masked_as_people_write_them(text: str, shown: str | None) -> None:
    found = masked(text)
    if len(text) > 1000:
        assert "1" * 9 not in found
    else:
        assert found == (text if shown is None else shown)
