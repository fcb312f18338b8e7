"""What the simulated Meta says has the shapes that Meta documents."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.meta.app import create_app
from mcp_platform.simulators.serving import serving

DOCUMENTED = Path(__file__).parent.parent / "contracts" / "fixtures" / "whatsapp"
PHONE, WABA, ANA = "106540352242922", "102290129340398", "5511999998888"
AUTH = {"Authorization": "Bearer t"}
PATIENCE_S = 60


def documented(name: str) -> Any:
    return json.loads((DOCUMENTED / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """Keys and kinds of a JSON value, without what it says."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in sorted(value.items())}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__


class Heard:
    """Collects what is posted, one payload at a time."""

    def __init__(self) -> None:
        self.payloads: asyncio.Queue[Any] = asyncio.Queue()

    async def __call__(self, request: Request) -> Response:
        if request.method == "POST":
            self.payloads.put_nowait(await request.json())
        return PlainTextResponse(request.query_params.get("hub.challenge", ""))

    async def next(self) -> Any:
        return await asyncio.wait_for(self.payloads.get(), PATIENCE_S)


@pytest.fixture
async def meta() -> AsyncIterator[tuple[httpx.AsyncClient, Heard]]:
    heard = Heard()

    async def hear(request: Request) -> Response:
        return await heard(request)

    callback = Starlette(routes=[Route("/", hear, methods=["GET", "POST"])])
    async with (
        serving(callback) as callback_url,
        serving(create_app()) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, headers=AUTH) as http,
    ):
        number = {
            "phone_number_id": PHONE,
            "waba_id": WABA,
            "display_phone_number": "+55 11 4000-0001",
            "token": "t",
            "app_id": "670843887433847",
            "app_secret": "s",
            "verify_token": "v",
            "callback_url": callback_url,
        }
        assert (await http.post("/_control/numbers", json=number)).is_success
        yield http, heard


def test_every_recorded_shape_says_where_it_comes_from() -> None:
    sources = documented("index")["_source"]

    assert set(sources) == {path.stem for path in DOCUMENTED.glob("*.json")} - {"index"}
    assert all(s["url"].startswith("https://developers.facebook.com/") for s in sources.values())


async def test_what_contacts_write_arrives_as_documented(
    meta: tuple[httpx.AsyncClient, Heard],
) -> None:
    http, heard = meta
    who = {"wa_id": ANA, "name": "Ana Souza", "username": "@anasouza"}
    sender = {"phone_number_id": PHONE, "from": who}
    row = {"id": "s_1", "title": "09:00", "description": "Zé", "kind": "list"}
    button = {"type": "reply", "reply": {"id": "confirm", "title": "Sim"}}
    question = {"type": "button", "body": {"text": "?"}, "action": {"buttons": [button]}}
    asked = {
        "messaging_product": "whatsapp",
        "to": ANA,
        "type": "interactive",
        "interactive": question,
    }

    await http.post("/_control/inbound", json={**sender, "text": "Oi"})
    assert shape(await heard.next()) == shape(documented("webhook_text"))
    await http.post(f"/v26.0/{PHONE}/messages", json=asked)
    assert {(await heard.next())["object"] for _ in range(2)} == {"whatsapp_business_account"}
    await http.post("/_control/inbound", json={**sender, "reply": row})
    assert shape(await heard.next()) == shape(documented("webhook_list_reply"))
    hidden = {"phone_number_id": PHONE, "from": {"user_id": "BR.9", "name": "B", "username": "@b"}}
    await http.post("/_control/inbound", json={**hidden, "text": "Oi"})
    assert shape(await heard.next()) == shape(documented("webhook_text_hidden_phone"))


async def test_statuses_come_as_documented(meta: tuple[httpx.AsyncClient, Heard]) -> None:
    http, heard = meta
    sender = {"phone_number_id": PHONE, "from": {"wa_id": ANA}}
    await http.post("/_control/inbound", json={**sender, "text": "Oi"})
    await heard.next()
    await http.post("/_control/settings", json={"statuses": ["sent", "delivered", "read"]})
    message = {
        "messaging_product": "whatsapp",
        "to": ANA,
        "type": "text",
        "text": {"body": "Olá"},
        "biz_opaque_callback_data": "t1:turn42",
    }

    await http.post(f"/v26.0/{PHONE}/messages", json=message)
    for status in ("sent", "delivered", "read"):
        assert shape(await heard.next()) == shape(documented(f"webhook_status_{status}"))
    await http.post("/_control/faults", json={"fault": "failed_status", "code": 131047})
    await http.post(f"/v26.0/{PHONE}/messages", json=message)
    assert shape(await heard.next()) == shape(documented("webhook_status_failed"))


async def test_graph_answers_and_refuses_as_documented(
    meta: tuple[httpx.AsyncClient, Heard],
) -> None:
    http, _ = meta
    message = {"messaging_product": "whatsapp", "to": ANA, "type": "text", "text": {"body": "Olá"}}

    async def send(**changes: Any) -> Any:
        return (await http.post(f"/v26.0/{PHONE}/messages", json={**message, **changes})).json()

    async def get(path: str, **params: str) -> Any:
        return (await http.get(f"/v26.0/{path}", params=params)).json()

    by_user_id = {"to": None, "recipient": "BR.9"}
    template = {"type": "template", "template": {"name": "x", "language": {"code": "pt_BR"}}}
    debug = {"input_token": "t", "access_token": "670843887433847|s"}

    assert shape(await send()) == shape(documented("send_accepted"))
    assert shape(await send(**by_user_id)) == shape(documented("send_accepted_user_id"))
    assert shape(await send(**template)) == shape(documented("send_accepted_template"))
    await http.post("/_control/faults", json={"fault": "pair_limited"})
    assert shape(await send()) == shape(documented("error_pair_rate"))
    await http.post("/_control/faults", json={"fault": "token_expired"})
    assert shape(await send()) == shape(documented("error_token"))
    assert shape(await get("999")) == shape(documented("error_unknown_object"))
    assert set(await get(PHONE)) == set(documented("phone_number_node"))
    assert shape(await get(f"{WABA}/subscribed_apps")) == shape(documented("subscribed_apps"))
    assert shape(await get("debug_token", **debug)) == shape(documented("debug_token"))
    upload = {"messaging_product": "whatsapp", "type": "audio/ogg"}
    file = {"file": ("a.ogg", b"OggS", "audio/ogg")}
    uploaded = await http.post(f"/v26.0/{PHONE}/media", data=upload, files=file)
    assert shape(await get(uploaded.json()["id"])) == shape(documented("media_node"))
