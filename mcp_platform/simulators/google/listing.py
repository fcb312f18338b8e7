"""`events.list` and `freeBusy`: which events a query finds.

It reads the query parameters, page tokens and sync tokens.

Source: https://developers.google.com/workspace/calendar/api/v3/reference/events/list
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from mcp_platform.simulators.google.errors import (
    GoogleError,
    bad_request,
    empty_range,
    invalid,
    sync_needed,
)
from mcp_platform.simulators.google.events import (
    Body,
    blocks,
    instant,
    interval_of,
    rfc3339,
    shown,
    shown_as_busy,
    zone_named,
)
from mcp_platform.simulators.google.state import Google, StoredCalendar

_NOT_WITH_SYNC = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMax",
    "timeMin",
    "updatedMin",
)
_NO_SYNC_AFTER = frozenset(_NOT_WITH_SYNC) - {"timeMax", "timeMin"}
_MOST_RESULTS = 2500
_MOST_CALENDARS = 50
_LONGEST_FREE_BUSY_DAYS = 92  # not documented; reported as two to three months


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of `events.list`, read and checked."""

    params: QueryParams
    zone: ZoneInfo
    time_min: datetime | None
    time_max: datetime | None
    single: bool
    show_deleted: bool
    most: int


def flag(params: QueryParams, name: str) -> bool:
    """Read a boolean parameter.

    Raises:
        GoogleError: 400.
    """
    value = params.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise invalid(f"Invalid boolean value: '{value}'.", parameter=name)
    return value == "true"


def read_query(params: QueryParams, *, calendar: StoredCalendar) -> Query:
    """Check the parameters of `events.list`.

    Raises:
        GoogleError: 400.
    """
    time_min = instant(params["timeMin"]) if "timeMin" in params else None
    time_max = instant(params["timeMax"]) if "timeMax" in params else None
    if time_min and time_max and time_min >= time_max:
        raise empty_range()
    single, order = flag(params, "singleEvents"), params.get("orderBy")
    if order not in {None, "startTime", "updated"}:
        raise invalid(f"Invalid value for orderBy: {order}", parameter="orderBy")
    if order == "startTime" and not single:
        raise bad_request("The requested ordering is not available for the particular query.")
    if "syncToken" in params and any(name in params for name in _NOT_WITH_SYNC):
        raise bad_request("Sync token cannot be used with these query parameters.")
    most = params.get("maxResults", "250")
    if not most.isdecimal() or int(most) < 1:
        raise invalid(f"Invalid value '{most}'.", parameter="maxResults")
    return Query(
        params=params,
        zone=zone_named(params["timeZone"]) if "timeZone" in params else calendar.zone,
        time_min=time_min,
        time_max=time_max,
        single=single,
        show_deleted=flag(params, "showDeleted"),
        most=min(int(most), _MOST_RESULTS),
    )


def list_events(
    google: Google,
    calendar: StoredCalendar,
    *,
    params: QueryParams,
    role: str,
    match_any_property: bool,
) -> Body:
    """Answer `events.list`.

    `match_any_property` decides what a repeated `privateExtendedProperty` means: Google's guide
    says any of them, its reference all of them.

    Raises:
        GoogleError: 400, or 410 for an old sync token.
    """
    query = read_query(params, calendar=calendar)
    if "syncToken" in params:
        version = _synced_version(google, calendar, params["syncToken"], single=query.single)
        found = [_for_sync(event) for event in calendar.changed_since(version)]
    else:
        found = [
            event
            for event in calendar.events(
                single=query.single, time_min=query.time_min, time_max=query.time_max
            )
            if _matches(event, query, match_any_property=match_any_property)
        ]
        found.sort(key=lambda event: _order(event, calendar, params.get("orderBy")))
    offset = _token(params["pageToken"]).get("offset", 0) if "pageToken" in params else 0
    page = found[offset : offset + query.most]
    show = shown_as_busy if role == "freeBusyReader" else shown
    answer: Body = {
        "kind": "calendar#events",
        "etag": f'"p{calendar.version}"',
        "summary": calendar.summary,
        "updated": max((event.get("updated", "") for event in found), default=""),
        "timeZone": calendar.zone_name,
        "accessRole": role,
        "defaultReminders": [],
        "items": [show(event, zone=calendar.zone, offset_zone=query.zone) for event in page],
    }
    if offset + query.most < len(found):
        answer["nextPageToken"] = _encoded({"offset": offset + query.most})
    elif not any(name in params for name in _NO_SYNC_AFTER):
        answer["nextSyncToken"] = _encoded(
            {"epoch": google.epoch, "version": calendar.version, "single": query.single}
        )
    return answer


