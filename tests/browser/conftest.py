"""A demonstration that runs, and a browser to look at its page with."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.cli.processes import PATIENCE_S, descendants, page_of, start_demo, wait_until_gone
from tests.conftest import FOLDER_VARIABLE

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
NO_CHROMIUM = "there is no Chromium: apt-get install chromium, or set CHROMIUM"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """Where a demonstration is, and who may sign in to its console."""

    page: str
    console: str
    email: str
    password: str


@pytest.fixture(scope="session")
def demo(demonstration: Demonstration) -> str:
    """The address of the page of a demonstration."""
    return demonstration.page


@pytest.fixture(scope="session")
def demonstration() -> Iterator[Demonstration]:
    """A demonstration: one for all workers of this run.

    Who started it waits at the end until no other uses it.
    """
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    folder = Path(os.environ[FOLDER_VARIABLE]) / "browser"
    folder.mkdir(mode=0o711, exist_ok=True)
    with locked(folder / "users", fcntl.LOCK_SH) as users:
        with locked(folder / "starting", fcntl.LOCK_EX):
            process = _start_or_join(folder)
        try:
            yield told(folder / "output")
            if process is not None:
                fcntl.flock(users, fcntl.LOCK_EX)
        finally:
            if process is not None:
                started = descendants(process.pid)
                process.terminate()
                process.wait(PATIENCE_S)
                wait_until_gone(started)


def _start_or_join(folder: Path) -> subprocess.Popen[bytes] | None:
    output = folder / "output"
    if output.exists():
        return None
    process = start_demo(folder, "--no-script", output=output)
    page_of(process, output=output)
    return process


def told(output: Path) -> Demonstration:
    """Read what a demonstration has printed."""
    printed = output.read_text()
    found = re.search(r"(\S+/console/)\s+…as\s+(\S+) · (\S+)", printed)
    page = re.search(r"Write as a customer:\s+(\S+)", printed)
    assert found is not None, printed
    assert page is not None, printed
    return Demonstration(page=page[1], console=found[1], email=found[2], password=found[3])


@contextmanager
def locked(path: Path, how: int) -> Iterator[int]:
    opened = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(opened, how)
        yield opened
    finally:
        os.close(opened)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
def browser(chromium: Browser, demonstration: Demonstration) -> Browser:
    """Chromium, beside a demonstration to look at."""
    return chromium


@pytest.fixture
async def page(browser: Browser, demo: str) -> AsyncIterator[Page]:
    """The page, in Portuguese, and nobody else's meanwhile: what is broken is broken for all.

    What it says on the console, or asks of another host, is a failure.
    """
    turn = Path(os.environ[FOLDER_VARIABLE]) / "browser" / "turn"
    with locked(turn, fcntl.LOCK_EX):
        async for opened in _opened(browser, demo):
            yield opened


async def _opened(browser: Browser, demo: str) -> AsyncIterator[Page]:
    context = await browser.new_context(
        locale="pt-BR", viewport={"width": 1360, "height": 930}, reduced_motion="reduce"
    )
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None
            if re.match(r"data:|http://127\.0\.0\.1:", request.url)
            else complaints.append(request.url)
        ),
    )
    await opened.goto(demo)
    yield opened
    await context.close()
    assert complaints == []
