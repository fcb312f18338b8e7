"""The door to Graph and the reading of statuses, against shapes as Meta documents them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from mcp_platform.outbox.statuses import StatusUpdate
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.graph_errors import Action, SenderRefused, SendRetry
from mcp_platform.whatsapp.messages import Recipient, graph_message
from mcp_platform.whatsapp.reply import Reply, ReplyOption

FIXTURES = Path(__file__).parent / "fixtures" / "whatsapp"
WAMID = "wamid.HBgNNTUxMTk5OTk5ODg4OBUCABEYEkQ2QjM2RTlERTY4QjFGNzUwAA=="


def shape(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


async def send(status, body, seen=None):
    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        door = WhatsApp(http=http, base_url="https://graph.facebook.com", version="v26.0")
        message = graph_message(
            Reply("Oi"), recipient=Recipient(wa_id="5511999998888"), callback="t1:turn42"
        )
        return await door.send(token="EAAG", phone_number_id="106540352242922", message=message)


async def test_a_send_is_the_request_that_meta_documents():
    seen: list[httpx.Request] = []
    await send(200, shape("send_accepted"), seen)
    assert seen[0].method == "POST"
    assert str(seen[0].url) == "https://graph.facebook.com/v26.0/106540352242922/messages"
    assert seen[0].headers["Authorization"] == "Bearer EAAG"
    assert seen[0].headers["Content-Type"] == "application/json"
    assert json.loads(seen[0].content) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "5511999998888",
        "type": "text",
        "text": {"body": "Oi", "preview_url": False},
        "biz_opaque_callback_data": "t1:turn42",
    }


@pytest.mark.parametrize(
    "name", ["send_accepted", "send_accepted_user_id", "send_accepted_template"]
)
async def test_every_documented_acceptance_yields_the_message_id(name):
    assert await send(200, shape(name)) == WAMID


async def test_documented_refusals_mean_what_the_table_says():
    with pytest.raises(SendRetry) as pair:
        await send(400, shape("error_pair_rate"))
    assert (pair.value.action, pair.value.code) == (Action.PAIR, 131056)
    with pytest.raises(SendRetry) as rate:
        await send(400, shape("error_throughput"))
    assert (rate.value.action, rate.value.code) == (Action.RETRY, 130429)
    with pytest.raises(SenderRefused) as token:
        await send(400, shape("error_token"))
    assert token.value.code == 190
    with pytest.raises(SenderRefused) as number:
        await send(400, shape("error_unknown_object"))
    assert number.value.code == 100


def test_buttons_and_lists_are_as_documented():
    buttons = Reply("Confirma?", (ReplyOption("yes", "Sim"),))
    rows = Reply("Horários", (ReplyOption("s1", "09:00", "Dr. X"),), list_label="Escolher")
    ana = Recipient(bsuid="BR.1502576394655843")
    assert graph_message(buttons, recipient=ana, callback="k")["interactive"] == {
        "type": "button",
        "body": {"text": "Confirma?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "Sim"}}]},
    }
    assert graph_message(rows, recipient=ana, callback="k")["interactive"] == {
        "type": "list",
        "body": {"text": "Horários"},
        "action": {
            "button": "Escolher",
            "sections": [{"rows": [{"id": "s1", "title": "09:00", "description": "Dr. X"}]}],
        },
    }


def status_of(name):
    value = shape(name)["entry"][0]["changes"][0]["value"]
    return StatusUpdate.from_webhook(TenantId(1), value["statuses"][0])


@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
def test_a_documented_status_is_read(status):
    update = status_of(f"webhook_status_{status}")
    assert update is not None
    assert (update.status, update.wamid, update.callback) == (status, WAMID, "t1:turn42")
    assert update.at == datetime.fromtimestamp(1795337060, UTC)
    assert update.billable is (status != "read")


def test_a_documented_failure_is_read_with_code_and_sentence():
    update = status_of("webhook_status_failed")
    assert update is not None
    assert (update.status, update.error_code) == ("failed", 131047)
    assert update.error is not None
    assert update.error.startswith("Re-engagement message: Message failed to send because")


def test_a_status_of_an_older_api_is_read_too():
    update = status_of("webhook_status_v23")
    assert update is not None
    assert (update.status, update.callback, update.billable) == ("sent", None, True)


def test_billing_is_known_without_the_field_that_meta_is_dropping():
    status = {
        "id": "w",
        "status": "delivered",
        "pricing": {"type": "regular", "category": "utility"},
    }
    charged = StatusUpdate.from_webhook(TenantId(1), status)
    free = StatusUpdate.from_webhook(
        TenantId(1), {**status, "pricing": {"type": "free_entry_point", "category": "utility"}}
    )
    assert charged is not None
    assert free is not None
    assert (charged.billable, free.billable) == (True, False)


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"id": "w", "status": "warning"},
        {"id": "w", "status": "deleted"},
        {"id": 7, "status": "sent"},
        {"id": "w", "status": ["sent"]},
    ],
)
def test_a_status_that_says_nothing_of_use_is_none(status):
    assert StatusUpdate.from_webhook(TenantId(1), status) is None


def test_a_status_with_broken_parts_is_read_as_far_as_it_goes():
    broken = {
        "id": "w",
        "status": "failed",
        "timestamp": "soon",
        "errors": ["?"],
        "pricing": [],
        "biz_opaque_callback_data": 7,
    }
    assert StatusUpdate.from_webhook(TenantId(1), broken) == StatusUpdate(
        tenant_id=TenantId(1), wamid="w", status="failed"
    )
