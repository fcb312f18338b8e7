"""The fleet: every tenant in a row, by state, environment and name; as a table to take along."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.reasons import Reason, reason_of
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.paging import MOST
from mcp_platform.registry.fleet.fleet import (
    SORTS,
    STATES,
    FleetQuery,
    FleetRow,
    FleetState,
    fleet_page,
)

ROWS: Final = 50
ENVIRONMENTS: Final = ("production", "staging", "development")
PILLS: Final[dict[FleetState, str]] = {
    "failing": "bad",
    "attention": "warn",
    "deploying": "info",
    "unknown": "unknown",
    "paused": "paused",
    "ok": "ok",
}
FACETS: Final = ("text", "state", "environment", "sort")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would reckon with. Source: OWASP, CSV Injection."""


COLUMNS: Final = (
    "client", "environment", "business", "state", "reason", "since", "waiting", "questions",
    "stopped", "last_message", "examined",
)  # fmt: skip


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
        return (
            ConsolePage(path="/fleet", roles=READERS, show=self.show),
            ConsolePage(path="/fleet/csv", roles=READERS, show=self.export),
        )

    async def show(self, visit: PageVisit) -> Response:
        asked = _asked(visit)
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
            matching=found.counts[query.state] if query.state else sum(found.counts.values()),
            facets=facets,
            environments=ENVIRONMENTS,
            may_add=visit.role in WRITERS,
            pills=PILLS,
            sort=query.sort,
            sorted_by={
                each: _address({**facets, "sort": each} if each != "name" else _without(facets))
                for each in SORTS
            },
            csv_at=_address(facets).replace("/fleet", "/fleet/csv", 1),
            following=_address({**facets, "cursor": following}) if following else None,
            first=_address(facets) if "cursor" in asked else None,
        )

    async def export(self, visit: PageVisit) -> Response:
        """Send all that the filters leave as a table, in the order of the page."""
        asked = {name: value for name, value in _asked(visit).items() if name != "cursor"}
        async with self._sessions.everywhere() as session:
            rows = await _every(session, asked, now=visit.now)
        written = io.StringIO()
        table = csv.writer(written)
        table.writerow(visit.say(f"fleet.csv_{name}") for name in COLUMNS)
        for row in rows:
            table.writerow(_safe(each) for each in self._cells(visit, row))
        # With a mark of its encoding, without which spreadsheets guess.
        content = "\ufeff" + written.getvalue()
        return visit.download(content, name="fleet.csv", kind="text/csv; charset=utf-8")

    def _cells(self, visit: PageVisit, row: FleetRow) -> tuple[str, ...]:
        reason = self._reason(visit, row)
        return (
            row.client_name,
            row.environment,
            row.business_name,
            visit.say(f"state.{row.state}"),
            reason.text if reason else "",
            reason.since.isoformat() if reason and reason.since else "",
            str(row.waiting),
            str(row.questions),
            str(row.stopped),
            row.last_message_at.isoformat() if row.last_message_at else "",
            row.examined_at.isoformat() if row.examined_at else "",
        )

    @staticmethod
    def _reason(visit: PageVisit, row: FleetRow) -> Reason | None:
        return reason_of(row, say=visit.say, tongue=visit.tongue)


async def every_path(
    session: AsyncSession, asked: Mapping[str, str], *, now: datetime
) -> list[str]:
    """Return the paths of all that filters leave. Raises Invalid."""
    filters = {name: value for name in FACETS if (value := asked.get(name, "").strip())}
    return [
        f"{row.client_name}/{row.environment}" for row in await _every(session, filters, now=now)
    ]


async def _every(session: AsyncSession, asked: dict[str, str], *, now: datetime) -> list[FleetRow]:
    rows: list[FleetRow] = []
    cursor: str | None = None
    while True:
        query = _query(asked).model_copy(update={"limit": MOST, "cursor": cursor})
        found = await fleet_page(session, query, now=now)
        rows += found.items
        cursor = found.next_cursor
        if cursor is None:
            return rows


def _asked(visit: PageVisit) -> dict[str, str]:
    return {
        name: value.strip()
        for name in (*FACETS, "cursor")
        if (value := visit.request.query_params.get(name, "")).strip()
    }


def _without(facets: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in facets.items() if name != "sort"}


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


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
