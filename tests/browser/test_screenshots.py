"""Pictures of every page, light and dark, wide and narrow, for who looks at them: `build/screenshots`."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import CHROMIUM, NO_CHROMIUM, Demonstration, told
from tests.browser.test_console import ANSWER_MS, PAGES, TALKS, TENANT, opened, sign_in
from tests.cli.processes import PATIENCE_S, descendants, page_of, start_demo, wait_until_gone
from tests.conftest import FOLDER_VARIABLE

FOLDER = Path(__file__).parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def lived_in() -> Iterator[Demonstration]:
    """A demonstration whose story has been told: there are conversations, and somebody waits."""
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    folder = Path(os.environ[FOLDER_VARIABLE]) / f"pictures-{uuid4().hex}"
    folder.mkdir(mode=0o711)
    process = start_demo(folder, "--pace", "0", output=folder / "output")
    page_of(process, output=folder / "output")
    yield told(folder / "output")
    started = descendants(process.pid)
    process.terminate()
    process.wait(PATIENCE_S)
    wait_until_gone(started)


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_has_its_picture(
    chromium: Browser, lived_in: Demonstration, theme: str, width: int
) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    look = f"{theme}-{width}"
    options = {"viewport": {"width": width, "height": 860}, "color_scheme": theme}
    async with opened(chromium, reduced_motion="reduce", **options) as page:
        page.set_default_timeout(ANSWER_MS)
        await page.goto(lived_in.console + "sign-in")
        await page.screenshot(path=FOLDER / f"sign-in-{look}.png", full_page=True)
        await sign_in(page, lived_in)
        for path in (*PAGES, f"{TENANT}/agenda", TALKS):
            await page.goto(lived_in.console.removesuffix("/console/") + path)
            name = re.sub(r"\W+", "-", path.partition("/console/")[2])
            await page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
        await page.locator(".talk-who a").first.click()
        await page.locator("#thread").wait_for()
        await page.screenshot(path=FOLDER / f"conversation-{look}.png", full_page=True)
    assert len(list(FOLDER.glob(f"*-{look}.png"))) >= len(PAGES)
