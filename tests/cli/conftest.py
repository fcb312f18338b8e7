"""Commands run in this process, on a database of their own; and rows to run them on."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog

from mcp_platform.cli import main

PATH = "barbearia-do-ze/production"
# In one statement: each connection costs PostgreSQL and us more than all of it.
ROWS = """
    WITH client AS (
        INSERT INTO clients (name, business_name) VALUES ('barbearia-do-ze', 'Barbearia')
        RETURNING name
    ), tenant AS (
        INSERT INTO tenants (client_name, environment, phone_number_id)
        SELECT name, 'production', '106' FROM client RETURNING id
    ), contact AS (
        INSERT INTO contacts (tenant_id, id, space, wa_id)
        SELECT id, '{contact}', 'whatsapp', '5511999998888' FROM tenant RETURNING tenant_id, id
    )
    INSERT INTO contact_aliases (tenant_id, alias, contact_id)
    SELECT tenant_id, 'w:5511999998888', id FROM contact RETURNING tenant_id
"""


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
        self.tenant: int = 0
        self.contact: UUID = uuid4()

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
    made.tenant = made.value(ROWS.format(contact=made.contact))
    return made
