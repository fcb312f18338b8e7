"""The door to Google Calendar: what is busy there, and our events written into it.

It lists events and never asks free/busy, which merges our own events with the owner's and hides errors
in a 200.
"""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, TypeVar

import anyio
import httplib2
from cachetools import TTLCache
from googleapiclient.discovery import Resource, build
from googleapiclient.http import HttpRequest

from mcp_platform.errors import CredentialRefused, Invalid
from mcp_platform.outbox.calendar import CalendarEvent
from mcp_platform.scheduling.calendar import (
    Calendar,
    CalendarReading,
    CalendarUnreadable,
    Interval,
)
from mcp_platform.scheduling.calendar_access import CalendarAccess
from mcp_platform.scheduling.google.access import GoogleAccess
from mcp_platform.scheduling.google.events import (
    LISTED_FIELDS,
    WRITING_ROLES,
    event_body,
    patch_body,
    read_events,
    shows,
)
from mcp_platform.scheduling.google.refusals import GoogleRefusal, meaning, sharing
from mcp_platform.scheduling.google.session import GoogleAccount, Session, Transport

__all__ = ["GoogleAccount", "GoogleCalendars"]

_API_PATH = "/calendar/v3/"
_SESSIONS = 1_000  # tokens kept; each costs about 2 kB, and one more token request when missing
_SESSION_TTL = timedelta(
    hours=1
)  # the life of a token: a credential taken away is forgotten by then
_READ_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.2  # doubled each time, then drawn at random from zero: full jitter
_WRITE_ROUNDS = 4  # read-compare-patch rounds before a calendar counts as too restless
_PAGE = 2_500  # the most that Google allows
_MOST_PAGES = 20  # more than any span that is asked for can hold
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})

T = TypeVar("T")


class GoogleCalendars:
    """Google Calendar for all tenants of this process.

    `api_url` may stop at the host or go on to `/calendar/v3/`. Tokens are fetched from `token_url`
    although they are signed for Google's own address, which google-auth fixes. `timeout` bounds a
    whole call, its retries included.
    """

    def __init__(
        self, *, api_url: str, token_url: str, timeout: timedelta, max_threads: int
    ) -> None:
        base = api_url.removesuffix("/").removesuffix(_API_PATH.removesuffix("/"))
        self._events = _events_at(base + _API_PATH)
        self._timeout = timeout
        self._transport = Transport(token_url=token_url, max_threads=max_threads)
        self._sessions: TTLCache[GoogleAccount, Session] = TTLCache(
            maxsize=_SESSIONS, ttl=_SESSION_TTL.total_seconds()
        )

    def of(self, account: GoogleAccount) -> Calendar:
        """Return what `account` reaches. Cheap and without I/O: nothing is parsed or asked yet."""
        session = self._sessions.get(account)
        if session is None:
            session = self._sessions[account] = Session(self._transport, account)
        return _GoogleCalendar(session, self._events, timeout=self._timeout)

    def access(self, account: GoogleAccount) -> CalendarAccess:
        """Return the means to ask what `account` may do, with a token of its own."""
        session = Session(self._transport, account)
        calendar = _GoogleCalendar(session, self._events, timeout=self._timeout)
        return GoogleAccess(session, calendar=calendar, events=self._events, timeout=self._timeout)

    async def close(self) -> None:
        """Forget tokens and close connections."""
        self._sessions.clear()
        self._transport.close()


@lru_cache(maxsize=2)
def _events_at(endpoint: str) -> Resource:
    """Return the part of Google's API about events, read from the discovery document.

    One for everybody, and for good: it holds no connection and no credential, since each request
    comes with its own. Another would cost 0.4 MB and 50 ms.
    """
    return build(
        "calendar",
        "v3",
        http=httplib2.Http(),
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": endpoint},
    ).events()


