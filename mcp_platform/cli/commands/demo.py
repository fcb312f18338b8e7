"""`demo`: the whole platform on this machine, with simulated vendors and a conversation to watch."""

import contextlib
import os
import signal
import sys
import threading
import time
import webbrowser
from datetime import datetime
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from mcp_platform.demo import others, verdict
from mcp_platform.demo.businesses import Business, Person
from mcp_platform.demo.customer import Customer
from mcp_platform.demo.failures import ScriptFailed
from mcp_platform.demo.screen import Screen
from mcp_platform.demo.script import ZONE, play
from mcp_platform.demo.stage import Stage, stage
from mcp_platform.kit.logging import configure_logging
from mcp_platform.settings import Settings

ONCE = typer.Option("--once", help="Play the script, check what came of it, and end.")
SCRIPT = typer.Option("--script/--no-script", help="Play the scripted conversation first.")
BROWSER = typer.Option(
    "--browser/--no-browser", help="Open the page in a browser, where there is a screen."
)
PORT = typer.Option(
    "--port", help="Port of the page. Unset: 8088, or any if it is taken.", show_default=False
)
PACE = typer.Option(
    "--pace",
    min=0,
    help="Seconds to pause after each message. Unset: 0.8, and 0 with --once.",
    show_default=False,
)
READING_S = 0.8  # one line of a conversation
WATCH_S = 1.0
MAKE_CHECK_S = 0.3
TERMINATED = 143  # as shells say: 128 + SIGTERM


def demo(
    once: Annotated[bool, ONCE] = False,
    script: Annotated[bool, SCRIPT] = True,
    browser: Annotated[bool, BROWSER] = True,
    port: Annotated[int | None, PORT] = None,
    pace: Annotated[float | None, PACE] = None,
) -> None:
    """Run everything here, with simulated vendors: no account, no key, no Docker.

    Starts PostgreSQL, Valkey, the simulators of Meta, Gemini and Google Calendar, a gateway and a
    worker; makes two tenants; plays a conversation; then stays up with a page on which you write as
    a customer. Ctrl-C stops it all. Its data is in DATA_DIR/demo, emptied at each start.
    """
    signal.signal(signal.SIGTERM, _terminated)
    _end_with_make()
    configure_logging(level="ERROR", form="console", show_texts=False)
    folder = Settings().data_dir / "demo"
    pace_s = pace if pace is not None else (0 if once else READING_S)
    screen = Screen(Console(), pace_s=pace_s)
    with contextlib.ExitStack() as running:
        with screen.starting() as step:
            opened = running.enter_context(stage(folder, page_port=port, step=step))
        running.callback(
            screen.say,
            f"[dim]Stopping… {opened.page} answers no more; the logs stay in"
            f" {opened.folder / 'logs'}.[/]",
        )
        if once:
            _prove(opened, screen)
            return
        if script:
            try:
                _prove(opened, screen)
                _fill(opened, screen)
            except ScriptFailed as error:
                screen.say(f"[bold red]{error}[/]")  # it stays up: there is something to look at
        _stay(opened, screen, browser=browser)


def _prove(stage: Stage, screen: Screen) -> None:
    """Play the script, draw the calendars, and check what stands."""

    def casts(person: Person, business: Business) -> Customer:
        return Customer(person, business, meta=stage.meta, shows=screen.message)

    expected = play(
        casts=casts,
        scene=screen.scene,
        model_off=stage.model_off,
        today=datetime.now(ZONE).date(),
    )
    wrong = verdict.missing(stage, expected)
    screen.calendars(stage, sorted({each.start.date() for each in expected}))
    if wrong:
        raise ScriptFailed("The script was played, but " + " ".join(wrong))
    standing = sum(each.status == "booked" for each in expected)
    screen.say(
        f"[green]✓[/] {standing} appointments stand in Postgres and in the calendars, "
        f"{len(expected) - standing} was cancelled in both."
    )


def _fill(stage: Stage, screen: Screen) -> None:
    """Give the console something to show."""
    booked = others.fill(stage, today=datetime.now(ZONE).date())
    screen.say(
        f"[green]✓[/] {booked} appointments of other customers fill the coming days, and two"
        " customers wait for the team to answer."
    )


def _stay(stage: Stage, screen: Screen, *, browser: bool) -> None:
    """Wait for Ctrl-C, or for something to break."""
    screen.say("")
    who = stage.administrator
    screen.say(f"Look after clients:   [bold underline]{stage.console}[/]")
    screen.say(f"[dim]…as[/]                  {who.email} · {who.password}  [dim](until Ctrl-C)[/]")
    screen.say(f"Write as a customer:  [bold underline]{stage.page}[/]")
    screen.say(f"[dim]Gateway {stage.gateway} · logs in {stage.folder / 'logs'}[/]")
    screen.say(f"[dim]Ctrl-C stops it all: {stage.page} is gone then.[/]")
    on_screen = sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if browser and on_screen and sys.stdout.isatty():
        webbrowser.open(stage.page)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(WATCH_S)
            stage.check()


def _end_with_make() -> None:
    """Stop when the `make` that runs us is gone: killed with SIGKILL, it tells nobody."""
    if "MAKELEVEL" not in os.environ:
        return
    make = os.getppid()

    def watch() -> None:
        while os.getppid() == make:
            time.sleep(MAKE_CHECK_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="make", daemon=True).start()


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)
