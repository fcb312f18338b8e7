"""The door to Graph says what each answer means, and keeps the token to itself."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from mcp_platform.errors import CredentialRefused
from mcp_platform.simulators.meta.app import create_app
from mcp_platform.simulators.meta.state import Number
from mcp_platform.simulators.serving import serving
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.graph_errors import (
    RULES,
    Action,
    SenderRefused,
    SendRejected,
    SendRetry,
    SendUncertain,
    SendWindowClosed,
    rule_of,
)
from mcp_platform.whatsapp.messages import Recipient, graph_message
from mcp_platform.whatsapp.reply import Reply

PHONE_ID, TOKEN = "106540352242922", "EAAG-a-token"
MESSAGE = graph_message(Reply("Oi"), recipient=Recipient(wa_id="5511999998888"), callback="t:1")


@pytest.fixture
async def meta():
    app = create_app()
    world = app.state.meta
    world.state.numbers[PHONE_ID] = Number(
        phone_number_id=PHONE_ID,
        waba_id="waba",
        display_phone_number="15550783881",
        token=TOKEN,
        app_id="app",
        app_secret="secret",
        verify_token="verify",
    )
    async with serving(app) as world.url:
        yield world


@pytest.fixture
async def whatsapp(meta):
    async with httpx.AsyncClient(trust_env=False) as http:
        yield WhatsApp(http=http, base_url=meta.url + "/", version="v26.0")


def answering(handler):
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return WhatsApp(http=http, base_url="http://graph", version="v26.0")


async def send(whatsapp, token=TOKEN, phone_number_id=PHONE_ID):
    return await whatsapp.send(token=token, phone_number_id=phone_number_id, message=MESSAGE)


async def test_a_message_accepted_has_the_id_that_statuses_will_carry(meta, whatsapp):
    wamid = await send(whatsapp)
    assert [each["wamid"] for each in meta.sent()] == [wamid]
    assert meta.sent()[0]["biz_opaque_callback_data"] == "t:1"


async def test_a_message_is_marked_read_with_the_typing_bubble(meta, whatsapp):
    heard = await meta.inbound(
        [{"phone_number_id": PHONE_ID, "from": {"wa_id": "5511999998888"}, "text": "Oi"}]
    )
    await whatsapp.mark_read(
        token=TOKEN, phone_number_id=PHONE_ID, message_id=heard["wamid"], typing=True
    )
    contact = meta.state.numbers[PHONE_ID].find("5511999998888")
    assert contact.typing
    await whatsapp.mark_read(
        token=TOKEN, phone_number_id=PHONE_ID, message_id=heard["wamid"], typing=False
    )
    assert not contact.typing


async def test_a_message_that_cannot_be_marked_read_says_so(whatsapp):
    with pytest.raises(SendRejected):
        await whatsapp.mark_read(
            token=TOKEN, phone_number_id=PHONE_ID, message_id="wamid.unknown", typing=False
        )


async def test_a_wrong_token_is_a_refused_credential(whatsapp):
    with pytest.raises(CredentialRefused) as refused:
        await send(whatsapp, token="EAAG-another")
    assert refused.value.code == 190


async def test_a_wrong_number_is_a_refused_credential(whatsapp):
    with pytest.raises(CredentialRefused) as refused:
        await send(whatsapp, phone_number_id="999")
    assert refused.value.code == 100


@pytest.mark.parametrize("token", ["", " ", "EAAG\nX", "EAAG…", " EAAG"])
async def test_what_cannot_be_a_token_is_not_even_sent(meta, whatsapp, token):
    with pytest.raises(SenderRefused, match="WHATSAPP_API_TOKEN"):
        await send(whatsapp, token=token)


async def test_a_phone_number_id_cannot_lead_to_another_path(whatsapp):
    with pytest.raises(SenderRefused, match="WHATSAPP_PHONE_NUMBER_ID"):
        await send(whatsapp, phone_number_id="../../me")


async def test_the_window_closed_is_a_rejection_of_its_own(meta, whatsapp):
    meta.faults.add("window_closed", mode="sync")
    with pytest.raises(SendWindowClosed) as closed:
        await send(whatsapp)
    assert closed.value.code == 131047


async def test_the_pair_limit_is_a_retry_of_its_own_rhythm(meta, whatsapp):
    meta.faults.add("pair_limited")
    with pytest.raises(SendRetry) as limited:
        await send(whatsapp)
    assert (limited.value.code, limited.value.action) == (131056, Action.PAIR)


@pytest.mark.parametrize("fault", ["response_lost", "reset"])
async def test_a_connection_lost_after_the_request_is_a_doubt(meta, whatsapp, fault):
    meta.faults.add(fault)
    with pytest.raises(SendUncertain):
        await send(whatsapp)


async def test_an_answer_that_takes_too_long_is_a_doubt(meta):
    meta.faults.add("slow", seconds=1)
    timeout = httpx.Timeout(30, read=0.1)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as http:
        with pytest.raises(SendUncertain):
            await send(WhatsApp(http=http, base_url=meta.url, version="v26.0"))


async def test_a_server_that_is_not_there_is_a_plain_retry():
    async with httpx.AsyncClient(trust_env=False) as http:
        gone = WhatsApp(http=http, base_url="http://127.0.0.1:1", version="v26.0")
        with pytest.raises(SendRetry, match="ConnectError"):
            await send(gone)


async def test_no_free_connection_is_a_plain_retry(meta):
    meta.faults.add("slow", seconds=0.4)
    limits = httpx.Limits(max_connections=1)
    timeout = httpx.Timeout(5, pool=0.05)
    async with httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False) as http:
        narrow = WhatsApp(http=http, base_url=meta.url, version="v26.0")
        first, second = await asyncio.gather(send(narrow), send(narrow), return_exceptions=True)
    assert {type(first), type(second)} == {str, SendRetry}


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"messages":[]}', b'{"messages":[{"id":7}]}', b"null"],
)
async def test_a_200_that_cannot_be_read_is_a_doubt(body):
    with pytest.raises(SendUncertain):
        await send(answering(lambda _: httpx.Response(200, content=body)))


async def test_a_200_in_a_broken_encoding_is_a_doubt():
    headers = {"Content-Encoding": "gzip"}
    with pytest.raises(SendUncertain):
        await send(answering(lambda _: httpx.Response(200, content=b"no gzip", headers=headers)))


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (502, b"<html>Bad gateway</html>", SendUncertain),
        (500, b"[]", SendUncertain),
        (202, b"{}", SendUncertain),
        (503, b'{"error":{"code":999999,"message":"new"}}', SendRetry),
        (500, b'{"error":{}}', SendRetry),
        (429, b"slow down", SendRetry),
        (302, b"", SendRetry),
        (400, b'{"error":{"code":999999,"message":"new"}}', SendRejected),
        (404, b"not here", SendRejected),
        (401, b"", SenderRefused),
    ],
)
async def test_where_the_code_says_nothing_the_http_class_does(status, body, meaning):
    with pytest.raises(meaning):
        await send(answering(lambda _: httpx.Response(status, content=body)))


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("7", timedelta(seconds=7)),
        ("999999999", timedelta(hours=1)),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("-3", None),
        ("٣", None),
    ],
)
async def test_a_pause_that_meta_asks_for_is_passed_on_within_reason(header, after):
    answer = httpx.Response(429, headers=[(b"Retry-After", header.encode())], content=b"")
    with pytest.raises(SendRetry) as retry:
        await send(answering(lambda _: answer))
    assert retry.value.retry_after == after


async def test_an_answer_that_comes_drop_by_drop_is_not_waited_for():
    drops = 0

    async def drip(reader, writer):
        nonlocal drops
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        try:
            for _ in range(50):
                writer.write(b" ")
                await writer.drain()
                drops += 1
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx.AsyncClient(timeout=0.15, trust_env=False) as http:
        with pytest.raises(SendUncertain, match="in time"):
            await send(WhatsApp(http=http, base_url=url, version="v26.0"))
        assert 0 < drops < 50


async def test_neither_token_nor_phone_number_gets_into_an_error():
    said = f"Malformed access token {TOKEN} for +5511999998888 " + "x" * 1000
    answer = httpx.Response(401, json={"error": {"code": 190, "message": said}})
    with pytest.raises(SenderRefused) as refused:
        await send(answering(lambda _: answer))
    assert str(refused.value).startswith("Malformed access token [token] for +…8888")
    assert len(str(refused.value)) == 300


def test_every_code_of_the_table_has_one_meaning():
    assert rule_of(code=131056, subcode=None, http_status=400).action is Action.PAIR
    assert rule_of(code=131049, subcode=None, http_status=400).wait == timedelta(hours=24)
    assert rule_of(code=250, subcode=None, http_status=400).action is Action.CREDENTIAL
    assert rule_of(code=100, subcode=33, http_status=400).action is Action.CREDENTIAL
    assert rule_of(code=100, subcode=2494010, http_status=400).action is Action.NEVER
    assert rule_of(code=133004, subcode=None, http_status=400).action is Action.RETRY
    assert {rule.action for rule in RULES.values()} == set(Action)
