"""The outside world of the demonstration: three simulators and the page, in one process.

`python -m mcp_platform.demo.world` serves until SIGTERM. Owns this process; what it serves is
next door.
"""

import argparse
import asyncio
import signal
from contextlib import AsyncExitStack

from mcp_platform.demo.page import World, create_page
from mcp_platform.simulators.control import Faults
from mcp_platform.simulators.gemini import app as gemini
from mcp_platform.simulators.google import app as google_calendar
from mcp_platform.simulators.meta import app as meta
from mcp_platform.simulators.serving import serving

# Told as a phone would: on its way, there, read a moment later.
STATUSES = ("sent", "delivered", "read")
STATUS_GAP_S = 0.35
THINKING_S = 0.3  # a model answers no faster; without it nobody would see the customer being read


async def serve(*, meta_port: int, gemini_port: int, google_port: int, page_port: int) -> None:
    """Serve until SIGTERM or SIGINT; the page last, so that all is there once it answers."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gemini_faults = Faults(known=gemini.FAULTS)
    meta_app = meta.create_app(
        settings=meta.MetaSettings(statuses=STATUSES, status_gap_s=STATUS_GAP_S)
    )
    gemini_app = gemini.create_app(faults=gemini_faults, latency_s=THINKING_S)
    google_app = google_calendar.create_app(known_accounts_only=True)
    world = World(
        meta=meta_app.state.meta,
        google=google_app.state.google.google,
        faults={
            "meta": meta_app.state.meta.faults,
            "gemini": gemini_faults,
            "google": google_app.state.google.faults,
        },
    )
    async with AsyncExitStack() as stack:
        for app, port in (
            (meta_app, meta_port),
            (gemini_app, gemini_port),
            (google_app, google_port),
            (create_page(world), page_port),
        ):
            await stack.enter_async_context(serving(app, port=port))
        await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Simulated vendors and the demonstration's page.")
    for name in ("meta", "gemini", "google", "page"):
        parser.add_argument(f"--{name}", type=int, required=True, metavar="PORT")
    given = parser.parse_args()
    asyncio.run(
        serve(
            meta_port=given.meta,
            gemini_port=given.gemini,
            google_port=given.google,
            page_port=given.page,
        )
    )


if __name__ == "__main__":
    main()
