"""`outbox`: messages and calendar writes that were given up, and their second chance."""

from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.cli.arguments import ALL, JSON, TENANT, TENANT_OR_ALL
from mcp_platform.cli.operating import in_database, show, tenant_to_wake, tenants_at
from mcp_platform.cli.spoken import say
from mcp_platform.errors import NotFound
from mcp_platform.outbox.dead import DeadLetters

app = typer.Typer(
    help="See messages and calendar writes that were given up, and try again.", no_args_is_help=True
)

EFFECTS = typer.Argument(help="Ids that `outbox dead` shows.", metavar="[ID]…", show_default=False)
LIMIT = typer.Option("--limit", min=1, help="Most per tenant, the latest first.")


@app.command()
def dead(
    tenant: Annotated[str | None, TENANT_OR_ALL] = None,
    limit: Annotated[int, LIMIT] = 100,
    *,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List what could not be sent or written, and the vendor's last answer."""

    async def find(session: AsyncSession) -> list[list[str]]:
        return [
            [
                *(path, str(each.id), each.kind, f"{each.created_at:%Y-%m-%d %H:%M}Z"),
                *(str(each.attempts), str(each.error_code or "–"), each.error or each.state),
            ]
            for tenant_id, path in await tenants_at(session, tenant)
            for each in await DeadLetters(session, tenant_id).list(limit=limit)
        ]

    show(
        ("Tenant", "Id", "What", "Since", "Attempts", "Code", "Why"),
        in_database(find),
        none="Nothing was given up.",
        as_json=as_json,
    )


@app.command()
def replay(
    tenant: Annotated[str, TENANT],
    effects: Annotated[list[int] | None, EFFECTS] = None,
    every: Annotated[bool, ALL] = False,
) -> None:
    """Try again what was given up. A message may reach the customer a second time: judge first."""
    if bool(effects) == every:
        raise typer.BadParameter("Name the ids, or give --all.")

    async def again(session: AsyncSession) -> int:
        tenant_id = await tenant_to_wake(session, tenant)
        return await DeadLetters(session, tenant_id).replay(ids=None if every else effects)

    done = in_database(again)
    if not every and done < len(set(effects or ())):
        raise NotFound(f"Some of the ids named are not dead there; {done} replayed.")
    say("{count} replayed.", count=done)
