"""What the demonstration looks like in a terminal: progress, bubbles, the calendars as a table.

Owns drawing. Knows the page's addresses, since the page has computed what a week looks like.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
from rich import box
from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mcp_platform.demo.businesses import BUSINESSES
from mcp_platform.demo.customer import Customer, Option, ReceivedMessage
from mcp_platform.demo.script import NAMES
from mcp_platform.demo.stage import Stage, Step

WIDEST = 96
BUBBLE = 58


class Screen:
    """Draws on one console. `pace_s` is the pause after each message, for people who read along."""

    def __init__(self, console: Console, *, pace_s: float) -> None:
        self._console = console
        self._pace_s = pace_s
        self._width = min(console.width, WIDEST)

    @contextmanager
    def starting(self) -> Iterator[Step]:
        """Show what is being started, and how long each took."""
        columns = (
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            current: TaskID | None = None

            def finish() -> None:
                if current is not None:
                    progress.update(current, total=1, completed=1)

            def step(name: str) -> None:
                nonlocal current
                finish()
                current = progress.add_task(name, total=None)

            yield step
            finish()  # not when something failed: that step goes without its mark

    def scene(self, where: str, what: str) -> None:
        self._print("")
        self._print(Rule(f"[bold]{where}[/]  [dim]{what}[/]", style="dim", align="left"))

    def message(self, customer: Customer, said: str | Option | ReceivedMessage) -> None:
        """Draw one message: the customer's on the right, the business's on the left."""
        match said:
            case str():
                first_name = customer.person.name.partition(" ")[0]
                self._bubble(Text(said), title=first_name, style="green", align="right")
            case Option():
                first_name = customer.person.name.partition(" ")[0]
                tapped = Text.assemble(("☞ ", "bold"), said.title)
                self._bubble(tapped, title=first_name, style="green", align="right")
            case ReceivedMessage():
                content: list[RenderableType] = [Text(said.text)]
                if said.options:
                    content += ["", *_options(said)]
                self._bubble(
                    Group(*content), title=customer.business.name, style="cyan", align="left"
                )
        time.sleep(self._pace_s)

    def calendars(self, stage: Stage, days: Sequence[date]) -> None:
        """Draw what stands in every calendar on these days."""
        table = Table(title="Calendars", title_justify="left", box=box.SIMPLE_HEAD)
        for heading in ("Day", "Time", "Calendar", "What"):
            table.add_column(heading, no_wrap=heading != "Calendar")
        for day, event, whose in sorted(_lines(stage, days), key=_in_order):
            style = "" if event["ours"] else "dim"
            written = f"{NAMES[day.weekday()]} {day:%d/%m}"
            table.add_row(written, event["label"], whose, event["title"], style=style)
        table.caption = "[dim]Dimmed: what the owners had in their calendars before.[/]"
        table.caption_justify = "left"
        self._print("")
        self._print(table)

    def say(self, text: str) -> None:
        self._print(text)

    def _bubble(self, content: RenderableType, *, title: str, style: str, align: Any) -> None:
        panel = Panel(
            content,
            title=f"[bold]{title}",
            title_align=align,
            border_style=style,
            width=min(BUBBLE, self._width - 4),
            padding=(0, 1),
        )
        self._print(Align(panel, align=align, width=self._width))

    def _print(self, what: RenderableType) -> None:
        self._console.print(what, width=self._width, highlight=False)


def _options(heard: ReceivedMessage) -> Iterator[RenderableType]:
    if not heard.label:
        yield Text("  ".join(f"[ {option.title} ]" for option in heard.options), style="bold blue")
        return
    yield Text(f"☰ {heard.label}", style="bold blue")
    for option in heard.options:
        yield Text.assemble("  ○ ", option.title, (f"  {option.description}", "dim"))


def _in_order(line: tuple[date, dict[str, Any], str]) -> tuple[date, str, str]:
    """Sort by day, time, calendar: as a person reads a week."""
    day, event, whose = line
    return day, event["label"], whose


def _lines(stage: Stage, days: Sequence[date]) -> Iterator[tuple[date, dict[str, Any], str]]:
    for day in days:
        for business in BUSINESSES:
            names = {each.professional_id: each.professional for each in business.agendas}
            state = httpx.get(
                f"{stage.page}/api/state",
                params={
                    "business": business.client_name,
                    "contact": business.owner.wa_id,
                    "from": day.isoformat(),
                },
            ).json()
            for event in state["events"]:
                if event["day"] == 0:
                    yield day, event, f"{business.name} · {names[event['agenda']]}"
