"""`tenants`: which there are, tokens for their API, and their suspension."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mcp_platform.cli.arguments import TENANT

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(
    help="List tenants, suspend and resume them, make tokens for their API.", no_args_is_help=True
)

SCOPE = typer.Option(
    "--scope",
    help="What the token allows: [bold]chat[/], [bold]appointments:read[/],"
    " [bold]appointments:write[/], … May be given several times.",
    show_default=False,
)
TTL = typer.Option("--ttl", help="How long it is valid: 90s, 30m, 12h or 7d; at most 366d.")
SUBJECT = typer.Option("--subject", help="Who will use it; written into the audit trail.")
_LENGTH = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.command("list")
def list_() -> None:
    """List the tenants: status, number, calendar, and what is wrong with them."""
    from mcp_platform.cli.operating import in_database, show  # noqa: PLC0415  # slow to import

    show(
        ("Tenant", "Business", "Status", "Topology", "Model", "Number id", "Trouble"),
        in_database(_all),
        none="There are no tenants yet.",
    )


async def _all(session: "AsyncSession") -> list[list[str]]:
    from sqlalchemy import select  # noqa: PLC0415  # slow to import

    from mcp_platform.tenants.models import (  # noqa: PLC0415  # slow to import
        ClientRow,
        TenantRow,
        TroubleRow,
    )

    troubles: dict[int, list[str]] = {}
    for trouble in await session.scalars(select(TroubleRow)):
        troubles.setdefault(trouble.tenant_id, []).append(f"{trouble.what}: {trouble.reason}")
    found = await session.execute(
        select(TenantRow, ClientRow.business_name)
        .join(ClientRow)
        .order_by(TenantRow.client_name, TenantRow.environment)
    )
    return [
        [
            f"{row.client_name}/{row.environment}",
            name,
            row.status,
            row.topology,
            "on" if row.model_enabled else "off",
            row.phone_number_id or "–",
            "; ".join(troubles.get(row.id, ["–"])),
        ]
        for row, name in found
    ]


@app.command()
def suspend(tenant: Annotated[str, TENANT]) -> None:
    """Stop answering a tenant's customers. What they write is kept, and answered after `resume`."""
    _set_status(tenant, "suspended", unless="offboarded")
    typer.echo(f"{tenant} is suspended; every process sees it within half a minute.")


@app.command()
def resume(tenant: Annotated[str, TENANT]) -> None:
    """Answer a suspended tenant's customers again, what waits first."""
    _set_status(tenant, "active", unless="offboarded")
    typer.echo(f"{tenant} is active; every process sees it within half a minute.")


def _set_status(
    path: str, status: Literal["active", "suspended"], *, unless: Literal["offboarded"]
) -> None:
    from mcp_platform.cli.operating import in_database, tenant_row  # noqa: PLC0415  # slow
    from mcp_platform.errors import Conflict  # noqa: PLC0415  # only here

    async def change(session: "AsyncSession") -> None:
        row = await tenant_row(session, path)
        if row.status == unless:
            raise Conflict(f"{path} is {unless}: it cannot become {status} again.")
        row.status = status

    in_database(change)


@app.command()
def token(
    tenant: Annotated[str, TENANT],
    scope: Annotated[list[str], SCOPE],
    ttl: Annotated[str, TTL] = "1d",
    subject: Annotated[str, SUBJECT] = "operator",
) -> None:
    """Make a token for a tenant's API, and print it alone.

    It is a secret: whoever has it can do what its scopes allow until it expires. The signing key is
    in JWT_KEYS_DIR, or made in DATA_DIR at the first use.
    """
    from datetime import UTC, datetime  # noqa: PLC0415  # only here

    from mcp_platform.admin.tokens import Tokens  # noqa: PLC0415  # slow to import
    from mcp_platform.bootstrap import token_keys  # noqa: PLC0415  # slow to import
    from mcp_platform.cli.operating import in_database, tenant_row  # noqa: PLC0415  # slow
    from mcp_platform.settings import Settings  # noqa: PLC0415  # slow to import

    length = _length(ttl)
    in_database(lambda session: tenant_row(session, tenant))
    made = Tokens(token_keys(Settings())).mint(
        tenant=tenant.strip("/"), subject=subject, scopes=scope, ttl=length, now=datetime.now(UTC)
    )
    typer.echo(made)


def _length(text: str) -> timedelta:
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no length of time; write 90s, 30m, 12h or 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
