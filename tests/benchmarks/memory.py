"""Resident memory of a gateway that knows many tenants, few of them active."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import httpx
import psutil
from rich.progress import Progress

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

TENANTS = 10_000
ACTIVE = 200


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Measure a gateway with 200 tenants in all, then one with 10,000, 200 of them active."""
    task = progress.add_task("memory", total=2)
    found = {}
    for tenants in (ACTIVE, TENANTS):
        found[tenants] = _resident(folder, tenants)
        progress.advance(task)
    idle = (found[TENANTS] - found[ACTIVE]) / (TENANTS - ACTIVE)
    megabytes = found[TENANTS] / 2**20
    yield Result("gateway_rss_mb_10k_tenants", megabytes, "MB", "≤ 300")
    yield Result("rss_kb_per_idle_tenant", max(0.0, idle) / 1024, "kB", "≤ 2")


def _resident(folder: Path, tenants: int) -> int:
    with ExitStack() as stack:
        url = stack.enter_context(database(folder / "postgres", "bench_memory"))
        asyncio.run(_fill(url, tenants))
        credentials = folder / "credentials-memory"
        for count in range(ACTIVE):
            write_credentials(credentials, f"client-{count}", str(count))
        port = free_port()
        gateway: psutil.Process = stack.enter_context(
            process(
                "-m", "mcp_platform.cli", "serve", "gateway",
                port=port, path="/health/live",
                PORT=str(port), INTERNAL_PORT="0", DATABASE_URL=url,
                CREDENTIALS_DIR=str(credentials), LOG_LEVEL="WARNING", REDIS_URL="",
            )
        )  # fmt: skip
        asyncio.run(_visit(port, tenants))
        return int(gateway.memory_info().rss)


async def _fill(url: str, tenants: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO clients (name, business_name)"
        " SELECT 'client-' || n, 'Client ' || n FROM generate_series(0, $1 - 1) n",
        tenants,
    )
    await connection.execute(
        "INSERT INTO tenants (client_name, environment, phone_number_id)"
        " SELECT 'client-' || n, 'production', n::text FROM generate_series(0, $1 - 1) n",
        tenants,
    )
    await connection.close()


async def _visit(port: int, tenants: int) -> None:
    """Let active tenants receive messages; let the others be looked up once, as probes would."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for round_ in range(5):
            for count in range(ACTIVE):
                body = message_body(
                    phone_number_id=str(count),
                    wamid=f"wamid.{round_}.{count}",
                    wa_id=f"5511{count:08d}",
                )
                answer = await client.post(
                    f"/client-{count}/production/api/v1/webhooks/whatsapp",
                    content=body,
                    headers={"x-hub-signature-256": sign(body, app_secret=SECRET)},
                )
                answer.raise_for_status()
        for count in range(ACTIVE, tenants):
            await client.get(f"/client-{count}/production/api/v1/webhooks/whatsapp")
