"""`doctor`: what is wrong with a tenant, or with all of them, and what to do about it."""

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mcp_platform.bootstrap.commands import doctor_alone
from mcp_platform.cli.arguments import ALL, TENANT_UNLESS_ALL
from mcp_platform.cli.operating import command_actor, tenants_at
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import Spoken
from mcp_platform.doctor.examining import Examinations
from mcp_platform.doctor.results import CheckOutcome, CheckResult, Language
from mcp_platform.doctor.sentences import TITLES, result, state
from mcp_platform.kit.logging import configure_logging
from mcp_platform.settings import Settings
from mcp_platform.tenants.tenant import Tenant

FAILED, UNKNOWN = 1, 3
ASIDE = {
    "ok": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "unknown": "[dim]?[/]",
}
HEADS = {
    "pt": ("", "Verificação", "O que foi visto", "O que fazer"),
    "en": ("", "Check", "What was found", "What to do"),
}


LANG = typer.Option(
    "--lang",
    help="What is said in. Unset: Portuguese where LANG is, else English.",
    show_default=False,
)
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

    language: Language = lang.value if lang is not None else _language()
    found = _examined(tenant, language=language, fix=fix, write=write, as_json=as_json)
    states = {state(each) for each in found}
    if "failed" in states:
        raise typer.Exit(FAILED)
    if "unknown" in states:
        raise typer.Exit(UNKNOWN)


def _language() -> Language:
    """Return what this terminal's messages are in. Source: POSIX, "Environment Variables"."""
    named = (os.environ.get(each) for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "pt" if next((each for each in named if each), "").lower().startswith("pt") else "en"


def _examined(
    path: str | None, *, language: Language, fix: bool, write: bool, as_json: bool
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
                    typer.secho(name, err=True, bold=True)
                    found = await examinations.run(
                        tenant,
                        actor=command_actor(),
                        fix=fix,
                        write=write,
                        tell=lambda each: _progress(each, language=language),
                    )
                    if not as_json:
                        _show(name, found, language=language)
                    examined.append((tenant, found))
            return examined

        examined = asyncio.run(run())
    if as_json:
        _print_json(examined, language=language)
    if not examined:
        typer.echo("There are no tenants yet.", err=True)
    return [each for _, found in examined for each in found]


def _progress(found: CheckOutcome, *, language: Language) -> None:
    """Say on standard error, which is nobody's input, that a check has ended."""
    title = TITLES[found.check][language]
    Console(stderr=True, highlight=False).print(f" {ASIDE[state(found)]} {title}")


def _show(path: str, found: Sequence[CheckOutcome], *, language: Language) -> None:
    table = Table(title=path, title_justify="left", header_style="bold", pad_edge=False)
    for head in HEADS[language]:
        table.add_column(head, overflow="fold")
    for each in found:
        said = result(each, language=language)
        # As text: what stands in brackets in a name is no markup.
        table.add_row(
            ASIDE[said.state], TITLES[said.check][language], Text(said.what), Text(said.next_step)
        )
    Console().print(table)


def _print_json(
    examined: Sequence[tuple[Tenant, Sequence[CheckOutcome]]], *, language: Language
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
