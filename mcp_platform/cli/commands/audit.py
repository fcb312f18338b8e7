"""`audit`: who did what, for whoever is at the machine. Nothing here writes the trail."""

import json
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.trail import AuditEntry, AuditFilter, entries
from mcp_platform.cli.arguments import TENANT_OR_ALL
from mcp_platform.cli.operating import in_database, show, tenant_named

LIMIT = typer.Option("--limit", min=1, max=10_000, help="How many of the newest.")
ACTOR = typer.Option(
    "--actor", help="Whose: an e-mail, or an account of a machine.", show_default=False
)
ACTION = typer.Option("--action", help="What, such as tenant.update.", show_default=False)
JSON = typer.Option("--json", help="Print JSON lines, with what was before and after.")


def audit(
    tenant: Annotated[str | None, TENANT_OR_ALL] = None,
    *,
    limit: Annotated[int, LIMIT] = 50,
    actor: Annotated[str | None, ACTOR] = None,
    action: Annotated[str | None, ACTION] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show who did what, newest first. Secrets are masked, and phone numbers but for two digits."""

    async def find(session: AsyncSession) -> "list[AuditEntry]":
        tenant_id = (await tenant_named(session, tenant)).id if tenant is not None else None
        wanted = AuditFilter(actor=actor, action=action, tenant_id=tenant_id)
        return await entries(session, wanted, before_id=None, limit=limit)

    found = in_database(find)
    if as_json:
        for each in found:
            said = {name: getattr(each, name) for name in type(each).__slots__}
            typer.echo(json.dumps(said, ensure_ascii=False, default=str))
        return
    show(
        ("At (UTC)", "Who", "From", "Action", "What"),
        [
            [
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                each.actor,
                each.address or "–",
                each.action,
                each.target,
            ]
            for each in found
        ],
        none="Nothing is in the audit trail.",
    )
