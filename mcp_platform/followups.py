"""What arrives and asks for no answer: statuses of messages, changes of user ids, of templates.

Applied in batches, each tenant's oldest first. Several workers may do so at once: a batch is locked.
"""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.jsons import loads
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox import troubles
from mcp_platform.outbox.notices import Notices
from mcp_platform.outbox.outbox import OWNER_LANE, REMINDER
from mcp_platform.outbox.statuses import FollowedMessage, StatusUpdate, apply_statuses
from mcp_platform.reminders.conditions import OF_TEMPLATES
from mcp_platform.templates.templates import MessageTemplates
from mcp_platform.templates.watch import looks
from mcp_platform.tenants.tenant import TenantId, Topology

log = structlog.get_logger(__name__)

BATCH = 500
# The state stands in it, and in no parameter, so that the index of what waits is used: there is no
# other by id, and the table is the largest there is.
CLOSE = Sql(
    "UPDATE inbox_events SET state = :state"
    " WHERE id = ANY(:ids) AND state = 'waiting' AND kind <> 'message'"
)

# Tenants with something waiting are found by one look at the index each; each tenant's first comes
# before any tenant's second. What a tenant had Meta tell of a million messages must not keep what
# settles another's uncertain send waiting until that is sent twice.
WAITING = Sql("""
    WITH RECURSIVE telling AS (
        (SELECT tenant_id FROM inbox_events
         WHERE state = 'waiting' AND kind <> 'message'
         ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT following.tenant_id FROM telling CROSS JOIN LATERAL (
            SELECT tenant_id FROM inbox_events
            WHERE state = 'waiting' AND kind <> 'message' AND tenant_id > telling.tenant_id
            ORDER BY tenant_id LIMIT 1
        ) following
    ), first AS (
        SELECT event.tenant_id, event.id, event.nth
        FROM telling
        JOIN tenants ON tenants.id = telling.tenant_id AND tenants.topology = :topology
        CROSS JOIN LATERAL (
            SELECT tenant_id, id, row_number() OVER (ORDER BY id) AS nth FROM inbox_events
            WHERE state = 'waiting' AND kind <> 'message' AND tenant_id = telling.tenant_id
            ORDER BY id LIMIT :most
        ) event
    )
    SELECT event.tenant_id, event.id, event.kind, event.body
    FROM first JOIN inbox_events event ON event.tenant_id = first.tenant_id AND event.id = first.id
    WHERE event.state = 'waiting' AND event.kind <> 'message'
    ORDER BY first.nth, event.id
    LIMIT :most
    FOR UPDATE OF event SKIP LOCKED
""")


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that asks for no answer."""

    tenant_id: TenantId
    id: int
    kind: str
    body: bytes


async def follow_up(sessions: Sessions, notices: Notices, *, topology: Topology = "shared") -> int:
    """Apply one batch of what waits; return how many events it held."""
    try:
        async with sessions.everywhere.begin() as session:
            rows = await _waiting(session, topology)
            if rows:
                await _apply(session, rows, notices)
                failpoint("statuses.before_commit")
            return len(rows)
    except Exception as error:
        if is_away(error):
            raise
        log.warning("followups.batch.refused", error=type(error).__name__)
    return await _follow_up_one_by_one(sessions, notices, topology)


async def _follow_up_one_by_one(sessions: Sessions, notices: Notices, topology: Topology) -> int:
    """Apply a batch event by event: what fails is set aside and holds nobody up, whatever the reason."""
    async with sessions.everywhere.begin() as session:
        rows = await _waiting(session, topology)
        for row in rows:
            try:
                async with session.begin_nested():
                    await _apply(session, [row], notices)
            except Exception as error:
                if is_away(error):
                    raise
                log.error(  # noqa: TRY400  # the trace would quote what a customer wrote
                    "followups.event.parked", event_id=row.id, error=_named(error)
                )
                await _close(session, [row], state="parked")
        return len(rows)


def _named(error: Exception) -> str:
    """Return an error without its words, and where in our code it arose."""
    kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{kind} at {last.name}:{last.lineno}"


async def _waiting(session: AsyncSession, topology: Topology) -> Sequence[WaitingEvent]:
    rows = await Driver(session).rows(WAITING, topology=topology, most=BATCH)
    return [WaitingEvent(*row) for row in rows]


async def _apply(session: AsyncSession, rows: Sequence[WaitingEvent], notices: Notices) -> None:
    updates: list[StatusUpdate] = []
    told_of_templates = set[TenantId]()
    for row in rows:
        tenant_id, content = row.tenant_id, loads(row.body)
        if row.kind == "status":
            status = StatusUpdate.from_webhook(tenant_id, content["status"])
            updates += [status] if status is not None else []
        else:
            if looks(content):
                told_of_templates.add(tenant_id)
            for previous, current in _renamed(content):
                contacts = Contacts(session, tenant_id)
                contact_id = await contacts.known_as(f"u:{previous}")
                if contact_id is not None:
                    await contacts.follow(contact_id, [f"u:{current}"])
    applied = await apply_statuses(session, updates)
    await troubles.follow(session, applied.changed)
    await _tell(session, applied.failed, notices)
    told_of_templates |= {each.tenant_id for each in applied.failed if _lost_its_template(each)}
    for tenant_id in sorted(told_of_templates):
        await MessageTemplates(session, tenant_id).look()
    await _close(session, rows, state="done")


async def _tell(session: AsyncSession, failed: Sequence[FollowedMessage], notices: Notices) -> None:
    """Tell owners that Meta took a reply and then did not deliver it."""
    for each in failed:
        log.error(
            "followups.message.failed",
            tenant_id=each.tenant_id,
            outbox_id=each.id,
            code=each.error_code,
            reason=each.error,
        )
    # A notice about a notice would go the same way; who was not reminded is shown to staff.
    lost = [
        each for each in failed if each.lane != OWNER_LANE and not each.key.startswith(REMINDER)
    ]
    for tenant_id in sorted({each.tenant_id for each in lost}):
        await notices.not_delivered(session, tenant_id)


def _lost_its_template(failed: FollowedMessage) -> bool:
    return failed.key.startswith(REMINDER) and failed.error_code in OF_TEMPLATES


async def _close(session: AsyncSession, rows: Sequence[WaitingEvent], *, state: str) -> None:
    await Driver(session).execute(CLOSE, ids=[row.id for row in rows], state=state)


def _renamed(content: Any) -> Iterator[tuple[str, str]]:
    """Yield previous and current user ids out of a change of field `user_id_update`."""
    if not (isinstance(content, Mapping) and content.get("field") == "user_id_update"):
        return
    pending = [content.get("value")]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, Mapping):
            previous, current = value.get("previous"), value.get("current")
            if isinstance(previous, str) and isinstance(current, str) and previous and current:
                yield previous, current
            pending += value.values()