def _for_sync(event: Body) -> Body:
    if event["status"] != "cancelled":
        return event
    certain = ("kind", "etag", "id", "status", "recurringEventId", "originalStartTime")
    return {key: event[key] for key in certain if key in event}


def _matches(event: Body, query: Query, *, match_any_property: bool) -> bool:
    if event["status"] == "cancelled" and not query.show_deleted:
        return "recurringEventId" in event and not query.single
    params = query.params
    text = " ".join(str(event.get(key, "")) for key in ("summary", "description", "location"))
    types = params.getlist("eventTypes")
    deleted_series = query.show_deleted and query.single and "recurrence" in event
    differs = (
        deleted_series
        or params.get("q", "").lower() not in text.lower()
        or ("iCalUID" in params and event.get("iCalUID") != params["iCalUID"])
        or (types and event.get("eventType") not in types)
        or ("updatedMin" in params and instant(event["updated"]) < instant(params["updatedMin"]))
    )
    return not differs and all(
        _has_properties(event, side, params.getlist(f"{side}ExtendedProperty"), match_any_property)
        for side in ("private", "shared")
    )


def _has_properties(event: Body, side: str, wanted: list[str], match_any: bool) -> bool:  # noqa: FBT001 - private
    if not wanted:
        return True
    if any("=" not in pair for pair in wanted):
        raise invalid("Invalid value for extended property.", parameter=f"{side}ExtendedProperty")
    held = event.get("extendedProperties", {}).get(side, {})
    hits = [held.get(name) == value for name, value in (pair.split("=", 1) for pair in wanted)]
    return any(hits) if match_any else all(hits)


def _order(event: Body, calendar: StoredCalendar, order: str | None) -> Any:
    if order == "startTime":
        return interval_of(event, zone=calendar.zone)[0].timestamp()
    return event["updated"]


def _synced_version(google: Google, calendar: StoredCalendar, token: str, *, single: bool) -> int:
    told = _token(token)
    if told.get("epoch") != google.epoch or told.get("version", 0) > calendar.version:
        raise sync_needed()
    if told.get("single") != single:
        raise bad_request("Sync token was issued for other query parameters.")
    return int(told["version"])


def _encoded(content: Body) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _token(text: str) -> Body:
    try:
        content = json.loads(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError):
        content = None
    if not isinstance(content, dict):
        raise invalid("Invalid sync token value.")
    return content


def free_busy(google: Google, *, body: Body, client_email: str, failing: frozenset[str]) -> Body:
    """Answer `freeBusy`; a calendar that can't be read is an error inside a 200.

    Raises:
        GoogleError: 400.
    """
    if "timeMin" not in body or "timeMax" not in body:
        raise bad_request("Missing timeMin or timeMax parameter.")
    after, before = instant(str(body["timeMin"])), instant(str(body["timeMax"]))
    if after >= before:
        raise empty_range()
    if (before - after).days > _LONGEST_FREE_BUSY_DAYS:
        raise GoogleError(400, "timeRangeTooLong", "The requested time range is too long.")
    items = [str(item.get("id")) for item in body.get("items", [])]
    if len(items) > _MOST_CALENDARS:
        raise GoogleError(400, "tooManyCalendarsRequested", "Too many calendars requested.")
    zone = zone_named(body.get("timeZone", "UTC"))
    answered: Body = {}
    for calendar_id in items:
        reason = "internalError" if calendar_id in failing or "*" in failing else None
        try:
            calendar = google.seen_by(client_email, calendar_id)
        except GoogleError:
            reason = "notFound"
        if reason:
            answered[calendar_id] = {
                "errors": [{"domain": "global", "reason": reason}],
                "busy": [],
            }
            continue
        spans = _merged_spans(calendar, after, before)
        answered[calendar_id] = {
            "busy": [
                {"start": rfc3339(start, zone=zone), "end": rfc3339(end, zone=zone)}
                for start, end in spans
            ]
        }
    return {
        "kind": "calendar#freeBusy",
        "timeMin": rfc3339(after, zone=zone),
        "timeMax": rfc3339(before, zone=zone),
        "calendars": answered,
    }


def _merged_spans(
    calendar: StoredCalendar, after: datetime, before: datetime
) -> list[tuple[datetime, datetime]]:
    found = calendar.events(single=True, time_min=after, time_max=before)
    spans: list[tuple[datetime, datetime]] = []
    for start, end in sorted(interval_of(e, zone=calendar.zone) for e in found if blocks(e)):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
