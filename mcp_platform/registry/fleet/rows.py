"""What the fleet's page shows of each tenant, kept beside it: one row, written when it changes.

A worker looks over all tenants every ten seconds, in one statement, and writes those rows alone that
differ. `fleet_refreshes` says when it last did: evidence that nobody renews is none.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.conversations import WAITS
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.sql import Driver, Sql

EVERY: Final = timedelta(seconds=10)
# Workers of one moment take turns by the row of the last refresh; a little early is no harm.
_NOT_WITHIN: Final = EVERY * 0.75

FACTS: Final = f"""
    SELECT tenants.id AS tenant_id,
           trouble.what, trouble.since AS trouble_since,
           finding.name AS check_name, finding.code, finding.details, finding.state AS found,
           finding.since AS found_since, visit.examined_at,
           coalesce(people.waiting, 0) AS waiting, people.since AS waiting_since,
           asked.questions, stopped.stopped, latest.last_inbound_at AS last_message_at
    FROM tenants
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
        SELECT count(*) AS questions FROM open_questions
        WHERE tenant_id = tenants.id AND state = 'open'
    ) asked ON true
    LEFT JOIN LATERAL (
        SELECT (SELECT count(*) FROM turns WHERE tenant_id = tenants.id AND state = 'parked')
               + (SELECT count(*) FROM outbox
                  WHERE tenant_id = tenants.id AND state IN ('dead', 'failed')) AS stopped
    ) stopped ON true
    LEFT JOIN LATERAL (
        SELECT last_inbound_at FROM contacts WHERE tenant_id = tenants.id
        ORDER BY coalesce(last_inbound_at, created_at) DESC, id DESC LIMIT 1
    ) latest ON true
"""  # noqa: S608  # a constant
"""In SQL: what is known of tenants at `:now`, looked up."""
COLUMNS: Final = (
    "what", "trouble_since", "check_name", "code", "details", "found", "found_since",
    "examined_at", "waiting", "waiting_since", "questions", "stopped", "last_message_at",
)  # fmt: skip

_TAKE: Final = Sql("""
    INSERT INTO fleet_refreshes (id, refreshed_at) VALUES (1, :now)
    ON CONFLICT (id) DO UPDATE SET refreshed_at = :now
        WHERE fleet_refreshes.refreshed_at <= :before
    RETURNING id
""")
_WRITE: Final = Sql(f"""
    INSERT INTO fleet_rows (tenant_id, {", ".join(COLUMNS)})
    {FACTS}
    WHERE tenants.status <> 'offboarded'  -- of whom nothing is kept once they are purged
      AND NOT EXISTS (
        SELECT FROM fleet_rows
        WHERE fleet_rows.tenant_id = tenants.id
          AND ({", ".join(f"fleet_rows.{each}" for each in COLUMNS)}) IS NOT DISTINCT FROM
              (trouble.what, trouble.since, finding.name, finding.code, finding.details,
               finding.state, finding.since, visit.examined_at, coalesce(people.waiting, 0),
               people.since, asked.questions, stopped.stopped, latest.last_inbound_at)
    )
    ON CONFLICT (tenant_id) DO UPDATE SET {", ".join(f"{each} = excluded.{each}" for each in COLUMNS)}
""")  # noqa: S608  # constants


async def refresh_fleet(session: AsyncSession, *, now: datetime) -> int | None:
    """Bring the rows up to date; return how many were written. None: somebody did just now."""
    driver = Driver(session)
    if await driver.value(_TAKE, now=now, before=now - _NOT_WITHIN) is None:
        return None
    return await driver.execute(_WRITE, now=now)


class FleetRefresher:
    """Brings the rows up to date now and then, for a worker."""

    def __init__(self, sessions: Sessions, *, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def run(self) -> None:
        async with self._sessions.everywhere.begin() as session:
            await refresh_fleet(session, now=self._clock())
