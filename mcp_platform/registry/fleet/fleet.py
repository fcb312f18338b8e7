"""How all tenants are: one row for each, from what the doctor, the vendors and people left.

Two statements make a page, however many tenants there are: its rows, and how many are in each
state. Nothing is asked of a vendor.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.conversations import WAITS
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.forms import Search
from mcp_platform.kit.paging import PageQuery
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import Environment

FleetState = Literal["failing", "attention", "unknown", "paused", "ok"]
STATES: Final[tuple[FleetState, ...]] = get_args(FleetState)
STALE_AFTER = timedelta(hours=26)  # the doctor comes once a day; two hours late is late

# The worst counts. Why it is so stands beside it: a trouble by its name, a finding by check and code.
_STATES: Final = f"""
    WITH fleet AS (
        SELECT tenants.id, tenants.client_name, tenants.environment, clients.business_name,
               tenants.status, tenants.topology,
               trouble.what, trouble.since AS trouble_since,
               finding.name AS check_name, finding.code, finding.details, finding.state AS found,
               finding.since AS found_since, visit.examined_at,
               coalesce(people.waiting, 0) AS waiting, people.since AS waiting_since,
               latest.last_inbound_at AS last_message_at,
               CASE WHEN tenants.status <> 'active' THEN 'paused'
                    WHEN trouble.what IS NOT NULL OR finding.state = 'failed' THEN 'failing'
                    WHEN people.waiting > 0 OR finding.state = 'warning' THEN 'attention'
                    WHEN visit.examined_at IS NULL OR visit.examined_at < :stale THEN 'unknown'
                    ELSE 'ok' END AS state
        FROM tenants JOIN clients ON clients.name = tenants.client_name
        LEFT JOIN LATERAL (
            SELECT what, since FROM tenant_troubles
            WHERE tenant_id = tenants.id ORDER BY since, what LIMIT 1
        ) trouble ON true
        LEFT JOIN LATERAL (
            SELECT name, code, details, state, since FROM doctor_results
            WHERE tenant_id = tenants.id AND state IN ('failed', 'warning')
            ORDER BY state, since, name LIMIT 1
        ) finding ON true
        LEFT JOIN LATERAL (
            SELECT max(checked_at) AS examined_at FROM doctor_results
            WHERE tenant_id = tenants.id
        ) visit ON true
        LEFT JOIN LATERAL (
            SELECT count(*) AS waiting, min(c.last_inbound_at) AS since FROM contacts c
            WHERE c.tenant_id = tenants.id AND {WAITS}
        ) people ON true
        LEFT JOIN LATERAL (
            SELECT last_inbound_at FROM contacts WHERE tenant_id = tenants.id
            ORDER BY coalesce(last_inbound_at, created_at) DESC, id DESC LIMIT 1
        ) latest ON true
        WHERE NOT EXISTS (
            SELECT FROM offboardings
            WHERE tenant_id = tenants.id AND purged_at IS NOT NULL
        )
        AND (CAST(:environment AS text) IS NULL OR tenants.environment = :environment)
        AND (CAST(:text AS text) IS NULL
             OR strpos(lower(concat_ws(' ', tenants.client_name, clients.business_name)),
                       lower(:text)) > 0)
    )
"""  # noqa: S608  # constants
_ROWS: Final = Sql(f"""{_STATES}
    SELECT * FROM fleet
    WHERE (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:client AS text) IS NULL
           OR (client_name, environment) > (CAST(:client AS text), CAST(:after AS text)))
    ORDER BY client_name, environment LIMIT :most
""")  # noqa: S608  # all of it stands here
_ONE: Final = Sql(f"""{_STATES}
    SELECT * FROM fleet WHERE client_name = :client
""")  # noqa: S608  # all of it stands here
_COUNTS: Final = Sql(f"""{_STATES}
    SELECT state, count(*) AS n FROM fleet GROUP BY state
""")  # noqa: S608  # all of it stands here


class FleetQuery(PageQuery):
    """Which tenants are listed. Counts are of all that `environment` and `text` leave."""

    state: FleetState | None = None
    environment: Environment | None = None
    text: Search | None = Field(None, description="Is in the client's or the business's name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReason:
    """Why a tenant is not `ok`. `what` names a trouble; of a finding there are check and code."""

    kind: Literal["trouble", "finding", "waiting", "not_examined", "suspended", "offboarded"]
    since: datetime | None = None
    what: str | None = None
    check: str | None = None
    code: str | None = None
    details: dict[str, str] | None = None


class FleetReasonOut(BaseModel):
    """Why it is so. `what` names a trouble; of a finding of the doctor's, `check` and `code`."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["trouble", "finding", "waiting", "not_examined", "suspended", "offboarded"]
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
    last_message_at: datetime | None
    examined_at: datetime | None


class FleetRowOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    client_name: str
    environment: str
    business_name: str
    topology: str
    state: FleetState
    reason: FleetReasonOut | None
    waiting: int = Field(description="Contacts that wait for a person.")
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
    client, after = _read(query.cursor) if query.cursor is not None else (None, None)
    shared: dict[str, Any] = {
        "now": now,
        "stale": now - STALE_AFTER,
        "environment": query.environment,
        "text": query.text,
    }
    driver = Driver(session)
    found = await driver.rows(
        _ROWS, state=query.state, client=client, after=after, most=query.limit + 1, **shared
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
        now=now,
        stale=now - STALE_AFTER,
    )
    if found is None:
        raise NotFound(f"There is no tenant {client_name}/{environment}.")
    return _row(found)


def _row(found: Any) -> FleetRow:
    return FleetRow(
        client_name=found["client_name"],
        environment=found["environment"],
        business_name=found["business_name"],
        topology=found["topology"],
        state=found["state"],
        reason=_reason(found),
        waiting=found["waiting"],
        last_message_at=found["last_message_at"],
        examined_at=found["examined_at"],
    )


def _reason(found: Any) -> FleetReason | None:
    """Return the first that holds, in the order of the states."""
    if found["status"] != "active":
        return FleetReason(kind=found["status"])
    if found["what"] is not None:
        return FleetReason(kind="trouble", what=found["what"], since=found["trouble_since"])
    if found["found"] == "failed" or (found["found"] == "warning" and not found["waiting"]):
        return FleetReason(
            kind="finding",
            check=found["check_name"],
            code=found["code"],
            details=dict(found["details"]),
            since=found["found_since"],
        )
    if found["waiting"]:
        return FleetReason(kind="waiting", since=found["waiting_since"])
    if found["state"] == "unknown":
        return FleetReason(kind="not_examined", since=found["examined_at"])
    return None


def _written(last: FleetRow) -> str:
    place = f"{last.client_name}/{last.environment}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[str, str]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        client, slash, after = (
            base64.b64decode(padded, b"-_", validate=True).decode().partition("/")
        )
    except (ValueError, binascii.Error) as error:
        raise Invalid(
            "The cursor is none of ours.", fields={"cursor": "is none of ours"}
        ) from error
    if not slash or "\0" in cursor + client + after:
        raise Invalid("The cursor is none of ours.", fields={"cursor": "is none of ours"})
    return client, after
