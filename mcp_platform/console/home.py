"""Where the console begins, and the components on one page for who changes them."""

from starlette.responses import Response

from mcp_platform.access.routes import READERS
from mcp_platform.audit.actor import ROLES
from mcp_platform.console.visits import ConsolePage, PageVisit


class HomePages:
    """The start of each role. `design`: the page of components is served too."""

    def __init__(self, *, design: bool) -> None:
        self._design = design

    def table(self) -> tuple[ConsolePage, ...]:
        design = (ConsolePage(path="/design", roles=None, show=self.components),)
        return (
            ConsolePage(path="/", roles=ROLES, show=self.start),
            *(design if self._design else ()),
        )

    async def start(self, visit: PageVisit) -> Response:
        """Lead to what a role works with."""
        tenant = visit.signed_in.account.tenant
        return visit.to("/fleet" if visit.role in READERS else f"/t/{tenant}/agenda")

    async def components(self, visit: PageVisit) -> Response:
        return visit.page("design.html")
