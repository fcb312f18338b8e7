"""What waits for somebody, over all tenants: who wants a person, asks, is to be called, or is parked.

Two statements make a page, however many tenants there are: its items, and how many there are of each
kind. Nothing that a customer said or is called is read here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.questions import CALLED_WITHIN, UNANSWERED_YET
from mcp_platform.conversations.conversations import WAITS
from mcp_platform.kit.cursor import read_parts, read_stamp, stamp, write_parts
from mcp_platform.kit.paging import PageQuery
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.scheduling.telling import SENT_WITHIN, UNTOLD_YET
from mcp_platform.tenants.tenant import Environment

AttentionKind = Literal["waiting", "question", "call", "unconfirmed", "answer", "parked"]
"""A customer waits for a person; asks what no answer covers; is to be called about a changed
appointment; was reminded and has not confirmed, or could not be reminded; is to be called with an
answer; wrote what could not be answered."""
KINDS: Final[tuple[AttentionKind, ...]] = get_args(AttentionKind)

_WAITING: Final = f"""
    WITH items AS (
        SELECT c.tenant_id, 'waiting' AS kind,
               coalesce(c.human_since, c.last_inbound_at, c.created_at) AS since,
               c.id AS contact_id, c.id::text AS reference
        FROM contacts c
        WHERE {WAITS}
        UNION ALL
        SELECT q.tenant_id, 'question', q.asked_at, NULL, q.id
        FROM open_questions q WHERE q.state = 'open'
        UNION ALL
        SELECT t.tenant_id, 'call', t.changed_at, a.contact_id, a.id::text
        FROM tellings t
        JOIN appointments a ON a.tenant_id = t.tenant_id AND a.id = t.appointment_id
            AND a.version = t.version
        LEFT JOIN outbox o ON o.tenant_id = t.tenant_id AND o.key = t.key
        WHERE {UNTOLD_YET}
        UNION ALL
        SELECT DISTINCT a.tenant_id, 'unconfirmed',
               a.starts_at - make_interval(hours => hours.before), a.contact_id, a.id::text
        FROM appointments a
        JOIN tenants hours_of ON hours_of.id = a.tenant_id
        CROSS JOIN LATERAL (SELECT hours_of.unconfirmed_hours AS before) hours
        JOIN reminders r ON r.tenant_id = a.tenant_id AND r.appointment_id = a.id
            AND r.starts_at = a.starts_at
            AND (r.state = 'queued'
                 OR r.reason NOT IN ('recent', 'opted_out', 'switched_off', 'confirmed'))
        WHERE a.status = 'booked' AND a.starts_at > :now
          AND a.starts_at <= :now + make_interval(hours => hours.before)
        UNION ALL
        SELECT DISTINCT q.tenant_id, 'answer', q.closed_at, a.contact_id,
               q.id || ':' || a.contact_id
        FROM open_questions q
        JOIN question_askers a ON a.tenant_id = q.tenant_id AND a.question_id = q.id
        LEFT JOIN outbox o ON o.tenant_id = a.tenant_id AND o.key = a.key
        WHERE {UNANSWERED_YET}
        UNION ALL
        SELECT t.tenant_id, 'parked', coalesce(t.closed_at, t.opened_at), t.contact_id, t.id::text
        FROM turns t WHERE t.state = 'parked'
    ), queue AS (
        SELECT items.*, tenants.client_name, tenants.environment, clients.business_name
        FROM items
        JOIN tenants ON tenants.id = items.tenant_id AND tenants.status = 'active'
        JOIN clients ON clients.name = tenants.client_name
    )
"""  # noqa: S608  # all of it stands in this package
_ITEMS: Final = Sql(f"""{_WAITING}
    SELECT * FROM queue
    WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:after AS timestamptz) IS NULL
           OR (since, kind, reference) > (CAST(:after AS timestamptz), CAST(:of AS text),
                                          CAST(:reference AS text)))
    ORDER BY since, kind, reference LIMIT :most
""")  # noqa: S608
_COUNTS: Final = Sql(f"""{_WAITING}
    SELECT kind, count(*) AS n FROM queue GROUP BY kind
""")  # noqa: S608


class AttentionQuery(PageQuery):
    """What is listed. Counts are of all kinds."""

    kind: AttentionKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionItem:
    """Something of a tenant that waits since a moment. `reference` tells two of a kind apart."""

    client_name: str
    environment: str
    business_name: str
    kind: AttentionKind
    since: datetime
    contact_id: UUID | None
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionPage:
    """One page of what waits, the longest first, and how much there is of each kind."""

    items: list[AttentionItem]
    counts: dict[AttentionKind, int]
    next_cursor: str | None


class AttentionItemOut(BaseModel):
    """Something that waits for somebody. What the customer said is read at the tenant."""

    model_config = ConfigDict(from_attributes=True)

    client_name: str
    environment: Environment
    business_name: str
    kind: AttentionKind
    since: datetime
    contact_id: Annotated[
        UUID | None, Field(description="Whose conversation it is; null: of several customers.")
    ]
    reference: Annotated[
        str,
        Field(
            description="Of a `question` its id, of a `call` and of who is `unconfirmed` the"
            " appointment's, of an `answer` the"
            " question's and the contact's, of what is `parked` the turn's, else the contact's."
        ),
    ]


class AttentionPageOut(BaseModel):
    """One page of what waits, the longest first, and how much there is of each kind."""

    items: list[AttentionItemOut]
    counts: dict[AttentionKind, int]
    next_cursor: str | None


async def attention_page(
    session: AsyncSession, query: AttentionQuery, *, now: datetime
) -> AttentionPage:
    """Return a page of what waits for somebody.

    Raises:
        Invalid: the cursor is none of ours.
    """
    after, of, reference = (None, None, None) if query.cursor is None else _read(query.cursor)
    found = await Driver(session).rows(
        _ITEMS,
        kind=query.kind,
        after=after,
        of=of,
        reference=reference,
        most=query.limit + 1,
        **_moments(now),
    )
    shown = [_item(each) for each in found[: query.limit]]
    return AttentionPage(
        items=shown,
        counts=await attention_counts(session, now=now),
        next_cursor=_written(shown[-1]) if len(found) > len(shown) else None,
    )


async def attention_counts(session: AsyncSession, *, now: datetime) -> dict[AttentionKind, int]:
    """Return how much waits, by kind."""
    rows = await Driver(session).rows(_COUNTS, **_moments(now))
    counted = {row["kind"]: row["n"] for row in rows}
    return {kind: counted.get(kind, 0) for kind in KINDS}


def _moments(now: datetime) -> dict[str, datetime]:
    return {"now": now, "late": now - SENT_WITHIN, "since": now - CALLED_WITHIN}


def _item(row: Any) -> AttentionItem:
    return AttentionItem(
        client_name=row["client_name"],
        environment=row["environment"],
        business_name=row["business_name"],
        kind=row["kind"],
        since=row["since"],
        contact_id=row["contact_id"],
        reference=row["reference"],
    )


def _written(last: AttentionItem) -> str:
    return write_parts(stamp(last.since), last.kind, last.reference)


def _read(cursor: str) -> tuple[datetime, str, str]:
    since, kind, reference = read_parts(cursor, 3)
    return read_stamp(since), kind, reference
