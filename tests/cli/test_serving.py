"""A serving process: it answers, it stops in good order, and no part dies unnoticed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from mcp_platform.cli.serving import PartEnded, _Running
from tests.cli.conftest import Database

PATIENCE_S = 60


def _free_ports(count: int) -> list[int]:
    with_ports = [socket.socket() for _ in range(count)]
    for each in with_ports:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in with_ports]
    for each in with_ports:
        each.close()
    return ports


@contextmanager
def _serving(
    database_url: str, *parts: str, deaf_to: str = ""
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    public, internal = _free_ports(2)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {
        **kept,
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",  # pacing is local while it is away
        "PORT": str(public),
        "INTERNAL_PORT": str(internal),
        "JWT_KEYS_DIR": "/nonexistent",
    }
    ignoring = ["sh", "-c", f"trap '' {deaf_to}; exec \"$@\"", "sh"] if deaf_to else []
    process = subprocess.Popen(
        [*ignoring, sys.executable, "-m", "mcp_platform.cli", "serve", *parts],
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, f"http://127.0.0.1:{public}", f"http://127.0.0.1:{internal}"
    finally:
        process.kill()
        process.communicate()


def _wait_for(url: str, process: subprocess.Popen[str]) -> httpx.Response:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"nothing answers at {url}; status {process.poll()}")


@pytest.mark.parametrize(
    ("number", "deaf_to"), [(signal.SIGTERM, "INT QUIT HUP"), (signal.SIGINT, "")]
)
def test_all_parts_are_served_by_default_and_a_signal_ends_them_well(
    number: signal.Signals, deaf_to: str, database: Database
) -> None:
    """As a background job under `nohup`, which ignores what a terminal sends, and in a terminal."""
    with _serving(database.url, deaf_to=deaf_to) as (process, public, internal):
        assert _wait_for(f"{internal}/health/detail", process).json()["database"] == "up"
        assert _wait_for(f"{public}/health", process).json() == {"status": "up"}

        process.send_signal(number)
        _, logged = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert "serve.stopped" in logged
    assert "Traceback" not in logged


def test_a_worker_opens_no_public_port(database: Database) -> None:
    with _serving(database.url, "worker") as (process, public, internal):
        assert _wait_for(f"{internal}/health/detail", process).is_success

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
