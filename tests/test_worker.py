"""What the worker does about failures, apart from any work."""

import asyncio
import random
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mcp_platform.errors import Unavailable
from mcp_platform.kit.consumer import Handle, Places
from mcp_platform.kit.queue import INBOX, WakeUp
from mcp_platform.worker import FIRST_PAUSE_S, LONGEST_PAUSE_S, Worker, _pause

EARLIER = timedelta(seconds=1)


def test_however_often_something_failed_there_is_a_pause() -> None:
    assert all(0 <= _pause(failures) <= LONGEST_PAUSE_S for failures in (1, 7, 1_024, 10**9))


class NothingElse:
    """What the worker is made of, none of which is asked here."""

    handle = None

    async def by_id(self, _: int) -> SimpleNamespace:
        return SimpleNamespace(topology="shared", path="shop/production")


@pytest.fixture
def worker() -> Worker:
    nothing: Any = NothingElse()
    return Worker(
        sessions=nothing,
        tenants=nothing,
        queue=nothing,
        news=asyncio.Event(),
        answering=nothing,
        delivery=nothing,
        notices=nothing,
        daily=nothing,
        calendars=nothing,
        templates=nothing,
        reminders=nothing,
        idle=nothing,
        places=Places(4, 4),
        sweep_every=EARLIER,
        patience=EARLIER,
        lease=EARLIER,
        keep=EARLIER,
        topology="shared",
        fleet=nothing,
    )


async def pause(worker: Worker, handle: Handle) -> float:
    later = await worker._job(INBOX, handle)(WakeUp(1, "w:5511999998888"))
    assert later is not None
    return later.total_seconds()


async def test_only_failures_in_a_row_make_the_pause_longer(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, most: most)

    async def early(_: WakeUp) -> timedelta:
        return EARLIER

    async def away(_: WakeUp) -> None:
        raise Unavailable("Postgres is away.")

    for _ in range(40):  # the contact typed on, or somebody else had the lease
        assert await pause(worker, early) == EARLIER.total_seconds()
    first = await pause(worker, away)
    second = await pause(worker, away)
    await pause(worker, early)
    anew = await pause(worker, away)

    assert (first, second, anew) == (2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, 2 * FIRST_PAUSE_S)
