"""A tenant with one row of everything, beside another with the same."""

from dataclasses import dataclass

import pytest

from mcp_platform.conversations.contacts import ContactId
from mcp_platform.kit.database import create_engine
from tests.platform_api import Api
from tests.tenant_rows import fill_tables, named


@dataclass(frozen=True, slots=True)
class FullTenant:
    """A tenant that has one row of every table, and its contact."""

    id: int
    path: str

    @property
    def contact(self) -> ContactId:
        return ContactId(named(self.id, "contact"))

    @property
    def alias(self) -> str:
        return f"w:{self.id}"

    def route(self, rest: str) -> str:
        client, environment = self.path.split("/")
        return f"/admin/clients/{client}/environments/{environment}/conversations{rest}"


async def full_tenant(api: Api) -> FullTenant:
    """Make a tenant and one row of every table."""
    path = await api.make_tenant()
    ((tenant_id,),) = await api.sql(
        "SELECT id FROM tenants WHERE client_name = :name", name=path.partition("/")[0]
    )
    engine = create_engine(
        str(api.platform.shared.settings.database_url), pool_size=1, application_name="tests"
    )
    async with engine.begin() as connection:
        await fill_tables(connection, tenant_id)
    await engine.dispose()
    await api.sql(
        "UPDATE inbox_events SET contact_key = :alias WHERE tenant_id = :id",
        alias=f"w:{tenant_id}",
        id=tenant_id,
    )
    return FullTenant(tenant_id, path)


@pytest.fixture
async def shop(api: Api) -> FullTenant:
    return await full_tenant(api)
