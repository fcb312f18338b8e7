"""The straight line: the SQL and the HTTP calls of one turn, one after another, and nothing else.

What `flow.py` does for a customer who asks for times: same statements in the same number of
transactions, same vendor calls; no lease to keep up, no journal to read, no model to distrust.
`python -m tests.benchmarks.straight DATABASE_URL VENDORS_URL TURNS AT_ONCE` prints JSON.
"""

import asyncio
import json
import resource
import sys
import time
import uuid
from typing import Any

import asyncpg
import httpx
import uvloop

EVENT = (
    "INSERT INTO inbox_events (tenant_id, key, kind, contact_key, body, instant, state)"
    " VALUES (1, $1, 'message', $2, $3, false, 'claimed')"
)
JOB = (
    "INSERT INTO queue.pgqueuer (priority, entrypoint, payload, status)"
    " VALUES (0, 'straight', $1, 'queued') RETURNING id"
)
PICK = "UPDATE queue.pgqueuer SET status = 'picked', heartbeat = now() WHERE id = $1"
DONE = "DELETE FROM queue.pgqueuer WHERE id = $1"
STEP = "INSERT INTO turn_steps (tenant_id, turn_id, name, content) VALUES (1, $1, $2, $3)"
FENCE = "SELECT 1 FROM contact_leases WHERE tenant_id = 1 AND contact_id = $1 FOR UPDATE"
BODY = b"{}" * 200
PROMPT = json.dumps({"system": "x" * 4000, "contents": []})


