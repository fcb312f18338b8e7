"""Pages of the console: the fleet of 1,000 and of 10,000, a thread of 10,000 messages, a first visit."""

import asyncio
import gzip
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.progress import Progress

from mcp_platform.registry.fleet.rows import EVERY, refresh_fleet
from tests.benchmarks.environment import Result, database
from tests.clocks import ClockAhead
from tests.console.browser import PlainBrowser
from tests.platform_api import Api, made_api

SIZES = (1_000, 10_000)
MESSAGES = 10_000
LOOKS = 100
WARM = 10
ASSET = re.compile(r'(?:href|src)="(/console/static/[\w.-]+)')
# Each tenant as it is after a month: twelve checks, twenty customers, one of fifty waits.
FILL = (
    "INSERT INTO clients (name, business_name)"
    " SELECT 'client-' || n, 'Client ' || n FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n",
    "INSERT INTO tenants (client_name, environment)"
    " SELECT 'client-' || n, 'production' FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n",
    "INSERT INTO doctor_results (tenant_id, name, state, code, details, since, checked_at)"
    " SELECT id, 'check.' || n, CASE WHEN id % 30 = 0 AND n = 1 THEN 'failed' ELSE 'ok' END, 'x',"
    " '{}', now(), now() FROM tenants, generate_series(1, 12) n"
    " WHERE substr(client_name, 8)::int BETWEEN CAST(:first AS int) AND CAST(:last AS int)",
    "INSERT INTO contacts (tenant_id, id, space, answered_by, human_since, last_inbound_at)"
    " SELECT id, gen_random_uuid(), 'whatsapp',"
    " CASE WHEN id % 50 = 0 AND n = 1 THEN 'human' ELSE 'assistant' END, now(),"
    " now() - n * interval '1 hour' FROM tenants, generate_series(1, 20) n"
    " WHERE substr(client_name, 8)::int BETWEEN CAST(:first AS int) AND CAST(:last AS int)",
    "INSERT INTO publications (tenant_id, requested, requested_at, committed, committed_at)"
    " SELECT id, 'x', now(), 'x', now() FROM tenants"
    " WHERE substr(client_name, 8)::int BETWEEN CAST(:first AS int) AND CAST(:last AS int)",
)


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Measure pages as the service makes them, without the network, warm, by one person."""
    task = progress.add_task("console", total=len(SIZES) + 2)
    with ExitStack() as stack:
        url = stack.enter_context(database(folder / "postgres", "bench_console"))
        yield from asyncio.run(_measured(url, folder, lambda: progress.advance(task)))


async def _measured(url: str, folder: Path, step: object) -> list[Result]:
    found: list[Result] = []
    data = folder / "console"
    data.mkdir(exist_ok=True)
    async with made_api(url, data, ClockAhead()) as api:
        browser = PlainBrowser(api)
        found += await _first_visit(browser)
        step()  # type: ignore[operator]  # a bar that goes on
        await browser.sign_in((await api.make_user("operator")).email)
        before = 0
        for size in SIZES:
            for statement in FILL:
                await api.sql(statement, first=before, last=size - 1)
            before = size
            await _analysed(api)
            began = time.perf_counter()
            await _refreshed(api)
            first = (time.perf_counter() - began) * 1000
            began = time.perf_counter()
            await _refreshed(api)
            again = (time.perf_counter() - began) * 1000
            await api.sql("ANALYZE fleet_rows")
            took = await _looks(browser, "/fleet")
            target = "≤ 60" if size == SIZES[0] else ""
            name = f"fleet_page_ms_{size}_tenants"
            found.append(Result(f"{name}_p50", statistics.median(took), "ms", target))
            found.append(Result(f"{name}_p95", _p95(took), "ms", "≤ 150" if target else ""))
            found.append(Result(f"fleet_refresh_ms_{size}_tenants", again, "ms"))
            found.append(Result(f"fleet_first_refresh_ms_{size}_tenants", first, "ms"))
            step()  # type: ignore[operator]
        path = await _long_thread(api)
        took = await _looks(browser, path)
        found.append(Result("conversation_page_ms", statistics.median(took), "ms", "≤ 80"))
        found.append(Result("conversation_page_ms_p95", _p95(took), "ms"))
        step()  # type: ignore[operator]
    return found


async def _analysed(api: Api) -> None:
    for table in ("tenants", "clients", "doctor_results", "contacts", "publications"):
        await api.sql(f"ANALYZE {table}")


async def _refreshed(api: Api) -> None:
    """Look over the fleet as a worker does; the next time ten seconds later."""
    async with api.platform.shared.admin_sessions.everywhere.begin() as session:
        await refresh_fleet(session, now=api.clock())
    api.clock.ahead += EVERY


async def _looks(browser: PlainBrowser, path: str) -> list[float]:
    took = []
    for count in range(WARM + LOOKS):
        began = time.perf_counter()
        answer = await browser.get(path)
        if count >= WARM:
            took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return took


async def _long_thread(api: Api) -> str:
    await api.sql(
        "INSERT INTO messages (tenant_id, contact_id, direction, author, text, at)"
        " SELECT c.tenant_id, c.id, 'in', 'contact', 'Oi ' || n, now() - n * interval '1 minute'"
        " FROM (SELECT tenant_id, id FROM contacts ORDER BY tenant_id LIMIT 1) c,"
        " generate_series(1, CAST(:many AS int)) n",
        many=MESSAGES,
    )
    await api.sql("ANALYZE messages")
    [one] = await api.sql(
        "SELECT t.client_name, t.environment, m.contact_id FROM messages m"
        " JOIN tenants t ON t.id = m.tenant_id LIMIT 1"
    )
    return f"/t/{one.client_name}/{one.environment}/conversations/{one.contact_id}"


async def _first_visit(browser: PlainBrowser) -> list[Result]:
    """Count what a browser asks for before it can sign in, as it is sent."""
    page = await browser.get("/sign-in")
    assets = sorted(set(ASSET.findall(page.text)))
    sent = len(gzip.compress(page.content, 9))
    for each in assets:
        answer = await browser.get(each.removeprefix("/console"))
        sent += len(gzip.compress(answer.content, 9))
    return [
        Result("console_first_visit_kb", sent / 1024, "kB", "≤ 60"),
        Result("console_requests", 1 + len(assets), "", "≤ 6"),
    ]


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]
