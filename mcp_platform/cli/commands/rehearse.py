"""`rehearse`: dialogues with a tenant's own model in a scratch installation, and a scored table."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from mcp_platform.assistant.model import QuotaSpent
from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.rehearsing import gemini_key, scratch_platform
from mcp_platform.cli.arguments import TENANT, CustomerLanguage, option
from mcp_platform.cli.operating import database, split_path, tenant_named
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import later, say, translated, worded
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import text_of
from mcp_platform.kit.logging import configure_logging
from mcp_platform.rehearsal.dialogues import Dialogue
from mcp_platform.rehearsal.installation import (
    ScratchDatabase,
    scratch_database,
    scratch_installation,
)
from mcp_platform.rehearsal.placeholders import facts_of
from mcp_platform.rehearsal.playing import PlayedDialogue
from mcp_platform.rehearsal.rehearsal import (
    MOST_A_TURN,
    ChosenDialogues,
    Score,
    chosen,
    standard,
)
from mcp_platform.rehearsal.rehearsal import (
    rehearse as play_all,
)
from mcp_platform.rehearsal.rehearsed import RehearsedTenant, read
from mcp_platform.rehearsal.report import report
from mcp_platform.settings import Settings
from mcp_platform.tenants.languages import supported

FAILED = 1
TERMINATED = 143  # as shells say: 128 + SIGTERM
LONGEST_SAID = 300  # characters of a reply that are shown; the file of --json has all of it
Dialogues = Annotated[
    Path | None,
    option("--dialogues", told="A YAML file of your own, as docs/dialogues.md describes it."),
]
Lang = Annotated[
    CustomerLanguage | None,
    option("--lang", told="In which language customers write. Unset: the tenant's."),
]
Only = Annotated[
    list[str] | None,
    option("--only", told="The dialogue of this name. May be given several times."),
]
ToFile = Annotated[
    Path | None, option("--json", told="Also write all that was said to this file, as JSON.")
]
Listing = Annotated[
    bool, typer.Option("--list", help="Show the dialogues, and ask the model nothing.")
]
LACKING = {  # what a business has not that a dialogue asks for, by placeholder
    "address": later("an address"),
    "phone": later("a telephone number"),
    "price": later("a price of its first service"),
    "closed": later("a day within the next six on which nobody works"),
    "question": later("an answer in this language"),
    "answer": later("an answer in this language"),
    "service2": later("a second service"),
    "service2_id": later("a second service"),
    "person2": later("a second person for its first service"),
    "person2_id": later("a second person for its first service"),
    "today_hour": later("a free time later today"),
}
OTHERWISE = later("free times within the next six days")


def rehearse(
    tenant: Annotated[str, TENANT],
    *,
    dialogues: Dialogues = None,
    lang: Lang = None,
    only: Only = None,
    to_file: ToFile = None,
    listing: Listing = False,
) -> None:
    """Play dialogues with a tenant's real model, and judge the replies. No customer is reached.

    The tenant's catalogue, hours, answers and wordings are copied into a database that goes again
    afterwards; WhatsApp and the calendar are simulated. Gemini is asked with the tenant's own key,
    which costs tokens. Exit status: 0 every dialogue passed, 1 not so.
    """
    configure_logging(level="CRITICAL", form="console", show_texts=False)
    settings = Settings()
    rehearsed = _read(settings, tenant)
    language = supported(lang) if lang is not None else rehearsed.language
    text = standard(language) if dialogues is None else _text(dialogues)
    facts = facts_of(rehearsed, language=language, now=now())
    found = chosen(text, only=only or [], language=language, facts=facts)
    if listing:
        _list(found)
        return
    key = _key(settings, tenant)
    say(
        "{path}: {dialogues} dialogues with {turns} messages of customers. {model} gets some {turns}"
        " to {most} requests.",
        path=tenant,
        dialogues=len(found.played),
        turns=found.turns,
        model=settings.gemini_model,
        most=found.turns * MOST_A_TURN,
        err=True,
    )
    if to_file is not None:
        to_file.touch()  # what cannot be written is to be known before tokens are spent
    score = Score(found)
    try:
        with _ended_by_sigterm(), scratch_database() as scratch:
            asyncio.run(_rehearse(score, settings, rehearsed, scratch=scratch, key=key))
    finally:  # whatever ends it, what was scored is shown
        if score.asked:
            _show(score)
        if to_file is not None:
            to_file.write_text(
                report(score, tenant=tenant, language=language, model=settings.gemini_model)
            )
    if not score.good:
        raise typer.Exit(FAILED)


async def _rehearse(
    score: Score,
    settings: Settings,
    rehearsed: RehearsedTenant,
    *,
    scratch: ScratchDatabase,
    key: str,
) -> None:
    # On standard error, while it lasts, and on a terminal alone.
    with Console(stderr=True).status(worded("The scratch installation starts.")) as status:
        async with scratch_installation(
            rehearsed,
            gemini_key=key,
            database=scratch,
            opens=partial(scratch_platform, settings),
        ) as installation:
            tell = partial(_progress, status, score)
            await play_all(score, installation=installation, clock=now, tell=tell)


def _progress(status: Status, score: Score, playing: Dialogue) -> None:
    done, every = len(score.judged), len(score.chosen.played)
    status.update(Text(f"{done + 1}/{every} {playing.id} (✓ {score.passed})"))


def _read(settings: Settings, path: str) -> RehearsedTenant:
    async def run(database_url: str) -> RehearsedTenant:
        async with database(database_url) as sessions:
            async with sessions.everywhere() as session:
                tenant = await tenant_named(session, path)
            async with sessions.everywhere.begin() as session:
                return await read(session, tenant)

    with servers(settings) as given:
        refuse_old_schema(given.database_url)
        return asyncio.run(run(given.database_url))


def _key(settings: Settings, path: str) -> str:
    """Return the tenant's key to the model.

    Raises:
        Invalid: there is no model to rehearse with.
        CredentialsUnreadable: the store gives no credentials for it.
    """
    if not settings.gemini_enabled:
        raise Invalid("GEMINI_ENABLED is off: there is no model to rehearse with.")
    client_name, environment = split_path(path)
    key = asyncio.run(gemini_key(settings, client_name=client_name, environment=environment))
    if not key:
        raise Invalid(
            f"{path} has no GEMINI_API_KEY: there is no model to rehearse with. Set it with"
            " `mcp-platform credentials set`."
        )
    return key


def _text(file: Path) -> str:
    try:
        return text_of(file.read_bytes())
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error


def _list(found: ChosenDialogues) -> None:
    table = _table()
    for each in found.played:
        table.add_row("", each.id, Text(each.turns[0].they))
    _add_left_out(table, found)
    Console().print(table)


def _show(score: Score) -> None:
    """Print each dialogue, what is wrong with it and what was said; then the sums."""
    table = _table()
    for played in score.judged:
        mark = "[green]✓[/]" if played.good else "[red]✗[/]"
        table.add_row(mark, played.dialogue.id, _wrong(played))
    for id_ in score.unanswered:
        table.add_row("[yellow]?[/]", id_, worded("The model gave no answer."))
    _add_left_out(table, score.chosen)
    Console().print(table)
    say(
        "{passed} of {judged} passed; {asked} requests, {prompt} tokens in ({cached} of them cached)"
        " and {out} out.",
        passed=score.passed,
        judged=len(score.judged),
        asked=score.asked,
        prompt=score.tokens.get("prompt", 0),
        cached=score.tokens.get("cached", 0),
        out=score.tokens.get("candidates", 0) + score.tokens.get("thoughts", 0),
    )
    if score.stopped is not None:
        say("The rehearsal ended early. {why}.", why=translated(str(score.stopped)), err=True)
    if isinstance(score.stopped, QuotaSpent):
        say(
            "Wait until it returns, or give the key's project a larger one:"
            " https://ai.google.dev/gemini-api/docs/rate-limits",
            err=True,
        )
    if score.not_played:
        left = " ".join(f"--only {each}" for each in score.not_played)
        say("What is left: mcp-platform rehearse … {left}", left=left, err=True)


def _wrong(played: PlayedDialogue) -> Text:
    """Return, of each turn that failed, what was typed, what came, and each rule that says no."""
    lines = Text()
    for number, turn in enumerate(played.turns, 1):
        if not turn.wrong:
            continue
        said = " / ".join(" ".join(each.text.split()) for each in turn.replies)
        short = said if len(said) <= LONGEST_SAID else f"{said[:LONGEST_SAID]}…"
        rows = "".join(f" [{choice}]" for each in turn.replies for choice in each.choices)
        lines.append(f"{number} > {turn.customer}\n")
        lines.append(f"«{short}»{rows}\n", style="dim")
        for each in turn.wrong:
            lines.append(f"{_rule(each)}\n", style="red")
    lines.rstrip()
    return lines


def _rule(finding: str) -> str:
    name, _, why = finding.partition(": ")
    return f"→ {name}: {translated(why)}"


def _add_left_out(table: Table, found: ChosenDialogues) -> None:
    for id_, name in found.left_out.items():
        lacking = worded(LACKING.get(name, OTHERWISE))
        table.add_row("[dim]–[/]", id_, worded("left out, for it lacks {what}", what=lacking))


def _table() -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM, as Ctrl-C does, leave nothing behind."""
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(TERMINATED)
