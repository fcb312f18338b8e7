"""A serving process: it answers, it stops in good order, and no part dies unnoticed."""

import asyncio
import signal
from datetime import timedelta

import httpx
import pytest

from mcp_platform.cli.serving import PartEnded, _Running
from tests.cli.conftest import Database, Mcp
from tests.cli.processes import PATIENCE_S, serving, wait_for


@pytest.mark.parametrize(
    ("number", "deaf_to"),
    [
        (signal.SIGTERM, "INT QUIT HUP"),
        pytest.param(signal.SIGINT, "", marks=pytest.mark.full),
    ],
)
def test_all_parts_are_served_by_default_and_a_signal_ends_them_well(
    number: signal.Signals, deaf_to: str, database: Database
) -> None:
    """As a background job under `nohup`, which ignores what a terminal sends, and in a terminal."""
    with serving(database.url, deaf_to=deaf_to) as (process, public, internal):
        assert wait_for(f"{internal}/health/detail", process).json()["database"] == "up"
        assert wait_for(f"{public}/health", process).json() == {"status": "up"}

        process.send_signal(number)
        _, logged = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "serve.stopped" in logged
    assert "Traceback" not in logged


def test_sign_ins_behind_tls_are_not_served_before_the_proxies_are_named(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://wa.example.com")
    refused = mcp("serve", "admin")
    assert (refused.status, "TRUSTED_PROXIES=1" in refused.err) == (1, True)


def test_a_worker_opens_no_public_port(database: Database) -> None:
    with serving(database.url, "worker") as (process, public, internal):
        assert wait_for(f"{internal}/health/detail", process).is_success

        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{public}/health")


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def test_a_part_that_fails_stops_the_others_and_is_named() -> None:
    running = _Running(asyncio.Event(), grace=timedelta(seconds=1))
    stopped = asyncio.Event()

    async def fails() -> None:
        raise OSError("the disk is gone")

    running.start("worker", fails(), stop=lambda: None)
    running.start("gateway", _until(stopped), stop=stopped.set)

    with pytest.raises(PartEnded, match="The worker failed: OSError"):
        await running.until_told()
    assert stopped.is_set()


async def test_a_part_that_ends_by_itself_is_a_failure_too() -> None:
    running = _Running(asyncio.Event(), grace=timedelta(seconds=1))

    async def ends() -> None:
        return

    running.start("worker", ends(), stop=lambda: None)

    with pytest.raises(PartEnded, match="The worker ended before it was told to"):
        await running.until_told()


async def test_what_is_under_way_is_finished_before_the_end() -> None:
    told, stopped, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()
    running = _Running(told, grace=timedelta(seconds=1))

    async def works() -> None:
        await stopped.wait()
        await asyncio.sleep(0)  # the rest of what it does
        finished.set()

    running.start("worker", works(), stop=stopped.set)
    told.set()

    await running.until_told()
    assert finished.is_set()
