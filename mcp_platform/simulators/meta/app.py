"""Meta's side of WhatsApp on this machine: the Graph API, the webhooks, and a control API.

See docs/simulators.md for what it can do.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware

from mcp_platform.simulators.control import Faults, RecordRequests, RequestLog, control_routes
from mcp_platform.simulators.meta.control import MetaControl
from mcp_platform.simulators.meta.graph import Graph
from mcp_platform.simulators.meta.settings import FAULTS, MetaSettings
from mcp_platform.simulators.meta.world import MetaWorld

__all__ = ["MetaSettings", "MetaWorld", "create_app"]


def create_app(
    *,
    faults: Faults | None = None,
    settings: MetaSettings | None = None,
    now: Callable[[], float] = time.time,
) -> Starlette:
    """Return the simulator; `app.state.meta` is its `MetaWorld`, for tests in the same process.

    Args:
        faults: What to do wrong; the control API adds to the same registry.
        settings: How strict and talkative it is until the control API says otherwise.
        now: Seconds since the epoch, for windows, allowances, expiry and timestamps.
    """
    faults = Faults(known=FAULTS) if faults is None else faults
    log = RequestLog()
    world = MetaWorld(faults=faults, now=now, settings=settings or MetaSettings())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        world.deliverer.open()
        try:
            yield
        finally:
            await world.deliverer.close()

    app = Starlette(
        routes=[
            *control_routes(faults=faults, log=log, reset=world.reset),
            *MetaControl(world).routes(),
            *Graph(world).routes(),
        ],
        middleware=[Middleware(RecordRequests, log=log)],
        lifespan=lifespan,
    )
    app.state.meta = world
    return app
