"""The calendars of the simulated Google and the events in them.

It gives ids and versions (ETag, sequence, sync), and unrolls repeating events.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from mcp_platform.simulators.google import recurrence as google_recurrence
from mcp_platform.simulators.google.errors import (
    condition_not_met,
    deleted,
    duplicate,
    invalid,
    not_found,
)
from mcp_platform.simulators.google.events import (
    Body,
    accepted,
    check_id,
    interval_of,
    merged,
    moment_of,
    stamp,
)

WRITERS = frozenset({"writer", "owner"})
ROLES = frozenset({"freeBusyReader", "reader", *WRITERS})
_FIRST_ETAG = 3_566_000_000_000_000  # Google's are numbers of about this size
_SIGNIFICANT = ("start", "end", "recurrence", "status")  # what moves `sequence`


@dataclass(slots=True)
class StoredEvent:
    """An event as it is kept, and the calendar version at which it last changed."""

    body: Body
    version: int


@dataclass(slots=True)
class StoredCalendar:
    """One calendar. `shared_with` is who may see it; `None` means every service account.

    `zone_name` is what answers call its zone: of a calendar that another program made, it need not
    be an IANA name.
    """

    id: str
    summary: str
    zone: ZoneInfo
    zone_name: str
    access_role: str
    shared_with: frozenset[str] | None
    clock: Callable[[], datetime]
    etags: Iterator[int]
    entries: dict[str, StoredEvent] = field(default_factory=dict)
    version: int = 0

    def role_of(self, client_email: str) -> str | None:
        """Return the caller's access role, or nothing when the calendar is not shared."""
        shared = self.shared_with is None or client_email in self.shared_with
        return self.access_role if shared else None

    def get(self, event_id: str) -> Body:
        """Return an event, deleted ones and instances of repeating ones included.

        Raises:
            GoogleError: 404.
        """
        if event_id in self.entries:
            return self.entries[event_id].body
        master = self.entries.get(event_id.rpartition("_")[0])
        for instance in self._instances(master.body, None) if master else ():
            if instance["id"] == event_id:
                return instance
        raise not_found()

    def insert(self, body: Body, *, creator: str) -> Body:
        """Add an event.

        Raises:
            GoogleError: 400, 409, or 501 for recurrence that can't be unrolled.
        """
        event = accepted(body, zone=self.zone)
        event_id = check_id(event["id"]) if "id" in event else uuid4().hex
        if event_id in self.entries:
            raise duplicate()
        own = {"email": self.id, "displayName": self.summary, "self": True}
        return self._keep(
            {
                "status": "confirmed",
                "eventType": "default",
                "reminders": {"useDefault": True},
                **event,
                "kind": "calendar#event",
                "id": event_id,
                "iCalUID": event.get("iCalUID", f"{event_id}@google.com"),
                "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}",
                "created": stamp(self.clock()),
                "creator": {"email": creator},
                "organizer": own,
                "sequence": event.get("sequence", 0),
            },
        )

    def patch(self, event_id: str, body: Body, *, if_match: str | None = None) -> Body:
        """Change some of an event.

        Raises:
            GoogleError: 400, 404 or 412.
        """
        current = self.get(event_id)
        _check_etag(current, if_match)
        return self._replace(current, merged(current, body))

    def update(self, event_id: str, body: Body, *, if_match: str | None = None) -> Body:
        """Replace an event; what the body leaves out is gone.

        Raises:
            GoogleError: 400, 404 or 412.
        """
        current = self.get(event_id)
        _check_etag(current, if_match)
        return self._replace(current, body)

    def delete(self, event_id: str, *, if_match: str | None = None) -> None:
        """Cancel an event; its id stays taken.

        Raises:
            GoogleError: 404, 410 or 412.
        """
        current = self.get(event_id)
        if current["status"] == "cancelled":
            raise deleted()
        _check_etag(current, if_match)
        self._replace(current, {**current, "status": "cancelled"})

    def events(
        self,
        *,
        single: bool,
        time_min: datetime | None = None,
        time_max: datetime | None = None,
    ) -> list[Body]:
        """Return what ends after `time_min` and starts before `time_max`, cancelled included."""
        found = []
        for entry in self.entries.values():
            unrolled = (
                list(self._instances(entry.body, time_max))
                if entry.body.get("recurrence") and entry.body["status"] != "cancelled"
                else [entry.body]
            )
            inside = [event for event in unrolled if self._inside(event, time_min, time_max)]
            if inside and not single:
                inside = [entry.body]
            found += inside
        return found

    def changed_since(self, version: int) -> list[Body]:
        """Return the events written after the calendar had `version`, repeating ones as they are."""
        return [entry.body for entry in self.entries.values() if entry.version > version]

    def _inside(self, event: Body, after: datetime | None, before: datetime | None) -> bool:
        start, end = interval_of(event, zone=self.zone)
        return (after is None or end > after) and (before is None or start < before)

    def _instances(self, master: Body, before: datetime | None) -> Iterator[Body]:
        first, end = interval_of(master, zone=self.zone)
        if "recurrence" not in master:
            return
        rule = google_recurrence.parse(master["recurrence"], zone=self.zone)
        all_day = "date" in master["start"]
        for start in google_recurrence.starts(rule, first=first, before=before):
            suffix = f"{start:%Y%m%d}" if all_day else f"{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            instance_id = f"{master['id']}_{suffix}"
            if instance_id in self.entries:
                continue
            shift = start.replace(tzinfo=None) - first.replace(tzinfo=None)
            finish = end + shift  # wall time: an hour stays an hour on the clock across DST
            own = {key: value for key, value in master.items() if key != "recurrence"}
            yield own | {
                "id": instance_id,
                "recurringEventId": master["id"],
                "originalStartTime": _when(start, master["start"]),
                "start": _when(start, master["start"]),
                "end": _when(finish, master["end"]),
            }

    def _replace(self, current: Body, wanted: Body) -> Body:
        event = accepted(wanted, zone=self.zone)
        if event.get("sequence", current["sequence"]) < current["sequence"]:
            raise invalid("Invalid sequence value.")
        fixed = ("kind", "id", "iCalUID", "htmlLink", "created", "creator", "organizer")
        kept = {key: current[key] for key in fixed}
        kept |= {
            key: current[key] for key in ("recurringEventId", "originalStartTime") if key in current
        }
        result = {"status": "confirmed", "eventType": "default", **event, **kept}
        moved = any(self._differs(key, current, result) for key in _SIGNIFICANT)
        sequence = int(event.get("sequence") or current["sequence"])
        result["sequence"] = sequence + int(moved)
        return self._keep(result)

    def _differs(self, key: str, one: Body, other: Body) -> bool:
        if key in {"start", "end"}:
            return moment_of(one[key], zone=self.zone) != moment_of(other[key], zone=self.zone)
        return bool(one.get(key) != other.get(key))

    def _keep(self, event: Body) -> Body:
        self.version += 1
        event |= {"etag": f'"{next(self.etags)}"', "updated": stamp(self.clock())}
        self.entries[event["id"]] = StoredEvent(event, self.version)
        return event