class Line:
    """One turn after another."""

    def __init__(self, pool: asyncpg.Pool, http: httpx.AsyncClient) -> None:
        self._pool = pool
        self._http = http
        self.vendor_s: list[float] = []
        self.whole_s: list[float] = []

    async def turn(self, number: int) -> None:
        began = time.perf_counter()
        alias, contact, turn = f"w:{number}", uuid.uuid4(), uuid.uuid4()
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(EVENT, f"m:{turn}", alias, BODY)
            job = await connection.fetchval(JOB, BODY[:60])
        await self._pool.execute(PICK, job)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(
                "SELECT contact_id FROM contact_aliases WHERE tenant_id = 1 AND alias = $1", alias
            )
            await connection.execute(
                "INSERT INTO contacts (tenant_id, id, space) VALUES (1, $1, 'whatsapp')", contact
            )
            await connection.execute(
                "INSERT INTO contact_aliases (tenant_id, alias, contact_id) VALUES (1, $1, $2)",
                f"{alias}:{turn}",
                contact,
            )
            await connection.execute(
                "INSERT INTO contact_leases (tenant_id, contact_id) VALUES (1, $1)", contact
            )
            await connection.fetch(
                "SELECT min(received_at), max(received_at) FROM inbox_events"
                " WHERE tenant_id = 1 AND contact_key = $1 AND state = 'waiting'"
                " AND kind = 'message'",
                alias,
            )
        await self._pool.execute(
            "UPDATE contact_leases SET holder = $2, epoch = epoch + 1, heartbeat_at = now()"
            " WHERE tenant_id = 1 AND contact_id = $1",
            contact,
            turn,
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(FENCE, contact)
            await connection.execute(
                "INSERT INTO turns (tenant_id, id, contact_id, opened_at) VALUES (1, $1, $2, now())",
                turn,
                contact,
            )
            await connection.execute(
                "UPDATE inbox_events SET turn_id = $2 WHERE tenant_id = 1 AND key = $1",
                f"m:{turn}",
                turn,
            )
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(FENCE, contact)
            await connection.execute(
                "UPDATE contacts SET name = 'Ana', last_inbound_at = now()"
                " WHERE tenant_id = 1 AND id = $1",
                contact,
            )
        await self._call("POST", "/v26.0/1/messages", {"status": "read"})
        await self._pool.fetch(
            "SELECT * FROM appointments WHERE tenant_id = 1 AND contact_id = $1", contact
        )
        await self._pool.fetch(
            "SELECT * FROM messages WHERE tenant_id = 1 AND contact_id = $1 ORDER BY id", contact
        )
        await self._step(contact, turn, "prompt", PROMPT)
        question = {"system": "x" * 4000, "contents": [{"parts": [{"text": "oi"}]}]}
        await self._call("POST", "/v1/models/m:generateContent", question)
        await self._step(contact, turn, "model:0", "{}")
        await self._pool.fetch(
            "SELECT professional_id, blocked FROM appointments WHERE tenant_id = 1"
        )
        await self._call("GET", "/calendar/v3/calendars/c/events", None)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(FENCE, contact)
            await connection.executemany(
                "INSERT INTO offers (tenant_id, id, contact_id, action, expires_at)"
                " VALUES (1, $1, $2, '{}', now())",
                [(f"s_{turn}{index}", contact) for index in range(10)],
            )
            await connection.execute(STEP, turn, "tool:0.0", "{}")
        question["contents"][0]["parts"][0] = {"functionResponse": {}}  # type: ignore[index]
        await self._call("POST", "/v1/models/m:generateContent", question)
        await self._step(contact, turn, "model:1", "{}")
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(FENCE, contact)
            row = await connection.fetchval(
                "INSERT INTO outbox (tenant_id, key, lane, kind, contact_id, body)"
                " VALUES (1, $1, $2, 'whatsapp', $3, '{}') RETURNING id",
                f"r:{turn}",
                f"c:{contact}",
                contact,
            )
            sending = await connection.fetchval(JOB, BODY[:60])
            for direction in ("in", "out"):
                await connection.execute(
                    "INSERT INTO messages (tenant_id, contact_id, turn_id, direction, author, text,"
                    " at) VALUES (1, $1, $2, $3, 'contact', 'oi', now())",
                    contact,
                    turn,
                    direction,
                )
            await connection.execute(
                "UPDATE turns SET state = 'done' WHERE tenant_id = 1 AND id = $1", turn
            )
            await connection.execute(
                "UPDATE inbox_events SET state = 'done' WHERE tenant_id = 1 AND turn_id = $1", turn
            )
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(FENCE, contact)
            await connection.execute(
                "UPDATE contact_leases SET holder = NULL WHERE tenant_id = 1 AND contact_id = $1",
                contact,
            )
        await self._pool.execute(DONE, job)
        await self._pool.execute(PICK, sending)
        await self._pool.fetch("SELECT * FROM outbox WHERE tenant_id = 1 AND id = $1", row)
        await self._pool.execute(
            "UPDATE outbox SET state = 'sending' WHERE tenant_id = 1 AND id = $1", row
        )
        await self._call("POST", "/v26.0/1/messages", {"to": str(number)})
        await self._pool.execute(
            "UPDATE outbox SET state = 'sent' WHERE tenant_id = 1 AND id = $1", row
        )
        await self._pool.execute(DONE, sending)
        self.whole_s.append(time.perf_counter() - began)

    async def _step(self, contact: uuid.UUID, turn: uuid.UUID, name: str, content: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(FENCE, contact)
            await connection.execute(STEP, turn, name, content)

    async def _call(self, method: str, path: str, body: Any) -> None:
        began = time.perf_counter()
        answer = await self._http.request(method, path, json=body)
        answer.raise_for_status()
        answer.json()
        self.vendor_s.append(time.perf_counter() - began)


async def main(database_url: str, vendors_url: str, turns: int, at_once: int) -> None:
    async with (
        asyncpg.create_pool(database_url, min_size=10, max_size=10) as pool,
        httpx.AsyncClient(base_url=vendors_url, timeout=30) as http,
    ):
        line = Line(pool, http)
        numbers = iter(range(10**9, 10**9 + turns))

        async def work() -> None:
            for number in numbers:
                await line.turn(number)

        await line.turn(1)
        line.vendor_s.clear()
        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        took = time.perf_counter() - began
    calls_a_turn = 5
    vendor = sum(line.vendor_s) / len(line.vendor_s) * calls_a_turn
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = (used.ru_utime + used.ru_stime) / turns
    print(json.dumps({"per_s": turns / took, "vendor_ms": vendor * 1000, "cpu_ms": cpu * 1000}))


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
