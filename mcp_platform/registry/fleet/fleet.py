"""How all tenants are: one row for each, from what the doctor, the vendors and people left.

The rows are kept by `rows.py`; what changes with the clock, and what is one look away, is added here.
Two statements make a page, however many tenants there are: its rows, and how many are in each
state. Nothing is asked of a vendor.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import NotFound
from mcp_platform.kit.cursor import bad_cursor, read_parts, write_parts
from mcp_platform.kit.forms import Search
from mcp_platform.kit.paging import PageQuery
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.registry.fleet.rows import FACTS
from mcp_platform.tenants.tenant import Environment

FleetState = Literal["failing", "attention", "deploying", "unknown", "paused", "ok"]
STATES: Final[tuple[FleetState, ...]] = get_args(FleetState)
STALE_AFTER = timedelta(hours=26)  # the doctor comes once a day; two hours late is late

SILENT_AFTER = timedelta(minutes=2)  # twelve turns of the workers that renew the rows
SEEN_WITHIN = timedelta(hours=1)  # a commit that nothing was seen of since counts as under way

# The worst counts. Why it is so stands beside it: a trouble by its name, a finding by check and code.
_STATES: Final = """
    WITH fleet AS (
        SELECT tenants.id, tenants.client_name, tenants.environment, clients.business_name,
               tenants.status, tenants.topology,
               facts.what, facts.trouble_since, facts.check_name, facts.code, facts.details,
               facts.found, facts.found_since, facts.examined_at,
               coalesce(facts.waiting, 0) AS waiting, facts.waiting_since,
               coalesce(facts.questions, 0) AS questions, coalesce(facts.stopped, 0) AS stopped,
               facts.last_message_at, refreshed.at AS refreshed_at,
               publications.requested_at AS deploying_since,
               refreshed.at IS NULL OR refreshed.at < :silent AS silent,
               CASE WHEN tenants.status <> 'active' THEN 'paused'
                    WHEN refreshed.at IS NULL OR refreshed.at < :silent THEN 'unknown'
                    WHEN facts.what IS NOT NULL OR facts.found = 'failed' THEN 'failing'
                    WHEN facts.waiting > 0 OR facts.found = 'warning' THEN 'attention'
                    WHEN publications.committed IS DISTINCT FROM publications.requested
                         OR publications.committed_at > greatest(
                             :under_way, facts.examined_at, facts.last_message_at)
                         THEN 'deploying'
                    WHEN facts.examined_at IS NULL OR facts.examined_at < :stale THEN 'unknown'
                    ELSE 'ok' END AS state
        FROM tenants JOIN clients ON clients.name = tenants.client_name
        LEFT JOIN {facts} ON facts.tenant_id = tenants.id
        LEFT JOIN publications ON publications.tenant_id = tenants.id
        CROSS JOIN (SELECT {refreshed} AS at) refreshed
        WHERE NOT EXISTS (
            SELECT FROM offboardings
            WHERE tenant_id = tenants.id AND purged_at IS NOT NULL
        )
        AND (CAST(:environment AS text) IS NULL OR tenants.environment = :environment)
        AND (CAST(:text AS text) IS NULL
             OR strpos(lower(concat_ws(' ', tenants.client_name, clients.business_name)),
                       lower(:text)) > 0)
    )
"""
_KEPT: Final = _STATES.format(
    facts="fleet_rows AS facts", refreshed="(SELECT refreshed_at FROM fleet_refreshes)"
)
_LOOKED_UP: Final = _STATES.format(
    facts=f"({FACTS} WHERE tenants.client_name = :client AND tenants.environment = :environment)"
    " AS facts",
    refreshed="CAST(:now AS timestamptz)",
)
FleetSort = Literal["name", "state", "last_message", "waiting"]
SORTS: Final[tuple[FleetSort, ...]] = get_args(FleetSort)
_WORST_FIRST: Final = " ".join(f"WHEN '{state}' THEN {rank}" for rank, state in enumerate(STATES))
_KEYS: Final[dict[FleetSort, str]] = {
    "name": "0",
    "state": f"CASE state {_WORST_FIRST} END",
    "last_message": "-extract(epoch FROM coalesce(last_message_at, '-infinity'))",
    "waiting": "extract(epoch FROM coalesce(waiting_since, 'infinity'))",
}
"""In SQL, by how the fleet is sorted: what comes first is smallest. Then by client and environment."""
_ROWS: Final = {
    sort: Sql(f"""{_KEPT}
    SELECT * FROM (SELECT fleet.*, CAST({key} AS float8) AS place FROM fleet) AS fleet
    WHERE (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:client AS text) IS NULL
           OR (place, client_name, environment) > (CAST(:place AS float8), CAST(:client AS text),
                                                   CAST(:after AS text)))
    ORDER BY place, client_name, environment LIMIT :most
""")  # noqa: S608  # all of it stands here
    for sort, key in _KEYS.items()
}
_ONE: Final = Sql(f"""{_LOOKED_UP}
    SELECT * FROM fleet WHERE client_name = :client
""")  # noqa: S608  # all of it stands here
_COUNTS: Final = Sql(f"""{_KEPT}
    SELECT state, count(*) AS n FROM fleet GROUP BY state
