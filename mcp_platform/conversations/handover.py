"""What a contact was told since their conversation went to a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

SAID_LATELY = timedelta(hours=24)  # a day, as long as WhatsApp lets a conversation go on

_OURS = "m.tenant_id = c.tenant_id AND m.contact_id = c.id AND m.direction = 'out'"
HANDED_OVER = Sql(f"""
    SELECT c.human_by IS NOT NULL AS taken,
           EXISTS (SELECT FROM messages m WHERE {_OURS} AND m.author = 'human'
                   AND m.at >= coalesce(c.human_since, '-infinity')) AS answered,
           ARRAY(SELECT DISTINCT jsonb_object_keys(m.content->'said') FROM messages m
                 WHERE {_OURS} AND m.at >= coalesce(c.human_since, '-infinity')) AS said,
           ARRAY(SELECT DISTINCT jsonb_object_keys(m.content->'said') FROM messages m
                 WHERE {_OURS} AND m.at >= :lately) AS said_lately
    FROM contacts c
    WHERE c.tenant_id = :tenant AND c.id = :contact
""")  # noqa: S608  # constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """How far a hand-over has come. Phrases are ids of the book."""

    taken: bool
    """Somebody of the staff has taken the conversation."""
    answered: bool
    """Somebody of the staff has written since."""
    said: frozenset[str]
    """What the assistant has said since."""
    said_lately: frozenset[str]
    """What it has said in the last day, before the hand-over too."""


async def hand_over_of(
    session: AsyncSession, *, tenant_id: TenantId, contact_id: ContactId, now: datetime
) -> HandOver:
    """Return how far the hand-over of a contact's conversation has come."""
    row = await Driver(session).row(
        HANDED_OVER, tenant=tenant_id, contact=contact_id, lately=now - SAID_LATELY
    )
    return HandOver(
        taken=row["taken"],
        answered=row["answered"],
        said=frozenset(row["said"]),
        said_lately=frozenset(row["said_lately"]),
    )
