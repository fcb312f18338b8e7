"""A way to Postgres that can be cut, or that swallows what is sent, as networks do."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class SeverableProxy:
    """Passes bytes on between a port of its own and a server, until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hang_up()

    def sever(self, how: str) -> None:
        """Cut every connection and refuse new ones; or, `frozen`, let nothing through."""
        if how == "frozen":
            self._flowing.clear()
        else:
            self._refusing = True
            self._hang_up()

    def mend(self) -> None:
        self._refusing = False
        self._flowing.set()

    def _hang_up(self) -> None:
        for each in self._writers:
            each.close()
        self._writers.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        if self._refusing:
            self._hang_up()
            return
        there, onwards = await asyncio.open_connection(*self._to)
        self._writers.add(onwards)
        await asyncio.gather(self._pass(reader, onwards), self._pass(there, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(part)
        writer.close()
