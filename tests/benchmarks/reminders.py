"""Reminders that are all due at once: planned, recorded and sent by one worker."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
from rich.progress import Progress

from tests.benchmarks.environment import Result
from tests.benchmarks.turns import TENANTS, serving

REMINDERS = int(os.environ.get("BENCH_REMINDERS", "2000"))
PATIENCE_S = 600.0
LOOK_EVERY_S = 0.5

# Contacts who wrote an hour ago, each with a visit in less than two hours, booked long ago. What it
# blocks is no matter here, and no two may block the same.
CONTACTS = """
    INSERT INTO contacts (tenant_id, id, space, wa_id, last_inbound_at)
    SELECT t.id, md5(t.id || ':' || n)::uuid, 'whatsapp', '55119' || lpad((t.id * 100000 + n)::text, 8, '0'),
           now() - interval '1 hour'
    FROM tenants t, generate_series(1, $1::int) n
"""
VISITS = """
    INSERT INTO appointments (
        tenant_id, id, contact_id, professional_id, service_id, status, starts_at, ends_at, blocked,
        created_at, updated_at)
    SELECT p.tenant_id, md5('a' || p.tenant_id || ':' || n)::uuid, md5(p.tenant_id || ':' || n)::uuid,
           p.professional_id, p.service_id, 'booked',
           date_trunc('second', now()) + interval '110 minutes',
           date_trunc('second', now()) + interval '140 minutes',
           tstzrange(now() + n * interval '1 day', now() + n * interval '1 day' + interval '1 hour'),
           now() - interval '5 days', now() - interval '5 days'
    FROM (SELECT DISTINCT ON (tenant_id) tenant_id, professional_id, service_id FROM offerings
          ORDER BY tenant_id, professional_id, service_id) p,
         generate_series(1, $1::int) n
"""
DAYLIGHT = "UPDATE tenants SET reminder_hours = '{2}', quiet_from = '00:00', quiet_until = '00:00'"
SENT = """
    SELECT count(*) FROM outbox WHERE key LIKE 'reminder:%' AND state IN ('sent', 'delivered', 'read')
"""
TOOK = """
    SELECT extract(epoch FROM max(updated_at) - min(created_at)),
           extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (
               ORDER BY updated_at - $1::timestamptz))
    FROM outbox WHERE key LIKE 'reminder:%'
"""


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Measure how many reminders a worker sends in a second, and how late they are."""
    task = progress.add_task("reminders", total=REMINDERS)
    with serving(folder, "reminders", DEBOUNCE_S="0") as service:

        async def run() -> tuple[float, float, int]:
            connection = await asyncpg.connect(service.database)
            try:
                await connection.execute(DAYLIGHT)
                await connection.execute(CONTACTS, REMINDERS // TENANTS)
                await connection.execute(VISITS, REMINDERS // TENANTS)
                from_ = await connection.fetchval("SELECT now()")
                wanted, until = REMINDERS // TENANTS * TENANTS, time.monotonic() + PATIENCE_S
                while (sent := await connection.fetchval(SENT)) < wanted:
                    progress.update(task, completed=sent)
                    if time.monotonic() > until:
                        raise TimeoutError(f"{sent} of {wanted} reminders were sent")
                    await asyncio.sleep(LOOK_EVERY_S)
                progress.update(task, completed=REMINDERS)
                took, late = await connection.fetchrow(TOOK, from_)
                twice = "SELECT count(*) FROM outbox WHERE resends > 0"
                return float(took), float(late), await connection.fetchval(twice)
            finally:
                await connection.close()

        took, late, resent = asyncio.run(run())
    yield Result("reminders_per_s", REMINDERS / took, "/s")
    yield Result("reminders_p95_late_s", late, "s")
    yield Result("reminders_sent_again", float(resent), "", "0")
