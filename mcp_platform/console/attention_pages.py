"""What waits for somebody, over all tenants: the queue, and its number in the navigation."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.responses import Response

from mcp_platform.access.routes import READERS
from mcp_platform.audit.actor import Role
from mcp_platform.console.conversations.thread import digest_of
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.fleet.attention import (
    KINDS,
    AttentionKind,
    AttentionQuery,
    attention_counts,
    attention_page,
)

ATTENTION: Final = "/attention"
ROWS: Final = 50
ICONS: Final[dict[AttentionKind, str]] = {
    "waiting": "hand",
    "question": "message-circle-question-mark",
    "call": "phone",
    "unconfirmed": "phone",
    "answer": "phone",
    "parked": "inbox",
}
# A number in the navigation may be that old: else every page would count.
COUNTED_FOR: Final = timedelta(seconds=10)


class WaitingCount:
    """How much waits for somebody, counted now and then. One for the process."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._counted: tuple[datetime, int] | None = None

    async def of(self, role: Role, now: datetime) -> Mapping[str, int]:
        """Return the number beside the queue, for those who may see it."""
        if role not in READERS:
            return {}
        if self._counted is None or not timedelta(0) <= now - self._counted[0] < COUNTED_FOR:
            async with self._sessions.everywhere() as session:
                counts = await attention_counts(session, now=now)
            self._counted = now, sum(counts.values())
        return {ATTENTION: self._counted[1]}


class AttentionPages:
    """The queue over all tenants."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def table(self) -> tuple[ConsolePage, ...]:
        return (ConsolePage(path=ATTENTION, roles=READERS, show=self.show),)

    async def show(self, visit: PageVisit) -> Response:
        asked = {
            name: value
            for name in ("kind", "cursor")
            if (value := visit.request.query_params.get(name, ""))
        }
        try:
            query = AttentionQuery.model_validate({**asked, "limit": ROWS})
        except ValidationError as error:
            raise Invalid("There is no such filter.") from error
        async with self._sessions.everywhere() as session:
            found = await attention_page(session, query, now=visit.now)
        version = digest_of(found)
        if visit.request.query_params.get("seen") == version:
            return Response(status_code=204)
        kind = {"kind": query.kind} if query.kind else {}
        following = found.next_cursor
        return visit.page(
            "attention.html",
            items=found.items,
            counts=found.counts,
            total=sum(found.counts.values()),
            kinds=KINDS,
            chosen=query.kind,
            icons=ICONS,
            version=version,
            shown_at=_address(asked),
            here=_address({}),
            following=_address({**kind, "cursor": following}) if following else None,
            first=_address(kind) if "cursor" in asked else None,
        )


def _address(query: Mapping[str, str]) -> str:
    return f"{ROOT}{ATTENTION}?{urlencode(query)}" if query else f"{ROOT}{ATTENTION}"