class _GoogleCalendar:
    """One account's access to the calendars shared with it."""

    def __init__(self, session: Session, events: Resource, *, timeout: timedelta) -> None:
        self._session = session
        self._events = events
        self._timeout_s = timeout.total_seconds()

    async def read(self, *, calendar_id: str, span: Interval, key: str) -> CalendarReading:
        """Return what stands in `span`; our own events are those marked `key`."""
        found: list[dict[str, Any]] = []
        deadline, page_token = self._deadline(), None
        for _ in range(_MOST_PAGES):
            request = self._events.list(
                calendarId=calendar_id,
                timeMin=span.start.isoformat(),
                timeMax=span.end.isoformat(),
                singleEvents=True,
                maxAttendees=1,  # Google then lists the calendar's own answer alone
                maxResults=_PAGE,
                pageToken=page_token,
                fields=LISTED_FIELDS,
            )
            page = await self._read(request, deadline=deadline)
            found += self._listed_on(page)
            page_token = page.get("nextPageToken")
            if not page_token:
                return _understood(partial(read_events, found, zone=page["timeZone"], key=key))
        raise CalendarUnreadable("Google Calendar lists more events than can be read")

    async def put(self, *, calendar_id: str, event: CalendarEvent) -> None:
        """Insert the event, or make the one with its id show the same."""
        deadline = self._deadline()
        if event.existing_only:
            patch = self._events.patch(
                calendarId=calendar_id,
                eventId=event.event_id,
                body={"summary": event.summary, "description": event.description},
                sendUpdates="none",
            )
            await self._unless_gone(patch, calendar_id, deadline=deadline)
            return
        insert = self._events.insert(
            calendarId=calendar_id, body=event_body(event), sendUpdates="none"
        )
        try:
            await self._session.execute(insert, deadline=deadline)
        except GoogleRefusal as refusal:
            if refusal.status != HTTPStatus.CONFLICT:
                raise self._meaning(refusal) from None
            await self._mend(calendar_id, event, deadline=deadline)

    async def remove(self, *, calendar_id: str, event_id: str) -> None:
        """Delete the event; one that is not there is removed already."""
        deadline = self._deadline()
        delete = self._events.delete(calendarId=calendar_id, eventId=event_id, sendUpdates="none")
        await self._unless_gone(delete, calendar_id, deadline=deadline)

    async def _unless_gone(
        self, request: HttpRequest, calendar_id: str, *, deadline: float
    ) -> None:
        """Send what an event that is gone needs no more."""
        try:
            await self._session.execute(request, deadline=deadline)
        except GoogleRefusal as refusal:
            if refusal.status not in _GONE:
                raise self._meaning(refusal) from None
            if refusal.status == HTTPStatus.NOT_FOUND:
                # Also Google's answer for a calendar that is no longer shared, where the event
                # may well live on.
                await self._prove_shared(calendar_id, deadline=deadline)

    async def _mend(self, calendar_id: str, event: CalendarEvent, *, deadline: float) -> None:
        """Make an existing event show `event`, unless it does, while others may write it too."""
        for _ in range(_WRITE_ROUNDS):
            get = self._events.get(calendarId=calendar_id, eventId=event.event_id)
            current = await self._read(get, deadline=deadline)
            if _understood(partial(shows, current, event)):
                return
            patch = self._events.patch(
                calendarId=calendar_id,
                eventId=event.event_id,
                body=patch_body(event),
                sendUpdates="none",
            )
            patch.headers["If-Match"] = str(current.get("etag", ""))
            try:
                await self._session.execute(patch, deadline=deadline)
            except GoogleRefusal as refusal:
                if refusal.status not in {HTTPStatus.PRECONDITION_FAILED, *_GONE}:
                    raise self._meaning(refusal) from None
            else:
                return
        raise CalendarUnreadable("the event keeps changing while we write it")

    async def _prove_shared(self, calendar_id: str, *, deadline: float) -> None:
        probe = self._events.list(calendarId=calendar_id, maxResults=1, fields="accessRole")
        await self._read(probe, deadline=deadline)

    async def _read(self, request: HttpRequest, *, deadline: float) -> dict[str, Any]:
        """Send a request that may be sent again, with pauses of full jitter, until the deadline."""
        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return await self._session.execute(request, deadline=deadline)
            except GoogleRefusal as refusal:
                error = self._meaning(refusal)
            except CalendarUnreadable as unreadable:
                error = unreadable
            if isinstance(error, Invalid):
                # The port promises a caller that reads two kinds of failure, and this is no answer.
                error = CalendarUnreadable(str(error))
            if not isinstance(error, CalendarUnreadable) or attempt == _READ_ATTEMPTS:
                raise error from None
            wait_s = random.uniform(0, pause_s)
            if error.retry_after:
                wait_s = max(wait_s, error.retry_after.total_seconds())
            if time.monotonic() + wait_s >= deadline:
                raise error from None
            await anyio.sleep(wait_s)
            pause_s *= 2
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _listed_on(self, page: dict[str, Any]) -> list[dict[str, Any]]:
        if _understood(lambda: page["accessRole"]) not in WRITING_ROLES:
            account = self._session.account
            raise CredentialRefused(
                f"The calendar is shared with {account.client_email} without the right to write: "
                f"{sharing(account)}"
            )
        return _understood(lambda: list(page.get("items", ())))

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout_s

    def _meaning(self, refusal: GoogleRefusal) -> CalendarUnreadable | CredentialRefused | Invalid:
        return meaning(refusal, account=self._session.account)


def _understood(read: Callable[[], T]) -> T:
    """Return what `read` makes of an answer.

    Raises:
        CalendarUnreadable: the answer is not what Google documents.
    """
    try:
        return read()
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise CalendarUnreadable("Google Calendar's answer can't be understood") from error
