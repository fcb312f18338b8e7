"""`inbox`: turns that could not be answered, and their second chance."""

import uuid
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.cli.arguments import ALL, JSON, TENANT, TENANT_OR_ALL
from mcp_platform.cli.operating import in_database, show, tenant_to_wake, tenants_at
from mcp_platform.cli.spoken import say
from mcp_platform.errors import NotFound
from mcp_platform.inbox.turns import Turns
from mcp_platform.kit.queue import INBOX, WakeUp, wake

app = typer.Typer(
    help="See messages that could not be answered, and try again.", no_args_is_help=True
)

TURNS = typer.Argument(help="Ids that `inbox parked` shows.", metavar="[TURN]…", show_default=False)


@app.command()
def parked(
    tenant: Annotated[str | None, TENANT_OR_ALL] = None,
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the turns that were set aside because every attempt to answer them failed."""

    async def find(session: AsyncSession) -> list[list[str]]:
        return [
            [
                path,
                str(row.id),
                f"{row.opened_at:%Y-%m-%d %H:%M}Z",
                str(row.starts),
                row.error or "",
            ]
            for tenant_id, path in await tenants_at(session, tenant)
            for row in await Turns(session, tenant_id).parked()
        ]

    show(
        ("Tenant", "Turn", "Since", "Attempts", "Why"),
        in_database(find),
        none="Nothing is parked.",
        as_json=as_json,
    )


@app.command()
def replay(
    tenant: Annotated[str, TENANT],
    turns: Annotated[list[uuid.UUID] | None, TURNS] = None,
    every: Annotated[bool, ALL] = False,
) -> None:
    """Answer parked turns after all: their messages wait again, as if they had just come."""
    if bool(turns) == every:
        raise typer.BadParameter("Name the turns, or give --all.")

    async def again(session: AsyncSession) -> int:
        tenant_id = await tenant_to_wake(session, tenant)
        found = Turns(session, tenant_id)
        known = {row.id for row in await found.parked()}
        wanted = sorted(known if every else known & set(turns or ()))
        for alias in await found.replay(wanted):
            await wake(session, INBOX, WakeUp(tenant_id, alias))
        return len(wanted)

    _say(in_database(again), asked=None if every else len(turns or ()))


def _say(done: int, *, asked: int | None) -> None:
    if asked is not None and done < asked:
        raise NotFound(f"{asked - done} of the turns named are not parked there; {done} replayed.")
    say("{count} replayed.", count=done)
