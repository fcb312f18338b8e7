"""`…/leave`: the end of a tenant step by step: stopped, exported, purged; a way back until then."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from starlette.responses import Response, StreamingResponse

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.forms import at_of, version_of
from mcp_platform.console.places import TENANT, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.offboarding.data_export import DataExport
from mcp_platform.offboarding.offboarding import NotExported, Offboarding, OffboardingState
from mcp_platform.registry.environments import Environments
from mcp_platform.tenants.directory import TenantDirectory

PATH: Final = f"{TENANT}/leave"
SAID: Final = frozenset({"begun", "restored", "purging"})


class LeavePages:
    """Off-boarding."""

    def __init__(self, sessions: Sessions, *, tenants: TenantDirectory, grace: timedelta) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._grace = grace

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=f"{PATH}/begin", roles=WRITERS, act=self.begin, fresh=True),
            ConsolePage(path=f"{PATH}/restore", roles=WRITERS, act=self.restore),
            ConsolePage(path=f"{PATH}/export", roles=WRITERS, act=self.export, fresh=True),
            ConsolePage(path=f"{PATH}/purge", roles=WRITERS, act=self.purge, fresh=True),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def begin(self, visit: PageVisit) -> Response:
        """Stop answering at once, and purge when the grace period is over."""
        at = at_of(visit)
        try:
            async with self._sessions.everywhere.begin() as session:
                await Offboarding(session, at.actor).begin(
                    at.client_name,
                    at.environment,
                    grace=self._grace,
                    now=visit.now,
                    versions=version_of(visit),
                )
        except PreconditionFailed:
            return await self._page(visit, status=412, wrong="changed")
        self._tenants.forget()
        return to_tenant(visit, "/leave", said="begun")

    async def restore(self, visit: PageVisit) -> Response:
        at = at_of(visit)
        async with self._sessions.everywhere.begin() as session:
            await Offboarding(session, at.actor).restore(at.client_name, at.environment)
        self._tenants.forget()
        return to_tenant(visit, "/leave", said="restored")

    async def purge(self, visit: PageVisit) -> Response:
        """Delete all that is kept, once its name was typed and an export holds all of it."""
        at = at_of(visit)
        try:
            async with self._sessions.everywhere.begin() as session:
                await Offboarding(session, at.actor).purge(
                    at.client_name,
                    at.environment,
                    confirm=visit.form.get("confirm", "").strip(),
                    without_export="without_export" in visit.form,
                    now=visit.now,
                )
        except NotExported:
            return await self._page(visit, status=409, wrong="not_exported")
        except Invalid:
            return await self._page(visit, status=422, wrong="confirm")
        return to_tenant(visit, "/leave", said="purging")

    async def export(self, visit: PageVisit) -> Response:
        """Send everything that is kept of the business and its customers, an object a line."""
        at = at_of(visit)
        async with self._sessions.everywhere() as session:
            located = await Environments(session, at.actor).locate(at.client_name, at.environment)
        going = DataExport(self._sessions, located.id, actor=at.actor, path=located.path)
        await going.begin()

        async def lines() -> AsyncIterator[bytes]:
            async for part in going.lines():
                yield part
            await going.complete()

        name = located.path.replace("/", "-")
        return StreamingResponse(
            lines(),
            media_type="application/x-ndjson",
            headers={"content-disposition": f'attachment; filename="{name}.jsonl"'},
        )

    async def _page(self, visit: PageVisit, *, status: int = 200, wrong: str = "") -> Response:
        at = at_of(visit)
        tenant = await tenant_of(visit, self._tenants)
        state: OffboardingState | None = None
        async with self._sessions.everywhere.begin() as session:
            facts = await Environments(session, at.actor).get(at.client_name, at.environment)
            try:
                state = await Offboarding(session, at.actor).state(at.client_name, at.environment)
            except NotFound:
                state = None
        return tenant_page(
            visit,
            tenant,
            "oversight/leave.html",
            status=status,
            facts=facts,
            state=state,
            days=self._grace.days,
            wrong=wrong,
            may_change=visit.role in WRITERS,
            said=visit.said(SAID),
        )
