"""Work that is picked in rows, not by wake-ups, takes tenants in turns too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from mcp_platform.followups import BATCH, follow_up
from mcp_platform.inbox import sweep
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox import lanes
from tests.factories import add_tenant

BUSY, QUIET = 1, 2
NOTHING = timedelta(0)
# The busy tenant's are older than the quiet one's, and so many that they fill a batch.
EVENTS = """
    INSERT INTO inbox_events (tenant_id, key, kind, contact_key, body, received_at)
    SELECT CASE WHEN n <= :busy THEN 1 ELSE 2 END, 'e:' || n, :kind, 'w:' || n,
        CAST(:body AS bytea), now() - interval '1 hour' + n * interval '1 millisecond'
    FROM generate_series(1, :busy + 1) n
"""
EFFECTS = """
    INSERT INTO outbox (tenant_id, key, lane, kind, body, due_at)
    SELECT CASE WHEN n <= 50 THEN 1 ELSE 2 END, 'k:' || n, 'lane:' || n, :kind, '{}',
        now() - interval '1 hour' + n * interval '1 millisecond'
    FROM generate_series(1, 51) n
"""


class NobodyTold:
    async def not_delivered(self, *_: Any) -> None: ...


@pytest.fixture
async def sessions(sessions: Sessions) -> Sessions:
    for each in ("busy", "quiet"):
        await add_tenant(sessions, each)
    return sessions


async def test_a_forgotten_message_is_found_behind_a_busy_tenants_older_ones(
    sessions: Sessions,
) -> None:
    async with sessions.everywhere.begin() as session:
        await session.execute(text(EVENTS), {"busy": sweep.MOST, "kind": "message", "body": b""})

    await sweep.sweep(sessions, patience=NOTHING, lease=NOTHING)

    async with sessions.everywhere.begin() as session:
        woken = "SELECT key FROM queue.pgqueuer WHERE tenant_id = 2"
        assert await session.scalar(text(woken)) == f"w:{sweep.MOST + 1}"


@pytest.mark.parametrize("kind", ["whatsapp", "calendar_put"])
async def test_an_overdue_lane_is_found_behind_a_busy_tenants_older_ones(
    sessions: Sessions, kind: str
) -> None:
    now = datetime.now(UTC)
    async with sessions.everywhere.begin() as session:
        await session.execute(text(EFFECTS), {"kind": kind})
        found = await lanes.overdue(session, before=now, now=now, limit=2)

    assert {(each.tenant_id, each.key) for each in found} == {(BUSY, "lane:1"), (QUIET, "lane:51")}


async def test_a_status_is_applied_in_the_first_batch_whatever_another_tenant_was_told(
    sessions: Sessions,
) -> None:
    status = orjson.dumps({"status": {"id": "wamid.1", "status": "delivered"}})
    async with sessions.everywhere.begin() as session:
        await session.execute(text(EVENTS), {"busy": 2 * BATCH, "kind": "status", "body": status})

    assert await follow_up(sessions, NobodyTold()) == BATCH

    async with sessions.everywhere.begin() as session:
        left = "SELECT count(*) FROM inbox_events WHERE state = 'waiting' AND tenant_id = :of"
        assert await session.scalar(text(left), {"of": QUIET}) == 0
        assert await session.scalar(text(left), {"of": BUSY}) == BATCH + 1
