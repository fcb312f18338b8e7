"""Hundreds of spoilt webhooks, in the full tier thousands: each is answered, nothing valid is lost, nobody else notices."""

import asyncio
import json
import time
from collections import Counter
from typing import Any

import psutil
import pytest

from mcp_platform.whatsapp.signature import sign
from tests.fuzz.mutations import Mutator
from tests.raw_connection import RawConnection
from tests.world import World, eventually, message, running

SOME, MANY = 500, 10_000
VALID_EVERY = 40  # or more often, so that each of REAL is heard
LINES = 16
SEED = 20261201
REAL = [f"55119888800{number:02}" for number in range(25)]
STRANGERS = [f"55219777700{number:02}" for number in range(200)]
MEMORY_MB = 150
STUCK_S = 120  # without one step forward; a busy machine may take as long as it needs

# Replies to strangers may wait: WhatsApp takes only so many to one person.
UNDONE = """
    SELECT (SELECT count(*) FROM inbox_events WHERE state IN ('waiting', 'claimed'))
         + (SELECT count(*) FROM outbox JOIN contacts ON contacts.id = outbox.contact_id
            WHERE outbox.state NOT IN ('sent', 'delivered', 'read', 'failed', 'dead')
              AND contacts.wa_id = ANY(:real))
"""


class Posting:
    """So many bodies and the valid messages between them, and what was answered."""

    def __init__(self, world: World, *, mutated: int) -> None:
        self._world = world
        self._path = f"/{world.tenant.path}/api/v1/webhooks/whatsapp"
        self.valid: dict[str, str] = {}
        self.answered: Counter[int] = Counter()
        self._mutator = Mutator(
            seed=SEED,
            number=world.tenant.phone_number_id,
            at=int(time.time()),
            senders=STRANGERS,
        )
        self._left = mutated
        self._valid_every = min(VALID_EVERY, mutated // len(REAL))

    async def run(self) -> None:
        await asyncio.gather(*(self._line() for _ in range(LINES)))

    async def _line(self) -> None:
        async with RawConnection(self._world.url) as line:
            while self._left > 0:
                self._left -= 1
                body = self._mutator.body()
                status = await self._post(line, body)
                assert status == 200, (status, body[:2_000])
                if self._left % self._valid_every == 0:
                    await self._valid(line)

    async def _valid(self, line: RawConnection) -> None:
        sender = REAL[len(self.valid) % len(REAL)]
        said = message(f"oi {len(self.valid)}", wa_id=sender)
        self.valid[f"m:{said['id']}"] = sender
        body = json.dumps(self._world.webhook(said)).encode()
        for _ in range(2):  # Meta repeats itself
            assert await self._post(line, body) == 200

    async def _post(self, line: RawConnection, body: bytes) -> int:
        signature = sign(body, app_secret=self._world.tenant.app_secret)
        status = await line.post(self._path, body, signature=signature)
        self.answered[status] += 1
        return status


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("mutated", [SOME, pytest.param(MANY, marks=pytest.mark.full)])
async def test_mutated_webhooks_harm_nothing(unstarted: World, mutated: int) -> None:
    async with running(unstarted, "gateway"):
        await unstarted.add_tenant()
        posting = Posting(unstarted, mutated=mutated)
        process = psutil.Process()
        before = process.memory_info().rss

        await posting.run()

        assert (process.memory_info().rss - before) / 2**20 < MEMORY_MB
        stored = await _counted(unstarted, "SELECT key FROM inbox_events WHERE key LIKE 'm:%'")
        assert {key: stored[key] for key in posting.valid} == dict.fromkeys(posting.valid, 1)
        assert len(stored) > mutated / 10  # most of what came was still somebody's message

        # More wake-ups than people: the sweeper finds them all the same.
        await unstarted.rows("DELETE FROM queue.pgqueuer RETURNING 1")

    async with running(unstarted) as platform:
        assert platform.worker is not None
        await _drained(unstarted)

        await _nothing_was_given_up(unstarted)
        heard = await _counted(unstarted, "SELECT key FROM messages WHERE direction = 'in'")
        assert {key: heard[key] for key in posting.valid} == dict.fromkeys(posting.valid, 1)
        for sender in REAL:
            sent = await unstarted.sent(as_=sender)
            assert sent, sender
        await unstarted.post(unstarted.webhook(message("oi", wa_id="5511955550000")))
        await unstarted.replies(1, as_="5511955550000")


async def _drained(world: World) -> None:
    """Wait until nothing is left to be done, for as long as it becomes less."""
    left = await world.value(UNDONE, real=REAL)
    while left:

        async def less(than: int = left) -> bool:
            nonlocal left
            left = await world.value(UNDONE, real=REAL)
            return bool(left < than)

        await eventually(less, within=STUCK_S, why=f"less than {left} left to be done")


async def _nothing_was_given_up(world: World) -> None:
    parked = await world.rows("SELECT id, error FROM turns WHERE state = 'parked'")
    assert parked == []
    refused = await world.rows("SELECT key, body FROM inbox_events WHERE state = 'parked'")
    assert refused == []


async def _counted(world: World, statement: str) -> Counter[Any]:
    return Counter(key for (key,) in await world.rows(statement))
