"""`/live`: what has changed of what a browser looks at, as server-sent events.

A topic and a version, and nothing else: the page asks for its fragment again, so rights are checked
again. Source: HTML standard, "Server-sent events".
"""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mcp_platform.access.routes import READERS
from mcp_platform.audit.actor import ROLES
from mcp_platform.console.live.feed import LiveFeed, LiveStream
from mcp_platform.console.live.topics import ATTENTION, TopicKey
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import NotFound
from mcp_platform.tenants.directory import TenantDirectory

PATH: Final = "/live"
MOST_TOPICS: Final = 20  # of all tabs of a browser; what is beyond is polled
BEAT: Final = timedelta(seconds=20)  # proxies close what is silent for a minute


class EventStream(Response):
    """An answer that lasts until the browser goes, or the stream ends."""

    media_type = "text/event-stream"

    def __init__(self, feed: LiveFeed, stream: LiveStream) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._feed, self._stream = feed, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's
        gone = asyncio.create_task(self._until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send(_part(": live\n\n"))
            while not self._stream.ended:
                changed = await self._stream.changed(within=BEAT)
                told = "".join(
                    f"event: change\ndata: {topic} {self._feed.version}\n\n"
                    for topic in sorted(changed)
                )
                await send(_part(told or ": \n\n"))
            if not gone.done():
                await send(_part("event: end\ndata:\n\n"))
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._feed.close_stream(self._stream)

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._feed.close_stream(self._stream)


class LiveStreamPages:
    """The stream of who is signed in."""

    def __init__(self, feed: LiveFeed, *, tenants: TenantDirectory) -> None:
        self._feed = feed
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (ConsolePage(path=PATH, roles=ROLES, show=self.show),)

    async def show(self, visit: PageVisit) -> Response:
        """Open the stream of the topics that may be seen; 204, which ends asking: of none."""
        asked = visit.request.query_params.getlist("topic")[:MOST_TOPICS]
        topics = {
            key: each for each in asked if (key := await self._topic(visit, each)) is not None
        }
        if not topics:
            return Response(status_code=204)
        stream = LiveStream(topics, sign_in_id=visit.signed_in.user.sign_in_id)
        await self._feed.open(stream)
        return EventStream(self._feed, stream)

    async def _topic(self, visit: PageVisit, asked: str) -> TopicKey | None:
        """Return what a topic is about; None: nothing that there is, or that may be seen."""
        match asked.split("/"):
            case ["attention"] if visit.role in READERS:
                return ATTENTION
            case ["t", client, environment, ("agenda" | "conversations") as page, *contact]:
                own = visit.signed_in.account.tenant
                if own not in (None, f"{client}/{environment}") or len(contact) > 1:
                    return None
                try:
                    tenant = await self._tenants.by_path(client, environment)
                    return TopicKey(page, tenant.id, *(UUID(each) for each in contact))
                except (NotFound, ValueError):
                    return None
            case _:
                return None


def _part(text: str) -> dict[str, object]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}
