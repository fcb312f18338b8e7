"""The end of a tenant on the command line: `tenants export`, `offboard`, `restore` and `purge`."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.cli.arguments import TENANT
from mcp_platform.cli.files import new_file
from mcp_platform.cli.operating import (
    command_actor,
    database,
    in_database,
    split_path,
    tenant_named,
)
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import say, worded
from mcp_platform.offboarding.data_export import DataExport
from mcp_platform.offboarding.offboarding import Offboarding, OffboardingState
from mcp_platform.settings import Settings

OUTPUT = typer.Option(
    "--output",
    help="Where the data goes; a file that is there is not overwritten.",
    show_default=False,
)
CONFIRM = typer.Option(
    "--confirm",
    help="The tenant's name once more: [bold]<client>/<environment>[/]. Unset: it is asked for.",
    show_default=False,
)

WITHOUT_EXPORT = typer.Option(
    "--without-export",
    help="Delete it although no export holds all that is there now.",
)


def export(tenant: Annotated[str, TENANT], output: Annotated[Path, OUTPUT]) -> None:
    """Write all that is kept of a tenant as JSON lines: services, customers, messages, bookings.

    Credentials are not in it. It holds what customers wrote: keep it as such.
    """

    async def run(database_url: str) -> int:
        async with database(database_url) as sessions:
            async with sessions.everywhere() as session:
                found = await tenant_named(session, tenant)
            going = DataExport(sessions, found.id, actor=command_actor(), path=found.path)
            with new_file(output) as file:
                await going.begin()  # not where no row will leave
                async for part in going.lines():
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            return await going.complete()

    with servers(Settings()) as given:
        refuse_old_schema(given.database_url)
        rows = asyncio.run(run(given.database_url))
    say("{output}: {rows} rows of {tenant}.", output=output, rows=rows, tenant=tenant)


def offboard(tenant: Annotated[str, TENANT]) -> None:
    """Stop a tenant for good: nothing is answered, and after a grace period all of it is purged.

    Until then `restore` brings it back. What it leaves with Meta is taken away in the background.
    """
    grace = timedelta(days=Settings().offboarding_grace_days)
    state = _change(tenant, lambda work, path, now: work.begin(*path, grace=grace, now=now))
    say(
        "{tenant} is off-boarded; it is purged on {day}. Until then:"
        " mcp-platform tenants restore {tenant}",
        tenant=tenant,
        day=f"{state.purge_after:%Y-%m-%d}",
    )


def restore(tenant: Annotated[str, TENANT]) -> None:
    """Bring an off-boarded tenant back, as it was."""
    was = _change(tenant, lambda work, path, _: work.restore(*path))
    if was.status_before == "suspended":
        say("{tenant} is suspended again.", tenant=tenant)
    else:
        say("{tenant} is active again.", tenant=tenant)
    if was.override == "removed":
        say(
            "Meta does not send its messages here any more. To have them sent again:"
            " mcp-platform doctor {tenant} --fix",
            tenant=tenant,
        )


def purge(
    tenant: Annotated[str, TENANT],
    confirm: Annotated[str | None, CONFIRM] = None,
    without_export: Annotated[bool, WITHOUT_EXPORT] = False,
) -> None:
    """Delete all that is kept of an off-boarded tenant, now. There is no way back.

    The running service does it, within a few minutes; `tenants export` keeps a copy before. Without
    a copy of all that is there now it is refused, unless you say so.
    """
    if confirm is None and not sys.stdin.isatty():
        raise typer.BadParameter("There is no terminal to ask at. Give --confirm.")
    asked = worded("Write {tenant} to delete it for good", tenant=tenant)
    named = confirm if confirm is not None else typer.prompt(asked)
    _change(
        tenant,
        lambda work, path, now: work.purge(
            *path, confirm=named, without_export=without_export, now=now
        ),
    )
    say(
        "{tenant} is purged by the running service within a few minutes. How far it has come, and"
        " what is left for you to take away: mcp-platform tenants show {tenant}",
        tenant=tenant,
    )


Ask = Callable[["Offboarding", tuple[str, str], "datetime"], Awaitable["OffboardingState"]]


def _change(tenant: str, ask: Ask) -> OffboardingState:
    path = split_path(tenant)
    now = datetime.now(UTC)

    async def work(session: AsyncSession) -> OffboardingState:
        return await ask(Offboarding(session, command_actor()), path, now)

    return in_database(work)
