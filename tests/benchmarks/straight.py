"""The straight line: the SQL and the HTTP calls of one turn, one after another, and nothing else.

What a worker does for a stranger who asks for times: the same statements in the same transactions
(fourteen of them, for a turn and its delivery), the same vendor calls, by the drivers alone. No
lease to keep up, no journal to read back, no model to distrust. The statements are the product's
own wherever it keeps them as constants; checked against what Postgres logs of a turn
(`log_statement = all`).
`python -m tests.benchmarks.straight DATABASE_URL VENDORS_URL TURNS AT_ONCE` prints JSON.
"""

import asyncio
import json
import resource
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import uvloop

from mcp_platform.assistant import journal, offers
from mcp_platform.conversations import contacts, lease, messages
from mcp_platform.inbox import ingest, turns
from mcp_platform.kit import consumer, queue
from mcp_platform.kit.sql import Sql
from mcp_platform.outbox import lanes, outbox
from mcp_platform.scheduling import appointments

TENANT = 1
PROMPT = json.dumps({"system": "x" * 4000, "contents": []})
SLOTS = [{"do": "slot", "start": "2026-11-22T15:00:00-03:00", "service": "corte"}] * 10
BODY = json.dumps({"message": {"text": "x" * 100}, "contact": {"name": "x" * 50}}).encode()
MESSAGE = json.dumps({"message": {"interactive": {"rows": SLOTS}}, "purpose": "reply"})
DAY = timedelta(days=1)
# Under an entrypoint of its own, or the worker that is measured beside it would do its work.
OURS = "straight"
JOBS_DONE_AT_ONCE = 8
AT_ONCE_MOST = 10**6  # no limit, in the statement that has one
TABLE = f"{queue.SCHEMA}.pgqueuer"
TAKE_JOBS = consumer.TAKE.format(table=TABLE, repeats=consumer.REPEATS)
SETTLE_JOBS = consumer.SETTLE.format(table=TABLE)
STORE = ingest.STORE.format(schema=queue.SCHEMA, inbox=OURS)


class Statement:
    """A statement of the product, without what the product does around it."""

    def __init__(self, statement: Sql) -> None:
        self._statement = statement

    async def on(self, connection: asyncpg.Connection, **values: Any) -> list[asyncpg.Record]:
        return await connection.fetch(self._statement.text, *self._statement.values(values))


KNOWN_AS, MEET, LEARN = map(Statement, (contacts.KNOWN_AS, contacts.MEET, contacts.LEARN))
ALIASES, ALIAS = Statement(contacts.ALIASES), Statement(contacts.ALIAS)
INBOUND, GET = Statement(contacts.INBOUND), Statement(contacts.GET)
TAKE, FENCE, RELEASE = map(Statement, (lease.TAKE, lease.FENCE, lease.RELEASE))
WAITING, RESUME, TO_FREEZE = map(Statement, (turns.WAITING, turns.RESUME, turns.TO_FREEZE))
OPEN, CLAIM_EVENTS = Statement(turns.OPEN), Statement(turns.CLAIM)
END_TURN, END_EVENTS = Statement(turns.END_TURN), Statement(turns.END_EVENTS)
UPCOMING, OCCUPIED = Statement(appointments.UPCOMING), Statement(appointments.OCCUPIED)
OFFERED, ISSUE = Statement(offers.LATEST), Statement(offers.ISSUE)
HISTORY, WRITE = Statement(messages.LATEST), Statement(messages.WRITE)
STEP = Statement(journal.WRITE)
RECORD, ENQUEUE = (
    Statement(outbox.RECORD),
    Statement(Sql(queue.ENQUEUE.format(schema=queue.SCHEMA))),
)
HEAD, CLAIM, SENT = map(Statement, (lanes.HEAD, lanes.CLAIM, lanes.SENT))


