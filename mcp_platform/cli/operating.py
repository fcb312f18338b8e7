"""What the operator's commands share: the database, a tenant named by its path, tables.

Owns nothing that the platform does; only how a command gets at it.
"""

import asyncio
import getpass
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.actor import Actor
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import say, worded
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.database import Sessions, create_engine, create_sessions
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.settings import Settings
from mcp_platform.tenants.directory import UnknownTenant, all_tenants, tenant_at
from mcp_platform.tenants.tenant import (
    ENVIRONMENTS,
    Tenant,
    TenantId,
    check_client_name,
    is_environment,
)

if TYPE_CHECKING:
    from mcp_platform.registry.isolation import Isolation

Done = TypeVar("Done")
Work = Callable[[AsyncSession], Awaitable[Done]]
# Nothing is folded or cut: ids are there to be copied, and programs read this too. A narrower
# terminal wraps the lines itself.
WIDTH = 1000


def in_database(work: Work[Done]) -> Done:
    """Run `work` in one transaction of the environment's database, or of the embedded one."""
    with servers(Settings()) as given:
        refuse_old_schema(given.database_url)
        return asyncio.run(_in_transaction(given.database_url, work))


@asynccontextmanager
async def database(database_url: str) -> AsyncIterator[Sessions]:
    """Open the database as those do who administer it."""
    engine = create_engine(
        database_url, pool_size=1, application_name="mcp-cli", role=DatabaseRole.ADMIN
    )
    try:
        yield create_sessions(engine)
    finally:
        await engine.dispose()


async def _in_transaction(database_url: str, work: Work[Done]) -> Done:
    async with database(database_url) as sessions, sessions.everywhere.begin() as session:
        return await work(session)


def isolating(work: Callable[["Isolation"], Awaitable[None]]) -> None:
    """Run `work` with what prepares isolated tenants, in the environment's database."""
    from mcp_platform.bootstrap.commands import isolating_alone  # noqa: PLC0415  # slow to import

    settings = Settings()

    async def run(database_url: str) -> None:
        async with isolating_alone(settings, database_url=database_url) as isolation:
            await work(isolation)

    with servers(settings) as given:
        asyncio.run(run(given.database_url))


def command_actor() -> Actor:
    """Return who runs this command, for the audit trail: an account of this machine."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # a container's account has no name
        account = f"uid {os.getuid()}"
    return Actor(kind="command", subject=account, role="admin")


def split_path(path: str) -> tuple[str, str]:
    """Take `<client>/<environment>` apart.

    Raises:
        Invalid: it is something else.
    """
    client_name, slash, environment = path.strip("/").partition("/")
    if not (client_name and slash and environment) or "/" in environment:
        raise Invalid(
            f"{path!r} is no tenant. Write it as <client>/<environment>, for instance"
            " barbearia-do-ze/production."
        )
    try:
        check_client_name(client_name)
    except Invalid as error:
        why = error.fields["client_name"]
        raise Invalid(f"{client_name!r} cannot be the name of a client: {why}.") from error
    if not is_environment(environment):
        known = ", ".join(ENVIRONMENTS)
        raise Invalid(f"{environment!r} is no environment: write one of {known}.")
    return client_name, environment


async def tenant_named(session: AsyncSession, path: str) -> Tenant:
    """Return a tenant.

    Raises:
        Invalid: the path is malformed.
        NotFound: there is no such tenant.
    """
    try:
        return await tenant_at(session, *split_path(path))
    except UnknownTenant:
        raise NotFound(
            f"There is no tenant {path}. `mcp-platform tenants list` shows all."
        ) from None


async def tenant_to_wake(session: AsyncSession, path: str) -> TenantId:
    """Return a tenant's id; what the session wakes goes into the tenant's queue."""
    tenant = await tenant_named(session, path)
    wakes(session, schema_for(tenant.id, tenant.topology))
    return tenant.id


async def tenants_at(session: AsyncSession, path: str | None) -> list[tuple[TenantId, str]]:
    """Return the ids and paths of one tenant, or of all if none is named."""
    found = await all_tenants(session) if path is None else [await tenant_named(session, path)]
    return [(each.id, each.path) for each in found]


def show(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    none: str,
    codes: Collection[str] = (),
    items: Sequence[BaseModel | Mapping[str, Any]] | None = None,
    as_json: bool = False,
) -> None:
    """Print a table, or a sentence if it would be empty; with `items`, these as JSON instead.

    `as_json` prints the rows themselves so, by the English names of their columns. Cells of the
    columns `codes` are words of the platform's own: a table has them in the language spoken.
    """
    if as_json:
        names = [each.lower().replace(" ", "_").replace("-", "_") for each in columns]
        items = [
            {name: None if cell == "–" else cell for name, cell in zip(names, row, strict=True)}
            for row in rows
        ]
    if items is not None:
        plain = [
            each.model_dump(mode="json") if isinstance(each, BaseModel) else each for each in items
        ]
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=2, default=str))
        return
    if not rows:
        say(none)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(worded(column), no_wrap=True)
    for row in rows:
        told = (
            worded(cell) if name in codes else cell for name, cell in zip(columns, row, strict=True)
        )
        # As text: what stands in brackets in a name is no markup.
        table.add_row(*map(Text, told))
    Console(width=WIDTH).print(table)
