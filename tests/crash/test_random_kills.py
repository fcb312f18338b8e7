"""Processes are killed at random while a crowd books, moves and cancels."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from tests.crash.place import Place
from tests.flows.world import eventually, tomorrow

SEED = 20261122
CUSTOMERS = 40
KILLS = 60
PAUSE_S = (0.2, 0.9)
PATIENCE_S = 150.0  # only a test that fails waits so long
PLANS = (("book",), ("book", "move"), ("book", "cancel"), ("book", "move", "cancel"))


@dataclass(slots=True)
class Customer:
    """Somebody with a plan, and a slot that nobody else wants."""

    number: int
    plan: tuple[str, ...]

    @property
    def wa_id(self) -> str:
        return f"55119666600{self.number:02d}"

    @property
    def barber(self) -> str:
        return ("Zé", "Beto")[self.number % 2]

    def start(self, *, days: int = 1) -> datetime:
        slot = self.number // 2
        return tomorrow(8 + slot // 2, 30 * (slot % 2), days=days)

    def says(self, step: str) -> str:
        at = f"{self.start():%H:%M}"
        return {
            "book": f"Quero marcar um corte amanhã às {at} com o {self.barber}",
            "move": f"Quero remarcar para depois de amanhã às {at} com o {self.barber}",
            "cancel": "Quero cancelar meu horário",
        }[step]

    @property
    def outcome(self) -> tuple[datetime, str, str]:
        start = self.start(days=2 if "move" in self.plan else 1)
        status = "cancelled" if "cancel" in self.plan else "booked"
        return start, self.barber, status


@dataclass(slots=True)
class Postman:
    """Looks for replies on behalf of the whole crowd, so that forty need not ask."""

    here: Place
    replies: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @asynccontextmanager
    async def walking(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._walk())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _walk(self) -> None:
        while True:
            for each in await self.here.world.sent(as_=None):
                key = each["biz_opaque_callback_data"]
                self.replies[each["payload"]["to"]].add(key)
            await asyncio.sleep(0.2)

    def has(self, customer: Customer, count: int) -> Callable[[], bool]:
        return lambda: len(self.replies[customer.wa_id]) >= count


@pytest.mark.timeout(240)
@pytest.mark.parametrize("here", [{"park_after": 100}], indirect=True)  # a kill is a start too
async def test_a_crowd_is_served_once_each_although_processes_are_killed_at_random(
    here: Place,
) -> None:
    chance = random.Random(SEED)
    crowd = [Customer(number, chance.choice(PLANS)) for number in range(CUSTOMERS)]
    await here.open("gateway")
    await here.start("worker")
    await here.start("worker")
    postman = Postman(here)
    async with postman.walking():
        served = asyncio.gather(*(_visit(here, each, postman, chance) for each in crowd))
        kills = await _kill(here, chance, while_=lambda: not served.done())
        try:
            async with asyncio.timeout(60):
                await served
        except BaseException:
                for q in ("SELECT state, kind, count(*) FROM inbox_events GROUP BY 1,2", "SELECT key, contact_key, received_at FROM inbox_events WHERE state IN ('waiting','claimed') AND kind='message'", "SELECT * FROM turns WHERE state <> 'done'", "SELECT key,state,attempts,resends,due_at,error FROM outbox WHERE state NOT IN ('delivered','done')", "SELECT status, count(*) FROM queue.pgqueuer GROUP BY 1", "SELECT * FROM contact_leases WHERE holder IS NOT NULL"):
                    print(q); 
                    for r in await here.world.rows(q): print("   ", tuple(r))
                u = await here.world.meta.get("/_control/undelivered")
                print("undelivered", [(d["attempts"], d["http_status"], d["error"], d["body"][:300]) for d in u.json()["undelivered"]])
                for c in crowd: print(c, len(postman.replies[c.wa_id]))
                print({k for k in postman.replies})
                raise
        await here.settle()

    assert kills > CUSTOMERS / 2, "the crowd was served too fast for this to prove anything"
    await here.check_messages(resends=None)
    rows = await here.world.rows(
        "SELECT a.starts_at, p.name, a.status FROM appointments a JOIN professionals p"
        " ON p.tenant_id = a.tenant_id AND p.id = a.professional_id"
    )
    outcomes = sorted(each.outcome for each in crowd)
    odd = set(map(tuple, rows)) ^ set(outcomes)
    for c in crowd:
        if any(o[1] == c.barber and (o[0] in (c.start(), c.start(days=2))) for o in odd):
            print(c, c.outcome)
            for m in await here.world.rows("SELECT m.author, m.text, m.at, m.key FROM messages m JOIN contacts c ON c.id = m.contact_id WHERE c.wa_id = :w ORDER BY m.id", w=c.wa_id): print("   ", tuple(m))
    print(odd)
    assert sorted(map(tuple, rows)) == outcomes
    await here.check_calendar(None)


async def _visit(
    here: Place, customer: Customer, postman: Postman, chance: random.Random
) -> None:
    await asyncio.sleep(chance.uniform(0, 10))
    for count, step in enumerate(customer.plan, start=1):
        await here.world.say(customer.says(step), as_=customer.wa_id)
        await eventually(
            postman.has(customer, count),
            within=PATIENCE_S,
            why=f"what customer {customer.number} is told of {step!r}",
        )


async def _kill(here: Place, chance: random.Random, *, while_: Callable[[], bool]) -> int:
    """Kill and replace one process after the other; return how many."""
    for kills in range(KILLS):
        if not while_():
            return kills
        await asyncio.sleep(chance.uniform(*PAUSE_S))
        victim = chance.choice(here.running)
        await victim.kill()
        here.running.remove(victim)
        await here.start(victim.part)
    return KILLS
