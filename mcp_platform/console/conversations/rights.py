"""A customer's rights in their conversation: all that is kept of them to download, and its erasure."""

from typing import Final
from uuid import UUID

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.console.conversations.pages import ONE
from mcp_platform.console.conversations.thread import written_phone
from mcp_platform.console.places import tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.conversations.api import ConversationRoutes
from mcp_platform.conversations.conversations import Conversations
from mcp_platform.errors import Conflict
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.rights.contact_data import export_contact
from mcp_platform.rights.erasure import ContactErasure
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant

ERASE: Final = f"{ONE}/erase"


class RightsPages:
    """Export and erasure of one contact."""

    def __init__(
        self,
        sessions: Sessions,
        conversations: ConversationRoutes,
        *,
        tenants: TenantDirectory,
        fingerprints: Fingerprints,
    ) -> None:
        self._sessions = sessions
        self._conversations = conversations
        self._tenants = tenants
        self._fingerprints = fingerprints

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=f"{ONE}/data", roles=WRITERS, act=self.export, fresh=True),
            ConsolePage(path=ERASE, roles=WRITERS, show=self.show),
            ConsolePage(path=ERASE, roles=WRITERS, act=self.erase, fresh=True),
        )

    async def export(self, visit: PageVisit) -> Response:
        tenant, contact = await self._place(visit)
        async with self._sessions.everywhere.begin() as session:
            told = await export_contact(
                session,
                tenant,
                contact,
                trail=ActorTrail(visit.signed_in.user.actor),
                now=visit.now,
            )
        return visit.download(told.model_dump_json(indent=2), name=f"{contact}.json")

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def erase(self, visit: PageVisit) -> Response:
        """Delete what is kept of them; their appointments stay, of nobody."""
        tenant, contact = await self._place(visit)
        if "sure" not in visit.form:
            return await self._page(visit, status=422, wrong="sure")
        try:
            async with self._sessions.everywhere.begin() as session:
                wakes(session, schema_for(tenant.id, tenant.topology))
                work = ContactErasure(
                    session, tenant, fingerprints=self._fingerprints, now=visit.now
                )
                await work.erase(
                    contact,
                    cancel="cancel" in visit.form,
                    trail=ActorTrail(visit.signed_in.user.actor),
                )
        except Conflict:  # something lies ahead, and was not to be cancelled
            return await self._page(visit, status=409, wrong="ahead")
        return to_tenant(visit, "/conversations", said="erased")

    async def _page(self, visit: PageVisit, *, status: int = 200, wrong: str = "") -> Response:
        tenant, contact = await self._place(visit)
        async with self._conversations.sessions.of(tenant.id).begin() as session:
            found = Conversations(session, tenant.id)
            conversation = await found.get(contact, now=visit.now)
        return tenant_page(
            visit,
            tenant,
            "conversations/erase.html",
            status=status,
            conversation=conversation,
            phone=written_phone,
            wrong=wrong,
        )

    async def _place(self, visit: PageVisit) -> tuple[Tenant, UUID]:
        return await tenant_of(visit, self._tenants), visit.uuid("contact")
