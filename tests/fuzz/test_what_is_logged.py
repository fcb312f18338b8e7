"""A whole conversation, and requests that fail, at DEBUG: what is logged gives nobody away."""

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from mcp_platform.kit.logging import configure_logging
from tests.world import ANA, World, choices_of, message, running

WORDS, NAME = "quero cortar meu cabelo comprido", "Anastácia Vasconcelos"


@pytest.fixture
def written(quiet: None) -> Iterator[io.StringIO]:
    """What this process logs, as in production but for the level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(level="DEBUG", form="json", show_texts=False)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    output = io.StringIO()
    handler.setStream(output)
    yield output
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_no_secret_number_name_or_word_is_logged(
    unstarted: World, written: io.StringIO
) -> None:
    async with running(unstarted):
        tenant = await unstarted.add_tenant()
        await unstarted.say(WORDS, name=NAME)
        (first,) = await unstarted.replies(1)
        await unstarted.tap(choices_of(first)[0])
        await unstarted.replies(2)
        await _fail_in_many_ways(unstarted)
        await unstarted.fault(unstarted.meta, "token_expired")
        await unstarted.say(WORDS, name=NAME)
        await unstarted.post(unstarted.webhook({**message(WORDS), "from": f"{ANA}\ud83d"}))
        await unstarted.idle()

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert {"flow.turn.closed", "whatsapp.webhook.stored", "inbox.event.quarantined"} <= {
        line["message"] for line in lines
    }
    for line in lines:
        assert {"@timestamp", "log.level", "log.logger", "message", "ecs.version"} <= set(line)
    said = written.getvalue()
    for secret in (
        tenant.app_secret,
        tenant.gemini_key,
        f"token-{tenant.client_name}",
        f"verify-{tenant.client_name}",
        "PRIVATE KEY",
        ANA,
        tenant.owner,
        WORDS,
        NAME,
        json.dumps(NAME)[1:-1],
        "cabelo",
    ):
        assert secret not in said, [line for line in said.splitlines() if secret in line][:3]


async def _fail_in_many_ways(world: World) -> None:
    token = f"verify-{world.tenant.client_name}"
    path = f"/{world.tenant.path}/api/v1"
    async with httpx.AsyncClient(base_url=world.url) as client:
        for mode in ("subscribe", "unsubscribe"):
            params = {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1"}
            await client.get(f"{path}/webhooks/whatsapp", params=params)
        bearer = {"authorization": f"Bearer token-{world.tenant.client_name}"}
        await client.post(f"{path}/chat", json={"message": WORDS, "user_id": ANA}, headers=bearer)
        await client.get(f"{path}/nowhere", params={"token": token, "phone": ANA}, headers=bearer)
        await client.request("PUT", f"{path}/webhooks/whatsapp", params={"hub.verify_token": token})
    await world.post(world.webhook(message(WORDS)), headers={"x-hub-signature-256": "sha256=no"})
    await world.post(WORDS.encode())
    await world.post(world.webhook(message(WORDS), number="999999999999999"))
