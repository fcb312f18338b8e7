"""One id, from the webhook to the send: whoever looks for what became of a message finds it all."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tests.world import World, choice, eventually, text_of

Lines = list[dict[str, Any]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything that is logged during a test, with what a line bears of its task."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as captured:
        yield captured  # type: ignore[misc]  # an event is a mapping that can be changed


PATIENT = [{"debounce_s": 60, "debounce_cap_s": 250}]


def traces(lines: Lines, event: str) -> set[str | None]:
    return {line.get("trace_id") for line in lines if line["event"] == event}


@pytest.mark.parametrize("alone", PATIENT, indirect=True)
async def test_one_id_leads_from_the_webhook_to_the_send(alone: World, lines: Lines) -> None:
    await alone.say("Marca um corte com o Zé amanhã às 15h")
    await alone.let_pass(seconds=60)
    await alone.replies(1)
    await alone.idle()
    await alone.say("Sim")
    waking = (
        "SELECT convert_from(payload, 'UTF8')::json ->> 'trace' FROM queue.pgqueuer"
        " WHERE entrypoint = 'inbox'"
    )
    woken = await alone.rows(waking)
    await alone.let_pass(seconds=60)

    assert "✅ Agendado" in text_of((await alone.replies(2))[1])
    await alone.idle()

    _, trace = await alone.rows(
        "SELECT trace_id FROM inbox_events WHERE kind = 'message' ORDER BY received_at"
    )
    assert trace[0]
    assert woken == [trace]
    recorded = await alone.rows("SELECT kind, trace_id FROM outbox ORDER BY id OFFSET 1")
    assert sorted(map(tuple, recorded)) == [("calendar_put", *trace), ("whatsapp", *trace)]
    for step in ("whatsapp.webhook.stored", "flow.turn.closed", "outbox.effect.done"):
        # The statuses that Meta posts afterwards are webhooks too, of ids of their own.
        assert traces(lines, step) >= set(trace), step
    assert traces(lines, "flow.turn.closed") == traces(lines, "outbox.effect.done")


@pytest.mark.parametrize("alone", PATIENT, indirect=True)
async def test_of_a_burst_the_last_messages_id_goes_on(alone: World, lines: Lines) -> None:
    for words in ("Oi", "quero marcar um corte", "com o Zé amanhã às 15h"):
        await alone.say(words)
    await alone.let_pass(seconds=60)

    await alone.replies(1)
    await alone.idle()

    heard = await alone.rows(
        "SELECT trace_id FROM inbox_events WHERE kind = 'message' ORDER BY received_at"
    )
    assert len(set(heard)) == 3
    last = set(heard[-1])
    assert {trace for (trace,) in await alone.rows("SELECT trace_id FROM outbox")} == last
    assert traces(lines, "flow.turn.closed") == traces(lines, "outbox.effect.done") == last


async def test_a_failure_on_the_way_bears_the_id_too(here: World, lines: Lines) -> None:
    match = {"phone_number_id": here.tenant.phone_number_id, "kind": "send"}
    await here.fault(here.meta, "server_error", match=match, times=1)

    await here.ask("oi")
    await here.idle()

    (trace,) = await here.rows("SELECT trace_id FROM outbox WHERE tenant_id = :tenant")
    assert traces(lines, "outbox.effect.failed") >= set(trace)


async def test_what_a_tap_does_without_the_model_bears_its_id(here: World) -> None:
    await here.without_model()
    root = await here.ask("oi")

    await here.choose(choice(root, "Agendar"))
    await here.idle()

    events = "SELECT trace_id FROM inbox_events WHERE tenant_id = :tenant AND kind = 'message'"
    sent = "SELECT trace_id FROM outbox WHERE tenant_id = :tenant"
    assert await here.rows(f"{events} ORDER BY id") == await here.rows(f"{sent} ORDER BY id")


async def test_no_line_holds_a_phone_number_or_a_text_in_clear(here: World, lines: Lines) -> None:
    """A line may hold them where the formatter masks them: under a name of its own."""
    phone, words = "5511977776666", "meu segredo de cabelo"

    await here.say(words, as_=phone)
    await here.replies(1, as_=phone)
    await here.idle()

    assert lines
    await eventually(lambda: traces(lines, "flow.turn.closed"))
    for line in lines:
        assert phone not in str(line)
        assert words not in str(line)
