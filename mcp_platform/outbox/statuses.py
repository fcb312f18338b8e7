"""Applies what Meta tells of messages afterwards, in any order and any number of times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.jsons import storable
from mcp_platform.kit.queue import OUTBOX, WakeUp, wake
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox import metrics
from mcp_platform.outbox.states import UNFINISHED
from mcp_platform.tenants.tenant import TenantId

Status = Literal["sent", "failed", "delivered", "read"]
_STATUSES: dict[Any, Status] = {
    "sent": "sent",
    "failed": "failed",
    "delivered": "delivered",
    "read": "read",
    "played": "read",  # a voice note
}
_CODE_LIMIT = 2**31  # of our column; Meta's codes have six digits
_ERROR_MAX = 300  # characters of Meta's sentence that are worth keeping

# A message moves up this ladder and never down, so that order and repetition change nothing. What
# was delivered has not failed, whatever else is told of it.
_RANK = {"sent": 1, "failed": 2, "delivered": 3, "read": 4}


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """One status of one message, as a webhook told it."""

    tenant_id: TenantId
    wamid: str
    status: Status
    callback: str | None = None
    """Our key, if Meta gave it back."""
    at: datetime | None = None
    error_code: int | None = None
    error: str | None = None
    billable: bool = False
    category: str = ""

    @classmethod
    def from_webhook(cls, tenant_id: TenantId, item: Mapping[str, Any]) -> "StatusUpdate | None":
        """Read one element of `statuses[]`; return None for a status that changes nothing here."""
        told, wamid = item.get("status"), item.get("id")
        status = _STATUSES.get(told) if isinstance(told, str) else None
        if status is None or not isinstance(wamid, str):
            return None
        callback = item.get("biz_opaque_callback_data")
        error = _first_error(item)
        pricing = item.get("pricing")
        pricing = pricing if isinstance(pricing, dict) else {}
        code = error.get("code")
        return cls(
            tenant_id=tenant_id,
            wamid=wamid,
            status=status,
            callback=storable(callback) if isinstance(callback, str) else None,
            at=_moment(item.get("timestamp")),
            error_code=code if isinstance(code, int) and abs(code) < _CODE_LIMIT else None,
            error=_sentence(error),
            # `billable` is on its way out; `type` says the same.
            billable=bool(pricing.get("billable", pricing.get("type") == "regular")),
            category=str(pricing.get("category", "")),
        )


@dataclass(frozen=True, slots=True)
class FollowedMessage:
    """What is known of a recorded message."""

    tenant_id: TenantId
    id: int
    key: str
    lane: str
    state: str
    wamid: str | None
    error_code: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedStatuses:
    """What a batch of statuses changed."""

    changed: tuple[FollowedMessage, ...]
    failed: tuple[FollowedMessage, ...]
    """Those of `changed` that Meta has now given up."""
    unknown: int
    """Statuses of messages that are not ours: sent by another system, or long pruned."""


def advanced(message: FollowedMessage, update: StatusUpdate) -> FollowedMessage:
    """Return what is known of `message` after `update`; itself, if nothing new."""
    if message.state in (*UNFINISHED, "dead", "dropped"):
        # `failed` of a message that is to be tried again, or no more, tells of an earlier attempt.
        news = update.status != "failed" or message.state in ("sending", "uncertain")
        return _told(message, update) if news else message
    if message.wamid not in (None, update.wamid):  # one of two sends of an uncertain message
        rank = _RANK[update.status]
        better = update.status != "failed" and rank > _RANK[message.state]
        alive = update.status == "sent" and message.state == "failed"
        return _told(message, update) if better or alive else message
    if _RANK[update.status] > _RANK[message.state]:
        return _told(message, update)
    return message


def _told(message: FollowedMessage, update: StatusUpdate) -> FollowedMessage:
    failed = update.status == "failed"
    return replace(
        message,
        state=update.status,
        wamid=update.wamid,
        error_code=update.error_code if failed else None,
        error=update.error if failed else None,
    )


FIND = Sql("""
    SELECT o.tenant_id, o.id, o.key, o.lane, o.state, o.wamid, o.error_code, o.error
    FROM outbox o
    WHERE o.kind = 'whatsapp' AND (o.tenant_id, o.id) IN (
        SELECT w.tenant_id, w.id FROM outbox w
        JOIN unnest(CAST(:tenants AS bigint[]), CAST(:wamids AS text[])) AS told (tenant_id, wamid)
          ON w.tenant_id = told.tenant_id AND w.wamid = told.wamid
        UNION
        SELECT k.tenant_id, k.id FROM outbox k
        JOIN unnest(CAST(:tenants AS bigint[]), CAST(:callbacks AS text[])) AS told (tenant_id, key)
          ON k.tenant_id = told.tenant_id AND k.key = told.key
    )
    ORDER BY o.tenant_id, o.id
    FOR UPDATE OF o
