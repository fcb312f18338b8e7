"""Processes are killed at random while a crowd books, moves and cancels."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from tests.crash.world import KILLED_AT_RANDOM, TIMEOUT_S, CrashWorld
from tests.world import eventually, tomorrow

SEED = 20261122
SOME, MANY = (12, 14), (40, 45)  # customers, and the most kills
PAUSE_S = (0.1, 0.7)
PATIENCE_S = 120.0  # only a test that fails waits so long
PLANS = (("book",), ("book", "cancel"), ("book", "move"), ("book", "move", "cancel"))


@dataclass(slots=True)
class Customer:
    """Somebody with a plan, and a time that nobody else wants of this barber."""

    number: int
    plan: tuple[str, ...]

    @classmethod
    def by_chance(cls, number: int, chance: random.Random) -> "Customer":
        # Who moves may get either barber, so only one of two customers with the same time does.
        return cls(number, chance.choice(PLANS if number % 2 else PLANS[:2]))

    @property
    def wa_id(self) -> str:
        return f"55119666600{self.number:02d}"

    def start(self, *, days: int = 1) -> datetime:
        slot = self.number // 2
        return tomorrow(8 + slot // 2, 30 * (slot % 2), days=days)

    def says(self, step: str) -> str:
        at, barber = f"{self.start():%H:%M}", ("Zé", "Beto")[self.number % 2]
        return {
            "book": f"Quero marcar um corte amanhã às {at} com o {barber}",
            "move": f"Quero remarcar para depois de amanhã às {at}",
            "cancel": "Quero cancelar meu horário",
        }[step]

    @property
    def outcome(self) -> tuple[str, datetime]:
        """Status and start of the one appointment that is left in the end."""
        status = "cancelled" if "cancel" in self.plan else "booked"
        return status, self.start(days=2 if "move" in self.plan else 1)


@dataclass(slots=True)
class Postman:
    """Looks for replies on behalf of the whole crowd, so that each need not ask."""

    here: CrashWorld
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


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize(("customers", "most"), [SOME, pytest.param(*MANY, marks=pytest.mark.full)])
@pytest.mark.parametrize(
    "here", [{**KILLED_AT_RANDOM, "park_after": 100}], indirect=True
)  # a kill is a start too
async def test_a_crowd_is_served_once_each_although_processes_are_killed_at_random(
    here: CrashWorld, customers: int, most: int
) -> None:
    chance = random.Random(SEED)
    crowd = [Customer.by_chance(number, chance) for number in range(customers)]
    await here.open("worker", "worker")
    postman = Postman(here)
    async with postman.walking():
        async with asyncio.TaskGroup() as visits:
            under_way = {
                visits.create_task(
                    _visit(here, each, postman, chance, arrive_within_s=customers / 3)
                )
                for each in crowd
            }
            for visit in list(under_way):
                visit.add_done_callback(under_way.discard)
            kills = await _kill(here, chance, most=most, while_=lambda: bool(under_way))
        await here.settle()

    assert kills > customers / 2, "the crowd was served too fast for this to prove anything"
    await here.check_messages(counted_only=True)
    await here.check_calendar([each.outcome for each in crowd])


async def _visit(
    here: CrashWorld,
    customer: Customer,
    postman: Postman,
    chance: random.Random,
    *,
    arrive_within_s: float,
) -> None:
    await asyncio.sleep(chance.uniform(0, arrive_within_s))
    said = [words for step in customer.plan for words in (customer.says(step), "Sim")]
    for count, words in enumerate(said, start=1):
        await here.world.say(words, as_=customer.wa_id)
        await eventually(
            postman.has(customer, count),
            within=PATIENCE_S,
            why=f"what customer {customer.number} is told of {words!r}",
        )


async def _kill(
    here: CrashWorld, chance: random.Random, *, most: int, while_: Callable[[], bool]
) -> int:
    """Kill and replace one process after the other; return how many."""
    for kills in range(most):
        if not while_():
            return kills
        await asyncio.sleep(chance.uniform(*PAUSE_S))
        victim = chance.choice([each for each in here.processes if each.alive])
        await victim.kill()
        await here.start(victim.part)
    return most
