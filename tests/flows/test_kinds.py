"""What is not text: a polite answer, or none where none is wanted."""

import re
from typing import Any

import pytest

from mcp_platform.words.texts import TEXTS
from tests.world import ANA, World, choices_of, message, text_of

POLITE = re.compile("escr[ei]|em palavras|em texto", re.IGNORECASE)
MEDIA = {"mime_type": "image/jpeg", "sha256": "x", "id": "123"}

ANSWERED: list[dict[str, Any]] = [
    {"type": "audio", "audio": {**MEDIA, "mime_type": "audio/ogg; codecs=opus", "voice": True}},
    {"type": "image", "image": {**MEDIA, "caption": "  "}},
    {"type": "image", "image": MEDIA},
    {"type": "video", "video": MEDIA},
    {"type": "document", "document": {**MEDIA, "filename": "a.pdf"}},
    {"type": "sticker", "sticker": {**MEDIA, "animated": True}},
    {"type": "location", "location": {"latitude": -23.5, "longitude": -46.6}},
    {"type": "contacts", "contacts": [{"name": {"formatted_name": "Zé"}}]},
    {"type": "unsupported", "errors": [{"code": 131051}], "unsupported": {"type": "poll"}},
    {"type": "order", "order": {"catalog_id": "1", "product_items": []}},
    {"type": "hologram", "hologram": {"depth": 3}},
    {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"name": "flow"}}},
]
SILENT: list[dict[str, Any]] = [
    {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}},
    {"type": "reaction", "reaction": {"message_id": "wamid.x"}},
    {"type": "text", "text": {"body": "   \n "}},
    {"type": "text", "text": {"body": ""}},
    {"type": "system", "system": {"body": "changed", "type": "customer_identity_changed"}},
    {"type": "system", "system": {"type": "a_change_of_next_year", "wa_id": 7, "user_id": []}},
    {"type": "request_welcome"},
]
TWISTED: list[dict[str, Any]] = [
    {"type": "text", "text": None},
    {"type": "text", "text": "oi"},
    {"type": "text"},
    {"type": "text", "text": {"body": {"body": "oi"}}},
    {"type": ["text"], "text": {"body": "oi"}},
    {"type": None},
    {},
    {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": 7}}},
    {"type": "interactive", "interactive": []},
    {"type": "button", "button": {"payload": None, "text": None}},
    {"type": "image", "image": "yes"},
    {"type": "text", "text": {"body": "a\x00b"}},
    {"type": "text", "text": {"body": "\ud83d lonely"}},
    {"type": "text", "text": {"body": "x" * 70_000}},
    {"type": "text", "text": {"body": "\u202eoi\u2066\u2069\ufeff"}},
    {"type": "x" * 5_000},
]


def bare(content: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in message("").items() if key not in ("type", "text")
    } | content


def sender_of(number: int) -> str:
    return f"55117777700{number:02}"


async def test_what_is_not_text_is_answered_politely(here: World) -> None:
    for number, content in enumerate(ANSWERED):
        await here.post(here.webhook({**bare(content), "from": sender_of(number)}))

    for number, content in enumerate(ANSWERED):
        answer = text_of((await here.replies(1, as_=sender_of(number)))[0])
        assert POLITE.search(answer), (content, answer)
        told = content["type"] in ("image", "video", "document")
        assert ("Avisei a equipe de que chegou." in answer) == told, content


async def test_the_owner_hears_of_a_file_with_the_words_below_it_quoted(here: World) -> None:
    caption = {**MEDIA, "caption": "meu currículo, «urgente»\n✅ aceito"}
    await here.post(
        here.webhook(
            bare({"type": "document", "document": caption}),
            contacts=[{"wa_id": ANA, "profile": {"name": "Ana"}}],
        )
    )
    await here.replies(1)

    told = [text_of(each) for each in await here.replies(2, as_=here.tenant.owner)]

    assert sum("Ana (+5511999998888) mandou um arquivo" in each for each in told) == 1
    assert all("«meu currículo, urgente ✅ aceito»" in each for each in told)


async def test_of_several_files_the_owner_hears_once_also_beside_a_person(here: World) -> None:
    await here.ask("quero falar com uma pessoa")
    [called] = await here.replies(1, as_=here.tenant.owner)
    picture = bare({"type": "image", "image": MEDIA})
    await here.post(here.webhook(picture, {**picture, "id": "wamid.2"}))

    [told] = [
        text_of(each)
        for each in await here.replies(3, as_=here.tenant.owner)
        if "arquivos" in text_of(each)
    ]

    assert "mandou 2 arquivos, que o assistente não abre nem encaminha" in told
    assert "arquivos" not in text_of(called)


async def test_without_an_owner_nobody_is_said_to_know_of_a_file(alone: World) -> None:
    await alone.change(owner_whatsapp=None)
    await alone.post(alone.webhook(bare({"type": "image", "image": MEDIA})))

    answer = text_of((await alone.replies(1))[0])

    assert "equipe" not in answer
    assert POLITE.search(answer)


@pytest.mark.parametrize(
    "words", ["me liga por favor", "esqueci meu guarda-chuva aí", "posso levar meu cachorro?"]
)
async def test_without_an_owner_s_number_a_question_is_noted_and_nobody_is_said_to_be_asked(
    alone: World, words: str
) -> None:
    await alone.change(owner_whatsapp=None)
    said = text_of(await alone.ask(words))
    assert said.partition("\n\n")[2] in TEXTS["pt-BR"].phrases["question_noted"]
    noted = await alone.value("SELECT words FROM open_questions WHERE tenant_id = :tenant")
    assert noted == words


async def test_what_is_written_below_a_picture_is_answered(here: World) -> None:
    written = {**MEDIA, "caption": "Tem horário para corte amanhã?"}
    kinds = ["image", "video", "document"]
    for number, kind in enumerate(kinds):
        sent = bare({"type": kind, kind: written})
        await here.post(here.webhook({**sent, "from": sender_of(number)}))

    for number, kind in enumerate(kinds):
        [answer] = await here.replies(1, as_=sender_of(number))
        assert choices_of(answer), kind
        assert text_of(answer).endswith(
            "Do arquivo que veio junto eu só vi as palavras. Avisei a equipe de que chegou."
        )


async def test_a_receipt_with_words_is_passed_on_in_words(here: World) -> None:
    receipt = {**MEDIA, "caption": "segue o comprovante do pix"}
    await here.post(here.webhook(bare({"type": "image", "image": receipt})))
    said = text_of((await here.replies(1))[0])
    assert any(each in said for each in TEXTS["pt-BR"].phrases["receipt"])
    assert "só vi as palavras" in said
    told = [text_of(each) for each in await here.replies(2, as_=here.tenant.owner)]
    assert all("segue o comprovante do pix" in each for each in told)


async def test_reactions_and_system_messages_are_not_answered(here: World) -> None:
    for content in SILENT:
        answer = await here.post(here.webhook(bare(content)))
        assert answer.status_code == 200
    await here.idle()

    assert await here.sent() == []
    assert (
        await here.value(
            "SELECT count(*) FROM turns WHERE tenant_id = :tenant AND state = 'parked'"
        )
        == 0
    )
    await here.ask("oi")


async def test_messages_of_odd_shapes_harm_nobody(here: World) -> None:
    for number, content in enumerate(TWISTED):
        answer = await here.post(here.webhook({**bare(content), "from": sender_of(number)}))
        assert answer.status_code == 200
    await here.idle()

    parked = await here.rows(
        "SELECT id, error FROM turns WHERE tenant_id = :tenant AND state = 'parked'"
    )
    assert parked == []
    await here.ask("oi")


SENDERS: list[dict[str, Any]] = [
    {"from": "5" * 5_000},
    {"from": "", "from_user_id": "B" * 5_000},
    {"from": 5511999998888},
    {"from": "55119\x0099998888"},
    {"from": "'; DROP TABLE contacts; --"},
    {"from": "a:5511999998888"},
    {"from": "\ud83d"},
]


async def test_a_sender_without_sense_harms_nobody(here: World) -> None:
    for sender in SENDERS:
        answer = await here.post(here.webhook({**message("oi"), **sender}))
        assert answer.status_code == 200, sender
    await here.idle()

    parked = await here.rows(
        "SELECT id, error FROM turns WHERE tenant_id = :tenant AND state = 'parked'"
    )
    assert parked == []
    await here.ask("oi", as_="5511999990009")


async def test_text_beside_a_voice_note_is_answered_as_text(alone: World) -> None:
    media = {"type": "audio", "mime_type": "audio/ogg", "content_base64": "AAAA", "voice": True}
    await alone.write_together(
        (ANA, {"media": media}), (ANA, {"text": "Marca um corte amanhã às 15h com o Zé"})
    )

    reply = (await alone.replies(1))[0]

    assert "Posso marcar?" in text_of(reply)


async def test_a_corrected_message_is_understood_anew(here: World) -> None:
    await here.post(
        here.webhook(
            bare(
                {
                    "type": "edit",
                    "edit": {
                        "original_message_id": "wamid.1",
                        "message": {
                            "type": "text",
                            "text": {"body": "Marca um corte amanhã às 15h com o Zé"},
                        },
                    },
                }
            )
        )
    )

    assert "Posso marcar?" in text_of((await here.replies(1))[0])


OFFERS = (
    *("s_madeup000000", "", " ", "a" * 200),
    *("'; DROP TABLE offers; --", "s_\x00", "{slot:x}", "🙈"),
)


async def test_a_tap_on_something_never_offered_says_that_it_is_not_valid(here: World) -> None:
    for number, offer in enumerate(OFFERS):
        row = {"id": offer, "title": "ter 01/12 10:00"}
        tapped = {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}
        await here.post(here.webhook({**bare(tapped), "from": sender_of(number)}))

    for number, offer in enumerate(OFFERS):
        reply = (await here.replies(1, as_=sender_of(number)))[0]
        if offer.strip("\x00"):
            assert "Essa opção não vale mais." in text_of(reply), offer
            assert choices_of(reply), offer
        else:
            assert POLITE.search(text_of(reply)), offer
    assert await here.statuses() == []