def _when(moment: datetime, like: Body) -> Body:
    if "date" in like:
        return {"date": moment.date().isoformat()}
    return {**like, "dateTime": moment.isoformat()}


def _check_etag(current: Body, if_match: str | None) -> None:
    if if_match is not None and if_match not in {"*", current["etag"]}:
        raise condition_not_met()


class Google:
    """All calendars of the simulated Google."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.epoch = uuid4().hex[:8]  # sync tokens of an earlier epoch are no longer valid
        self.calendars: dict[str, StoredCalendar] = {}
        self._etags = count(_FIRST_ETAG, step=2000)

    def reset(self) -> None:
        """Forget all calendars; old sync tokens answer 410."""
        self.calendars.clear()
        self.epoch = uuid4().hex[:8]

    def share(self, settings: dict[str, Any]) -> StoredCalendar:
        """Make a calendar, or change how the one of that id is shared, keeping its events.

        Raises:
            ValueError: the settings are not those of a calendar.
        """
        calendar_id, role = settings.get("id"), settings.get("access_role", "writer")
        shared_with = settings.get("shared_with")
        if not isinstance(calendar_id, str) or not calendar_id or role not in ROLES:
            raise ValueError(f"a calendar needs an id and an access_role among {sorted(ROLES)}")
        known = self.calendars.get(calendar_id)
        time_zone = settings.get("time_zone", "America/Sao_Paulo")
        calendar = StoredCalendar(
            id=calendar_id,
            summary=str(settings.get("summary", calendar_id)),
            zone=ZoneInfo(time_zone),
            zone_name=settings.get("zone_name", time_zone),
            access_role=role,
            shared_with=None if shared_with is None else frozenset(shared_with),
            clock=self.clock,
            etags=self._etags,
            entries=known.entries if known else {},
            version=known.version if known else 0,
        )
        self.calendars[calendar_id] = calendar
        return calendar

    def seen_by(self, client_email: str, calendar_id: str) -> StoredCalendar:
        """Return a calendar as the caller names it; `primary` is the caller's own.

        Raises:
            GoogleError: 404, there is none or it is not shared with the caller.
        """
        if calendar_id in {"primary", client_email} and client_email not in self.calendars:
            own = {"id": client_email, "access_role": "owner", "shared_with": [client_email]}
            self.share({**own, "time_zone": "UTC"})
        calendar = self.calendars.get(client_email if calendar_id == "primary" else calendar_id)
        if calendar is None or calendar.role_of(client_email) is None:
            raise not_found()
        return calendar
