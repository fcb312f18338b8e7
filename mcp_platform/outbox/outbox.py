"""Effects outside, recorded in the transaction that caused them.

`delivery.py` does them after the commit.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.jsons import dumps
from mcp_platform.kit.logging import current_trace
from mcp_platform.kit.queue import OUTBOX, WakeUp, wake
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.states import IS_UNFINISHED
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.messages import Recipient, graph_message
from mcp_platform.whatsapp.reply import Reply

RECORD = Sql("""
    INSERT INTO outbox (tenant_id, key, lane, kind, contact_id, body, trace_id, due_at)
    VALUES (:tenant, :key, :lane, :kind, :contact, CAST(:body AS jsonb), :trace,
            coalesce(CAST(:due_at AS timestamptz), clock_timestamp()))
    ON CONFLICT (tenant_id, key) DO NOTHING
""")

OWNER_LANE = "owner"
REMINDER = "reminder:"  # how the keys of reminders begin, and of their messages
Purpose = Literal["reply", "notice", "reminder"]
"""A reply needs the contact's 24-hour window; a notice to the owner is tried in any case; a reminder
needs the window unless it is a template, and is sent only while it is true."""


def contact_lane(contact_id: uuid.UUID) -> str:
    return f"c:{contact_id}"


def appointment_lane(appointment_id: uuid.UUID) -> str:
    return f"a:{appointment_id}"


def event_waits(*, tenant: str, appointment: str) -> str:
    """Return the condition, in SQL, that an appointment's event is still to be written.

    `tenant` and `appointment` are columns of the statement that it becomes part of.
    """
    return f"""EXISTS (
        SELECT FROM outbox o
        WHERE o.tenant_id = {tenant} AND o.lane = 'a:' || {appointment} AND o.{IS_UNFINISHED})"""  # columns


def done_since(*, tenant: str, key: str, settling: str) -> str:
    """Return the condition, in SQL, that an effect was done within `settling`. All are SQL too."""
    return f"""EXISTS (
        SELECT FROM outbox o
        WHERE o.tenant_id = {tenant} AND o.key = {key}
          AND o.updated_at > clock_timestamp() - {settling})"""  # columns


class Outbox:
    """The outbox of one tenant, in one transaction. Recording a key twice is recording it once."""

    def __init__(self, session: AsyncSession, tenant: TenantId) -> None:
        self._session = session
        self._tenant = tenant

    async def send(
        self,
        *,
        key: str,
        lane: str,
        recipient: Recipient,
        content: Reply | Mapping[str, Any],
        contact_id: uuid.UUID | None = None,
        purpose: Purpose = "reply",
        about: Mapping[str, Any] | None = None,
        trace_id: str | None = None,
        due_at: datetime | None = None,
    ) -> bool:
        """Record a message; return whether it is new. It is not sent before `due_at`.

        `content` is a reply, or the type and content of a Graph message (`{"type": "template",
        "template": {…}}`). `key` goes to Meta as callback data and comes back in statuses: at most
        512 characters, and nothing personal in it. `about` is what the message depends on: it is
        looked at again at the moment of sending.

        Raises:
            ValueError: the key is too long.
        """
        reply = content if isinstance(content, Reply) else Reply("")
        message = graph_message(reply, recipient=recipient, callback=key)
        if not isinstance(content, Reply):
            address = {name: part for name, part in message.items() if name not in ("type", "text")}
            message = {**content, **address}
        return await self._record(
            key=key,
            lane=lane,
            kind="whatsapp",
            contact_id=contact_id,
            body={
                "purpose": purpose,
                "message": message,
                **({} if about is None else {"about": about}),
            },
            trace_id=trace_id,
            due_at=due_at,
        )

    async def put_event(
        self,
        *,
        key: str,
        appointment_id: uuid.UUID,
        calendar_id: str,
        event_id: str,
        start: datetime,
        end: datetime,
        time_zone: str,
        summary: str,
        description: str,
        mark: str,
        existing_only: bool = False,
        trace_id: str | None = None,
    ) -> bool:
        """Record that the calendar must show this event; return whether that is new.

        `start` and `end` carry an offset; `mark` is the key by which we know our own events. The
        event is written as it is recorded: a later change is another record, done after this one.
        `existing_only` is as `CalendarEvent` has it.

        Raises:
            ValueError: a time without an offset.
        """
        event = {
            "event_id": event_id,
            "start": _rfc3339(start),
            "end": _rfc3339(end),
            "time_zone": time_zone,
            "summary": summary,
            "description": description,
            "key": mark,
            **({"existing_only": True} if existing_only else {}),
        }
        return await self._record(
            key=key,
            lane=appointment_lane(appointment_id),
            kind="calendar_put",
            body={"calendar_id": calendar_id, "event": event},
            trace_id=trace_id,
        )

    async def remove_event(
        self,
        *,
        key: str,
        appointment_id: uuid.UUID,
        calendar_id: str,
        event_id: str,
        trace_id: str | None = None,
    ) -> bool:
        """Record that the event must be gone from this calendar; return whether that is new."""
        return await self._record(
            key=key,
            lane=appointment_lane(appointment_id),
            kind="calendar_remove",
            body={"calendar_id": calendar_id, "event_id": event_id},
            trace_id=trace_id,
        )

    async def _record(
        self,
        *,
        key: str,
        lane: str,
        kind: str,
        body: dict[str, Any],
        contact_id: uuid.UUID | None = None,
        trace_id: str | None,
        due_at: datetime | None = None,
    ) -> bool:
        trace_id = trace_id or current_trace()
        recorded = await Driver(self._session).execute(
            RECORD,
            tenant=self._tenant,
            key=key,
            lane=lane,
            kind=kind,
            contact=contact_id,
            body=dumps(body).decode(),
            trace=trace_id,
            due_at=due_at,
        )
        if not recorded:
            return False
        await wake(self._session, OUTBOX, WakeUp(self._tenant, lane, trace_id))
        return True


def _rfc3339(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no offset")
    return moment.isoformat()
