"""Whoever owns the schema need not be a superuser: a login that may create roles is enough."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.errors import Conflict
from mcp_platform.kit.database import create_engine, with_login
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.schema import migrate
from mcp_platform.tenants.database_roles import drop, ensure, shut_out
from tests.factories import add_tenant


@pytest.fixture
async def owned(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[tuple[str, str]]:
    """An empty database whose owner is no superuser: its URL, and the superuser's."""
    del template  # made before, so that the roles of the parts exist
    owner, name = f"owner_{uuid4().hex[:8]}", f"owned_{uuid4().hex}"
    superuser = postgres.create_database(name)
    connection = await asyncpg.connect(superuser)
    # As the error of the migration tells a DBA to do, where roles are made by hand.
    await connection.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'x'")
    await connection.execute(f"GRANT {', '.join(DatabaseRole)} TO {owner} WITH ADMIN OPTION")
    await connection.execute(f"ALTER DATABASE {name} OWNER TO {owner}")
    await connection.close()
    yield with_login(superuser, user=owner, password="x"), superuser
    postgres.drop_database(name)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"DROP OWNED BY {owner}")
    await connection.execute(f"DROP ROLE {owner}")
    await connection.close()


async def test_an_owner_that_may_create_roles_migrates_and_makes_logins(
    owned: tuple[str, str],
) -> None:
    url, _ = owned
    await asyncio.to_thread(migrate, url)
    client = f"owned-{uuid4().hex[:8]}"
    engine = create_engine(url, pool_size=1, application_name="tests")
    async with engine.begin() as connection:
        tenant = await add_tenant(connection, client, topology="isolated")
        login = await ensure(connection, tenant)
    assert login is not None
    as_tenant = await asyncpg.connect(with_login(url, user=login.user, password=login.password))
    assert await as_tenant.fetchval("SELECT id FROM tenants") == tenant.id
    await as_tenant.execute("SELECT lo_create(0)")  # the login owns something, and still goes
    await as_tenant.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    async with engine.begin() as connection:
        await drop(connection, tenant)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await as_tenant.fetchval("SELECT 1")  # its connections ended with it
    as_tenant.terminate()
    for role in (DatabaseRole.INGEST, DatabaseRole.WORKER, DatabaseRole.ADMIN):
        part = create_engine(url, pool_size=1, application_name="tests", role=role)
        async with part.connect() as connection:
            assert await connection.scalar(text("SELECT current_user::text")) == role
        await part.dispose()
    await engine.dispose()


async def test_another_installations_login_is_not_taken_over(migrated_url: str) -> None:
    client = f"taken-{uuid4().hex[:8]}"
    name = f"t_{client}_production".replace("-", "_")
    engine = create_engine(migrated_url, pool_size=1, application_name="tests")
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"CREATE ROLE {name}")
    try:
        async with engine.begin() as connection:
            tenant = await add_tenant(connection, client)
            with pytest.raises(Conflict, match="not this tenant's"):
                await ensure(connection, tenant)
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"DROP ROLE {name}")
        await engine.dispose()


async def test_a_login_cannot_make_itself_stay(migrated_url: str) -> None:
    client = f"stays-{uuid4().hex[:8]}"
    engine = create_engine(migrated_url, pool_size=1, application_name="tests")
    async with engine.begin() as connection:
        tenant = await add_tenant(connection, client, topology="isolated")
        login = await ensure(connection, tenant)
    assert login is not None
    url = with_login(migrated_url, user=login.user, password=login.password)
    # It owns something where its owner cannot reach, and holds what must be locked to be dropped.
    elsewhere = await asyncpg.connect(url, database="postgres")
    made_there = await elsewhere.fetchval("SELECT lo_create(0)")
    holding = await asyncpg.connect(url)
    await holding.execute(f"BEGIN; LOCK TABLE queue_{tenant.id}.pgqueuer, contacts")
    async with engine.begin() as connection:
        await shut_out(connection, tenant)
    with pytest.raises(asyncpg.PostgresError, match="not permitted to log in"):
        await asyncpg.connect(url)
    async with engine.begin() as connection:
        await drop(connection, tenant)
        exists = "SELECT to_regnamespace(:name) IS NULL"
        assert await connection.scalar(text(exists), {"name": f"queue_{tenant.id}"})
        may = "SELECT pg_has_role(:name, 'mcp_tenant', 'MEMBER')"
        assert not await connection.scalar(text(may), {"name": login.user})
    for ended in (elsewhere, holding):
        ended.terminate()
    await engine.dispose()
    owner = await asyncpg.connect(migrated_url, database="postgres")
    await owner.execute(f"SELECT lo_unlink({made_there})")
    await owner.execute(f"DROP ROLE {login.user}")
    await owner.close()
