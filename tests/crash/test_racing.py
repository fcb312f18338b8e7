"""Many want one slot at once: one gets it, and the others are offered something else."""

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.crash.processes import ROOT
from tests.crash.world import TIMEOUT_S, CrashWorld
from tests.world import choices_of, text_of, tomorrow

pytestmark = pytest.mark.timeout(TIMEOUT_S)

RACE = Path(__file__).with_name("race.py")
PROCESSES, SOME, MANY = 2, 20, 250


@pytest.mark.parametrize("each", [SOME, pytest.param(MANY, marks=pytest.mark.full)])
async def test_hundreds_of_bookings_of_one_slot_from_several_processes_book_it_once(
    here: CrashWorld, each: int
) -> None:
    await here.open("worker")
    env = {**os.environ, **here.env, "PYTHONPATH": str(ROOT)}
    start = tomorrow(15).isoformat()
    command = (sys.executable, str(RACE), here.world.tenant.path, start, str(each))
    async with AsyncExitStack() as stack:
        racers = [
            await stack.enter_async_context(
                here.running_command(*command, env=env, piped=True, within=TIMEOUT_S)
            )
            for _ in range(PROCESSES)
        ]
        for racer in racers:
            assert await racer.stdout.readline() == b"ready\n"
        for racer in racers:
            racer.stdin.write(b"go\n")
        outcomes: Counter[str] = Counter()
        for racer in racers:
            outcomes += Counter(json.loads(await racer.stdout.readline()))

    assert outcomes == {"Booked": 1, "Taken with alternatives": PROCESSES * each - 1}
    await here.settle()
    await here.check_calendar([("booked", tomorrow(15))])


async def test_twenty_customers_who_ask_for_one_slot_at_once_get_one_booking(
    here: CrashWorld,
) -> None:
    await here.open("worker")
    await here.start("worker")
    customers = [f"55119888800{number:02d}" for number in range(20)]
    wish = "Quero marcar um corte amanhã às 15h com o Zé"

    await asyncio.gather(*(here.world.say(wish, as_=each) for each in customers))

    for customer in customers:
        await here.until_replied(1, customer)
    await here.settle()
    replies = [(await here.world.sent(as_=each))[0] for each in customers]
    (lucky,) = (who for who, each in zip(customers, replies, strict=True) if _is_proposed(each))
    assert all(choices_of(each) for each in replies)
    await here.world.say("Sim", as_=lucky)
    await here.until_replied(2, lucky)
    await here.settle()
    await here.check_messages()
    await here.check_calendar([("booked", tomorrow(15))])


def _is_proposed(reply: dict[str, Any]) -> bool:
    return "Posso marcar?" in text_of(reply)
