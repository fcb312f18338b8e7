"""What one process keeps in memory, logs and counts of several tenants: nothing of one in another's.

Two shops with the same customer, the same words and the same request keys in one process. Caches
are found in the memory itself, and metrics in the registry: a new one is looked at too.
"""

import dataclasses
import gc
import io
import json
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx
import pytest
import structlog
from cachetools import Cache
from prometheus_client import REGISTRY, generate_latest

from mcp_platform.access.tenant_tokens import SCOPES, TenantTokens
from mcp_platform.app import create_internal_app
from mcp_platform.assistant.gemini.client import Gemini
from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.kit.logging import configure_logging
from mcp_platform.outbox.outbox import Outbox
from mcp_platform.scheduling.google.calendar import GoogleCalendars
from mcp_platform.settings import Settings
from mcp_platform.whatsapp.client import WhatsApp
from tests.world import (
    ANA,
    ServedTenant,
    Simulators,
    World,
    eventually,
    running,
    text_of,
    tomorrow,
    unstarted_world,
)

CUSTOMERS = [f"55119777666{each}" for each in range(10, 30)]
REFUSED_USER = "who-is-refused"
WORDS, NAME = "quero cortar meu cabelo comprido", "Anastácia Vasconcelos"
BOOK = "Marca um corte com o Zé amanhã às 15h"


@pytest.fixture
async def shops(simulators: Simulators, migrated_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """Two shops in one process that runs gateway, worker and admin."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    quick = {"debounce_s": 0, "debounce_cap_s": 0, "sweep_s": 0.5, "data_dir": tmp_path}
    async with (
        unstarted_world(simulators, migrated_url, credentials, **quick) as made,
        running(made, "gateway", "worker", "admin"),
    ):
        await made.add_tenant()
        await made.add_tenant()
        yield made
        await made.forgive()


def token(world: World, tenant: ServedTenant) -> str:
    return TenantTokens(token_keys(world.settings)).mint(
        tenant=tenant.path,
        subject="site",
        scopes=frozenset(SCOPES),
        ttl=timedelta(hours=1),
        now=now(),
    )


async def by_api(world: World, tenant: ServedTenant, words: str = "oi") -> httpx.Response:
    """Say something by the API, of both tenants with the same user and the same request key."""
    async with httpx.AsyncClient(base_url=world.url, timeout=30) as client:
        return await client.post(
            f"/{tenant.path}/api/v1/chat",
            json={"message": words, "user_id": "ana"},
            headers={"authorization": f"Bearer {token(world, tenant)}", "idempotency-key": "one"},
        )


def secrets_of(tenant: ServedTenant) -> set[str]:
    return {
        tenant.app_secret,
        tenant.gemini_key,
        f"token-{tenant.client_name}",
        f"verify-{tenant.client_name}",
    }


def marks_of(tenant: ServedTenant) -> set[str]:
    """Return what stands for a tenant wherever it stands: names, ids, secrets."""
    return {tenant.client_name, tenant.phone_number_id, *secrets_of(tenant)}


def texts_in(value: Any, *, depth: int = 6) -> Iterator[str]:
    """Go through what a value holds, as far as it is plain."""
    if isinstance(value, str):
        yield value
    elif depth == 0:
        return
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts_in(pair, depth=depth - 1)
    elif isinstance(value, Iterable) and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from texts_in(each, depth=depth - 1)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts_in(getattr(value, field.name), depth=depth - 1)
    elif hasattr(value, "__dict__"):
        yield from texts_in(vars(value), depth=depth - 1)


async def test_what_is_remembered_of_one_tenant_holds_nothing_of_another(shops: World) -> None:
    answers = []
    for tenant in shops.tenants:
        await shops.ask(BOOK, to=tenant)
        answers.append(await by_api(shops, tenant))
    await shops.idle()
    first, second = (each.json() for each in answers)
    assert first["conversation_id"] != second["conversation_id"]
    assert not {each["id"] for each in first["choices"]} & {
        each["id"] for each in second["choices"]
    }

    looked_at = 0
    mine, others = (marks_of(each) for each in shops.tenants)
    for cache in [each for each in gc.get_objects() if isinstance(each, Cache)]:
        assert cache.maxsize < 100_000
        for key, value in list(cache.items()):
            held = "\n".join(texts_in((key, value)))
            whose = [any(mark in held for mark in marks) for marks in (mine, others)]
            assert not all(whose), f"{type(value).__name__} is of both"
            looked_at += any(whose)
    # Directory by path and id, credentials, cards, catalogues or clients: of each tenant.
    assert looked_at >= 2 * 4
    assert shops.platform is not None
    directory, credentials = shops.platform.shared.tenants, shops.platform.shared.credentials
    for tenant in shops.tenants:
        known = await directory.by_path(tenant.client_name, "production")
        assert (known.id, known.phone_number_id) == (tenant.id, tenant.phone_number_id)
        assert (await credentials.of(known)).gemini_api_key == tenant.gemini_key


async def test_a_request_key_of_one_tenant_is_another_tenants_own(shops: World) -> None:
    mine, other = shops.tenants
    first = await by_api(shops, mine, "oi")
    again = await by_api(shops, mine, "oi")
    elsewhere = await by_api(shops, other, "tchau")
    assert first.json() == again.json()
    assert elsewhere.status_code == 200
    assert elsewhere.json()["turn_id"] != first.json()["turn_id"]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What this process logs by its default settings."""
    root = logging.getLogger()
    handlers, level, structured = root.handlers[:], root.level, structlog.get_config()
    defaults = Settings()
    configure_logging(level=defaults.log_level, form="json", show_texts=defaults.log_texts)
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    output = io.StringIO()
    handler.setStream(output)
    yield output
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)