class Line:
    """One turn after another."""

    def __init__(self, pool: asyncpg.Pool, http: httpx.AsyncClient) -> None:
        self._pool = pool
        self._http = http
        self._me = uuid.uuid4()
        self._jobs: list[int] = []
        self.vendor_s: list[float] = []

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection

    async def turn(self, number: int) -> None:
        now = datetime.now(UTC)
        key, alias = f"m:{number}", f"u:BR.{number}"
        contact_id, turn_id = uuid.uuid4(), uuid.uuid4()
        lane = f"c:{contact_id}"
        mine = {"tenant": TENANT, "contact": contact_id}
        held = {**mine, "holder": uuid.uuid4(), "epoch": 1}
        await self._event(key, alias, now)
        await self._take_jobs()
        async with self._begin() as connection:
            await KNOWN_AS.on(connection, tenant=TENANT, alias=alias)
            ids = {"bsuid": alias[2:], "wa_id": None, "api_user_id": None, "name": None}
            await MEET.on(connection, **mine, alias=alias, space="whatsapp", **ids)
            await WAITING.on(connection, **mine)
            await TAKE.on(connection, **held, lasts=timedelta(seconds=15))
            await WAITING.on(connection, **mine)
            await RESUME.on(connection, **mine)
            await TO_FREEZE.on(connection, **mine, most=50)
            await OPEN.on(connection, **mine, id=turn_id, now=now)
            await CLAIM_EVENTS.on(connection, tenant=TENANT, id=turn_id, keys=[key])
        async with self._begin() as connection:
            await FENCE.on(connection, **held)
            await LEARN.on(connection, **mine, bsuid=alias[2:], wa_id=str(number), name="Ana")
            other = f"w:{number}"
            await ALIASES.on(connection, **mine, aliases=[alias, other])
            await KNOWN_AS.on(connection, tenant=TENANT, alias=other)
            await ALIAS.on(connection, **mine, alias=other)
            await INBOUND.on(connection, **mine, at=now)
            await GET.on(connection, **mine)
        await self._call("POST", "/v26.0/1/messages", {"status": "read"})
        async with self._begin() as connection:
            await FENCE.on(connection, **held)
            await UPCOMING.on(connection, **mine, now=now)
            await OFFERED.on(connection, **mine, now=now, does="slot", most=10)
            await HISTORY.on(connection, **mine, since=now - DAY, most=20)
            await self._write(connection, turn_id, "prompt", PROMPT)
        question = {"system": "x" * 4000, "contents": [{"parts": [{"text": "oi"}]}]}
        await self._call("POST", "/v1/models/m:generateContent", question)
        await self._step(held, turn_id, "model:0", json.dumps(SLOTS[0]))
        await self._call("GET", "/calendar/v3/calendars/c/events", None)
        async with self._begin() as connection:
            span = {"first": now, "last": now + 7 * DAY, "earliest": now, "latest": now + 9 * DAY}
            who = {"professionals": ["ze"], "excluding": None, "holder": None}
            await OCCUPIED.on(connection, tenant=TENANT, now=now, **span, **who)
        offered = [{"id": f"s_{turn_id}{n}", "action": each} for n, each in enumerate(SLOTS)]
        async with self._begin() as connection:
            await FENCE.on(connection, **held)
            await ISSUE.on(connection, **mine, expires_at=now + DAY, rows=json.dumps(offered))
            await self._write(connection, turn_id, "tool:0.0", json.dumps(offered))
        question["contents"][0]["parts"][0] = {"functionResponse": {}}  # type: ignore[index]
        await self._call("POST", "/v1/models/m:generateContent", question)
        await self._step(held, turn_id, "model:1", json.dumps(SLOTS[0]))
        async with self._begin() as connection:
            await FENCE.on(connection, **held)
            wakeup = queue.WakeUp(TENANT, lane).pack()
            await RECORD.on(
                connection,
                **mine, key=f"r:{turn_id}", lane=lane, kind="whatsapp", body=MESSAGE, trace=None,
                due_at=None,
            )  # fmt: skip
            await ENQUEUE.on(
                connection,
                priority=1, entrypoint=OURS, tenant=TENANT, key=lane, payload=wakeup,
                delay=timedelta(0), once=None,
            )  # fmt: skip
            for direction, name in (("in", key), ("out", f"r:{turn_id}")):
                await WRITE.on(
                    connection,
                    **mine, turn=turn_id, direction=direction, author="contact", text="oi", key=name,
                    content=json.dumps(SLOTS), at=now,
                )  # fmt: skip
            done = {"tenant": TENANT, "id": turn_id, "state": "done"}
            await END_TURN.on(connection, **done, now=now, error=None)
            await END_EVENTS.on(connection, **done)
            await WAITING.on(connection, **mine)
            await RELEASE.on(connection, **held)
        await self._deliver(lane, number, now)

    async def _event(self, key: str, alias: str, now: datetime) -> None:
        """What the gateway does: here it is part of the line, as nobody else would do it."""
        columns = ([TENANT], [key], ["message"], [alias], [BODY], [now], [False], [None])
        await self._pool.fetchval(STORE, *columns, timedelta(0))

    async def _take_jobs(self) -> None:
        """Take two wake-ups, a turn's and a delivery's; of eight at once it is said that they are done.

        A busy worker's queue makes 1.6 statements a turn; this makes 1.25.
        """
        nobody: tuple[list[Any], ...] = ([], [], [])
        taken = await self._pool.fetch(TAKE_JOBS, [OURS], *nobody, 2, AT_ONCE_MOST, self._me)
        self._jobs += [each["id"] for each in taken if each["id"] is not None]
        if len(self._jobs) >= JOBS_DONE_AT_ONCE:
            done, self._jobs = self._jobs, []
            await self._pool.execute(SETTLE_JOBS, done, [], [], self._me)

    async def _deliver(self, lane: str, number: int, now: datetime) -> None:
        place, by = {"tenant": TENANT, "lane": lane}, uuid.uuid4()
        async with self._begin() as connection:
            (head,) = await HEAD.on(connection, **place)
        async with self._begin() as connection:
            await CLAIM.on(
                connection,
                **place, id=head["id"], state="pending", attempts=0, claimed_by=None, by=by,
                until=now, give_up_at=now + DAY, resends=0,
            )  # fmt: skip
        await self._call("POST", "/v26.0/1/messages", {"to": str(number)})
        async with self._begin() as connection:
            await SENT.on(connection, tenant=TENANT, id=head["id"], by=by, wamid=f"wamid.{number}")
        async with self._begin() as connection:
            await HEAD.on(connection, **place)

    async def _step(
        self, held: dict[str, Any], turn_id: uuid.UUID, name: str, content: str
    ) -> None:
        async with self._begin() as connection:
            await FENCE.on(connection, **held)
            await self._write(connection, turn_id, name, content)

    async def _write(
        self, connection: asyncpg.Connection, turn_id: uuid.UUID, name: str, content: str
    ) -> None:
        await STEP.on(connection, tenant=TENANT, turn=turn_id, name=name, content=content)

    async def _call(self, method: str, path: str, body: Any) -> None:
        began = time.perf_counter()
        answer = await self._http.request(method, path, json=body)
        answer.raise_for_status()
        answer.json()
        self.vendor_s.append(time.perf_counter() - began)


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Spare the statement that a pool adds to each transaction: the worker makes none either."""


async def main(database_url: str, vendors_url: str, turns: int, at_once: int) -> None:
    async with (
        asyncpg.create_pool(
            database_url, min_size=10, max_size=10, reset=_nothing_to_reset
        ) as pool,
        httpx.AsyncClient(base_url=vendors_url, timeout=30) as http,
    ):
        line = Line(pool, http)
        first = time.time_ns() // 10**6 * 10**4  # another run's customers are others
        numbers = iter(range(first, first + turns))

        async def work() -> None:
            for number in numbers:
                await line.turn(number)

        await line.turn(first - 1)
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
