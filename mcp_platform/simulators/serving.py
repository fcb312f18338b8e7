"""Run an ASGI application on 127.0.0.1, in this event loop or in a thread of its own.

It installs no signal handler: the code that starts a server stops it. The platform itself is served
by `cli/serving.py`.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Generator
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from mcp_platform.simulators.control import droppable

HOST = "127.0.0.1"
_GRACE_S = 1  # whole seconds for requests under way when the server is stopped
_KEEP_ALIVE_S = 75  # clients forget an idle connection after 5 s: they must not find it closed
_START_S = 60.0  # a simulator has nothing to wait for at its start but the processor


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals alone and says when it listens."""

    def __init__(self, config: uvicorn.Config, *, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._listening()


def _bound(port: int) -> socket.socket:
    # asyncio turns Nagle's delay off (40 ms an answer) only where the protocol is named.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


def _url(bound: socket.socket) -> str:
    return f"http://{HOST}:{bound.getsockname()[1]}"


def _server(app: ASGIApp, *, listening: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        droppable(app),
        access_log=False,
        lifespan="on",
        log_config=None,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        ws="none",
    )
    return _Server(config, listening=listening)


async def _run(server: _Server, bound: socket.socket) -> None:
    try:
        await server.serve(sockets=[bound])
    except SystemExit as ended:  # uvicorn's way to say that the application's lifespan failed
        raise RuntimeError("the application did not start; its lifespan failed") from ended
    finally:
        bound.close()


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` in the running loop while the context is open; port 0 takes a free one.

    Yields:
        The base URL, without a slash at its end.

    Raises:
        OSError: the port is taken.
    """
    bound = _bound(port)
    listening = asyncio.Event()
    server = _server(app, listening=listening.set)
    running = asyncio.create_task(_run(server, bound))
    started = asyncio.create_task(listening.wait())
    await asyncio.wait({running, started}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    if running.done():
        running.result()
    try:
        yield _url(bound)
    finally:
        server.should_exit = True
        await running


class Served:
    """An application served by a thread until `stop()`; also a context manager.

    Attributes:
        url: The base URL, without a slash at its end.
    """

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        """Start, and return once the server listens.

        Raises:
            OSError: the port is taken.
            RuntimeError: the application's lifespan failed.
        """
        bound = _bound(port)
        self.url = _url(bound)
        self._failure: BaseException | None = None
        settled = threading.Event()
        self._server = _server(app, listening=settled.set)

        def run() -> None:
            try:
                asyncio.run(_run(self._server, bound))
            except BaseException as error:  # noqa: BLE001 - carried over to the starting thread
                self._failure = error
            finally:
                settled.set()

        self._thread = threading.Thread(target=run, name=f"serving {self.url}", daemon=True)
        self._thread.start()
        if not settled.wait(_START_S):
            raise TimeoutError(f"nothing listens at {self.url} after {_START_S:g} s")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop and wait for the thread. Stopping twice is stopping once.

        Raises:
            Exception: what ended the server before it was stopped.
        """
        self._server.should_exit = True
        self._thread.join()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
