"""`…/conversations/canned`: what staff writes often, kept, removed, and put into the composer."""

from typing import Final

from starlette.responses import Response

from mcp_platform.console.conversations.working import working
from mcp_platform.console.forms import text_of_field
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.conversations.api import ConversationRoutes
from mcp_platform.conversations.canned import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    VARIABLES,
    CannedReplies,
)
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.registry.staff_api import READERS, WORKERS
from mcp_platform.tenants.directory import TenantDirectory

PATH: Final = f"{TENANT}/conversations/canned"
SAID: Final = frozenset({"kept", "removed"})


class CannedPages:
    """The canned replies of a tenant."""

    def __init__(self, conversations: ConversationRoutes, *, tenants: TenantDirectory) -> None:
        self._conversations = conversations
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=PATH, roles=WORKERS, act=self.add),
            ConsolePage(path=f"{PATH}/remove", roles=WORKERS, act=self.remove),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._shown(visit)

    async def add(self, visit: PageVisit) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        try:
            await self._conversations.add_canned(
                working(tenant, visit),
                title=text_of_field(visit, "title"),
                text=text_of_field(visit, "text"),
            )
        except Invalid as error:
            wrong = {each: visit.say(f"canned.unfit_{each}") for each in error.fields}
            return await self._shown(visit, status=422, wrong=wrong)
        except Conflict:
            return await self._shown(visit, status=409, wrong={"title": visit.say("canned.full")})
        return to_tenant(visit, "/conversations/canned", said="kept")

    async def remove(self, visit: PageVisit) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        which = visit.uuid("which")
        await self._conversations.remove_canned(working(tenant, visit), which)
        return to_tenant(visit, "/conversations/canned", said="removed")

    async def _shown(
        self, visit: PageVisit, *, status: int = 200, wrong: dict[str, str] | None = None
    ) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        async with self._conversations.sessions.of(tenant.id)() as session:
            replies = await CannedReplies(session, tenant.id).all()
        return tenant_page(
            visit,
            tenant,
            "conversations/canned.html",
            status=status,
            here=f"{ROOT}/t/{tenant.path}/conversations/canned",
            back=f"{ROOT}/t/{tenant.path}/conversations",
            replies=replies,
            variables=VARIABLES,
            may_work=may_change(visit, tenant, roles=WORKERS),
            said=visit.said(SAID),
            wrong=wrong or {},
            longest_title=LONGEST_TITLE,
            longest_text=LONGEST_TEXT,
        )
