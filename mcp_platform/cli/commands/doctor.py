"""`doctor`: what is wrong with a tenant, or with all of them, and what to do about it."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from mcp_platform.bootstrap.commands import doctor_alone
from mcp_platform.cli.arguments import ALL, TENANT_UNLESS_ALL
from mcp_platform.cli.operating import command_actor, tenants_at
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import TOLD_IN, Spoken, say, spoken
from mcp_platform.doctor.examining import Examinations
from mcp_platform.doctor.results import CheckOutcome, CheckResult
from mcp_platform.doctor.sentences import TITLES, result, state
from mcp_platform.kit.logging import configure_logging
from mcp_platform.settings import Settings
from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.tenants.tenant import Tenant

FAILED, UNKNOWN = 1, 3
ASIDE = {
    "ok": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "unknown": "[dim]?[/]",
}


LANG = typer.Option("--lang", help=TOLD_IN, show_default=False)
FIX = typer.Option("--fix", help="Subscribe to webhooks, and point them here, where they are not.")
WRITE = typer.Option("--write", help="Write a private event to the calendar, and delete it.")
JSON = typer.Option("--json", help="Print results as JSON instead of a table.")


def doctor(
    tenant: Annotated[str | None, TENANT_UNLESS_ALL] = None,
    *,
    every: Annotated[bool, ALL] = False,
    lang: Annotated[Spoken | None, LANG] = None,
    fix: Annotated[bool, FIX] = False,
    write: Annotated[bool, WRITE] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check credentials, vendors and webhooks of a tenant, and say what to do.

    Exit status: 0 all well or warnings, 1 something failed, 2 misused, 3 nothing failed but
    something could not be known.
    """
    if (tenant is None) != every:
        raise typer.BadParameter("Name one tenant, or --all.")

    language: StaffLanguage = lang.language if lang is not None else spoken()
    found = _examined(tenant, language=language, fix=fix, write=write, as_json=as_json)
    states = {state(each) for each in found}
    if "failed" in states:
        raise typer.Exit(FAILED)
    if "unknown" in states:
        raise typer.Exit(UNKNOWN)


def _examined(
    path: str | None, *, language: StaffLanguage, fix: bool, write: bool, as_json: bool
) -> "list[CheckOutcome]":
    settings = Settings()
    # To standard error, which is nobody's input.
    configure_logging(level="ERROR", form="console", show_texts=False)
    with servers(settings) as given:
        refuse_old_schema(given.database_url)

        async def run() -> "list[tuple[Tenant, list[CheckOutcome]]]":
            examined = []
            async with doctor_alone(settings, database_url=given.database_url) as made:
                examinations = Examinations(doctor=made.doctor, sessions=made.admin_sessions)
                # Which tenants were purged is for the admin's role: neither a tenant's own login
                # nor the workers' may ask.
                sessions = made.admin_sessions or made.sessions
                pinned = f"{settings.client_name}/{settings.environment}"
                async with sessions.everywhere() as session:
                    wanted = await tenants_at(
                        session, path or (pinned if settings.pinned else None)
                    )
                for tenant_id, name in wanted:
                    tenant = await made.tenants.by_id(tenant_id)
                    # On standard error, while it lasts, and on a terminal alone.
                    with Console(stderr=True).status(name) as status:
                        found = await examinations.run(
                            tenant,
                            actor=command_actor(),
                            fix=fix,
                            write=write,
                            tell=partial(_progress, status, name, language),
                        )
                    if not as_json:
                        _show(name, found, language=language)
                    examined.append((tenant, found))
            return examined

        examined = asyncio.run(run())
    if as_json:
        _print_json(examined, language=language)
    if not examined:
        say("There are no tenants yet: mcp-platform onboard.", err=True)
    return [each for _, found in examined for each in found]


def _progress(status: Status, name: str, language: StaffLanguage, found: CheckOutcome) -> None:
    status.update(Text(f"{name}: {TITLES[found.check][language]}"))


def _show(path: str, found: Sequence[CheckOutcome], *, language: StaffLanguage) -> None:
    """Print each check once, within the terminal's width: what was found, and below it what to do."""
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(overflow="fold")
    for each in found:
        said = result(each, language=language)
        # As text: what stands in brackets in a name is no markup.
        told = Text.assemble((TITLES[said.check][language], "bold"), f"  {said.what}")
        if said.next_step:
            told.append(f"\n→ {said.next_step}")
        table.add_row(ASIDE[said.state], told)
    console = Console()
    console.print(Text(path, style="bold underline"))
    console.print(table)


def _print_json(
    examined: Sequence[tuple[Tenant, Sequence[CheckOutcome]]], *, language: StaffLanguage
) -> None:
    shown = [
        {
            "tenant": tenant.path,
            "results": [_as_json(result(each, language=language)) for each in found],
        }
        for tenant, found in examined
    ]
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))


def _as_json(said: CheckResult) -> dict[str, object]:
    return {
        "check": said.check,
        "state": said.state,
        "code": said.code,
        "what": said.what,
        "next_step": said.next_step,
        "details": dict(said.details),
    }