# Not so many of Gemini's that it is left alone; of the others, what is tried again at once or never.
FAULTS = {
    "meta": ("error", "reset", "response_lost", "server_error"),
    "gemini": ("malformed_json", "unavailable", "key_invalid"),
    "google": ("not_shared", "reset", "server_error", "unreadable"),
}
BUGS = ((WhatsApp, "send"), (Gemini, "ask"), (GoogleCalendars, "of"), (Outbox, "send"))


async def test_no_failure_logs_a_secret_a_number_or_a_word(
    shops: World, written: io.StringIO
) -> None:
    for tenant in shops.tenants:
        await shops.say(BOOK, to=tenant, name=NAME)
        assert "Posso marcar?" in text_of((await shops.replies(1, to=tenant))[0])
        await by_api(shops, tenant, WORDS)
    customers = iter(CUSTOMERS)
    for where, faults in FAULTS.items():
        for fault in faults:
            await _suffers(shops, where, fault, as_=next(customers))
    for door, method in BUGS:
        await _breaks(shops, door, method, as_=next(customers))
    await _is_refused_by_postgres(shops, as_=next(customers))
    for table in ("messages", "contacts"):
        await eventually(lambda: f"no_{table}" in written.getvalue())  # noqa: B023  # awaited here
    await _fails_to_sign_in(shops)

    said = written.getvalue()
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"error", "warning", "info"} <= {line["log.level"] for line in lines}
    assert {"outbox.effect.done", "outbox.effect.failed"} <= {line["message"] for line in lines}
    assert all(f"a bug of {door.__name__}" in said for door, _ in BUGS)
    forbidden = {
        *CUSTOMERS,
        ANA,
        WORDS,
        NAME,
        json.dumps(NAME)[1:-1],
        "cabelo",
        "PRIVATE KEY",
        "hunter2",
    }
    for tenant in shops.tenants:
        forbidden |= {*secrets_of(tenant), tenant.owner}
    for secret in forbidden:
        assert secret not in said, [line for line in said.splitlines() if secret in line][:2]


