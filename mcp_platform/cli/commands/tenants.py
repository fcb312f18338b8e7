"""`tenants`: making, changing and showing them, tokens for their API, and their suspension."""

import asyncio
import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.tenant_tokens import TenantTokens
from mcp_platform.bootstrap.commands import operating_alone
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.cli.arguments import JSON, TENANT
from mcp_platform.cli.commands import leaving
from mcp_platform.cli.offering import offering
from mcp_platform.cli.operating import (
    command_actor,
    in_database,
    isolating,
    show,
    split_path,
    tenant_named,
)
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import later, say
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.offboarding.api import OffboardingOut
from mcp_platform.offboarding.offboarding import Offboarding
from mcp_platform.registry.clients import Clients, NewClient
from mcp_platform.registry.environments import EnvironmentChange, Environments, NewEnvironment
from mcp_platform.settings import Settings
from mcp_platform.tenants.directory import all_tenants
from mcp_platform.tenants.health import troubles

app = typer.Typer(
    help="Make, change, list and show tenants, suspend and resume them, make tokens for their API.",
    no_args_is_help=True,
)
app.command("export")(leaving.export)
app.command("offboard")(leaving.offboard)
app.command("restore")(leaving.restore)
app.command("purge")(leaving.purge)

UNTROUBLED = "–"
SCOPE = typer.Option(
    "--scope",
    help="What the token allows: [bold]chat[/], [bold]appointments:read[/],"
    " [bold]appointments:write[/], … May be given several times.",
    show_default=False,
)
TTL = typer.Option("--ttl", help="How long it is valid: 90s, 30m, 12h or 7d; at most 366d.")
BUSINESS_NAME = typer.Option(
    "--business-name",
    help="The business, as customers know it; of a new client.",
    show_default=False,
)
SUBJECT = typer.Option("--subject", help="Who will use it; written into the audit trail.")


_LENGTH = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.command("list")
def list_(*, as_json: Annotated[bool, JSON] = False) -> None:
    """List the tenants: status, number, calendar, and what is wrong with them."""
    found = in_database(_all)
    show(
        ("Tenant", "Business", "Status", "Topology", "Model", "Number id", "Calendar", "Trouble"),
        found,
        none="There are no tenants yet: mcp-platform onboard.",
        codes=("Status", "Model"),
        as_json=as_json,
    )
    if any(row[-1] != UNTROUBLED for row in found):
        say("What to do about trouble: mcp-platform doctor <client>/<environment>", err=True)


async def _all(session: AsyncSession) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for each in await troubles(session):
        found.setdefault(each.tenant, []).append(f"{each.what}: {each.reason}")
    return [
        [
            tenant.path,
            tenant.business_name,
            tenant.status,
            tenant.topology,
            later("on") if tenant.model_enabled else later("off"),
            tenant.phone_number_id or "–",
            tenant.calendar_id or "–",
            "; ".join(found.get(tenant.path, [UNTROUBLED])),
        ]
        for tenant in await all_tenants(session)
    ]


@app.command()
@offering(NewEnvironment)
def create(
    tenant: Annotated[str, TENANT],
    *,
    business_name: Annotated[str | None, BUSINESS_NAME] = None,
    **wished: str | bool | None,
) -> None:
    """Make a tenant, and its client if that is new. What it offers: mcp-platform services."""
    given = {name: value for name, value in wished.items() if value not in (None, "")}
    client_name, environment = split_path(tenant)

    async def make(session: AsyncSession) -> None:
        wish = NewEnvironment.of({"environment": environment, **given})
        clients = Clients(session, command_actor())
        try:
            await clients.get(client_name)
        except NotFound:
            if business_name is None:
                raise Invalid(f"{client_name} is new: say its --business-name.") from None
            new = NewClient.of({"name": client_name, "business_name": business_name})
            await clients.create(new)
        await Environments(session, command_actor()).create(client_name, wish)

    in_database(make)
    if given.get("topology") == "isolated":
        actor = command_actor()
        isolating(lambda isolation: isolation.prepare_new(client_name, environment, actor=actor))
    say(
        "{tenant} is there. Its credentials are missing still:"
        " mcp-platform credentials set {tenant} --from-file FILE",
        tenant=f"{client_name}/{environment}",
    )


@app.command()
@offering(EnvironmentChange)
def update(tenant: Annotated[str, TENANT], **wished: str | bool | None) -> None:
    """Change a tenant; what is not named stays as it is, and an empty value takes one away."""
    given = {
        name: None if value == "" else value for name, value in wished.items() if value is not None
    }
    if not given:
        raise typer.BadParameter("Say what is to change.")
    path, actor = split_path(tenant), command_actor()

    async def change(session: AsyncSession) -> None:
        wish = EnvironmentChange.of(given)
        await Environments(session, actor).update(*path, wish, versions=None)

    if given.get("topology") == "isolated":
        isolating(lambda isolation: isolation.prepare(*path, actor=actor))
    in_database(change)
    say("{tenant} is changed; every process sees it within half a minute.", tenant=tenant)


@app.command("show")
def show_(tenant: Annotated[str, TENANT]) -> None:
    """Show a tenant as JSON: everything but its credentials and its catalogue.

    Off-boarded, how far its end has come, and what is left for you to take away.
    """

    async def read(session: AsyncSession) -> str:
        path, actor = split_path(tenant), command_actor()
        found = await Environments(session, actor).get(*path)
        shown = found.model_dump(mode="json")
        with suppress(NotFound):  # it stays
            state = await Offboarding(session, actor).state(*path)
            shown["offboarding"] = OffboardingOut.of(state).model_dump(mode="json")
        return json.dumps(shown, ensure_ascii=False, indent=2)

    typer.echo(in_database(read))


@app.command()
def suspend(tenant: Annotated[str, TENANT]) -> None:
    """Stop answering a tenant's customers. What they write is kept, and answered after `resume`."""
    _set_status(tenant, "suspended")
    say("{tenant} is suspended; every process sees it within half a minute.", tenant=tenant)


@app.command()
def resume(tenant: Annotated[str, TENANT]) -> None:
    """Answer a suspended tenant's customers again, what waits first."""
    _set_status(tenant, "active")
    say("{tenant} is active; every process sees it within half a minute.", tenant=tenant)


def _set_status(path: str, status: Literal["active", "suspended"]) -> None:
    async def change(session: AsyncSession) -> None:
        await Environments(session, command_actor()).update(
            *split_path(path), EnvironmentChange(status=status), versions=None
        )

    in_database(change)


@app.command("rotate-database-password")
def rotate_database_password(tenant: Annotated[str, TENANT]) -> None:
    """Give a tenant's database login another password, in the database and in its credentials.

    What is connected stays so. Pods of an isolated tenant read the password for each new connection,
    and need no restart. Where credentials are sealed, publish at once.
    """
    settings, path = Settings(), split_path(tenant)

    async def rotate(database_url: str) -> None:
        async with operating_alone(settings, database_url=database_url) as made:
            await made.keys.rotate_database_password(*path, actor=command_actor())

    with servers(settings) as given:
        refuse_old_schema(given.database_url)
        asyncio.run(rotate(given.database_url))
    say("The database login of {tenant} has another password.", tenant=tenant)


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
    length = _length(ttl)
    in_database(lambda session: tenant_named(session, tenant))
    made = TenantTokens(token_keys(Settings())).mint(
        tenant=tenant.strip("/"), subject=subject, scopes=scope, ttl=length, now=datetime.now(UTC)
    )
    typer.echo(made)


def _length(text: str) -> timedelta:
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no length of time; write 90s, 30m, 12h or 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
