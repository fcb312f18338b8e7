"""The life of a serving process: ports opened, parts running side by side, a stop in good order.

If one part ends before it was told to, all end, and the process says which. `bootstrap/` and `app.py`
make the parts.
"""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
from collections.abc import Callable, Collection, Coroutine, Generator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from mcp_platform.app import create_app, create_internal_app
from mcp_platform.bootstrap.service import platform
from mcp_platform.cli.proxies import BehindProxies
from mcp_platform.errors import Unavailable
from mcp_platform.kit.standstill import RESTARTED, watch
from mcp_platform.settings import PROXIES, Part, Settings

log = structlog.get_logger(__name__)

# A webhook is answered in milliseconds; /chat takes as long as its turn, 40 s unless set otherwise.
LONGEST_ANSWER = timedelta(seconds=5)
BACKLOG = 2048  # uvicorn's own default
KEEP_ALIVE_S = 75  # longer than a proxy's own, or it would send into a connection we just closed


class PartEnded(Unavailable):
    """A part of the process ended although nobody told it to."""


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def run(
    settings: Settings,
    parts: Collection[Part],
    *,
    database_url: str,
    redis_url: str | None,
    again: bool = False,
) -> None:
    """Serve `parts` until SIGTERM or SIGINT; a second one does not wait for what is under way.

    `again`: in place of a process whose event loop stood still.

    Raises:
        PartEnded: a part failed; the others were stopped in good order.
        Unavailable: a port is taken.
    """
    if again:
        RESTARTED.set(1)
        log.error("serve.restarted", parts=list(parts))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(settings, parts, database_url=database_url, redis_url=redis_url))
        except asyncio.CancelledError as error:
            raise KeyboardInterrupt from error


async def _serve(
    settings: Settings, parts: Collection[Part], *, database_url: str, redis_url: str | None
) -> None:
    told = _told_to_stop()
    async with AsyncExitStack() as stack:
        public = internal = None
        if _listens(parts):
            public = stack.enter_context(_bound(settings.host, settings.port, variable="PORT"))
        if settings.internal_port:
            internal = stack.enter_context(
                _bound(settings.host, settings.internal_port, variable="INTERNAL_PORT")
            )
        _tune_garbage_collection()
        made = await stack.enter_async_context(
            platform(settings, parts, database_url=database_url, redis_url=redis_url)
        )
        running = _Running(told, grace=LONGEST_ANSWER + settings.turn_deadline_s)
        if made.worker is not None:
            running.start("worker", made.worker.run(), stop=made.worker.stop)
        if made.provisioning is not None:
            leaving = made.provisioning.offboarding
            running.start("off-boarding", leaving.run(), stop=leaving.stop)
        if internal is not None:
            running.serve("internal", create_internal_app(made), at=internal)
        if made.admin is not None:
            running.stop_with(made.admin.live_feed.close)
        if public is not None:
            running.serve(
                "gateway", create_app(made), at=public, trusted_proxies=settings.trusted_proxies
            )
        log.info("serve.ready", parts=list(parts))
        watching = asyncio.create_task(
            watch(ends_after=settings.standstill_s or settings.lease_s / 2), name="standstill"
        )
        try:
            await running.until_told()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    log.info("serve.stopped")


def _listens(parts: Collection[Part]) -> bool:
    return "gateway" in parts or "admin" in parts


def _tune_garbage_collection() -> None:
    """Look for cycles less often: modules and classes, which are most of the heap, make none.

    A turn costs 48.8 ms of processor time with this and 53.4 at Python's default, which makes a pass
    for each 700 objects that are new (means of four runs each of the turns of `make bench`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _told_to_stop() -> asyncio.Event:
    """Return what is set by the first signal; the second one interrupts."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def stop(number: signal.Signals) -> None:
        if told.is_set() and task is not None:
            log.warning("serve.interrupted", signal=number.name)
            task.cancel()
        log.info("serve.stopping", signal=number.name)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return told


@contextlib.contextmanager
def _bound(host: str, port: int, *, variable: str) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off (40 ms an answer) only where the protocol is named.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError as error:
            # A name that nobody knows, or an address that is not this machine's, is not the port's.
            wrong = variable if error.errno in (errno.EADDRINUSE, errno.EACCES) else "HOST"
            raise Unavailable(
                f"Port {port} of {host} cannot be used: {error.strerror}. Set {wrong} to another."
            ) from error
        bound.listen(BACKLOG)
        yield bound


class _Running:
    """Parts that run side by side; the first that ends, or a signal, ends them all."""

    def __init__(self, told: asyncio.Event, *, grace: timedelta) -> None:
        self._told = told
        self._grace = grace
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._stops: list[Callable[[], None]] = []

    def start(
        self, name: str, work: Coroutine[Any, Any, None], *, stop: Callable[[], None]
    ) -> None:
        self._tasks[asyncio.create_task(work, name=name)] = name
        self._stops.append(stop)

    def stop_with(self, stop: Callable[[], None]) -> None:
        """Call `stop` when the others are told to: what it ends would be waited for."""
        self._stops.append(stop)

    def serve(
        self, name: str, app: ASGIApp, *, at: socket.socket, trusted_proxies: str | None = None
    ) -> None:
        networks = None if trusted_proxies in PROXIES else trusted_proxies
        if networks != trusted_proxies and (count := int(trusted_proxies or 0)):
            app = BehindProxies(app, count=count)
        config = uvicorn.Config(
            app,
            proxy_headers=networks is not None,  # else anybody could say who they are
            forwarded_allow_ips=networks,
            access_log=False,  # it would write the handshake's token; ours say what matters
            http="httptools",
            lifespan="off",  # `platform` has built what there is to build
            log_config=None,
            log_level="warning",  # that it starts and stops, we say ourselves
            server_header=False,
            timeout_graceful_shutdown=int(self._grace.total_seconds()),
            timeout_keep_alive=KEEP_ALIVE_S,
            ws="none",
        )
        server = _Server(config)

        def stop() -> None:
            server.should_exit = True

        self.start(name, server.serve(sockets=[at]), stop=stop)
        host, port = at.getsockname()[:2]
        log.info("serve.listening", part=name, host=host, port=port)

    async def until_told(self) -> None:
        """Wait for the signal or the first end, then until all have finished what is under way.

        Raises:
            PartEnded: a part failed, or ended before it was told to.
        """
        told = asyncio.create_task(self._told.wait())
        try:
            done, _ = await asyncio.wait({told, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            for stop in self._stops:
                stop()
            await asyncio.wait(self._tasks)
        finally:
            for task in (told, *self._tasks):
                task.cancel()
            await asyncio.gather(told, *self._tasks, return_exceptions=True)
        for task, name in self._tasks.items():
            error = None if task.cancelled() else task.exception()
            if error is not None:
                raise PartEnded(f"The {name} failed: {error!r}") from error
            if task in done:
                raise PartEnded(f"The {name} ended before it was told to.")