""")  # noqa: S608  # all of it stands here


class FleetQuery(PageQuery):
    """Which tenants are listed. Counts are of all that `environment` and `text` leave."""

    state: FleetState | None = None
    environment: Environment | None = None
    text: Search | None = Field(None, description="Is in the client's or the business's name.")
    sort: FleetSort = Field("name", description="`state`: the worst first; `waiting`: the longest.")


ReasonKind = Literal[
    "trouble",
    "finding",
    "waiting",
    "deploying",
    "not_examined",
    "silent",
    "suspended",
    "offboarded",
]
"""`silent`: no worker has looked over the fleet for two minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReason:
    """Why a tenant is not `ok`. `what` names a trouble; of a finding there are check and code."""

    kind: ReasonKind
    since: datetime | None = None
    what: str | None = None
    check: str | None = None
    code: str | None = None
    details: dict[str, str] | None = None


class FleetReasonOut(BaseModel):
    """Why it is so. `what` names a trouble; of a finding of the doctor's, `check` and `code`."""

    model_config = ConfigDict(from_attributes=True)

    kind: ReasonKind
    since: datetime | None
    what: str | None
    check: str | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRow:
    """One tenant. `waiting`: how many contacts wait for a person whom nobody has taken."""

    client_name: str
    environment: str
    business_name: str
    topology: str
    state: FleetState
    reason: FleetReason | None
    waiting: int
    questions: int
    stopped: int
    last_message_at: datetime | None
    examined_at: datetime | None
    place: float = 0.0
    """Where it stands in the order that was asked for."""


class FleetRowOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    client_name: str
    environment: str
    business_name: str
    topology: str
    state: FleetState
    reason: FleetReasonOut | None
    waiting: int = Field(description="Contacts that wait for a person.")
    questions: int = Field(description="Open questions of customers.")
    stopped: int = Field(description="What could not be answered, sent or written.")
    last_message_at: datetime | None
    examined_at: datetime | None = Field(description="When the doctor was last there.")


class FleetPageOut(BaseModel):
    """One page of tenants, and how many there are in each state."""

    items: list[FleetRowOut]
    counts: dict[FleetState, int]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPage:
    """One page of tenants by client and environment, and how many there are in each state."""

    items: list[FleetRow]
    counts: dict[FleetState, int]
    next_cursor: str | None


async def fleet_page(session: AsyncSession, query: FleetQuery, *, now: datetime) -> FleetPage:
    """Return a page of the fleet.

    Raises:
        Invalid: the cursor is none of ours.
    """
    place, client, after = (None, None, None) if query.cursor is None else _read(query.cursor)
    shared: dict[str, Any] = {
        **_moments(now),
        "environment": query.environment,
        "text": query.text,
    }
    driver = Driver(session)
    found = await driver.rows(
        _ROWS[query.sort],
        state=query.state,
        place=place,
        client=client,
        after=after,
        most=query.limit + 1,
        **shared,
    )
    counted = {row["state"]: row["n"] for row in await driver.rows(_COUNTS, **shared)}
    shown = [_row(each) for each in found[: query.limit]]
    more = len(found) > len(shown)
    return FleetPage(
        items=shown,
        counts={state: counted.get(state, 0) for state in STATES},
        next_cursor=_written(shown[-1]) if more else None,
    )


async def fleet_row(
    session: AsyncSession, client_name: str, environment: str, *, now: datetime
) -> FleetRow:
    """Return one tenant. Raises NotFound."""
    found = await Driver(session).row(
        _ONE,
        client=client_name,
        environment=environment,
        text=None,
        **_moments(now),
    )
    if found is None:
        raise NotFound(f"There is no tenant {client_name}/{environment}.")
    return _row(found)


def _moments(now: datetime) -> dict[str, datetime]:
    return {
        "now": now,
        "stale": now - STALE_AFTER,
        "silent": now - SILENT_AFTER,
        "under_way": now - SEEN_WITHIN,
    }


def _row(found: Any) -> FleetRow:
    return FleetRow(
        client_name=found["client_name"],
        environment=found["environment"],
        business_name=found["business_name"],
        topology=found["topology"],
        state=found["state"],
        reason=_reason(found),
        waiting=found["waiting"],
        questions=found["questions"],
        stopped=found["stopped"],
        last_message_at=found["last_message_at"],
        examined_at=found["examined_at"],
        place=found.get("place", 0.0),
    )


def _reason(found: Any) -> FleetReason | None:
    """Return the first that holds, in the order of the states."""
    match found["state"]:
        case "paused":
            return FleetReason(kind=found["status"])
        case "failing" if found["what"] is not None:
            return FleetReason(kind="trouble", what=found["what"], since=found["trouble_since"])
        case "attention" if found["waiting"]:
            return FleetReason(kind="waiting", since=found["waiting_since"])
        case "failing" | "attention":
            return FleetReason(
                kind="finding",
                check=found["check_name"],
                code=found["code"],
                details=dict(found["details"]),
                since=found["found_since"],
            )
        case "deploying":
            return FleetReason(kind="deploying", since=found["deploying_since"])
        case "unknown" if found["silent"]:
            return FleetReason(kind="silent", since=found["refreshed_at"])
        case "unknown":
            return FleetReason(kind="not_examined", since=found["examined_at"])
        case _:
            return None


def _written(last: FleetRow) -> str:
    return write_parts(repr(last.place), last.client_name, last.environment)


def _read(cursor: str) -> tuple[float, str, str]:
    place, client, environment = read_parts(cursor, 3)
    try:
        number = float(place)
    except ValueError as error:
        raise bad_cursor() from error
    if math.isnan(number):
        raise bad_cursor()
    return number, client, environment
