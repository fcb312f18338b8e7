"""A database that is lent again is as good as new."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from mcp_platform.embedded import EmbeddedPostgres
from tests.databases import Databases, Lent

A_CLIENT = "INSERT INTO clients (name, business_name) VALUES ('salao-do-ze', 'Zé')"
A_TENANT = "INSERT INTO tenants (client_name, environment) VALUES ('salao-do-ze', 'production') RETURNING id"


@pytest.fixture
async def lent(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[Lent]:
    made = Databases(postgres, template).copied()
    await made.remember()
    yield made
    postgres.drop_database(made.name)


async def test_what_was_written_is_gone_and_numbers_begin_where_they_did(lent: Lent) -> None:
    connection = await asyncpg.connect(lent.url)
    await connection.execute(A_CLIENT)
    assert await connection.fetchval(A_TENANT) == 1
    await connection.execute("ANALYZE")
    await connection.close()

    assert await lent.emptied()

    connection = await asyncpg.connect(lent.url)
    assert await connection.fetch("SELECT FROM tenants") == []
    assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    await connection.execute(A_CLIENT)
    assert await connection.fetchval(A_TENANT) == 1
    await connection.close()


async def test_who_is_still_connected_is_sent_away(lent: Lent) -> None:
    connection = await asyncpg.connect(lent.url)
    await connection.execute("BEGIN")
    await connection.execute("LOCK TABLE clients")

    assert await lent.emptied()

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.execute("SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE clients ADD COLUMN more int",
        "ALTER TABLE tenants ALTER COLUMN status SET DEFAULT 'draining'",
        "CREATE SCHEMA more",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP POLICY mcp_tenant ON contacts",
        "GRANT SELECT ON clients TO PUBLIC",
        "ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY",
        "UPDATE alembic_version SET version_num = '0001'",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END$$",
        "DO $$BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()); END$$",
    ],
)
async def test_one_in_which_more_than_rows_changed_is_not_lent_again(
    lent: Lent, change: str
) -> None:
    connection = await asyncpg.connect(lent.url)
    await connection.execute(change)
    await connection.close()

    assert not await lent.emptied()
