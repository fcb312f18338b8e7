"""Commands run in this process, on a database of their own; and rows to run them on."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.cli import main
from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.tenants.tenant import TenantId
from tests.factories import add_contact, add_tenant

PATH = "barbearia-do-ze/production"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str


Mcp = Callable[..., Ran]


@pytest.fixture
def mcp(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Mcp]:
    """Run a command as the script does; how it logs is undone."""
    root, logs = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level

    monkeypatch.setattr(
        "mcp_platform.cli.commands.serve.kept", lambda: False
    )  # no copy of this process
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["mcp-platform", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Ran(int(ended.value.code or 0), written.out, written.err)

    yield run
    structlog.configure(**logs)
    root.handlers[:] = handlers
    root.setLevel(level)


class Database:
    """A migrated database with one tenant and one contact, and SQL for it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tenant = TenantId(0)
        self.contact: UUID = uuid4()

    def make(self, factory: Callable[..., Awaitable[T]], *arguments: Any, **columns: Any) -> T:
        """Have one of `tests.factories` write rows; return what it made."""

        async def run() -> T:
            engine = create_engine(self.url, pool_size=1, application_name="tests")
            try:
                async with create_sessions(engine).everywhere.begin() as session:
                    return await factory(session, *arguments, **columns)
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def sql(self, statement: str, *values: Any) -> list[Any]:
        async def run() -> list[Any]:
            connection = await asyncpg.connect(self.url)
            try:
                return list(await connection.fetch(statement, *values))
            finally:
                await connection.close()

        return asyncio.run(run())

    def value(self, statement: str, *values: Any) -> Any:
        return self.sql(statement, *values)[0][0]

    def isolate(self) -> str:
        """Give the tenant a queue of its own; return its schema."""
        schema = f"queue_{self.tenant}"
        for statement in (
            "UPDATE tenants SET topology = 'isolated'",
            f"CREATE SCHEMA {schema}",
            f"CREATE TABLE {schema}.pgqueuer (LIKE queue.pgqueuer INCLUDING ALL)",
            f"GRANT USAGE ON SCHEMA {schema} TO mcp_admin",
            f"GRANT INSERT ON {schema}.pgqueuer TO mcp_admin",
        ):
            self.sql(statement)
        return schema


@pytest.fixture
def database(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database that commands of this test use."""
    monkeypatch.setenv("DATABASE_URL", migrated_url)
    made = Database(migrated_url)
    made.tenant, made.contact = made.make(_shop)
    return made


async def _shop(database: AsyncSession) -> tuple[TenantId, UUID]:
    """Make what commands work on, over one connection: each costs more than all its statements."""
    tenant = await add_tenant(database, "barbearia-do-ze", phone_number_id="106")
    return tenant.id, await add_contact(database, tenant.id, wa_id="5511999998888")
