"""Appointments as Google Calendar events, and Google's events as busy time.

It takes values and returns values, and knows no Google library.

Source: https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mcp_platform.outbox.calendar import CalendarEvent
from mcp_platform.scheduling.calendar import (
    CalendarReading,
    CalendarZoneUnknown,
    Interval,
    OwnEvent,
)

MARK = "mcp"  # private property that says whose mirrored event this is
MARK_ID = "mcp_id"  # ... and of which event: a copy the owner makes by hand is the owner's own
WRITING_ROLES = frozenset({"writer", "owner"})
LISTED_FIELDS = (
    "accessRole,timeZone,nextPageToken,items(id,status,start,end,transparency,eventType,"
    "recurringEventId,attendees(self,responseStatus),extendedProperties/private)"
)
_PLACES = "workingLocation"  # an event type that says where, not that there is no time
# All-day events that people enter to close a day; not birthdays, nor stays read from an e-mail.
_DAYS_OFF = frozenset({"default", "outOfOffice"})
# Calendars that were made by other programs carry such zones: "GMT-03:00", "UTC+2".
_OFFSET = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)

Body = dict[str, Any]


def event_body(event: CalendarEvent) -> Body:
    """Return the event as `events.insert` wants it. No guests: a service account can't invite."""
    return {"id": event.event_id, "status": "confirmed", **_details(event)}


def patch_body(event: CalendarEvent) -> Body:
    """Return what makes an existing event show this one, also if it was cancelled or all day."""
    body = _details(event)
    for edge in ("start", "end"):
        body[edge] = {"date": None, **body[edge]}
    return {"status": "confirmed", **body}


def _details(event: CalendarEvent) -> Body:
    return {
        "summary": event.summary,
        "description": event.description,
        "start": {"dateTime": event.start.isoformat(), "timeZone": event.time_zone},
        "end": {"dateTime": event.end.isoformat(), "timeZone": event.time_zone},
        "extendedProperties": {"private": {MARK: event.key, MARK_ID: event.event_id}},
    }


def shows(body: Mapping[str, Any], event: CalendarEvent) -> bool:
    """Tell whether the calendar's event already says all that `event` says."""
    marks = body.get("extendedProperties", {}).get("private", {})
    return (
        body.get("status") != "cancelled"
        and body.get("summary", "") == event.summary
        and body.get("description", "") == event.description
        and _is_at(body.get("start", {}), event.start)
        and _is_at(body.get("end", {}), event.end)
        and (marks.get(MARK), marks.get(MARK_ID)) == (event.key, event.event_id)
    )


def _is_at(when: Mapping[str, Any], moment: datetime) -> bool:
    return "dateTime" in when and datetime.fromisoformat(when["dateTime"]) == moment


def read_events(items: Iterable[Mapping[str, Any]], *, zone: str, key: str) -> CalendarReading:
    """Return what the listed events mean for booking; those marked `key` are our own.

    `zone` is the calendar's own: it says when a day begins. Cancelled events, those that the owner
    declined, and timed events shown as free mean nothing.

    Raises:
        KeyError, TypeError, ValueError: an event is not what Google documents.
        CalendarZoneUnknown: an event lasts a day of a zone that is unknown.
    """
    blocking: list[Interval] = []
    days_shown_free: list[Interval] = []
    unanswered: list[Interval] = []
    own: list[OwnEvent] = []
    for item in items:
        answer = _own_answer(item)
        kind = item.get("eventType", "default")
        if item["status"] == "cancelled" or answer == "declined" or kind == _PLACES:
            continue
        span = Interval(_moment(item["start"], zone=zone), _moment(item["end"], zone=zone))
        shown_free = item.get("transparency") == "transparent"
        if _is_ours(item, key=key):
            own.append(OwnEvent(item.get("recurringEventId", item["id"]), span))
        elif answer == "needsAction":
            unanswered += [] if shown_free else [span]
        elif not shown_free:
            blocking.append(span)
        elif "date" in item["start"] and kind in _DAYS_OFF:
            days_shown_free.append(span)
    return CalendarReading(
        blocking=blocking,
        days_shown_free=days_shown_free,
        unanswered=unanswered,
        own=own,
        zone=zone,
    )


def zone_named(name: str) -> tzinfo | None:
    """Return a zone by its IANA name or its fixed offset, such as "GMT-03:00"; None: unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        pass
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        return None
    sign, hours, minutes = offset.groups(default="0")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        return timezone(-ahead if sign == "-" else ahead)
    except ValueError:
        return None


def _own_answer(item: Mapping[str, Any]) -> str | None:
    """Return what the calendar's owner answered to an invitation; None: it is no invitation."""
    return next(
        (guest.get("responseStatus") for guest in item.get("attendees", ()) if guest.get("self")),
        None,
    )


def _is_ours(item: Mapping[str, Any], *, key: str) -> bool:
    marks = item.get("extendedProperties", {}).get("private", {})
    original = marks.get(MARK_ID, item["id"])
    return marks.get(MARK) == key and original in {item["id"], item.get("recurringEventId")}


def _moment(when: Mapping[str, Any], *, zone: str) -> datetime:
    if "date" not in when:
        moment = datetime.fromisoformat(when["dateTime"])
        if moment.tzinfo:
            return moment
    else:
        moment = datetime.combine(date.fromisoformat(when["date"]), time.min)
    known = zone_named(zone)
    if known is None:
        raise CalendarZoneUnknown(zone)
    return moment.replace(tzinfo=known)
