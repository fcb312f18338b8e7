"""Work that holds up the event loop: measured, told of, and ended with its process."""

import asyncio
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import structlog

from mcp_platform.kit.standstill import STANDSTILLS, OverBudget, ProcessorTime, watch

FOREVER = timedelta(hours=1)
LIMIT_S = 60
NEVER_COMES_BACK = """
import asyncio, collections, itertools
from datetime import timedelta
from mcp_platform.kit.standstill import watch

async def main():
    watching = asyncio.create_task(watch(ends_after=timedelta(seconds=1)))
    await asyncio.sleep(0.2)
    collections.deque(itertools.repeat(None), maxlen=0)  # in C, holding the interpreter

asyncio.run(main())
"""


def burn(seconds: float) -> None:
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass


async def test_processor_time_is_the_works_own() -> None:
    processor = ProcessorTime(most=timedelta(seconds=0.2))

    async def others() -> None:
        burn(0.3)

    async def work() -> None:
        other = asyncio.create_task(others())
        burn(0.05)
        await other
        burn(0.05)
        processor.check()

    await processor.of(work())


@pytest.mark.parametrize("before", [0.0, 0.15])
async def test_who_uses_more_than_the_budget_is_told_at_the_next_step(before: float) -> None:
    processor = ProcessorTime(most=timedelta(seconds=0.2))

    async def work() -> None:
        burn(before)
        await asyncio.sleep(0)
        processor.check()
        burn(0.25 - before)
        processor.check()

    with pytest.raises(OverBudget):
        await processor.of(work())


async def test_what_is_measured_ends_as_it_would_otherwise() -> None:
    seen: list[str] = []

    async def returns() -> str:
        await asyncio.sleep(0)
        return "done"

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("wrong")

    async def survives() -> str:
        try:
            await asyncio.sleep(LIMIT_S)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "late"

    async def gives_up() -> str:
        try:
            async with asyncio.timeout(0.01):
                return await survives()
        except TimeoutError:
            return "in time"

    measured = ProcessorTime(most=FOREVER).of
    assert await measured(returns()) == "done"
    assert await measured(gives_up()) == "in time"
    with pytest.raises(ValueError, match="wrong"):
        await measured(fails())
    task = asyncio.create_task(measured(survives()))  # type: ignore[arg-type]  # it is awaitable
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled", "cancelled"]


async def test_a_standstill_is_logged_and_counted_with_whose_turn_it_was() -> None:
    counted = STANDSTILLS._value.get()

    async def work() -> None:
        time.sleep(0.8)  # noqa: ASYNC251  # what should not be done
        await asyncio.sleep(0)

    watching = asyncio.create_task(watch(ends_after=FOREVER))
    try:
        with structlog.testing.capture_logs() as lines:
            await asyncio.sleep(0.01)
            await ProcessorTime(most=FOREVER, tenant="shop/production", turn="t-1").of(work())
            for _ in range(LIMIT_S * 10):
                if lines:
                    break
                await asyncio.sleep(0.1)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    assert lines[0]["event"] == "kit.loop.stood_still"
    assert (lines[0]["tenant"], lines[0]["turn"]) == ("shop/production", "t-1")
    assert lines[0]["seconds"] >= 0.5
    assert STANDSTILLS._value.get() > counted


def test_a_loop_that_never_comes_back_ends_its_process_and_shows_where() -> None:
    ended = subprocess.run(  # our own interpreter
        [sys.executable, "-c", NEVER_COMES_BACK],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )

    assert ended.returncode == 1
    assert "Timeout" in ended.stderr
    assert "in main" in ended.stderr
