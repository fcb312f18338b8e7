"""Drafts with a transaction each: what the routes and the console work with."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.onboarding.drafts import ClientDraftOut, ClientDrafts, DraftWish, RegisteredOut
from mcp_platform.registry.isolation import Isolation, unprepared
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Topology


class DraftDesk:
    """Opens a transaction for each thing that is done with a draft."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        isolation: Isolation,
        tenants: TenantDirectory,
        unsaid_topology: Topology,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._isolation = isolation
        self._tenants = tenants
        self._topology = unsaid_topology
        self._clock = clock

    async def list(self, actor: Actor) -> list[ClientDraftOut]:
        async with self._sessions.everywhere() as session:
            return await ClientDrafts(session, actor, now=self._clock()).list()

    async def create(self, actor: Actor, wish: DraftWish) -> ClientDraftOut:
        async with self._sessions.everywhere.begin() as session:
            return await ClientDrafts(session, actor, now=self._clock()).create(wish)

    async def get(self, actor: Actor, draft_id: UUID) -> ClientDraftOut:
        async with self._sessions.everywhere() as session:
            return await ClientDrafts(session, actor, now=self._clock()).get(draft_id)

    async def update(
        self, actor: Actor, draft_id: UUID, wish: DraftWish, *, versions: frozenset[int] | None
    ) -> ClientDraftOut:
        async with self._sessions.everywhere.begin() as session:
            drafts = ClientDrafts(session, actor, now=self._clock())
            return await drafts.update(draft_id, wish, versions=versions)

    async def remove(self, actor: Actor, draft_id: UUID) -> None:
        async with self._sessions.everywhere.begin() as session:
            await ClientDrafts(session, actor, now=self._clock()).remove(draft_id)

    async def register(self, actor: Actor, draft_id: UUID) -> RegisteredOut:
        """Make the client; what is isolated gets its own login and queue afterwards."""
        async with self._sessions.everywhere.begin() as session:
            made = await ClientDrafts(session, actor, now=self._clock()).register(
                draft_id, topology=self._topology
            )
            missing = await unprepared(session, made.tenants)
        self._tenants.forget()
        await self._isolation.prepare_all(missing, actor=actor)
        return made
