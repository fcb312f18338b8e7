"""`/publish`: what publishing would change, in words and as files, and the button that does it."""

from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid, PlatformError, Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.problem import status_of
from mcp_platform.publishing.config_export import export_config
from mcp_platform.publishing.desk import PublicationPreview, PublishingDesk
from mcp_platform.publishing.publishing import ChangedFolder

PATH: Final = "/publish"
SAID: Final = frozenset({"pushed", "nothing"})
CLIENTS: Final = "clients/"


class PublishPages:
    """The fleet's differences."""

    def __init__(self, desk: PublishingDesk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=WRITERS, show=self.show),
            ConsolePage(path=PATH, roles=WRITERS, act=self.publish),
            ConsolePage(path=f"{PATH}/config", roles=WRITERS, act=self.export),
        )

    async def show(self, visit: PageVisit) -> Response:
        """Show the difference once it is asked for: to make it takes seconds."""
        if visit.request.query_params.get("look") != "yes" or not self._desk.publishes:
            return self._page(visit)
        try:
            return self._page(visit, preview=await self._desk.preview())
        except (Conflict, Invalid, Unavailable) as error:
            return self._page(visit, error=error)

    async def publish(self, visit: PageVisit) -> Response:
        seen = visit.form.get("seen", "")
        removes = visit.form.get("removes", "0") != "0"
        if not self._desk.publishes or not seen or (removes and "removed" not in visit.form):
            error = Invalid("It was not confirmed that what is gone is removed.")
            return self._page(visit, error=error, unconfirmed=removes)
        try:
            done = await self._desk.publish(seen=seen, actor=visit.signed_in.user.actor)
        except (Conflict, Invalid, Unavailable) as error:
            return self._page(visit, error=error)
        return visit.to(PATH, said="pushed" if done.commit else "nothing")

    async def export(self, visit: PageVisit) -> Response:
        """Send `config.json` as a file: no secrets but sealed ones, nothing about customers."""
        async with self._sessions.everywhere() as session:
            content = await export_config(session)
        return visit.download(content, name="config.json")

    def _page(
        self,
        visit: PageVisit,
        *,
        preview: PublicationPreview | None = None,
        error: PlatformError | None = None,
        unconfirmed: bool = False,
    ) -> Response:
        status = status_of(error) if error else 200
        return visit.page(
            "deployment/publish.html",
            status=status,
            refused=status,
            publishes=self._desk.publishes,
            preview=preview,
            sentences=[(each, said_of(visit, each)) for each in preview.changes] if preview else [],
            error=error,
            unconfirmed=unconfirmed,
            said=visit.said(SAID),
        )


def said_of(visit: PageVisit, change: ChangedFolder) -> str:
    """Return what a folder's change means, in words."""
    if change.folder.startswith(CLIENTS):
        path = change.folder.removeprefix(CLIENTS)
        return visit.say(f"publish.tenant_{change.kind}", path=path, n=change.files)
    return visit.say(f"publish.folder_{change.kind}", folder=change.folder, n=change.files)
