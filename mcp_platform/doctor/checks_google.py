"""Checks of the Google service account and of the calendars, each building on the one before.

The service account's key is read offline, then exchanged for a token, then used on the calendar.
Each step tells causes apart that the next one would mix up.
"""

import asyncio
import re
from datetime import timedelta
from zoneinfo import available_timezones

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mcp_platform.doctor.case import Chart
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.scheduling.calendar import CalendarReading, CalendarZoneUnknown, Interval
from mcp_platform.scheduling.calendar_access import (
    CalendarLeft,
    CalendarRefused,
    ClockWrong,
    TokenRefused,
)
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.tenants.calendar_ids import what_is_no_calendar

AHEAD = timedelta(days=14)  # as far as customers are usually offered times
SHORTEST_KEY = 2048  # bits. Source: NIST SP 800-57 part 1, and what Google itself makes
_WRITING_ROLES = frozenset({"writer", "owner"})
_EMAIL = re.compile(r"[a-z0-9][a-z0-9.-]*@([a-z0-9.-]+\.)?gserviceaccount\.com", re.ASCII)
# Of an account made in a project; Google's own, such as App Engine's, say the project otherwise.
_PROJECT = re.compile(r"[^@]+@([a-z0-9.-]+)\.iam\.gserviceaccount\.com", re.ASCII)


async def key(chart: Chart) -> CheckOutcome:
    """Read the key without asking anybody."""
    secrets = chart.case.secrets
    wanted = {
        "GOOGLE_CLIENT_EMAIL": secrets.google_client_email,
        "GOOGLE_PRIVATE_KEY": secrets.google_private_key,
    }
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        return CheckOutcome("google.key", "missing", {"keys": ", ".join(missing)})
    email = secrets.google_client_email
    if _EMAIL.fullmatch(email) is None:
        return CheckOutcome("google.key", "email_malformed")
    try:
        # Checking a key takes milliseconds, in which the loop has other things to do.
        loaded = await asyncio.to_thread(
            load_pem_private_key,
            secrets.google_private_key.replace("\\n", "\n").encode(),
            password=None,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return CheckOutcome("google.key", "unparseable")
    if not isinstance(loaded, RSAPrivateKey):
        return CheckOutcome("google.key", "not_rsa")
    details = {"client_email": email, "bits": str(loaded.key_size)}
    if loaded.key_size < SHORTEST_KEY:
        return CheckOutcome("google.key", "weak", details)
    project = secrets.google_project_id
    if project and _differs(email, project):
        return CheckOutcome(
            "google.key", "other_project", {"client_email": email, "project": project}
        )
    return CheckOutcome("google.key", "sound", details)


def _differs(email: str, project: str) -> bool:
    found = _PROJECT.fullmatch(email)
    if found is None:
        return False
    # Project "example.com:shop" is written shop.example.com in addresses.
    domain, colon, name = project.rpartition(":")
    return found[1] != (f"{name}.{domain}" if colon else project)


async def token(chart: Chart) -> CheckOutcome:
    """Exchange the key for a token."""
    email = chart.case.secrets.google_client_email
    try:
        await chart.google.token()
    except TokenRefused as refused:
        details = {"client_email": email, "error": refused.error}
        match refused.reason:
            case "key_gone":
                return CheckOutcome("google.token", "key_gone", details)
            case "account_gone":
                return CheckOutcome("google.token", "account_gone", details)
            case "account_disabled":
                return CheckOutcome("google.token", "account_disabled", details)
            case _:
                return CheckOutcome("google.token", "refused", details)
    except ClockWrong:
        return CheckOutcome("google.token", "clock")
    return CheckOutcome("google.token", "granted")


async def calendar(chart: Chart) -> CheckOutcome:
    """Look whose the calendars are that bookings go to, and at the role on each."""
    email = chart.case.secrets.google_client_email
    calendars = chart.case.calendars
    if not calendars:
        return CheckOutcome("google.calendar", "none")
    for calendar_id in calendars:
        if what_is_no_calendar(calendar_id) is not None:
            return CheckOutcome("google.calendar", "nobodys", {"calendar": calendar_id})
    for calendar_id in calendars:
        details = {"calendar": calendar_id, "client_email": email}
        try:
            role = await chart.google.role(calendar_id=calendar_id)
        except CalendarRefused as refused:
            details["error"] = refused.error
            match refused.reason:
                case "not_found":
                    return CheckOutcome("google.calendar", "not_found", details)
                case "api_off":
                    return CheckOutcome("google.calendar", "api_off", details)
                case _:
                    return CheckOutcome("google.calendar", "refused", details)
        if role not in _WRITING_ROLES:
            return CheckOutcome("google.calendar", "read_only", {**details, "role": role})
    return CheckOutcome("google.calendar", "writable", {"calendars": str(len(calendars))})


async def events(chart: Chart) -> CheckOutcome:
    """Read what stands in the calendars as booking does, and say what it makes of it."""
    rules = chart.case.catalogue.rules if chart.case.catalogue else BookingRules()
    span = Interval(start=chart.now, end=chart.now + AHEAD)
    readings: dict[str, CalendarReading] = {}
    for calendar_id in chart.case.calendars:
        try:
            readings[calendar_id] = await chart.google.read(
                calendar_id=calendar_id, span=span, key=chart.case.tenant.path
            )
        except CalendarZoneUnknown as unknown:
            details = {"calendar": calendar_id, "zone": unknown.zone}
            return CheckOutcome("google.events", "zone_unknown", details)
    for calendar_id, reading in readings.items():
        details = {"calendar": calendar_id, "zone": reading.zone}
        if reading.zone not in available_timezones():
            return CheckOutcome("google.events", "zone_fixed", details)
    free_days = sorted(
        {
            rules.local(span.start).date().isoformat()
            for reading in readings.values()
            for span in reading.days_shown_free
        }
    )
    tenant = {"tenant": chart.case.tenant.path}
    if free_days:
        details = {**tenant, "days": ", ".join(free_days)}
        if rules.free_days_close:
            return CheckOutcome("google.events", "free_days_close", details)
        return CheckOutcome("google.events", "free_days_open", details)
    unanswered = sum(len(reading.unanswered) for reading in readings.values())
    if unanswered:
        details = {**tenant, "invitations": str(unanswered)}
        if rules.unanswered_close:
            return CheckOutcome("google.events", "unanswered_close", details)
        return CheckOutcome("google.events", "unanswered_open", details)
    return CheckOutcome("google.events", "readable")


async def write(chart: Chart) -> CheckOutcome:
    """Write a private event, and delete it."""
    calendar_id = chart.case.calendars[0]
    details = {"calendar": calendar_id, "client_email": chart.case.secrets.google_client_email}
    try:
        await chart.google.write(calendar_id=calendar_id, now=chart.now)
    except CalendarRefused as refused:
        return CheckOutcome("google.write", "refused", {**details, "error": refused.error})
    except CalendarLeft:
        return CheckOutcome("google.write", "left", details)
    return CheckOutcome("google.write", "written")
