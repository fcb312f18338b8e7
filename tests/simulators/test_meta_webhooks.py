"""The simulated Meta tells callbacks what the real one tells them, and errs when told to."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.meta.app import MetaWorld, create_app
from mcp_platform.simulators.serving import serving
from tests.clocks import Timer

PATIENCE_S = 60
ANA = "5511999998888"
PHONE = "106540352242922"
WABA = "102290129340398"
SECRET = "secret-1"


@dataclass
class Callback:
    """A webhook endpoint that remembers all posts, and answers them as told."""

    url: str = ""
    echo: bool = True
    answers: list[int] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    posts: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            self.asked.append(dict(request.query_params))
            return PlainTextResponse(request.query_params["hub.challenge"] if self.echo else "no")
        async with self.changed:
            self.posts.append((await request.body(), dict(request.headers)))
            self.changed.notify_all()
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(true)

    def values(self, part: str) -> list[dict[str, Any]]:
        payloads = [json.loads(body) for body, _ in self.posts]
        changes = [c for p in payloads for entry in p["entry"] for c in entry["changes"]]
        return [change["value"] for change in changes if part in change["value"]]

    def statuses(self) -> list[dict[str, Any]]:
        return [status for value in self.values("statuses") for status in value["statuses"]]

    def messages(self) -> list[dict[str, Any]]:
        return [message for value in self.values("messages") for message in value["messages"]]


STARTED = 1_795_000_000.0


@dataclass
class Simulated:
    http: httpx.AsyncClient
    world: MetaWorld
    clock: Timer
    hook: Callback

    async def send(self, body: str = "Olá", **more: Any) -> httpx.Response:
        message = {
            "messaging_product": "whatsapp",
            "to": ANA,
            "type": "text",
            "text": {"body": body},
        }
        return await self.graph("POST", f"{PHONE}/messages", json={**message, **more})

    async def graph(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": "Bearer token-a"}
        return await self.http.request(method, f"/v26.0/{path}", headers=headers, **options)

    async def control(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(f"/_control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def write(self, text: str = "Oi", **more: Any) -> Any:
        who = {"wa_id": ANA, "name": "Ana"}
        return await self.control(
            "inbound", **{"phone_number_id": PHONE, "from": who, "text": text, **more}
        )

    async def add_number(self, **changes: Any) -> httpx.Response:
        number = {
            "phone_number_id": PHONE,
            "waba_id": WABA,
            "display_phone_number": "+55 11 4000-0001",
            "token": "token-a",
            "app_id": "app-1",
            "app_secret": SECRET,
            "verify_token": "verify-a",
        }
        return await self.http.post("/_control/numbers", json={**number, **changes})


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Simulated]:
    hook, clock = Callback(), Timer(STARTED)

    async def called(request: Request) -> Response:
        return await hook(request)

    callbacks = Starlette(routes=[Route("/{path:path}", called, methods=["GET", "POST"])])
    app = create_app(now=clock)
    async with (
        serving(callbacks) as callback_url,
        serving(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        hook.url = f"{callback_url}/barbearia/production/webhook"
        yield Simulated(http, app.state.meta, clock, hook)


@pytest.fixture
async def meta(served: Simulated) -> Simulated:
    await served.http.post("/_control/reset")
    served.clock.now = STARTED
    hook = served.hook
    hook.echo, hook.answers, hook.asked, hook.posts = True, [], [], []
    await served.add_number(callback_url=hook.url)
    return served


async def test_a_callback_is_asked_for_its_challenge_with_the_numbers_own_token(
    meta: Simulated,
) -> None:
    (asked,) = meta.hook.asked
    assert (asked["hub.mode"], asked["hub.verify_token"]) == ("subscribe", "verify-a")
    assert asked["hub.challenge"].isdecimal()


async def test_a_callback_that_does_not_echo_is_not_taken(meta: Simulated) -> None:
    meta.hook.echo = False

    refused = await meta.add_number(phone_number_id="2", callback_url=meta.hook.url)
    absent = await meta.add_number(phone_number_id="2", callback_url="http://127.0.0.1:1/")

    assert (refused.status_code, absent.status_code) == (400, 400)
    assert "challenge" in refused.json()["error"]
    assert "could not be reached" in absent.json()["error"]
    wrote = await meta.write(phone_number_id="2")
    assert (wrote["http_status"], meta.hook.posts) == (None, [])


async def test_the_signature_is_over_the_very_bytes_that_were_posted(meta: Simulated) -> None:
    wrote = await meta.write("Olá 24/7 😀")

    ((body, headers),) = meta.hook.posts
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={expected}"
    assert b"Ol\\u00e1 24\\/7 \\ud83d\\ude00" in body
    assert body.isascii()
    reserialized = json.dumps(json.loads(body)).encode()
    assert reserialized != body
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == "facebookexternalua"
    assert wrote["http_status"] == 200


async def test_a_text_arrives_with_its_sender_and_the_number_it_was_written_to(
    meta: Simulated,
) -> None:
    wrote = await meta.write("Oi")

    (value,) = meta.hook.values("messages")
    user_id = value["contacts"][0]["user_id"]
    assert user_id.startswith("BR.")
    assert value == {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551140000001", "phone_number_id": PHONE},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": ANA, "user_id": user_id}],
        "messages": [
            {
                "from": ANA,
                "from_user_id": user_id,
                "id": wrote["wamid"],
                "timestamp": "1795000000",
                "type": "text",
                "text": {"body": "Oi"},
            }
        ],
    }


async def test_a_contact_without_a_phone_is_known_by_user_id_alone(meta: Simulated) -> None:
    hidden = {"user_id": "BR.77", "name": "Bia", "username": "@bia"}
    await meta.write(**{"from": hidden})
    await meta.write(**{"from": {"wa_id": "5511900000000", "user_id": None}})
    answer = await meta.send(to=None, recipient="BR.77")
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 2)

    first, second = meta.hook.values("messages")
    assert "from" not in first["messages"][0]
    assert first["messages"][0]["from_user_id"] == "BR.77"
    assert first["contacts"] == [
        {"profile": {"name": "Bia", "username": "@bia"}, "user_id": "BR.77"}
    ]
    assert "from_user_id" not in second["messages"][0]
    assert answer.status_code == 200
    assert {status.get("recipient_id") for status in meta.hook.statuses()} == {None}
    assert {status["recipient_user_id"] for status in meta.hook.statuses()} == {"BR.77"}


async def test_a_tap_answers_the_last_question_put_to_that_contact(meta: Simulated) -> None:
    await meta.write()
    button = {"type": "reply", "reply": {"id": "yes", "title": "Sim"}}
    question = {"type": "button", "body": {"text": "?"}, "action": {"buttons": [button]}}
    asked = await meta.send(type="interactive", interactive=question)

    tap = {"phone_number_id": PHONE, "from": {"wa_id": ANA}}
    await meta.control("inbound", **tap, reply={"id": "yes", "title": "Sim", "kind": "button"})

    tapped = meta.hook.messages()[-1]
    assert tapped["interactive"] == {
        "type": "button_reply",
        "button_reply": {"id": "yes", "title": "Sim"},
    }
    assert tapped["context"]["id"] == asked.json()["messages"][0]["id"]


async def test_a_voice_message_can_be_fetched_by_its_id(meta: Simulated) -> None:
    media = {
        "type": "audio",
        "mime_type": "audio/ogg; codecs=opus",
        "voice": True,
        "content_base64": base64.b64encode(b"OggS\x00\xff").decode(),
    }
    sender = {"phone_number_id": PHONE, "from": {"wa_id": ANA}}
    await meta.control("inbound", **sender, media=media)

    audio = meta.hook.messages()[-1]["audio"]
    assert (audio["voice"], audio["mime_type"]) == (True, "audio/ogg; codecs=opus")
    url = (await meta.graph("GET", audio["id"])).json()["url"]
    fetched = await meta.http.get(url, headers={"Authorization": "Bearer token-a"})
    assert fetched.content == b"OggS\x00\xff"
    digest = base64.b64encode(hashlib.sha256(fetched.content).digest()).decode()
    assert audio["sha256"] == digest


async def test_one_post_can_hold_messages_of_several_contacts_and_businesses(
    meta: Simulated,
) -> None:
    await meta.add_number(phone_number_id="2", waba_id="w2", token="token-b")
    batch = [
        {"phone_number_id": PHONE, "from": {"wa_id": ANA}, "text": "a", "count": 3},
        {"phone_number_id": PHONE, "from": {"wa_id": "5511988887777"}, "text": "b"},
        {"phone_number_id": "2", "from": {"wa_id": ANA}, "message": {"type": "hologram"}},
    ]

    wrote = await meta.control("inbound", batch=batch)

    ((body, _),) = meta.hook.posts
    entries = json.loads(body)["entry"]
    assert [entry["id"] for entry in entries] == [WABA, "w2"]
    assert [message["id"] for message in meta.hook.messages()] == wrote["wamids"]
    assert len(set(wrote["wamids"])) == 5
    assert len(meta.hook.values("messages")[0]["contacts"]) == 2
    assert meta.hook.messages()[-1]["type"] == "hologram"


async def test_a_system_message_comes_without_contacts(meta: Simulated) -> None:
    system = {"type": "user_changed_number", "wa_id": "5511966665555", "body": "changed"}
    sender = {"phone_number_id": PHONE, "from": {"wa_id": ANA}}
    await meta.control("inbound", **sender, message={"type": "system", "system": system})

    (value,) = meta.hook.values("messages")
    assert "contacts" not in value
    assert value["messages"][0]["system"] == system


async def test_an_accepted_message_is_followed_by_sent_and_delivered_with_its_callback_data(
    meta: Simulated,
) -> None:
    await meta.write()
    wamid = (await meta.send(biz_opaque_callback_data="turn-1")).json()["messages"][0]["id"]
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 2)

    statuses = meta.hook.statuses()
    assert [status["status"] for status in statuses] == ["sent", "delivered"]
    assert {status["id"] for status in statuses} == {wamid}
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"turn-1"}
    assert {status["recipient_id"] for status in statuses} == {ANA}
    assert statuses[0]["pricing"]["pricing_model"] == "PMP"
    assert "conversation" not in statuses[0]
    contact = meta.hook.values("statuses")[0]["contacts"][0]
    assert contact == {"wa_id": ANA, "user_id": statuses[0]["recipient_user_id"]}


async def test_read_is_told_when_the_contact_shows_receipts(meta: Simulated) -> None:
    await meta.write()
    await meta.control("settings", statuses=["sent", "read"])
    await meta.send()
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 2)

    assert [status["status"] for status in meta.hook.statuses()] == ["sent", "read"]


async def test_outside_the_window_a_message_is_accepted_and_fails_later_unless_it_is_a_template(
    meta: Simulated,
) -> None:
    await meta.write()
    meta.clock.now += 24 * 3600

    accepted = await meta.send(biz_opaque_callback_data="late")
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 1)
    template = {"name": "lembrete", "language": {"code": "pt_BR"}}
    await meta.send(type="template", template=template)
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 3)

    assert accepted.status_code == 200
    (value, *_) = meta.hook.values("statuses")
    assert "contacts" not in value
    (failed,) = value["statuses"]
    assert (failed["status"], failed["errors"][0]["code"]) == ("failed", 131047)
    assert (failed["recipient_id"], failed["biz_opaque_callback_data"]) == (ANA, "late")
    assert "recipient_user_id" not in failed
    assert [status["status"] for status in meta.hook.statuses()[1:]] == ["sent", "delivered"]


async def test_what_is_not_answered_200_is_posted_again_until_it_is(meta: Simulated) -> None:
    await meta.control("settings", retry={"start_s": 0.01, "cap_s": 0.02})
    meta.hook.answers = [503, 202, 500]

    wrote = await meta.write()
    waiting = await meta.http.get("/_control/undelivered", params={"phone_number_id": PHONE})
    await meta.hook.until(lambda: len(meta.hook.posts) == 4)

    assert wrote["http_status"] == 503
    assert [delivery["attempts"] >= 1 for delivery in waiting.json()["undelivered"]] == [True]
    assert len({body for body, _ in meta.hook.posts}) == 1
    await asyncio.wait_for(asyncio.gather(*meta.world.deliverer._tasks), PATIENCE_S)
    assert meta.world.deliverer.undelivered() == []


async def test_what_is_still_to_be_told_is_counted_until_all_of_it_is_acknowledged(
    meta: Simulated,
) -> None:
    await meta.control("settings", retry={"start_s": 0.01, "cap_s": 0.02})
    meta.world.state.number(PHONE).override_url = "http://127.0.0.1:1/"

    async def progress(number: str = PHONE) -> dict[str, int]:
        asked = await meta.http.get("/_control/progress", params={"phone_number_id": number})
        return dict(asked.json())

    await meta.write()
    await meta.send()
    async with asyncio.timeout(PATIENCE_S):
        while await progress() != {"accepted": 1, "under_way": 3}:  # a message and two statuses
            pass
    assert await progress("another") == {"accepted": 0, "under_way": 0}
    for waiting in meta.world.deliverer.undelivered():
        waiting.url = meta.hook.url
    async with asyncio.timeout(PATIENCE_S):
        while (await progress())["under_way"]:
            pass
    assert len(meta.hook.posts) == 3
    assert (await progress())["accepted"] == 1


async def test_who_asks_for_more_than_was_sent_is_answered_once_it_is(meta: Simulated) -> None:
    query = {"phone_number_id": PHONE, "at_least": "1", "within_s": str(PATIENCE_S)}
    asking = asyncio.create_task(meta.http.get("/_control/sent", params=query))
    nothing = await meta.http.get("/_control/sent", params={**query, "within_s": "0"})
    await meta.write()
    await meta.send()

    assert nothing.json()["sent"] == []
    assert len((await asking).json()["sent"]) == 1


async def test_a_callback_that_is_away_gets_its_messages_when_it_is_back(meta: Simulated) -> None:
    await meta.control("settings", retry={"start_s": 0.01, "cap_s": 0.02})
    number = meta.world.state.number(PHONE)
    number.override_url = "http://127.0.0.1:1/"

    wrote = await meta.write()

    assert wrote["http_status"] is None
    assert "Connect" in wrote["error"]
    (waiting,) = meta.world.deliverer.undelivered()
    waiting.url = meta.hook.url
    await meta.hook.until(lambda: len(meta.hook.posts) == 1)


async def test_any_payload_can_be_posted_signed_or_not_and_more_than_once(meta: Simulated) -> None:
    message = {"from": ANA, "id": "wamid.mine", "type": "text", "text": {"body": "x"}}
    value = {"metadata": {"phone_number_id": PHONE}, "messages": [message]}
    payload = {"object": "x", "entry": [{"id": "1", "changes": [{"field": "odd", "value": value}]}]}

    signed = await meta.control("deliver", phone_number_id=PHONE, body=payload, times=2)
    await meta.control("deliver", phone_number_id=PHONE, body={"unknown": 1}, sign=False)
    await meta.send()
    await meta.hook.until(lambda: len(meta.hook.posts) == 5)

    assert [delivery["http_status"] for delivery in signed["deliveries"]] == [200, 200]
    assert json.loads(meta.hook.posts[0][0]) == payload
    assert "x-hub-signature-256" not in meta.hook.posts[2][1]
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.mine"}
    assert (await meta.graph("POST", f"{PHONE}/messages", json=read)).json() == {"success": True}
    last = json.loads(meta.hook.posts[-1][0])["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert last["status"] == "delivered"


async def test_overrides_are_checked_and_the_nearest_one_wins(meta: Simulated) -> None:
    elsewhere = meta.hook.url.replace("production", "staging")
    agreed = {"override_callback_uri": elsewhere, "verify_token": "v2"}
    set_waba = await meta.graph("POST", f"{WABA}/subscribed_apps", json=agreed)
    node = await meta.graph("GET", PHONE, params={"fields": "webhook_configuration"})
    drop = {"webhook_configuration": {"override_callback_uri": "", "verify_token": ""}}
    await meta.graph("POST", PHONE, json=drop)
    waba_counts = meta.world.state.callback_of(meta.world.state.number(PHONE))
    meta.hook.echo = False
    refused = await meta.graph("POST", PHONE, json={"webhook_configuration": agreed})
    too_long = {"override_callback_uri": "https://x.example/" + "y" * 200, "verify_token": "v"}
    longer = await meta.graph("POST", PHONE, json={"webhook_configuration": too_long})

    assert set_waba.json() == {"success": True}
    assert node.json()["webhook_configuration"] == {
        "phone_number": meta.hook.url,
        "whatsapp_business_account": elsewhere,
    }
    assert waba_counts == elsewhere
    assert meta.hook.asked[1]["hub.verify_token"] == "v2"
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, 2200)
    assert longer.json()["error"]["code"] == 100


async def test_without_a_subscribed_app_nothing_is_posted(meta: Simulated) -> None:
    before = (await meta.graph("GET", f"{WABA}/subscribed_apps")).json()["data"]
    await meta.graph("DELETE", f"{WABA}/subscribed_apps")
    silent = await meta.write()
    none = (await meta.graph("GET", f"{WABA}/subscribed_apps")).json()["data"]
    await meta.graph("POST", f"{WABA}/subscribed_apps")
    heard = await meta.write()

    assert before[0]["whatsapp_business_api_data"]["id"] == "app-1"
    assert (none, silent["http_status"], heard["http_status"]) == ([], None, 200)


async def test_the_apps_own_callback_is_used_where_nothing_overrides_it(meta: Simulated) -> None:
    meta.world.state.number(PHONE).override_url = None
    callback = {
        "object": "whatsapp_business_account",
        "callback_url": meta.hook.url,
        "verify_token": "v",
        "fields": "messages",
    }
    path = "/v26.0/app-1/subscriptions"
    wrong = await meta.http.post(path, data=callback, params={"access_token": "app-1|no"})
    saved = await meta.http.post(path, data=callback, params={"access_token": f"app-1|{SECRET}"})

    assert (wrong.status_code, saved.json()) == (400, {"success": True})
    assert (await meta.write())["http_status"] == 200


# Faults


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "rate_limited"}, 429, 130429),
        ({"fault": "pair_limited"}, 429, 131056),
        ({"fault": "token_expired"}, 401, 190),
        ({"fault": "window_closed", "mode": "sync"}, 400, 131047),
        ({"fault": "server_error"}, 500, 131000),
        ({"fault": "server_error", "status": 503}, 503, 2),
        ({"fault": "error", "code": 131031}, 403, 131031),
        ({"fault": "error", "code": 131005, "status": 418, "details": "why"}, 418, 131005),
    ],
)
async def test_a_refusal_strikes_as_often_as_told_and_leaves_nothing_sent(
    meta: Simulated, fault: dict[str, Any], status: int, code: int
) -> None:
    await meta.write()
    await meta.control("faults", **fault)

    struck, then = await meta.send(), await meta.send("depois")

    assert (struck.status_code, struck.json()["error"]["code"]) == (status, code)
    assert then.status_code == 200
    assert [sent["payload"]["text"]["body"] for sent in meta.world.sent()] == ["depois"]


async def test_a_fault_strikes_only_what_it_matches(meta: Simulated) -> None:
    wamid = (await meta.write())["wamid"]
    await meta.control(
        "faults", fault="server_error", match={"kind": "send", "to": ANA}, times=None
    )
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}

    marked = await meta.graph("POST", f"{PHONE}/messages", json=read)
    to_another = await meta.send(to="5511911112222")
    struck = [(await meta.send()).status_code for _ in range(3)]
    await meta.http.delete("/_control/faults")

    assert (marked.status_code, to_another.status_code) == (200, 200)
    assert struck == [500, 500, 500]
    assert (await meta.send()).status_code == 200


async def test_a_lost_response_is_a_message_sent_that_the_sender_does_not_know_of(
    meta: Simulated,
) -> None:
    await meta.write()
    await meta.control("faults", fault="response_lost")

    with pytest.raises(httpx.RemoteProtocolError):
        await meta.send(biz_opaque_callback_data="turn-9")
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 2)

    (sent,) = meta.world.sent()
    assert sent["biz_opaque_callback_data"] == "turn-9"
    assert {s["biz_opaque_callback_data"] for s in meta.hook.statuses()} == {"turn-9"}


async def test_a_reset_connection_is_a_message_not_sent(meta: Simulated) -> None:
    await meta.control("faults", fault="reset")

    with pytest.raises(httpx.RemoteProtocolError):
        await meta.send()

    assert meta.world.sent() == []


async def test_a_slow_answer_can_outlast_the_callers_patience(meta: Simulated) -> None:
    await meta.control("faults", fault="slow", seconds=0.5)

    with pytest.raises(httpx.ReadTimeout):
        await meta.graph("GET", PHONE, timeout=0.05)

    assert (await meta.graph("GET", PHONE)).status_code == 200


async def test_a_failed_status_comes_with_the_code_asked_for_and_no_contacts(
    meta: Simulated,
) -> None:
    await meta.write()
    await meta.control("faults", fault="failed_status", code=131026)
    accepted = await meta.send()
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 1)

    assert accepted.status_code == 200
    assert meta.hook.statuses()[0]["errors"][0]["code"] == 131026
    assert "contacts" not in meta.hook.values("statuses")[0]


async def test_the_window_can_be_closed_for_one_message(meta: Simulated) -> None:
    await meta.write()
    await meta.control("faults", fault="window_closed")
    await meta.send()
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 1)

    assert meta.hook.statuses()[0]["errors"][0]["code"] == 131047


async def test_statuses_can_be_reordered_doubled_delayed_and_left_out(meta: Simulated) -> None:
    await meta.write()
    await meta.control("faults", fault="reorder_statuses")
    await meta.control("faults", fault="duplicate_webhooks", match={"kind": "statuses"}, copies=3)
    await meta.send("first")
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 4)
    reordered = [status["status"] for status in meta.hook.statuses()]

    await meta.control("faults", fault="no_statuses", match={"to": ANA})
    await meta.control(
        "faults", fault="delay_statuses", match={"to": "5511911112222"}, seconds=0.05
    )
    await meta.write(**{"from": {"wa_id": "5511911112222"}})
    await meta.send("mute")
    await meta.send("late", to="5511911112222")
    await meta.hook.until(lambda: len(meta.hook.statuses()) == 6)

    assert reordered == ["delivered", "delivered", "delivered", "sent"]
    assert {status["recipient_id"] for status in meta.hook.statuses()[4:]} == {"5511911112222"}


async def test_a_message_can_be_posted_twice_with_one_id(meta: Simulated) -> None:
    await meta.control("faults", fault="duplicate_webhooks")
    await meta.write()

    first, second = meta.hook.messages()
    assert first == second


async def test_a_fault_nobody_knows_is_refused(meta: Simulated) -> None:
    answer = await meta.http.post("/_control/faults", json={"fault": "rate_limitted"})

    assert answer.status_code == 400
    assert "rate_limited" in answer.json()["error"]


async def test_what_was_received_can_be_listed_and_forgotten(meta: Simulated) -> None:
    await meta.send("Oi")

    (received,) = (await meta.http.get("/_control/requests")).json()["requests"]
    await meta.http.delete("/_control/requests")

    assert (received["method"], received["path"]) == ("POST", f"/v26.0/{PHONE}/messages")
    assert received["headers"]["authorization"] == "Bearer token-a"
    assert received["body"]["text"] == {"body": "Oi"}
    assert (await meta.http.get("/_control/requests")).json() == {"requests": []}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("inbound", {"phone_number_id": "nope", "from": {"wa_id": ANA}, "text": "x"}, "nope"),
        ("inbound", {"phone_number_id": PHONE, "from": {"wa_id": ANA}}, "one of text"),
        ("inbound", {"phone_number_id": PHONE, "from": {}, "text": "x"}, "wa_id"),
        ("inbound", {"phone_number_id": PHONE, "text": "x"}, "from"),
        ("deliver", {"phone_number_id": PHONE}, "body"),
        ("settings", {"speed": 1}, "speed"),
        ("numbers", {"phone_number_id": "9"}, "waba_id"),
    ],
)
async def test_a_control_request_that_cannot_be_followed_says_why(
    meta: Simulated, path: str, body: dict[str, Any], says: str
) -> None:
    answer = await meta.http.post(f"/_control/{path}", json=body)

    assert answer.status_code == 400
    assert says in answer.json()["error"]


async def test_a_number_registered_again_keeps_its_conversations(meta: Simulated) -> None:
    await meta.write()
    await meta.send()
    await meta.add_number(token="token-new")

    assert (await meta.send()).status_code == 401
    assert len(meta.world.entries(phone_number_id=PHONE, contact=ANA)) == 2
