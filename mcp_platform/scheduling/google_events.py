"""Appointments as Google Calendar events, and Google's events as busy time.

Owns the translation only: values in, values out. Talks to nobody and knows no Google library.

Source: https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from mcp_platform.scheduling.calendar import CalendarEvent, Interval

MARK = "mcp"  # private property that says whose mirrored event this is
MARK_ID = "mcp_id"  # ... and of which event: a copy the owner makes by hand is the owner's own
WRITING_ROLES = frozenset({"writer", "owner"})
LISTED_FIELDS = (
    "accessRole,timeZone,nextPageToken,items(id,status,start,end,transparency,eventType,"
    "recurringEventId,attendees(self,responseStatus),extendedProperties/private)"
)
_NOT_BUSY_TYPES = frozenset({"workingLocation"})  # says where, not that there is no time

Body = dict[str, Any]


def event_body(event: CalendarEvent) -> Body:
    """Return the event as `events.insert` wants it. No guests: a service account can't invite."""
    return {"id": event.event_id, "status": "confirmed", **_details(event)}


def patch_body(event: CalendarEvent) -> Body:
    """Return what makes an existing event show this one, whatever it was: cancelled, all day."""
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


def busy_times(items: Iterable[Mapping[str, Any]], *, zone: ZoneInfo, key: str) -> list[Interval]:
    """Return when the listed events block the calendar, earliest first.

    `zone` is the calendar's own: it says when a day begins. Events shown as free, cancelled,
    declined by the owner, and those marked `key` block nothing.

    Raises:
        KeyError, TypeError, ValueError: an event is not what Google documents.
    """
    blocking = (item for item in items if _blocks(item) and not _is_ours(item, key=key))
    spans = [
        Interval(_moment(item["start"], zone=zone), _moment(item["end"], zone=zone))
        for item in blocking
    ]
    return sorted(spans, key=lambda span: (span.start, span.end))


def _blocks(item: Mapping[str, Any]) -> bool:
    declined = any(
        guest.get("self") and guest.get("responseStatus") == "declined"
        for guest in item.get("attendees", ())
    )
    return not (
        declined
        or item["status"] == "cancelled"
        or item.get("transparency") == "transparent"
        or item.get("eventType") in _NOT_BUSY_TYPES
    )


def _is_ours(item: Mapping[str, Any], *, key: str) -> bool:
    marks = item.get("extendedProperties", {}).get("private", {})
    original = marks.get(MARK_ID, item["id"])
    return marks.get(MARK) == key and original in {item["id"], item.get("recurringEventId")}


def _moment(when: Mapping[str, Any], *, zone: ZoneInfo) -> datetime:
    if "date" in when:
        return datetime.combine(date.fromisoformat(when["date"]), time.min, tzinfo=zone)
    moment = datetime.fromisoformat(when["dateTime"])
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
