"""Waits for the answers to events: one question for each tenant at a time, for all who wait.

The worker answers; this module reads what it committed.
"""

import asyncio
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mcp_platform.errors import Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

# A turn by the menu takes some 50 ms, one with a model seconds: asking more often gains nothing.
ASK_EVERY = timedelta(milliseconds=50)
AWAY = timedelta(seconds=5)
# A turn's reply bears its id, and is found by the index on keys: see `flow.py`.
REPLY = "r:"
SETTLED = Sql(f"""
    SELECT event.key, event.state, event.turn_id, turn.contact_id,
           reply.author, reply.text, reply.content
    FROM inbox_events event
    LEFT JOIN turns turn ON turn.tenant_id = event.tenant_id AND turn.id = event.turn_id
    LEFT JOIN messages reply
        ON reply.tenant_id = event.tenant_id AND reply.key = '{REPLY}' || event.turn_id::text
    WHERE event.tenant_id = :tenant AND event.key = ANY(:keys)
      AND event.state IN ('done', 'parked')
""")  # noqa: S608  # a constant of this module

Waiters = dict[str, list["asyncio.Future[SettledEvent]"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledEvent:
    """What became of an event: its turn is done or parked, with a reply or without."""

    parked: bool
    turn_id: uuid.UUID | None
    contact_id: uuid.UUID | None
    author: str | None
    text: str | None
    content: dict[str, Any] | None


class Replies:
    """Tells when events are dealt with."""

    def __init__(self, sessions: Sessions, *, ask_every: timedelta = ASK_EVERY) -> None:
        self._sessions = sessions
        self._ask_every = ask_every
        self._waiting: defaultdict[TenantId, Waiters] = defaultdict(dict)
        self._asking: dict[TenantId, asyncio.Task[None]] = {}

    async def of(self, tenant_id: TenantId, key: str, *, within: timedelta) -> SettledEvent | None:
        """Wait until the event is dealt with; None: it was not, within this time.

        Raises:
            Unavailable: the database is away.
        """
        waiting = self._waiting[tenant_id]
        future: asyncio.Future[SettledEvent] = asyncio.get_running_loop().create_future()
        waiting.setdefault(key, []).append(future)
        if tenant_id not in self._asking:
            self._asking[tenant_id] = asyncio.create_task(self._ask(tenant_id))
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await future
        except TimeoutError:
            return None
        finally:
            if future in waiting.get(key, ()):
                waiting[key].remove(future)
                if not waiting[key]:
                    del waiting[key]

    async def _ask(self, tenant_id: TenantId) -> None:
        waiting = self._waiting[tenant_id]
        try:
            while waiting:
                for key, settled in (await self._read(tenant_id, list(waiting))).items():
                    for future in waiting.pop(key, ()):
                        if not future.done():
                            future.set_result(settled)
                if waiting:
                    await asyncio.sleep(self._ask_every.total_seconds())
        except (SQLAlchemyError, OSError) as error:
            for futures in waiting.values():
                for future in futures:
                    if not future.done():
                        away = Unavailable("The database is away.", retry_after=AWAY)
                        away.__cause__ = error
                        future.set_exception(away)
            waiting.clear()
        finally:
            del self._asking[tenant_id]
            if not waiting:
                self._waiting.pop(tenant_id, None)

    async def _read(self, tenant_id: TenantId, keys: list[str]) -> dict[str, SettledEvent]:
        async with self._sessions.of(tenant_id)() as session:
            rows = await Driver(session).rows(SETTLED, tenant=tenant_id, keys=keys)
        return {
            key: SettledEvent(
                parked=state == "parked",
                turn_id=turn_id,
                contact_id=contact_id,
                author=author,
                text=text,
                content=content,
            )
            for key, state, turn_id, contact_id, author, text, content in rows
        }
