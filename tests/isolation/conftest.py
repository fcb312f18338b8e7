"""A database with two isolated tenants, and what connects to it as somebody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.kit.database import create_engine, with_login
from mcp_platform.schema import migrate
from mcp_platform.tenants.database_roles import DatabaseLogin, drop, ensure
from mcp_platform.tenants.tenant import Tenant
from tests.factories import add_tenant
from tests.tenant_rows import fill_tables


@dataclass(frozen=True, slots=True)
class Isolated:
    """Two tenants who must not know of each other."""

    url: str
    tenants: tuple[Tenant, Tenant]
    logins: tuple[DatabaseLogin, DatabaseLogin]

    async def login(self, which: int) -> asyncpg.Connection:
        """Connect as a tenant."""
        login = self.logins[which]
        url = with_login(self.url, user=login.user, password=login.password)
        return await asyncpg.connect(url)

    async def acting(self, role: str, *, whose: str | None = None) -> asyncpg.Connection:
        """Connect as a part of the platform."""
        settings = {"role": str(role)} | ({} if whose is None else {"mcp.tenant": whose})
        return await asyncpg.connect(self.url, server_settings=settings)

    async def owner(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.url)


@pytest.fixture(scope="session")
def isolation_url(postgres: EmbeddedPostgres) -> str:
    """A database migrated by itself: a copy would not have the database's own privileges."""
    url = postgres.create_database(f"isolation_{uuid4().hex}")
    migrate(url)
    return url


@pytest.fixture(scope="session")
async def isolated(isolation_url: str) -> AsyncIterator[Isolated]:
    engine = create_engine(isolation_url, pool_size=1, application_name="tests")
    tenants, logins = [], []
    async with engine.begin() as connection:
        for letter in "ab":
            name = f"isolated-{letter}-{uuid4().hex[:8]}"
            tenant = await add_tenant(connection, name, topology="isolated")
            login = await ensure(connection, tenant)
            assert login is not None
            await fill_tables(connection, tenant.id)
            tenants.append(tenant)
            logins.append(login)
    yield Isolated(isolation_url, (tenants[0], tenants[1]), (logins[0], logins[1]))
    async with engine.begin() as connection:  # roles outlive the database
        for tenant in tenants:
            await drop(connection, tenant)
    await engine.dispose()
