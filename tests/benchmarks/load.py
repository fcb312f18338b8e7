"""A load generator that costs little itself: raw HTTP/1.1 over kept connections.

Closed loop (as many requests as get answered) or open loop (a fixed rate, latency counted from
when a request was due, so that a slow server cannot hide its queue). Run in a process of its own.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send where. `requests` is a file of length-prefixed raw requests, used in turn."""

    host: str
    port: int
    requests: Path
    connections: int
    seconds: float
    rate: float | None = None


class _Connection(asyncio.Protocol):
    """One kept connection: a request at a time, its answer awaited."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self._answered: asyncio.Future[bool] | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, ended, rest = self._buffer.partition(b"\r\n\r\n")
        if not ended:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if at < 0 and b"chunked" in lowered:
            if not rest.endswith(b"0\r\n\r\n"):
                return
        elif len(rest) < length:
            return
        self._buffer = b""
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(head.startswith(OK))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(False)

    async def ask(self, request: bytes) -> bool:
        self._answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._answered


def read_requests(path: Path) -> list[bytes]:
    raw, found, at = path.read_bytes(), [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "big")
        found.append(raw[at + 4 : end])
        at = end
    return found


def write_requests(path: Path, requests: Sequence[bytes]) -> None:
    path.write_bytes(b"".join(len(each).to_bytes(4, "big") + each for each in requests))


async def generate(load: Load) -> dict[str, float]:
    """Send for a time; return requests/s, failures and latencies in ms."""
    requests = itertools.cycle(read_requests(load.requests))
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(_Connection, load.host, load.port))[1]
        for _ in range(load.connections)
    ]
    latencies: list[float] = []
    failures = 0
    began = time.perf_counter()
    until = began + load.seconds
    due = _due(load.rate, began) if load.rate else None

    async def work(connection: _Connection) -> None:
        nonlocal failures
        while True:
            start = time.perf_counter() if due is None else next(due)
            if start >= until:
                return
            if due is not None:
                await asyncio.sleep(max(0, start - time.perf_counter()))
            answered = await connection.ask(next(requests))
            latencies.append(time.perf_counter() - start)
            if not answered:
                failures += 1

    await asyncio.gather(*(work(each) for each in connections))
    took = time.perf_counter() - began
    for each in connections:
        each.transport.close()
    latencies.sort()
    return {
        "per_s": len(latencies) / took,
        "failures": failures,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[int(len(latencies) * 0.99)],
    }


def _due(rate: float, began: float) -> Iterator[float]:
    for count in itertools.count():
        yield began + count / rate


if __name__ == "__main__":
    options = json.loads(sys.argv[1])
    options["requests"] = Path(options["requests"])
    uvloop.install()
    print(json.dumps(asyncio.run(generate(Load(**options)))))