async def _suffers(world: World, where: str, fault: str, *, as_: str) -> None:
    """Write to a shop one of whose vendors fails, until it has failed."""
    vendor: httpx.AsyncClient = getattr(world, where)
    await world.fault(vendor, fault, times=1)

    async def struck() -> bool:
        live = (await vendor.get("/_control/faults")).json()
        return not live["faults"]

    await world.say(BOOK, as_=as_, name=NAME)
    await eventually(struck, why=f"{where} {fault}")


async def _breaks(world: World, door: type, method: str, *, as_: str) -> None:
    """Have a door fail as nobody expects, with what it was given at hand."""
    met: list[str] = []

    def bug(*given: Any, **more: Any) -> Any:
        met.append(str((given, more)))
        raise RuntimeError(f"a bug of {door.__name__}")

    with patch.object(door, method, bug):
        await world.say(BOOK, as_=as_, name=NAME)
        await eventually(lambda: met, why=f"a bug of {door.__name__}")


async def _is_refused_by_postgres(world: World, *, as_: str) -> None:
    """Have rows refused for what is in them: in a turn, and under a request."""
    connection = await asyncpg.connect(world.database_url)
    for table, rule in (
        ("messages", "text NOT LIKE '%cabelo%'"),
        ("contacts", f"api_user_id <> '{REFUSED_USER}'"),
    ):
        await connection.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT no_{table} CHECK ({rule}) NOT VALID"
        )
    await connection.close()
    await world.say(WORDS, as_=as_, name=NAME)
    tomorrow_at_9 = tomorrow(9).isoformat()
    body = {"service": "corte", "start": tomorrow_at_9, "user_id": REFUSED_USER}
    async with httpx.AsyncClient(base_url=world.url) as client:
        answer = await client.post(
            f"/{world.tenant.path}/api/v1/appointments/create",
            json=body,
            headers={"authorization": f"Bearer {token(world, world.tenant)}"},
        )
    assert answer.status_code == 500
    assert REFUSED_USER not in answer.text


async def _fails_to_sign_in(world: World) -> None:
    async with httpx.AsyncClient(base_url=world.url) as client:
        for email in ("hunter2@example.com", f"{ANA}@example.com"):
            body = {"email": email, "password": "hunter2 hunter2", "totp": "123456"}
            assert (await client.post("/api/v1/auth/token", json=body)).status_code == 401


async def test_metrics_name_tenants_only_where_there_are_few_and_nobody_else(
    shops: World,
) -> None:
    for tenant in shops.tenants:
        await shops.ask(BOOK, to=tenant)
    await _suffers(shops, "meta", "server_error", as_=CUSTOMERS[0])
    await shops.idle()

    shown = generate_latest().decode()
    for tenant in shops.tenants:
        for mark in {ANA, NAME, WORDS, tenant.owner, tenant.phone_number_id, *secrets_of(tenant)}:
            assert mark not in shown
    for family in REGISTRY.collect():
        for sample in family.samples:
            named = [each.path for each in shops.tenants if each.path in str(sample.labels)]
            assert not named or family.name.startswith("mcp_tenant_")


async def test_nothing_of_the_internal_port_is_on_the_public_one(shops: World) -> None:
    assert shops.platform is not None
    internal = [getattr(each, "path", "") for each in create_internal_app(shops.platform).routes]
    assert {"/metrics", "/health/detail"} <= set(internal)
    mine, other = shops.tenants
    bearer = {"authorization": f"Bearer {token(shops, mine)}"}
    async with httpx.AsyncClient(base_url=shops.url) as client:
        for path in internal:
            for prefix in ("", "/", f"/{mine.path}", f"/{other.path}", "/api/v1", "/api/v1/admin"):
                answer = await client.get(f"{prefix}{path}", headers=bearer)
                told = answer.status_code, answer.headers.get("location")
                if told != (303, "/console/"):  # what is asked of the root, not of a path
                    assert answer.status_code in (404, 405), f"{prefix}{path}"
