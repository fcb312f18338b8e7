"""The fleet: every tenant in a row, by state, environment and name."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.reasons import Reason, reason_of
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.fleet.fleet import STATES, FleetQuery, FleetRow, FleetState, fleet_page

ROWS: Final = 50
ENVIRONMENTS: Final = ("production", "staging", "development")
PILLS: Final[dict[FleetState, str]] = {
    "failing": "bad",
    "attention": "warn",
    "unknown": "unknown",
    "paused": "paused",
    "ok": "ok",
}
FACETS: Final = ("text", "state", "environment")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFacet:
    """A choice above the table: where it leads, how many are left, and whether it is made."""

    state: FleetState | None
    count: int
    address: str
    chosen: bool


class FleetPages:
    """The list of all tenants."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def table(self) -> tuple[ConsolePage, ...]:
        return (ConsolePage(path="/fleet", roles=READERS, show=self.show),)

    async def show(self, visit: PageVisit) -> Response:
        asked: dict[str, str] = {
            name: value.strip()
            for name in (*FACETS, "cursor")
            if (value := visit.request.query_params.get(name, "")).strip()
        }
        query = _query(asked)
        async with self._sessions.everywhere() as session:
            found = await fleet_page(session, query, now=visit.now)
        facets: dict[str, str] = {name: asked[name] for name in FACETS if name in asked}
        following = found.next_cursor
        return visit.page(
            "fleet.html",
            rows=[(row, self._reason(visit, row)) for row in found.items],
            tiles=list(_tiles(facets, found.counts)),
            total=sum(found.counts.values()),
            facets=facets,
            environments=ENVIRONMENTS,
            may_add=visit.role in WRITERS,
            pills=PILLS,
            following=_address({**facets, "cursor": following}) if following else None,
            first=_address(facets) if "cursor" in asked else None,
        )

    @staticmethod
    def _reason(visit: PageVisit, row: FleetRow) -> Reason | None:
        return reason_of(row, say=visit.say, tongue=visit.tongue)


def _query(asked: dict[str, str]) -> FleetQuery:
    try:
        return FleetQuery.model_validate({**asked, "limit": ROWS})
    except ValidationError as error:
        raise Invalid("There is no such filter.") from error


def _tiles(facets: dict[str, str], counts: dict[FleetState, int]) -> list[FleetFacet]:
    """Return a tile for each state; the one that is chosen leads back to all."""
    chosen = facets.get("state")
    others = {name: value for name, value in facets.items() if name != "state"}
    return [
        FleetFacet(
            state=state,
            count=counts[state],
            address=_address(others if state == chosen else {**others, "state": state}),
            chosen=state == chosen,
        )
        for state in STATES
    ]


def _address(query: dict[str, str]) -> str:
    return f"/console/fleet?{urlencode(query)}" if query else "/console/fleet"
