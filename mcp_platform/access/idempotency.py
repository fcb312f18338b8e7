"""One request, one effect: the answer to a creation is kept for a day under its caller's key.

The answer is written in the transaction of the effect. A process that dies leaves neither. The key
is bound to the caller and to the request.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.models import IdempotencyRow
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationAnswer:
    """What a creation answers: where the new thing is, its version, and itself as JSON."""

    location: str
    version: int
    body: str


async def forget(session: AsyncSession, *, actor: Actor, key: str | None) -> None:
    """Let `key` be used again, because what it made was taken back."""
    if key is not None:
        await session.execute(
            delete(IdempotencyRow).where(
                IdempotencyRow.actor == _who(actor), IdempotencyRow.key == key
            )
        )


async def forget_of(session: AsyncSession, *, location: str, now: datetime) -> None:
    """Forget what was answered of the thing at `location` and of what it has, and what is old."""
    where = IdempotencyRow.answer["location"].astext
    await session.execute(
        delete(IdempotencyRow).where(
            (where == location)
            | where.startswith(f"{location}/", autoescape=True)
            | (IdempotencyRow.created_at < now - KEPT_FOR)
        )
    )


async def once(
    session: AsyncSession,
    *,
    actor: Actor,
    key: str | None,
    request: Any,
    now: datetime,
    create: Callable[[], Awaitable[CreationAnswer]],
) -> CreationAnswer:
    """Return what `create` returns, or what it returned to the same request less than a day ago.

    `request` is all that is asked, as JSON has it; without a key `create` is simply done.

    Raises:
        Conflict: the same request is under way.
        Invalid: the key was used for another request.
    """
    if key is None:
        return await create()
    who = _who(actor)
    lock = func.hashtextextended(f"idempotency {who} {key}", 0)
    if not await session.scalar(select(func.pg_try_advisory_xact_lock(lock))):
        raise Conflict("The same request is under way: send it again in a moment.")
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now - KEPT_FOR))
    asked = hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).digest()
    known = await session.get(IdempotencyRow, (who, key))
    if known is not None:
        if known.request_hash != asked:
            told = "was used for another request"
            raise Invalid(f"Idempotency-Key {told}.", fields={"Idempotency-Key": told})
        return CreationAnswer(**known.answer)
    made = await create()
    session.add(
        IdempotencyRow(actor=who, key=key, request_hash=asked, answer=asdict(made), created_at=now)
    )
    return made


def _who(actor: Actor) -> str:
    return f"{actor.kind}:{actor.subject}"