""")
# `claimed_by` stays: a worker that is just sending may still write down what Meta answered.
WRITE = Sql("""
    UPDATE outbox o
    SET state = new.state, wamid = new.wamid, error_code = new.error_code, error = new.error,
        updated_at = clock_timestamp()
    FROM unnest(
        CAST(:tenants AS bigint[]), CAST(:ids AS bigint[]), CAST(:states AS text[]),
        CAST(:wamids AS text[]), CAST(:codes AS bigint[]), CAST(:errors AS text[])
    ) AS new (tenant_id, id, state, wamid, error_code, error)
    WHERE o.tenant_id = new.tenant_id AND o.id = new.id
""")


async def apply_statuses(session: AsyncSession, updates: Sequence[StatusUpdate]) -> AppliedStatuses:
    """Apply statuses, of any tenants, in the session's transaction, with two statements.

    A message whose sending was in doubt is settled by its first status, and what waited behind it
    in its lane is woken. Callers pass each status event once if `mcp_outbox_billed_total` is to be
    exact; everything else is indifferent to repetition.
    """
    found = await _find(session, updates) if updates else []
    by_wamid = {(each.tenant_id, each.wamid): each for each in found if each.wamid}
    by_key = {(each.tenant_id, each.key): each for each in found}
    now = {(each.tenant_id, each.id): each for each in found}
    unknown = 0
    for update in updates:
        match = by_wamid.get((update.tenant_id, update.wamid))
        if match is None and update.callback is not None:
            match = by_key.get((update.tenant_id, update.callback))
        if match is None:
            unknown += 1
            _count(update, "unknown")
            continue
        place = (match.tenant_id, match.id)
        after = advanced(now[place], update)
        _count(update, "stale" if after is now[place] else "applied")
        now[place] = after
    changed = [(each, now[each.tenant_id, each.id]) for each in found]
    changed = [(before, after) for before, after in changed if before != after]
    await _write(session, [after for _, after in changed])
    await _wake_lanes(session, (each for each, _ in changed if each.state in UNFINISHED))
    return AppliedStatuses(
        changed=tuple(after for _, after in changed),
        failed=tuple(after for before, after in changed if after.state == "failed"),
        unknown=unknown,
    )


async def _find(session: AsyncSession, updates: Sequence[StatusUpdate]) -> list[FollowedMessage]:
    found = await Driver(session).rows(
        FIND,
        tenants=[update.tenant_id for update in updates],
        wamids=[update.wamid for update in updates],
        callbacks=[update.callback for update in updates],
    )
    return [FollowedMessage(*row) for row in found]


async def _write(session: AsyncSession, changed: Sequence[FollowedMessage]) -> None:
    if not changed:
        return
    await Driver(session).execute(
        WRITE,
        tenants=[each.tenant_id for each in changed],
        ids=[each.id for each in changed],
        states=[each.state for each in changed],
        wamids=[each.wamid for each in changed],
        codes=[each.error_code for each in changed],
        errors=[each.error for each in changed],
    )


async def _wake_lanes(session: AsyncSession, settled: Iterable[FollowedMessage]) -> None:
    for tenant_id, lane in dict.fromkeys((each.tenant_id, each.lane) for each in settled):
        await wake(session, OUTBOX, WakeUp(tenant_id, lane))


def _count(update: StatusUpdate, outcome: str) -> None:
    metrics.STATUSES.labels(update.status, outcome).inc()
    # Of delivered and read only one carries a price, and neither comes without delivery.
    if update.billable and outcome != "unknown" and update.status in ("delivered", "read"):
        metrics.BILLED.labels(update.category if update.category in _CATEGORIES else "other").inc()


_CATEGORIES = frozenset(
    {"authentication", "marketing", "referral_conversion", "service", "utility"}
    | {"authentication_international", "marketing_lite", "general_purpose_ai"}
)


def _first_error(item: Mapping[str, Any]) -> Mapping[str, Any]:
    errors = item.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return first if isinstance(first, dict) else {}


def _sentence(error: Mapping[str, Any]) -> str | None:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    said = ": ".join(str(part) for part in (error.get("title"), details) if part)
    return storable(said[:_ERROR_MAX]) or None


def _moment(timestamp: Any) -> datetime | None:
    text_ = str(timestamp)
    if not (text_.isascii() and text_.isdigit() and len(text_) <= 11):  # noqa: PLR2004  # year 5138
        return None
    return datetime.fromtimestamp(int(text_), UTC)
