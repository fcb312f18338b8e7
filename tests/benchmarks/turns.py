"""The whole path: a webhook in, two questions to the model, a look at the calendar, a reply out."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx
from rich.progress import Progress

from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
    every_day,
)
from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.simulators.google.app import new_service_account
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.signature import sign
from tests.benchmarks.environment import (
    SECRET,
    Result,
    database,
    free_port,
    message_body,
    process,
    write_credentials,
)

TENANTS = 8
TURNS = 160
AT_ONCE = 32
ROUNDS = 3
ALONE = 40


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway and a worker of `TENANTS` shops, and where their vendors answer."""

    database: str
    gateway: int
    vendors: str


@contextmanager
def serving(folder: Path, name: str, **settings: str) -> Iterator[Serving]:
    """Run both parts and the vendors, on a database of their own."""
    with ExitStack() as stack:
        url = stack.enter_context(database(folder / "postgres", f"bench_{name}"))
        asyncio.run(_fill(url))
        credentials = folder / f"credentials-{name}"
        private, _ = new_service_account("bench@example.iam.gserviceaccount.com")
        for count in range(TENANTS):
            write_credentials(
                credentials,
                f"client-{count}",
                str(count),
                GEMINI_API_KEY=f"key-{count}",
                GOOGLE_CLIENT_EMAIL=f"bench{count}@example.iam.gserviceaccount.com",
                GOOGLE_PRIVATE_KEY='"' + private.replace("\n", "\\n") + '"',
            )
        vendors, gateway = free_port(), free_port()
        there = f"http://127.0.0.1:{vendors}"
        stack.enter_context(
            process("-m", "tests.benchmarks.vendors", str(vendors), port=vendors, path="/sent")
        )
        environment = {
            "DATABASE_URL": url,
            "REDIS_URL": "",
            "CREDENTIALS_DIR": str(credentials),
            "META_GRAPH_URL": there,
            "GEMINI_URL": there,
            "GOOGLE_CALENDAR_URL": f"{there}/calendar/v3/",
            "GOOGLE_TOKEN_URL": f"{there}/token",
            "LOG_LEVEL": "WARNING",
            "WORKER_CONCURRENCY": str(AT_ONCE),
            **settings,
        }
        stack.enter_context(
            process(
                "-m", "mcp_platform.cli", "serve", "gateway",
                port=gateway, path="/health/live",
                PORT=str(gateway), INTERNAL_PORT="0", **environment,
            )
        )  # fmt: skip
        internal = free_port()
        stack.enter_context(
            process(
                "-m", "mcp_platform.cli", "serve", "worker",
                port=internal, path="/metrics", INTERNAL_PORT=str(internal), **environment,
            )
        )  # fmt: skip
        yield Serving(url, gateway, there)


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Measure turns/s of one worker and of the straight line in turn, then a turn alone."""
    task = progress.add_task("turns", total=2 * ROUNDS + 2)
    with serving(folder, "turns", DEBOUNCE_S="0") as service:
        url, gateway, there = service.database, service.gateway, service.vendors
        progress.advance(task)
        asyncio.run(_conversation(gateway, there, 10**8, TENANTS, at_once=TENANTS))  # warm
        ours, floor = [], []
        for round_ in range(ROUNDS):
            first = 10**9 * (round_ + 2)
            took = asyncio.run(_conversation(gateway, there, first, TURNS, at_once=TURNS))[0]
            ours.append(TURNS / took)
            progress.advance(task)
            floor.append(_straight(url, there, TURNS, AT_ONCE)["per_s"])
            progress.advance(task)
        alone = asyncio.run(_conversation(gateway, there, 10**10 * 3, ALONE, at_once=1))[1]
        vendor_ms = _straight(url, there, ALONE, 1)["vendor_ms"]
        progress.advance(task)
    ratios = [a / b for a, b in zip(ours, floor, strict=True)]
    yield Result("turns_per_s", statistics.median(ours), "/s")
    yield Result("turns_floor_per_s", statistics.median(floor), "/s")
    yield Result("turns_ratio_to_floor", statistics.median(ratios), "×", "≥ 0.5")
    overhead = statistics.median(alone) * 1000 - vendor_ms
    yield Result("turn_overhead_p50_ms", overhead, "ms", "aim 60")


def _straight(url: str, vendors: str, turns: int, at_once: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.straight", url, vendors]
    done = subprocess.run(
        [*command, str(turns), str(at_once)], check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout))


async def _conversation(
    port: int, vendors: str, first: int, turns: int, *, at_once: int
) -> tuple[float, list[float]]:
    """Let customers write; return how long all of it took, and how long each one waited."""
    asked: dict[str, float] = {}
    latest = 0.0
    async with httpx.AsyncClient(timeout=60) as client:
        for start in range(0, turns, at_once):
            batch = [str(first + start + each) for each in range(min(at_once, turns - start))]
            await asyncio.gather(*(say(client, port, wa_id, asked) for wa_id in batch))
            while True:
                sent = (await client.get(f"{vendors}/sent")).json()
                if all(each in sent for each in batch):
                    break
                await asyncio.sleep(0.02)
            latest = max(sent[each] for each in batch)
    waited = [sent[wa_id] - at for wa_id, at in asked.items()]
    return latest - min(asked.values()), waited


async def say(client: httpx.AsyncClient, port: int, wa_id: str, asked: dict[str, float]) -> None:
    tenant = int(wa_id) % TENANTS
    body = message_body(
        phone_number_id=str(tenant), wamid=f"wamid.{wa_id}", wa_id=wa_id, text="Tem horário?"
    )
    asked[wa_id] = time.time()
    answer = await client.post(
        f"http://127.0.0.1:{port}/client-{tenant}/production/api/v1/webhooks/whatsapp",
        content=body,
        headers={"x-hub-signature-256": sign(body, app_secret=SECRET)},
    )
    answer.raise_for_status()


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    for count in range(TENANTS):
        await connection.execute(
            "INSERT INTO clients (name, business_name) VALUES ($1, 'Bench')", f"client-{count}"
        )
        await connection.execute(
            "INSERT INTO tenants (client_name, environment, phone_number_id, calendar_id)"
            " VALUES ($1, 'production', $2, 'c@group.calendar.google.com')",
            f"client-{count}",
            str(count),
        )
    await connection.close()
    corte = ServiceId("corte")

    shop = Catalogue(
        services=(Service(id=corte, name="Corte", duration=timedelta(minutes=30)),),
        professionals=(
            Professional(
                id=ProfessionalId("ze"),
                name="Zé",
                service_ids=frozenset({corte}),
                hours=every_day(weekdays=range(7)),
            ),
        ),
        rules=BookingRules(),
    )
    engine = create_engine(url, pool_size=1, application_name="bench")
    async with create_sessions(engine).everywhere.begin() as session:
        for tenant_id in range(1, TENANTS + 1):
            await save_catalogue(session, TenantId(tenant_id), shop)
    await engine.dispose()
