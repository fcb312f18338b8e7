"""How long a customer of one tenant waits while another tenant is busy, or its login makes noise.

All with the settings as they come, the debounce too: it is what a customer waits. The customers of
each quiet tenant write one after the other, each once the one before is answered, and each scene is
compared with the one of the same run in which nothing else happens.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
from rich.progress import Progress

from mcp_platform.kit.queue import OUTBOX, SCHEMA
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.whatsapp.signature import sign
from tests.benchmarks.environment import SECRET, Result, message_body
from tests.benchmarks.turns import TENANTS, Serving, say, serving

BUSY, QUIET = 0, (1, 2, 3)  # tenants of the benchmark, by the number of their client
WAITING = 5_000
MESSAGES_OF_A_WEBHOOK = 250
CUSTOMERS = 20  # of each quiet tenant
NOTIFICATIONS = 1_000_000
CHUNK = 10_000
FLOOD_S = 30.0  # over which they are spread
LONGEST_S = 120.0  # after which a customer counts as never answered
LOGIN = "bench_login"

# Many effects of one tenant, each in a lane of its own, recorded and woken for as the outbox does.
EFFECTS = f"""
    WITH recorded AS (
        INSERT INTO outbox (tenant_id, key, lane, kind, body)
        SELECT 1, '{{kind}}:' || n, '{{kind}}:' || n, '{{kind}}', {{body}}
        FROM generate_series(1, $1::int) n
        RETURNING tenant_id, lane
    )
    INSERT INTO {SCHEMA}.pgqueuer (priority, entrypoint, tenant_id, key, payload, status)
    SELECT 1, '{OUTBOX}', tenant_id, lane,
        convert_to(json_build_object('tenant', tenant_id, 'key', lane)::text, 'UTF8'), 'queued'
    FROM recorded
"""
MAILING = EFFECTS.format(
    kind="whatsapp",
    body="""jsonb_build_object('purpose', 'notice', 'message', jsonb_build_object(
        'messaging_product', 'whatsapp', 'to', (10^13 + n)::bigint::text,
        'type', 'text', 'text', jsonb_build_object('body', 'Oi')))""",
)
EVENTS = EFFECTS.format(
    kind="calendar_put",
    body="""jsonb_build_object('calendar_id', 'agenda@example.com', 'event', jsonb_build_object(
        'event_id', md5(n::text), 'start', '2027-01-04T10:00:00-03:00',
        'end', '2027-01-04T10:30:00-03:00', 'time_zone', 'America/Sao_Paulo',
        'summary', 'Corte', 'description', 'Corte', 'key', 'client-0/production'))""",
)


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Measure the quiet tenant's wait alone, beside notifications, and beside 5,000 that wait."""
    task = progress.add_task("fairness", total=5)
    with serving(folder, "fairness") as service:
        asyncio.run(_customers(service, 10**10, customers=3))  # warm
        quiet = asyncio.run(_customers(service, 2 * 10**10))
        progress.advance(task)
        noisy = asyncio.run(_beside_notifications(service))
        progress.advance(task)
        mailing = asyncio.run(_beside_effects(service, MAILING, 3 * 10**10))
        progress.advance(task)
        calendar = asyncio.run(_beside_effects(service, EVENTS, 7 * 10**10))
        progress.advance(task)
        busy = asyncio.run(_beside_messages(service))
        progress.advance(task)
    alone = statistics.median(quiet)
    yield Result("wait_alone_p50_s", alone, "s")
    yield Result("wait_alone_p99_s", _p99(quiet), "s")
    yield Result("wait_beside_5k_messages_p99_s", _p99(busy), "s")
    yield Result("wait_beside_5k_messages_ratio", _p99(busy) / alone, "×", "≤ 2")
    yield Result("wait_beside_5k_sends_ratio", _p99(mailing) / alone, "×", "≤ 2")
    yield Result("wait_beside_5k_events_ratio", _p99(calendar) / alone, "×", "≤ 2")
    noise = statistics.median(noisy) / alone
    yield Result("wait_beside_1m_notifications_ratio", noise, "×", "< 1.2")


def _p99(waited: list[float]) -> float:
    return statistics.quantiles(waited, n=100, method="inclusive")[98]


