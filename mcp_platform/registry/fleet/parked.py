"""What stopped, over all tenants: turns that were set aside, messages and calendar writes given up.

Lists them and starts them again. Nothing that a customer said is read here; what a vendor answered is.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, Strict
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.errors import Invalid
from mcp_platform.inbox.turns import Turns
from mcp_platform.kit.cursor import read_number, read_parts, read_stamp, stamp, write_parts
from mcp_platform.kit.forms import Form
from mcp_platform.kit.logging import without_numbers
from mcp_platform.kit.paging import PageQuery
from mcp_platform.kit.queue import INBOX, WakeUp, schema_for, wake, wakes
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.dead import DeadLetters
from mcp_platform.tenants.tenant import Environment, Tenant

ParkedKind = Literal["turn", "whatsapp", "calendar_put", "calendar_remove"]
"""A customer's messages without an answer; a message; an event to write, and to take away."""
KINDS: Final[tuple[ParkedKind, ...]] = get_args(ParkedKind)
MOST: Final = 200  # replayed at once: as many as the longest page has

_PARKED: Final = """
    WITH items AS (
        SELECT t.tenant_id, 'turn' AS kind, coalesce(t.closed_at, t.opened_at) AS since,
               t.contact_id, t.id::text AS reference, t.starts AS attempts,
               NULL::bigint AS code, t.error
        FROM turns t WHERE t.state = 'parked'
        UNION ALL
        SELECT o.tenant_id, o.kind, o.updated_at, o.contact_id, o.id::text, o.attempts,
               o.error_code, o.error
        FROM outbox o WHERE o.state IN ('dead', 'failed')
    ), found AS (
        SELECT items.*, tenants.client_name, tenants.environment, clients.business_name
        FROM items
        JOIN tenants ON tenants.id = items.tenant_id
        JOIN clients ON clients.name = tenants.client_name
        WHERE (CAST(:client AS text) IS NULL OR tenants.client_name = :client)
          AND (CAST(:environment AS text) IS NULL OR tenants.environment = :environment)
    )
"""
_ITEMS: Final = Sql(f"""{_PARKED}
    SELECT * FROM found
    WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:before AS timestamptz) IS NULL
           OR (since, kind, reference, tenant_id) < (CAST(:before AS timestamptz),
              CAST(:of AS text), CAST(:reference AS text), CAST(:tenant AS bigint)))
    ORDER BY since DESC, kind DESC, reference DESC, tenant_id DESC LIMIT :most
""")  # noqa: S608  # all of it stands here
_COUNTS: Final = Sql(f"""{_PARKED}
    SELECT kind, count(*) AS n FROM found GROUP BY kind
""")  # noqa: S608


class ParkedQuery(PageQuery):
    """What is listed. Counts are of all kinds."""

    kind: ParkedKind | None = None
    client_name: Annotated[str | None, Field(pattern=r"^[a-z0-9-]{1,64}$")] = None
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedItem:
    """Something of a tenant that stopped. `code` is the vendor's, where it gave one."""

    tenant_id: int
    client_name: str
    environment: str
    business_name: str
    kind: ParkedKind
    since: datetime
    contact_id: UUID | None
    reference: str
    attempts: int
    code: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedPage:
    """One page of what stopped, the latest first, and how much there is of each kind."""

    items: list[ParkedItem]
    counts: dict[ParkedKind, int]
    next_cursor: str | None


class ParkedItemOut(BaseModel):
    """Something that stopped, and waits until somebody has it tried again."""

    model_config = ConfigDict(from_attributes=True)

    client_name: str
    environment: Environment
    business_name: str
    kind: ParkedKind
    since: datetime
    contact_id: Annotated[UUID | None, Field(description="Whose conversation it is of.")]
    reference: Annotated[str, Field(description="The turn's id, or the effect's number.")]
    attempts: int
    code: Annotated[int | None, Field(description="The vendor's code of the last refusal.")]
    error: str | None


class ParkedPageOut(BaseModel):
    """One page of what stopped, the latest first, and how much there is of each kind."""

    items: list[ParkedItemOut]
    counts: dict[ParkedKind, int]
    next_cursor: str | None


class ReplayWish(Form):
    """What is tried again."""

    turns: Annotated[
        list[Annotated[UUID, Strict(strict=False)]],
        Field(max_length=MOST, description="References of `turn`s."),
    ] = Field(default_factory=list)
    effects: Annotated[
        list[Annotated[int, Field(ge=1, le=2**63 - 1)]],
        Field(max_length=MOST, description="References of the other kinds."),
    ] = Field(default_factory=list)


class ReplayOut(BaseModel):
    """How many of those named were parked, and are tried again."""

    replayed: int


async def parked_page(
    session: AsyncSession, query: ParkedQuery, *, masked: bool = False
) -> ParkedPage:
    """Return a page of what stopped. `masked`: without phone numbers.

    Raises:
        Invalid: the cursor is none of ours.
    """
    place = (None, None, None, None) if query.cursor is None else _read(query.cursor)
    asked = {"client": query.client_name, "environment": query.environment}
    driver = Driver(session)
    found = await driver.rows(
        _ITEMS,
        kind=query.kind,
        most=query.limit + 1,
        **dict(zip(("before", "of", "reference", "tenant"), place, strict=True)),
        **asked,
    )
    counted = {row["kind"]: row["n"] for row in await driver.rows(_COUNTS, **asked)}
    shown = [_item(each, masked=masked) for each in found[: query.limit]]
    return ParkedPage(
        items=shown,
        counts={kind: counted.get(kind, 0) for kind in KINDS},
        next_cursor=_written(shown[-1]) if len(found) > len(shown) else None,
    )


async def replay_parked(
    session: AsyncSession, tenant: Tenant, wish: ReplayWish, *, trail: ActorTrail
) -> int:
    """Try again what is named of one tenant; return how many of them were parked.

    A message may reach the customer a second time: that is for the person to judge.

    Raises:
        Invalid: nothing is named.
    """
    if not (wish.turns or wish.effects):
        why = "Name at least one turn or effect."
        raise Invalid(why, fields={"turns": why})
    wakes(session, schema_for(tenant.id, tenant.topology))
    turns = Turns(session, tenant.id)
    known = {each.id for each in await turns.parked()} & set(wish.turns)
    for alias in await turns.replay(sorted(known)):
        await wake(session, INBOX, WakeUp(tenant.id, alias))
    effects = 0
    if wish.effects:
        effects = await DeadLetters(session, tenant.id).replay(ids=wish.effects)
    if known or effects:
        await trail.write(
            session,
            action="parked.replay",
            target=tenant.path,
            tenant_id=tenant.id,
            after={"turns": sorted(map(str, known)), "effects": sorted(set(wish.effects))},
        )
    return len(known) + effects


def _item(row: Any, *, masked: bool) -> ParkedItem:
    item = ParkedItem(**row)
    return replace(item, error=without_numbers(item.error)) if masked and item.error else item


def _written(last: ParkedItem) -> str:
    return write_parts(stamp(last.since), last.kind, last.reference, str(last.tenant_id))


def _read(cursor: str) -> tuple[datetime, str, str, int]:
    since, kind, reference, tenant = read_parts(cursor, 4)
    return read_stamp(since), kind, reference, read_number(tenant)
