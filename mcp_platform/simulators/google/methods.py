"""Which scopes and parameters each method of Calendar v3 takes.

Source: the discovery document of Calendar v3, revision 20261030; a contract test compares.
"""

WRITE = frozenset({"calendar", "calendar.app.created", "calendar.events", "calendar.events.owned"})
READ = WRITE | {
    "calendar.events.freebusy",
    "calendar.events.owned.readonly",
    "calendar.events.public.readonly",
    "calendar.events.readonly",
    "calendar.readonly",
}
FREE_BUSY = frozenset(
    {"calendar", "calendar.events.freebusy", "calendar.freebusy", "calendar.readonly"}
)
CALENDARS = frozenset(
    [
        "calendar",
        "calendar.app.created",
        "calendar.calendars",
        "calendar.calendars.readonly",
        "calendar.readonly",
    ]
)
CALENDAR_LIST = frozenset(
    ["calendar", "calendar.calendarlist", "calendar.calendarlist.readonly", "calendar.readonly"]
)
COMMON = frozenset({"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"})
SENDING = frozenset({"sendUpdates", "sendNotifications", "maxAttendees", "alwaysIncludeEmail"})
INSERTING = SENDING | {"conferenceDataVersion", "supportsAttachments", "eventLabelVersion"}
LISTING = frozenset(
    [
        "alwaysIncludeEmail",
        "eventTypes",
        "iCalUID",
        "maxAttendees",
        "maxResults",
        "orderBy",
        "pageToken",
        "privateExtendedProperty",
        "q",
        "sharedExtendedProperty",
        "showDeleted",
        "showHiddenInvitations",
        "singleEvents",
        "syncToken",
        "timeMax",
        "timeMin",
        "timeZone",
        "updatedMin",
    ]
)
GETTING = frozenset({"alwaysIncludeEmail", "maxAttendees", "timeZone"})
