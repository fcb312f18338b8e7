"""What Calendar accepts as an event, and when an event is.

Source: https://developers.google.com/workspace/calendar/api/v3/reference/events
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mcp_platform.simulators.google import recurrence as google_recurrence
from mcp_platform.simulators.google.errors import bad_request, empty_range, invalid, required

_ID = re.compile(r"[a-v0-9]{5,1024}")
_WRITABLE = frozenset(
    [
        "anyoneCanAddSelf",
        "attachments",
        "attendees",
        "attendeesOmitted",
        "birthdayProperties",
        "colorId",
        "conferenceData",
        "description",
        "end",
        "eventLabelId",
        "eventType",
        "extendedProperties",
        "focusTimeProperties",
        "gadget",
        "guestsCanInviteOthers",
        "guestsCanModify",
        "guestsCanSeeOtherGuests",
        "location",
        "originalStartTime",
        "outOfOfficeProperties",
        "recurrence",
        "recurringEventId",
        "reminders",
        "sequence",
        "source",
        "start",
        "status",
        "summary",
        "transparency",
        "visibility",
        "workingLocationProperties",
        "id",
        "iCalUID",
    ]
)
_READ_ONLY = frozenset(
    [
        "created",
        "creator",
        "endTimeUnspecified",
        "etag",
        "hangoutLink",
        "htmlLink",
        "kind",
        "locked",
        "organizer",
        "privateCopy",
        "updated",
    ]
)  # accepted and ignored, as in Google's own read-change-write examples
_CHOICES = {
    "status": {"confirmed", "tentative", "cancelled"},
    "transparency": {"opaque", "transparent"},
    "visibility": {"default", "public", "private", "confidential"},
    "eventType": {
        "birthday",
        "default",
        "focusTime",
        "fromGmail",
        "outOfOffice",
        "workingLocation",
    },
}
_LONGEST_KEY = 44  # longer property names are dropped without a word
_LONGEST_VALUE = 1024  # longer property values are cut without a word

Body = dict[str, Any]


def check_id(event_id: object) -> str:
    """Return `event_id` if a client may choose it: base32hex, lower case.

    Raises:
        GoogleError: 400 `invalid`.
    """
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        raise invalid("Invalid resource id value.")
    return event_id


def zone_named(name: object) -> ZoneInfo:
    """Return the IANA zone.

    Raises:
        GoogleError: 400, there is no such zone.
    """
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("Invalid time zone definition.", parameter="timeZone") from None


def instant(text: str) -> datetime:
    """Read an RFC 3339 time that must carry its offset, as query parameters must.

    Raises:
        GoogleError: 400 `badRequest`.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request() from None
    if moment.tzinfo is None or "T" not in text:
        raise bad_request()
    return moment


def moment_of(when: Mapping[str, Any], *, zone: ZoneInfo) -> datetime:
    """Return when `start` or `end` is; a bare date is the midnight that begins it in `zone`.

    Raises:
        GoogleError: 400, it is neither a date nor a time.
    """
    try:
        if when.get("date"):
            day = date.fromisoformat(str(when["date"]))
            return datetime.combine(day, time.min, tzinfo=zone)
        moment = datetime.fromisoformat(str(when.get("dateTime")))
    except ValueError:
        raise invalid("Invalid value for: Invalid format.") from None
    named = zone_named(when["timeZone"]) if when.get("timeZone") else None
    if moment.tzinfo is None:
        if named is None:
            raise invalid("Missing time zone definition for start time.")
        return moment.replace(tzinfo=named)
    return moment.astimezone(named) if named else moment


def interval_of(event: Mapping[str, Any], *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return start and end of an event."""
    return moment_of(event["start"], zone=zone), moment_of(event["end"], zone=zone)


def merged(stored: Body, patch: Mapping[str, Any]) -> Body:
    """Apply a PATCH body: maps merge, null deletes, arrays are replaced."""
    result = dict(stored)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def accepted(body: Mapping[str, Any], *, zone: ZoneInfo) -> Body:
    """Return what Calendar keeps of an event body as a client sends it.

    Raises:
        GoogleError: 400, or 501 for recurrence that the simulator can't unroll.
    """
    unknown = set(body) - _WRITABLE - _READ_ONLY
    if unknown:
        raise bad_request(f"Unknown name {min(unknown)!r}: Cannot find field.")
    kept = {key: value for key, value in body.items() if key in _WRITABLE and value is not None}
    for name, choices in _CHOICES.items():
        if name in kept and kept[name] not in choices:
            raise invalid(f"Invalid value for: {kept[name]} is not a valid value")
    _check_times(kept, zone=zone)
    if "extendedProperties" in kept:
        kept["extendedProperties"] = _properties(kept["extendedProperties"])
    return kept


def _check_times(body: Body, *, zone: ZoneInfo) -> None:
    for edge in ("start", "end"):
        when = body.get(edge)
        if not isinstance(when, dict) or not (when.get("date") or when.get("dateTime")):
            raise required(f"Missing {edge} time.")
        if when.get("date") and when.get("dateTime"):
            raise invalid(f"Invalid {edge} time.")
        body[edge] = {key: value for key, value in when.items() if value is not None}
    if ("date" in body["start"]) != ("date" in body["end"]):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    start, end = interval_of(body, zone=zone)
    if end < start or ("date" in body["start"] and end == start):
        raise empty_range()
    if body.get("recurrence"):
        if "dateTime" in body["start"] and "timeZone" not in body["start"]:
            raise required("Missing time zone definition for start time.")
        google_recurrence.parse(body["recurrence"], zone=zone)


def _properties(given: Mapping[str, Any]) -> Body:
    return {
        side: {
            name: str(value)[:_LONGEST_VALUE]
            for name, value in given[side].items()
            if len(name) <= _LONGEST_KEY and value is not None
        }
        for side in ("private", "shared")
        if isinstance(given.get(side), dict)
    }


def shown(event: Body, *, zone: ZoneInfo, offset_zone: ZoneInfo) -> Body:
    """Return `event` as an answer shows it: times with the offset of `offset_zone`."""
    body = dict(event)
    for edge in ("start", "end", "originalStartTime"):
        when = body.get(edge)
        if when and "dateTime" in when:
            moment = moment_of(when, zone=zone)
            named = when.get("timeZone", zone.key)
            body[edge] = {"dateTime": rfc3339(moment, zone=offset_zone), "timeZone": named}
    return body


def shown_as_busy(event: Body, *, zone: ZoneInfo, offset_zone: ZoneInfo) -> Body:
    """Return what a reader with `freeBusyReader` sees: that there is something, not what."""
    body = shown(event, zone=zone, offset_zone=offset_zone)
    visible = ("kind", "etag", "id", "status", "start", "end", "iCalUID", "eventType", "updated")
    return {key: body[key] for key in visible if key in body} | {"visibility": "private"}


def rfc3339(moment: datetime, *, zone: ZoneInfo) -> str:
    """Write a time as Calendar does: `Z` for UTC, else the zone's offset."""
    return moment.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")


def stamp(moment: datetime) -> str:
    """Write `created` or `updated`: UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def blocks(event: Mapping[str, Any]) -> bool:
    """Tell whether free/busy counts the event as busy."""
    declined = any(
        guest.get("self") and guest.get("responseStatus") == "declined"
        for guest in event.get("attendees", [])
    )
    shown_free = event.get("transparency") == "transparent"
    return not (shown_free or declined or event.get("status") == "cancelled")
