"""What this process says of itself: up or not in public, and everything else inside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mcp_platform.app import create_internal_app
from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.inbox.sweep import sweep
from mcp_platform.tenants.health import TenantHealth
from tests.world import ANA, World, eventually

BETO = "5511999990002"


@asynccontextmanager
async def inside(here: World) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the internal port of the service."""
    assert here.platform is not None
    transport = httpx.ASGITransport(create_internal_app(here.platform))
    async with httpx.AsyncClient(transport=transport, base_url="http://internal") as client:
        yield client


async def ask(here: World, path: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"{here.url}{path}")


async def troubles(here: World) -> list[dict[str, Any]]:
    async with inside(here) as client:
        found = (await client.get("/health/detail")).json()["degraded_tenants"]
    return [each for each in found if each["tenant"] == here.tenant.path]


def named(name: str, **labels: str) -> str:
    inside_ = ",".join(f"{label}={value}" for label, value in sorted(labels.items()))
    return f"{name}{{{inside_}}}" if labels else name


async def measured(here: World) -> dict[str, float]:
    """Return the samples of `/metrics`, by the names that `named` gives them."""
    async with inside(here) as client:
        answer = await client.get("/metrics", follow_redirects=True)
    return {
        named(sample.name, **sample.labels): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@asynccontextmanager
async def database_away(here: World, postgres: EmbeddedPostgres) -> AsyncIterator[None]:
    """Refuse every connection to this world's database, those that are open included."""
    name = urlsplit(here.database_url).path.lstrip("/")
    admin = await asyncpg.connect(postgres.url)
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        yield
    finally:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await admin.close()


async def test_up_is_told_without_naming_anything(here: World) -> None:
    answer = await ask(here, "/health")

    assert (answer.status_code, answer.json()) == (200, {"status": "up"})


async def test_without_the_database_it_is_alive_but_not_ready_and_says_why_in_one_word(
    alone: World, postgres: EmbeddedPostgres
) -> None:
    async with database_away(alone, postgres):

        async def down() -> bool:  # an answer is good for a second
            return (await ask(alone, "/health")).status_code == 503

        await eventually(down, why="503")
        assert (await ask(alone, "/health")).json() == {"status": "down", "why": "database"}
        assert (await ask(alone, "/health/live")).status_code == 200
        async with inside(alone) as client:
            detail = await client.get("/health/detail")
            assert (await client.get("/metrics", follow_redirects=True)).status_code == 200
        assert (detail.status_code, detail.json()["database"]) == (503, "away")

    async def up() -> bool:
        return (await ask(alone, "/health")).status_code == 200

    await eventually(up, why="200")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/health/detail"])
async def test_what_is_inside_is_not_told_outside(here: World, path: str) -> None:
    assert (await ask(here, path)).status_code == 404


async def test_a_tenant_whose_token_is_refused_is_degraded_until_a_send_works_again(
    here: World,
) -> None:
    assert await troubles(here) == []
    match = {"phone_number_id": here.tenant.phone_number_id, "kind": "send", "to": ANA}
    await here.fault(here.meta, "token_expired", match=match, times=None)

    await here.say("oi")

    async def degraded() -> bool:
        return bool(await troubles(here))

    await eventually(degraded, why="a degraded tenant")
    (trouble,) = await troubles(here)
    assert (trouble["tenant"], trouble["what"]) == (here.tenant.path, "whatsapp")
    assert datetime.fromisoformat(trouble["since"]).tzinfo
    assert f"token-{here.tenant.client_name}" not in str(trouble)
    counted = named("mcp_tenants_degraded", what="whatsapp")
    degraded_tenants = (await measured(here))[counted]
    assert degraded_tenants >= 1
    assert (await ask(here, "/health")).status_code == 200, "one tenant's trouble is not ours"

    await here.ask("oi", as_=BETO)  # the owner has put a new token there

    async def healthy() -> bool:
        return not await troubles(here)

    await eventually(healthy, why="no degraded tenant")
    assert (await measured(here)).get(counted, 0) < degraded_tenants


async def test_trouble_of_the_account_is_told_by_a_status_and_ended_by_a_delivery_alone(
    here: World,
) -> None:
    number = {"phone_number_id": here.tenant.phone_number_id}

    async def reasons() -> dict[str, str]:
        return {each["what"]: each["reason"] for each in await troubles(here)}

    # As the sheet of error codes has them: what is refused at once and what only a status tells
    # degrade alike; what is about one message or one contact does not.
    for code, told in {
        **dict.fromkeys((368, 131031, 131042, 131045, 190, 131005, 133010), True),
        **dict.fromkeys((131026, 131049, 131000, 130472), False),
    }.items():
        await here.fault(here.meta, "failed_status", match=number, times=None, code=code)
        await here.ask("oi")  # Meta accepts it: no trouble as of a send
        await eventually(lambda code=code: _given_up(here, code), why=f"{code} told")
        assert ("whatsapp_account" in await reasons()) is told, code
        assert not told or f"({code})" in (await reasons())["whatsapp_account"]
        await here.forgive()

        async def over() -> bool:
            # Of what was sent before, the last status may come late, and is trouble anew.
            await here.ask("oi")
            return "whatsapp_account" not in await reasons()

        await eventually(over, why=f"a delivery after {code}")


async def test_a_notice_that_does_not_reach_the_owner_is_told_to_who_runs_this(here: World) -> None:
    """The owner cannot be told of it; once one arrives, it is over."""

    async def told() -> bool:
        return "owner_notice" in {each["what"] for each in await troubles(here)}

    await here.change(owner_whatsapp="5511900000001")  # has never written: the window is shut
    await here.ask("Quero falar com uma pessoa")
    await eventually(told, why="131047 told")
    (trouble,) = await troubles(here)
    assert "OWNER_NOTICE_TEMPLATE" in trouble["reason"]

    assert here.platform is not None
    await TenantHealth(here.platform.shared.sessions, timer=lambda: 0.0).look()
    assert (await measured(here))[named("mcp_tenants_degraded", what="owner_notice")] >= 1

    await here.say("oi", as_="5511900000001")
    await here.ask("Quero falar com uma pessoa", as_=BETO)

    async def over() -> bool:
        return not await told()

    await eventually(over, why="a notice delivered")


async def _given_up(world: World, code: int) -> bool:
    found = "SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND error_code = :code"
    return bool(await world.value(found, code=code))


async def test_a_conversation_is_counted_from_the_webhook_to_the_bill(here: World) -> None:
    before = await measured(here)

    await here.ask_and_agree("Marca um corte com o Zé amanhã às 15h")
    await here.idle()

    async def told() -> bool:
        return (
            await grown(named("mcp_outbox_statuses_total", status="delivered", outcome="applied"))
            >= 1
        )

    async def grown(name: str) -> float:
        return (await measured(here)).get(name, 0) - before.get(name, 0)

    await eventually(told, why="a status")
    for name in (
        named("mcp_webhooks_total", status="200"),
        named("mcp_inbox_events_total", outcome="stored"),
        named("mcp_turns_total", outcome="model"),
        "mcp_turn_seconds_count",
        named("mcp_tool_calls_total", tool="book", outcome="Proposed"),
        named("mcp_model_calls_total", outcome="answered"),
        named("mcp_model_tokens_total", kind="prompt"),
        named("mcp_model_tokens_total", kind="candidates"),
        named("mcp_outbox_sends_total", kind="whatsapp", outcome="done", code=""),
        named("mcp_outbox_sends_total", kind="calendar_put", outcome="done", code=""),
        named("mcp_outbox_delay_seconds_count", kind="whatsapp"),
        named("mcp_outbox_billed_total", category="service"),
        named("mcp_tenant_turns_total", tenant=here.tenant.path, outcome="model"),
    ):
        assert await grown(name) >= 1, name


async def test_what_the_model_writes_and_what_meta_refuses_are_counted(here: World) -> None:
    before = await measured(here)
    await here.script("Tenho um horário às 15h de sexta, pode vir!")
    match = {"phone_number_id": here.tenant.phone_number_id, "kind": "send"}
    await here.fault(here.meta, "error", match=match, times=1, code=131000)

    await here.ask("oi")
    await here.idle()

    after = await measured(here)
    for name in (
        "mcp_model_text_ignored_total",
        named("mcp_outbox_sends_total", kind="whatsapp", outcome="retry", code="131000"),
    ):
        assert after.get(name, 0) > before.get(name, 0), name


async def test_a_message_that_waits_shows_as_lag_and_one_of_a_suspended_tenant_does_not(
    alone: World,
) -> None:
    assert alone.platform is not None
    patience, lease = alone.settings.debounce_cap_s * 100, alone.settings.lease_s

    async def lag() -> float:
        assert alone.platform is not None
        await sweep(alone.platform.shared.sessions, patience=patience, lease=lease)
        return (await measured(alone))["mcp_inbox_lag_seconds"]

    await alone.change(status="suspended")
    await alone.say("oi")
    await alone.rows(
        "UPDATE inbox_events SET received_at = received_at - interval '1 hour' RETURNING id"
    )
    assert await lag() == 0

    await alone.rows("UPDATE tenants SET status = 'active' RETURNING id")
    # The service does not know yet, and has no wake-up for it.
    assert await lag() >= 3600