async def _customers(service: Serving, first: int, *, customers: int = CUSTOMERS) -> list[float]:
    """Let customers of the quiet tenants write; return how long each waited."""
    first -= first % TENANTS

    async def one_after_another(tenant: int) -> list[float]:
        async with httpx.AsyncClient(timeout=60) as client:
            numbers = (str(first + TENANTS * each + tenant) for each in range(customers))
            return [await _wait(client, service, number) for number in numbers]

    waited = await asyncio.gather(*(one_after_another(tenant) for tenant in QUIET))
    return [each for those in waited for each in those]


async def _wait(client: httpx.AsyncClient, service: Serving, number: str) -> float:
    asked: dict[str, float] = {}
    await say(client, service.gateway, number, asked)
    while time.time() < asked[number] + LONGEST_S:
        sent = (await client.get(f"{service.vendors}/sent/{number}")).json()
        if sent is not None:
            return float(sent) - asked[number]
        await asyncio.sleep(0.1)
    return LONGEST_S


async def _beside_messages(service: Serving) -> list[float]:
    """Let 5,000 customers of the busy tenant write at once."""
    async with httpx.AsyncClient(timeout=60) as client:
        for start in range(0, WAITING, MESSAGES_OF_A_WEBHOOK):
            body = _webhook(range(start, start + MESSAGES_OF_A_WEBHOOK))
            answer = await client.post(
                f"http://127.0.0.1:{service.gateway}"
                f"/client-{BUSY}/production/api/v1/webhooks/whatsapp",
                content=body,
                headers={"x-hub-signature-256": sign(body, app_secret=SECRET)},
            )
            answer.raise_for_status()
    waited = await _customers(service, 4 * 10**10)
    await _expect_more(service, "SELECT count(*) FROM inbox_events WHERE state = 'waiting'")
    return waited


async def _beside_effects(service: Serving, effects: str, first: int) -> list[float]:
    """Let 5,000 messages or events of the busy tenant wait to be done."""
    connection = await asyncpg.connect(service.database)
    await connection.execute(effects, WAITING)
    await connection.close()
    waited = await _customers(service, first)
    await _expect_more(service, "SELECT count(*) FROM outbox WHERE state = 'pending'")
    return waited


async def _beside_notifications(service: Serving) -> list[float]:
    """Let a tenant's login notify the shared queue's channel, all the while customers write."""
    owner = await asyncpg.connect(service.database)
    await owner.execute(f"CREATE ROLE {LOGIN} LOGIN PASSWORD '{LOGIN}'")
    await owner.execute(f"GRANT {DatabaseRole.TENANT} TO {LOGIN}")
    await owner.close()
    login = await asyncpg.connect(service.database, user=LOGIN, password=LOGIN)
    pause = FLOOD_S / (NOTIFICATIONS / CHUNK)

    async def flood() -> None:
        for start in range(0, NOTIFICATIONS, CHUNK):
            began = time.monotonic()
            await login.execute(
                f"SELECT pg_notify('mcp_{SCHEMA}', n::text) FROM generate_series($1::int, $2) n",
                start,
                start + CHUNK - 1,
            )
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))

    flooding = asyncio.create_task(flood())
    waited = await _customers(service, 5 * 10**10)
    await flooding
    await login.close()
    return waited


async def _expect_more(service: Serving, count: str) -> None:
    """Refuse a figure that was taken while the busy tenant was no longer busy."""
    connection = await asyncpg.connect(service.database)
    left = await connection.fetchval(count)
    await connection.close()
    if left < WAITING / 10:
        raise RuntimeError(f"only {left} of {WAITING} were still waiting at the end")


def _webhook(customers: range) -> bytes:
    """One webhook with a message of each customer of the busy tenant."""
    first, *rest = (
        json.loads(
            message_body(
                phone_number_id=str(BUSY),
                wamid=f"wamid.busy.{each}",
                wa_id=str(6 * 10**10 + each),
                text="Tem horário?",
            )
        )
        for each in customers
    )
    value = first["entry"][0]["changes"][0]["value"]
    for other in rest:
        another = other["entry"][0]["changes"][0]["value"]
        value["messages"] += another["messages"]
        value["contacts"] += another["contacts"]
    return json.dumps(first).encode()
