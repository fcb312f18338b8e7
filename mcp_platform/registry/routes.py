"""What the registry's routes share: who is let in, one transaction each, versions and answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Path, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.guard import AdminGuard
from mcp_platform.access.idempotency import CreationAnswer, once
from mcp_platform.access.routes import (
    AtTenant,
    Told,
    etag,
)
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.forms import Form
from mcp_platform.registry.answers.translating import Translator
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.fleet.jobs import FleetJobs
from mcp_platform.registry.isolation import Isolation
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.tenants.directory import TenantDirectory

IdPath = Annotated[int, Path(ge=1, le=2**63 - 1)]


Bound = TypeVar("Bound", bound=TenantBound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What the routes are served with."""

    guard: AdminGuard
    sessions: Sessions
    isolation: Isolation
    tenants: TenantDirectory
    catalogues: Catalogues
    translator: Translator
    jobs: FleetJobs
    clock: Callable[[], datetime]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self.sessions.everywhere.begin() as session:
            yield session

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; what this process remembers of tenants is dropped when it ends."""
        async with self.sessions.everywhere.begin() as session:
            yield session
        self.tenants.forget()

    @asynccontextmanager
    async def catalogue(self, kind: type[Bound], at: AtTenant) -> AsyncIterator[Bound]:
        """Open a part of a tenant's catalogue in a transaction of its own.

        Raises:
            NotFound: there is no such tenant.
        """
        async with self.sessions.everywhere.begin() as session:
            environments = Environments(session, at.actor)
            tenant = await environments.locate(at.client_name, at.environment)
            yield kind(session, at.actor, tenant)
        self.catalogues.forget(tenant.id)

    async def create(
        self,
        session: AsyncSession,
        *,
        request: Request,
        actor: Actor,
        key: str | None,
        wish: Form,
        create: Callable[[], Awaitable[Told]],
        name: Callable[[Told], object],
    ) -> Response:
        """Answer a creation, once for one Idempotency-Key. `name` is its path's last segment."""

        async def created() -> CreationAnswer:
            made = await create()
            location = f"{request.url.path.rstrip('/')}/{name(made)}"
            return CreationAnswer(
                location=location, version=made.version, body=made.model_dump_json()
            )

        answer = await once(
            session,
            actor=actor,
            key=key,
            request=[request.url.path, wish.model_dump(mode="json")],
            now=self.clock(),
            create=created,
        )
        return Response(
            answer.body,
            status_code=201,
            media_type="application/json",
            headers={"location": answer.location, "etag": etag(answer.version)},
        )
