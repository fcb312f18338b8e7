"""One keep-alive connection that posts bytes as they are: an HTTP client would be too polite."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class RawConnection:
    """A connection to the service."""

    def __init__(self, url: str) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    async def post(self, path: str, body: bytes, *, signature: str) -> int:
        """Post a body and return the status."""
        self._writer.write(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"X-Hub-Signature-256: {signature}\r\n\r\n".encode()
            + body
        )
        status, _ = await self.answer()
        return status

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """Read one answer: its status and body."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        length = next(
            (
                int(each.split(":")[1])
                for each in lines
                if each.lower().startswith("content-length")
            ),
            0,
        )
        return int(lines[0].split()[1]), await self._reader.readexactly(length)

    async def rest(self) -> bytes:
        """Read until the other side closes."""
        return await self._reader.read()
