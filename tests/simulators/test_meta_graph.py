"""The simulated Graph API takes what Meta takes and refuses what Meta refuses, in Meta's words."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new as hmac_new
from typing import Any

import httpx
import pytest
import pywa
from pywa.types import Button, Section, SectionList, SectionRow
from starlette.applications import Starlette

from mcp_platform.simulators.meta.app import MetaSettings, MetaWorld, create_app
from mcp_platform.simulators.serving import Served, serving
from tests.clocks import Timer

ANA = "5511999998888"
PHONE = "106540352242922"
NUMBER = {
    "phone_number_id": PHONE,
    "waba_id": "102290129340398",
    "display_phone_number": "+55 11 4000-0001",
    "token": "token-a",
    "app_id": "app-1",
    "app_secret": "secret-1",
    "verify_token": "verify-a",
}
OTHER = {
    **NUMBER,
    "phone_number_id": "206540352242922",
    "waba_id": "202290129340398",
    "display_phone_number": "+55 11 4000-0002",
    "token": "token-b",
}


STARTED = 1_795_000_000.0


@dataclass
class Simulated:
    http: httpx.AsyncClient
    world: MetaWorld
    clock: Timer = field(default_factory=lambda: Timer(STARTED))

    async def send(self, payload: dict[str, Any], *, token: str = "token-a") -> httpx.Response:
        return await self.http.post(
            f"/v26.0/{PHONE}/messages",
            json={"messaging_product": "whatsapp", "to": ANA, **payload},
            headers={"Authorization": f"Bearer {token}"},
        )

    async def get(self, path: str, *, token: str = "token-a", **params: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self.http.get(f"/v26.0/{path}", params=params, headers=headers)

    async def control(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.http.post(f"/_control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
async def served() -> AsyncIterator[Simulated]:
    clock = Timer(STARTED)
    app = create_app(now=clock)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield Simulated(http, app.state.meta, clock)


@pytest.fixture
async def meta(served: Simulated) -> Simulated:
    await served.http.post("/_control/reset")
    served.clock.now = STARTED
    await served.control("numbers", NUMBER)
    await served.control("numbers", OTHER)
    return served


def text(body: str = "Oi", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body}, **more}


def buttons(*replies: tuple[str, str], **more: Any) -> dict[str, Any]:
    shown = [{"type": "reply", "reply": {"id": id_, "title": title}} for id_, title in replies]
    body = {"type": "button", "body": {"text": "?"}, "action": {"buttons": shown}, **more}
    return {"type": "interactive", "interactive": body}


def rows(n: int, **first: Any) -> list[dict[str, Any]]:
    made = [{"id": f"r{i}", "title": f"Row {i}"} for i in range(n)]
    made[0].update(first)
    return made


def listing(*sections: dict[str, Any], button: str = "Escolher", **more: Any) -> dict[str, Any]:
    action = {"button": button, "sections": list(sections)}
    body = {"type": "list", "body": {"text": "?"}, "action": action, **more}
    return {"type": "interactive", "interactive": body}


def template(*parameters: str) -> dict[str, Any]:
    given = [{"type": "text", "text": parameter} for parameter in parameters]
    body = {"type": "body", "parameters": given}
    part = {"name": "lembrete", "language": {"code": "pt_BR"}, "components": [body]}
    return {"type": "template", "template": part}


async def test_an_accepted_text_is_answered_as_meta_does_and_kept_for_whoever_asks(
    meta: Simulated,
) -> None:
    answer = await meta.send(text("Olá", biz_opaque_callback_data="turn-1"))
    again = await meta.send(text("Olá"))

    assert answer.status_code == 200
    wamid = answer.json()["messages"][0]["id"]
    assert wamid.startswith("wamid.")
    assert wamid != again.json()["messages"][0]["id"]
    assert answer.json() == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": ANA, "wa_id": ANA}],
        "messages": [{"id": wamid}],
    }
    found = await meta.http.get("/_control/sent", params={"phone_number_id": PHONE, "to": ANA})
    first, second = found.json()["sent"]
    assert (first["wamid"], first["biz_opaque_callback_data"]) == (wamid, "turn-1")
    assert first["payload"]["text"] == {"body": "Olá"}
    assert second["biz_opaque_callback_data"] is None
    others = {"phone_number_id": OTHER["phone_number_id"]}
    assert (await meta.http.get("/_control/sent", params=others)).json() == {"sent": []}


@pytest.mark.parametrize(
    "payload",
    [
        text("x" * 4096, biz_opaque_callback_data="c" * 512),
        text(context={"message_id": "wamid.any"}),
        buttons(("a" * 256, "t" * 20), ("b", "B"), ("c", "C"), footer={"text": "f" * 60}),
        buttons(("a", "A"), header={"type": "text", "text": "h" * 60}, body={"text": "b" * 1024}),
        listing({"rows": rows(10, id="i" * 200, title="t" * 24, description="d" * 72)}),
        listing(
            {"title": "s" * 24, "rows": rows(1)},
            {"title": "2", "rows": [{"id": "z", "title": "z"}]},
        ),
        listing({"rows": rows(1)}, button="b" * 20, body={"text": "b" * 4096}),
        template("Ana"),
        {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}},
        {"type": "image", "image": {"link": "https://example.org/a.jpg", "caption": "c" * 1024}},
        {"type": "location", "location": {"latitude": -23.5, "longitude": -46.6}},
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Zé"}}]},
    ],
)
async def test_messages_at_the_edge_of_metas_limits_are_accepted(
    meta: Simulated, payload: dict[str, Any]
) -> None:
    answer = await meta.send(payload)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("payload", "code", "says"),
    [
        (text("x" * 4097), 100, "text['body']"),
        (text(""), 131009, "text['body']"),
        (text(biz_opaque_callback_data="c" * 513), 100, "biz_opaque_callback_data"),
        (text(messaging_product="sms"), 100, "messaging_product"),
        (text(to="not a phone"), 131009, "to"),
        (text(to=None), 100, "to"),
        (text(to=None, recipient="5511999998888"), 131009, "recipient"),
        (text(to="+55 11 4000-0001"), 131021, "sender"),
        ({"type": "text"}, 131008, "text"),
        ({"type": "text", "text": {"body": "a", "bold": True}}, 100, "text['bold']"),
        ({"type": "voice", "voice": {}}, 100, "type"),
        (buttons(), 131009, "buttons"),
        (buttons(("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")), 131009, "Max length: 3"),
        (buttons(("a", "t" * 21)), 131009, "['title']"),
        (buttons(("a" * 257, "A")), 131009, "['id']"),
        (buttons((" a", "A")), 131009, "space"),
        (buttons(("a", "A"), ("a", "B")), 131009, "button ids must be unique"),
        (buttons(("a", "A"), ("b", "A")), 131009, "button titles must be unique"),
        (buttons(("a", "A"), body={"text": "b" * 1025}), 131009, "1024"),
        (buttons(("a", "A"), footer={"text": "f" * 61}), 131009, "footer"),
        (buttons(("a", "A"), header={"type": "text", "text": "h" * 61}), 131009, "header"),
        (listing({"rows": rows(11)}), 131009, "rows"),
        (
            listing({"title": "1", "rows": rows(6)}, {"title": "2", "rows": rows(6)}),
            131009,
            "at most 10 rows",
        ),
        (listing({"rows": [*rows(1), *rows(1)]}), 131009, "row ids must be unique"),
        (listing({"rows": rows(1, title="t" * 25)}), 131009, "['title']"),
        (listing({"rows": rows(1, id="i" * 201)}), 131009, "['id']"),
        (listing({"rows": rows(1, description="d" * 73)}), 131009, "description"),
        (listing({"rows": rows(1)}, button="b" * 21), 131009, "button"),
        (
            listing({"rows": rows(1)}, {"title": "2", "rows": rows(1, id="z")}),
            131009,
            "title is required",
        ),
        (listing({"title": "s" * 25, "rows": rows(1)}), 131009, "['title']"),
        (listing({"rows": []}), 131009, "rows"),
        (listing({"rows": rows(1)}, body={"text": "b" * 4097}), 131009, "4096"),
        (listing({"rows": rows(1)}, header={"type": "image", "text": "x"}), 131009, "header"),
        ({"type": "interactive", "interactive": {"type": "menu"}}, 131009, "type"),
        ({"type": "template", "template": {"name": "x"}}, 131008, "language"),
        ({"type": "image", "image": {"id": "1", "link": "https://x.org/"}}, 131009, "exactly one"),
        ({"type": "image", "image": {"id": "404"}}, 131009, "media ID"),
        ({"type": "audio", "audio": {"link": "https://x.org/", "caption": "c"}}, 100, "caption"),
        ({"type": "contacts", "contacts": []}, 131009, "contacts"),
    ],
)
async def test_a_malformed_message_is_refused_and_not_kept(
    meta: Simulated, payload: dict[str, Any], code: int, says: str
) -> None:
    answer = await meta.send(payload)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert says in error["message"] + error.get("error_data", {}).get("details", "")
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"]
    assert meta.world.sent() == []


async def test_a_body_that_is_not_json_is_as_if_it_were_empty(meta: Simulated) -> None:
    headers = {"Authorization": "Bearer token-a", "Content-Type": "application/json"}
    answer = await meta.http.post(f"/v26.0/{PHONE}/messages", content=b"{", headers=headers)

    assert (
        answer.json()["error"]["message"] == "(#100) The parameter messaging_product is required."
    )


async def test_a_wrong_token_a_foreign_number_and_an_unknown_version_are_told_apart(
    meta: Simulated,
) -> None:
    nobody = await meta.send(text(), token="stolen")
    foreign = await meta.send(text(), token="token-b")
    future = await meta.http.post(f"/v27.0/{PHONE}/messages", json={})
    missing = await meta.http.post(f"/v26.0/{PHONE}/nothing/here", json={})

    assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, 190)
    error = foreign.json()["error"]
    assert (foreign.status_code, error["code"], error["error_subcode"]) == (400, 100, 33)
    assert error["type"] == "GraphMethodException"
    assert (future.status_code, future.json()["error"]["code"]) == (400, 2500)
    assert missing.json()["error"]["code"] == 2500


@pytest.mark.parametrize("version", ["v21.0", "v25.0", "v26.0"])
async def test_living_versions_answer(meta: Simulated, version: str) -> None:
    answer = await meta.http.get(f"/{version}/{PHONE}", params={"access_token": "token-a"})

    assert answer.json()["id"] == PHONE


async def test_a_brazilian_phone_is_the_same_person_with_and_without_the_ninth_digit(
    meta: Simulated,
) -> None:
    known = {"phone_number_id": PHONE, "wa_id": "558588887777", "name": "Davi"}
    await meta.control("contacts", known)

    answer = await meta.send(text(to="+55 85 98888-7777"))

    assert answer.json()["contacts"] == [{"input": "+55 85 98888-7777", "wa_id": "558588887777"}]
    assert len(meta.world.sent(to="5585988887777")) == 1
    assert len(meta.world.sent(to="558588887777")) == 1


async def test_a_message_to_a_user_id_is_answered_without_a_phone(meta: Simulated) -> None:
    contact = {"phone_number_id": PHONE, "user_id": "BR.1502576394655843"}
    await meta.control("contacts", contact)

    answer = await meta.send({**text(), "to": None, "recipient": "BR.1502576394655843"})

    expected = [{"input": "BR.1502576394655843", "user_id": "BR.1502576394655843"}]
    assert answer.json()["contacts"] == expected
    assert len(meta.world.sent(to="BR.1502576394655843")) == 1


async def test_one_pair_gets_45_messages_and_then_one_per_six_seconds(meta: Simulated) -> None:
    burst = [(await meta.send(text(str(i)))).status_code for i in range(45)]
    beyond = await meta.send(text())
    to_another = await meta.send(text(to="5511999990000"))
    meta.clock.now += 6
    later = [(await meta.send(text())).status_code for _ in range(2)]
    await meta.control("settings", {"pacing": False})
    unpaced = await meta.send(text())

    assert set(burst) == {200}
    assert (beyond.status_code, beyond.json()["error"]["code"]) == (429, 131056)
    assert to_another.status_code == 200
    assert later == [200, 429]
    assert unpaced.status_code == 200


async def test_templates_of_an_account_are_checked_once_some_are_registered(
    meta: Simulated,
) -> None:
    registered = {
        "waba_id": NUMBER["waba_id"],
        "name": "lembrete",
        "language": "pt_BR",
        "body_parameters": 1,
    }
    await meta.control("templates", registered)

    good = await meta.send(template("Ana"))
    miscounted = await meta.send(template("Ana", "10:00"))
    unknown = await meta.send(
        {"type": "template", "template": {"name": "nope", "language": {"code": "pt_BR"}}}
    )

    assert good.json()["messages"][0]["message_status"] == "accepted"
    for broken in ("Ana\nSouza", "Ana\tSouza", "Ana\r\nSouza", "Ana     Souza"):
        refused = (await meta.send(template(broken))).json()["error"]
        assert (refused["code"], "new-line/tab" in refused["error_data"]["details"]) == (
            132018,
            True,
        ), broken
    assert (await meta.send(template("Ana    Souza"))).status_code == 200
    assert miscounted.json()["error"]["code"] == 132000
    assert unknown.json()["error"]["code"] == 132001
    listed = (await meta.get(f"{NUMBER['waba_id']}/message_templates")).json()["data"]
    assert [t["name"] for t in listed] == ["lembrete"]


async def test_reading_and_typing_show_in_the_conversation_and_end_with_the_reply(
    meta: Simulated,
) -> None:
    write = {"phone_number_id": PHONE, "from": {"wa_id": ANA}, "text": "Oi"}
    wamid = (await meta.control("inbound", write))["wamid"]
    headers = {"Authorization": "Bearer token-a"}

    async def read(message_id: str, **more: Any) -> httpx.Response:
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        return await meta.http.post(
            f"/v26.0/{PHONE}/messages", json={**body, **more}, headers=headers
        )

    async def conversation() -> Any:
        asked = {"phone_number_id": PHONE, "contact": ANA}
        return (await meta.http.get("/_control/conversation", params=asked)).json()

    assert (await read("wamid.unknown")).json()["error"]["code"] == 131009
    assert (await read(wamid, typing_indicator={"type": "voice"})).status_code == 400
    assert (await read(wamid, typing_indicator={"type": "text"})).json() == {"success": True}
    during = await conversation()
    await meta.send(text("Olá"))
    after = await conversation()

    assert (during["typing"], during["messages"][0]["read"]) == (True, True)
    assert after["typing"] is False
    assert [message["direction"] for message in after["messages"]] == ["in", "out"]
    assert meta.world.sent()[0]["payload"]["text"]["body"] == "Olá"


async def test_media_is_uploaded_found_and_fetched_only_with_the_token_and_in_time(
    meta: Simulated,
) -> None:
    content = bytes(range(256)) * 3 + b"\r\n--\r\n\n\r"
    headers = {"Authorization": "Bearer token-a"}
    uploaded = await meta.http.post(
        f"/v26.0/{PHONE}/media",
        data={"messaging_product": "whatsapp", "type": "audio/ogg"},
        files={"file": ("voz.ogg", content, "audio/ogg")},
        headers=headers,
    )
    media_id = uploaded.json()["id"]
    node = (await meta.get(media_id, phone_number_id=PHONE)).json()

    fetched = await meta.http.get(node["url"], headers=headers)
    anonymous = await meta.http.get(node["url"])
    foreign = await meta.http.get(node["url"], headers={"Authorization": "Bearer token-b"})
    meta.clock.now += 301
    expired = await meta.http.get(node["url"], headers=headers)
    again = (await meta.get(media_id)).json()["url"]

    assert (fetched.content, fetched.headers["content-type"]) == (content, "audio/ogg")
    assert (node["sha256"], node["file_size"]) == (sha256(content).hexdigest(), len(content))
    assert [anonymous.status_code, foreign.status_code, expired.status_code] == [401, 401, 404]
    assert (await meta.http.get(again, headers=headers)).status_code == 200
    sent = await meta.send({"type": "audio", "audio": {"id": media_id}})
    assert sent.status_code == 200
    deleted = await meta.http.delete(f"/v26.0/{media_id}", headers=headers)
    assert deleted.json() == {"success": True}
    assert (await meta.get(media_id)).json()["error"]["error_subcode"] == 33


async def test_credentials_can_be_checked_and_each_flaw_shows(meta: Simulated) -> None:
    await meta.control("numbers", {**OTHER, "node": {"platform_type": "NOT_APPLICABLE"}})
    app = {"client_id": "app-1", "grant_type": "client_credentials"}

    node = await meta.get(PHONE, fields="id,platform_type,health_status")
    unfit = await meta.get(OTHER["phone_number_id"], token="token-b", fields="platform_type")
    nonsense = await meta.get(PHONE, fields="shoe_size")
    listed = await meta.get(f"{NUMBER['waba_id']}/phone_numbers")
    debug = await meta.get("debug_token", token="app-1|secret-1", input_token="token-a")
    dead = await meta.get("debug_token", token="app-1|secret-1", input_token="gone")
    wrong = await meta.get("debug_token", token="app-1|wrong", input_token="token-a")
    app_token = await meta.get("oauth/access_token", **app, client_secret="secret-1")
    bad_secret = await meta.get("oauth/access_token", **app, client_secret="wrong")

    assert node.json()["health_status"]["can_send_message"] == "AVAILABLE"
    assert set(node.json()) == {"id", "platform_type", "health_status"}
    assert unfit.json()["platform_type"] == "NOT_APPLICABLE"
    assert nonsense.json()["error"]["code"] == 100
    assert [number["id"] for number in listed.json()["data"]] == [PHONE]
    token = debug.json()["data"]
    assert (token["is_valid"], token["app_id"]) == (True, "app-1")
    assert token["granular_scopes"][0]["target_ids"] == [NUMBER["waba_id"]]
    assert dead.json()["data"]["is_valid"] is False
    assert (wrong.status_code, bad_secret.status_code) == (400, 400)
    assert app_token.json()["access_token"] == "app-1|secret-1"


async def test_a_proof_of_the_app_secret_is_checked_where_given_and_where_required(
    meta: Simulated,
) -> None:
    proof = hmac_new(b"secret-1", b"token-a", sha256).hexdigest()

    right = await meta.get(PHONE, appsecret_proof=proof)
    wrong = await meta.get(PHONE, appsecret_proof="0" * 64)
    await meta.control("numbers", {**NUMBER, "require_proof": True})
    without = await meta.get(PHONE)

    assert right.status_code == 200
    assert wrong.json()["error"]["code"] == 100
    assert "appsecret_proof" in without.json()["error"]["message"]


@pytest.fixture
def simulator() -> Iterator[tuple[str, Starlette]]:
    app = create_app(settings=MetaSettings(window=False))
    with Served(app) as served_there:
        httpx.post(f"{served_there.url}/_control/numbers", json=NUMBER, trust_env=False)
        yield served_there.url, app


def test_an_independent_client_library_gets_on_with_it(simulator: tuple[str, Starlette]) -> None:
    url, app = simulator

    def to_simulator(request: httpx.Request) -> None:
        request.url = request.url.copy_with(
            scheme="http", host="127.0.0.1", port=httpx.URL(url).port
        )

    hooks: dict[str, list[Any]] = {"request": [to_simulator]}
    with httpx.Client(event_hooks=hooks, trust_env=False) as session:
        client = pywa.WhatsApp(phone_id=PHONE, token="token-a", session=session)
        write = {"phone_number_id": PHONE, "from": {"wa_id": ANA}, "text": "Oi"}
        wrote = httpx.post(f"{url}/_control/inbound", json=write, trust_env=False).json()

        sent = client.send_message(to=ANA, text="Olá", tracker="turn-7")
        client.send_message(to=ANA, text="Confirma?", buttons=[Button("Sim", "yes")])
        client.send_message(
            to=ANA,
            text="Horários",
            buttons=SectionList(
                button_title="Escolher",
                sections=[Section("Seg", rows=[SectionRow("09:00", callback_data="s1")])],
            ),
        )
        read = client.mark_message_as_read(message_id=wrote["wamid"])
        typing = client.indicate_typing(message_id=wrote["wamid"])
        number = client.get_business_phone_number()
        media = client.upload_media(b"OggS", mime_type="audio/ogg", filename="a.ogg")
        found = client.get_media_url(media.id)
        with pytest.raises(pywa.errors.WhatsAppError) as refused:
            client.send_message(to=ANA, text="x" * 4097)

    messages = app.state.meta.sent(to=ANA)
    assert [message["type"] for message in messages] == ["text", "interactive", "interactive"]
    assert messages[0]["wamid"] == sent.id
    assert messages[0]["biz_opaque_callback_data"] == "turn-7"
    assert (read.success, typing.success) == (True, True)
    assert number.id == PHONE
    assert found.mime_type == "audio/ogg"
    assert refused.value.code == 100
