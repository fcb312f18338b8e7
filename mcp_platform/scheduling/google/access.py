"""What a service account may do with a calendar, asked of Google step by step.

It is part of the door `scheduling/google/calendar.py`; requests and tokens are in
`scheduling/google/session.py`.
"""

import time
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from mcp_platform.scheduling.calendar import (
    Calendar,
    CalendarReading,
    CalendarUnreadable,
    Interval,
)
from mcp_platform.scheduling.calendar_access import CalendarAccess, CalendarLeft, CalendarRefused
from mcp_platform.scheduling.google.refusals import API_OFF, EXHAUSTED, RATE, GoogleRefusal
from mcp_platform.scheduling.google.session import Session

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_AHEAD = timedelta(hours=1)  # when the test event is: not now, lest somebody's reminder rings


class GoogleAccess(CalendarAccess):
    """One account's access, over a session that nobody used before."""

    def __init__(
        self, session: Session, *, calendar: Calendar, events: Any, timeout: timedelta
    ) -> None:
        """Ask through `session`; `calendar` is what booking reads with, over the same session."""
        self._session = session
        self._calendar = calendar
        self._events = events
        self._timeout_s = timeout.total_seconds()

    async def token(self) -> None:
        await self._session.authorize(deadline=self._deadline())

    async def role(self, *, calendar_id: str) -> str:
        answer = await self._ask(
            self._events.list(calendarId=calendar_id, maxResults=1, fields="accessRole")
        )
        return str(answer.get("accessRole", ""))

    async def read(self, *, calendar_id: str, span: Interval, key: str) -> CalendarReading:
        return await self._calendar.read(calendar_id=calendar_id, span=span, key=key)

    async def write(self, *, calendar_id: str, now: datetime) -> None:
        event_id = uuid4().hex  # hexadecimal digits are base32hex, too
        start = now + _AHEAD
        body = {
            "id": event_id,
            "summary": "MCP Platform: teste",
            "visibility": "private",
            "transparency": "transparent",
            "reminders": {"useDefault": False},
            "start": {"dateTime": start.isoformat()},
            "end": {"dateTime": (start + timedelta(minutes=5)).isoformat()},
        }
        await self._ask(self._events.insert(calendarId=calendar_id, body=body, sendUpdates="none"))
        try:
            await self._ask(
                self._events.delete(calendarId=calendar_id, eventId=event_id, sendUpdates="none"),
                gone_is_done=True,
            )
        except (CalendarUnreadable, CalendarRefused) as error:
            raise CalendarLeft("the test event could not be deleted") from error

    async def _ask(self, request: Any, *, gone_is_done: bool = False) -> dict[str, Any]:
        try:
            return await self._session.execute(request, deadline=self._deadline())
        except GoogleRefusal as refusal:
            if gone_is_done and refusal.status in _GONE:
                return {}
            raise _meaning(refusal) from None

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout_s


def _meaning(refusal: GoogleRefusal) -> CalendarUnreadable | CalendarRefused:
    busy = refusal.reason in RATE | EXHAUSTED
    answered_by_google = refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR and refusal.reason
    if busy or not answered_by_google:
        return CalendarUnreadable(f"Google Calendar: {refusal}", retry_after=refusal.retry_after)
    if refusal.status == HTTPStatus.NOT_FOUND:
        return CalendarRefused(reason="not_found", error=refusal.reason)
    if refusal.reason in API_OFF:
        return CalendarRefused(reason="api_off", error=refusal.reason)
    return CalendarRefused(reason="refused", error=refusal.reason)
