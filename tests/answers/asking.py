"""Tenants with answers, for tests of the room."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import Environments
from mcp_platform.tenants.tenant import Tenant
from tests.factories import add_tenant

ME = Actor(kind="command", subject="tests", role="admin")


async def new_tenant(sessions: Sessions) -> Tenant:
    """Make a tenant of its own for a test."""
    name = f"salon-{uuid.uuid4().hex[:12]}"
    async with sessions.everywhere.begin() as session:
        return await add_tenant(session, name, phone_number_id=str(uuid.uuid4().int)[:15])


@asynccontextmanager
async def answers_of(sessions: Sessions, tenant: Tenant) -> AsyncIterator[TenantAnswers]:
    """Open a tenant's answers in a transaction, as its operator does."""
    async with sessions.everywhere.begin() as session:
        located = await Environments(session, ME).locate(tenant.client_name, tenant.environment)
        yield TenantAnswers(session, ME, located)
