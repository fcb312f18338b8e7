"""Memory of a live stream of the console, and how long a change takes to reach five hundred."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import psutil
from rich.progress import Progress

from tests.benchmarks.environment import Result, database, free_port, process

FIRST, MOST = 20, 500  # what the first streams cost is paid once
ASKED = b"GET /console/live?topic=attention HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: mcp=%s\r\n\r\n"
PATIENCE_S = 60


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Open twenty streams, then five hundred, each of a sign-in of its own; then change something."""
    task = progress.add_task("live stream", total=1)
    with ExitStack() as stack:
        url = stack.enter_context(database(folder / "postgres", "bench_live"))
        port = free_port()
        admin = stack.enter_context(
            process(
                "-m", "mcp_platform.cli", "serve", "admin",
                port=port, path="/health/live",
                PORT=str(port), INTERNAL_PORT="0", DATABASE_URL=url, LOG_LEVEL="WARNING",
                DATA_DIR=str(folder / "live"), REDIS_URL="",
            )
        )  # fmt: skip
        stream_bytes, told_s = asyncio.run(_streams(url, port, admin))
    progress.advance(task)
    yield Result("live_stream_kb", stream_bytes / 1024, "kB", "≤ 50")
    yield Result("live_500_told_ms", told_s * 1000, "ms")


async def _streams(url: str, port: int, admin: psutil.Process) -> tuple[float, float]:
    connection = await asyncpg.connect(url)
    user = uuid.uuid4()
    await connection.execute(
        "INSERT INTO users (id, email, name, role, password_hash)"
        " VALUES ($1, 'bench@example.com', 'Bench', 'admin', '')",
        user,
    )
    cookies = [uuid.uuid4().hex for _ in range(MOST)]
    await connection.executemany(
        "INSERT INTO sign_ins (id, user_id, started_at, expires_at, cookie_digest, seen_at)"
        " VALUES ($1, $2, now(), now() + interval '1 hour', $3, now())",
        [(uuid.uuid4(), user, hashlib.sha256(each.encode()).digest()) for each in cookies],
    )
    opened: list[asyncio.StreamReader] = []
    kept: list[asyncio.StreamWriter] = []
    resident = 0
    for cookie in cookies:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ASKED % cookie.encode())
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b": live\n\n")
        opened.append(reader)
        kept.append(writer)
        if len(opened) == FIRST:
            resident = admin.memory_info().rss
    each = (admin.memory_info().rss - resident) / (MOST - FIRST)
    began = time.perf_counter()
    await connection.execute("INSERT INTO live_changes (notice) VALUES ('1 waiting')")
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(reader.readuntil(b"event: change") for reader in opened))
    told = time.perf_counter() - began
    for writer in kept:
        writer.close()
    await connection.close()
    return each, told
