"""Tells from an id alone whether it can be the calendar of a business."""

import re

_ACCOUNT = re.compile(r"[^@\s]+@(?:[a-z0-9.-]+\.)?gserviceaccount\.com", re.ASCII | re.IGNORECASE)
# An id has none of these; "abc%40group.calendar.google.com" is a piece of an address.
_OF_AN_ADDRESS = re.compile(r"[/?%<]")

WRONG_CALENDAR = {
    "calendar_primary": "`primary` is the service account's own calendar, which nobody sees; copy the"
    " calendar's id from its settings in Google Calendar (of a person it is their e-mail address)",
    "calendar_of_account": "a service account's own calendar is seen by nobody; copy the id of the"
    " business's calendar from its settings in Google Calendar",
    "calendar_address": "this is a web address; what is needed is the calendar's id, which stands in"
    ' the calendar\'s settings under "Integrate calendar"',
}
"""What the codes of `what_is_no_calendar` mean, in English."""


def what_is_no_calendar(calendar_id: str) -> str | None:
    """Return the code of why bookings written to `calendar_id` would be seen by nobody, or None."""
    asked = calendar_id.strip()
    if asked.lower() == "primary":
        return "calendar_primary"
    if _ACCOUNT.fullmatch(asked):
        return "calendar_of_account"
    if _OF_AN_ADDRESS.search(asked):
        return "calendar_address"
    return None
