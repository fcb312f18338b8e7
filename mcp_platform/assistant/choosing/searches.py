"""Searches as what can be tapped: a list of times, of days, or a search that is still to be made.

The action of each is written here, and read by the menu. One that was offered by the release before
names one service and nothing else.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from mcp_platform.assistant.offers import Action
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.outcome import SlotsFound

Visit = Mapping[str, Any]
"""What a slot is for besides its time: its `person` and `note`, if any was said."""


def times_action(search: SlotSearch, day: date, *, after: time, until: time) -> Action:
    """Return the action that lists the times of a day, both ends inclusive."""
    hours = {"after": after.isoformat(), "until": until.isoformat()}
    return {"do": "times", "day": day.isoformat(), **hours, **_what(search)}


def days_action(search: SlotSearch) -> Action:
    """Return the action that lists the days with something free at the window's times of day."""
    hours = {
        "from": search.window.from_time.isoformat(),
        "until": search.window.to_time.isoformat(),
    }
    return {"do": "days", **hours, **_what(search)}


def find_action(search: SlotSearch) -> Action:
    """Return the action that makes the search, and lists what is found."""
    window = search.window
    return {
        **days_action(search),
        "do": "find",
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "order": search.order,
    }


def more_action(search: SlotSearch, found: SlotsFound, *, like: Visit) -> Action | None:
    """Return the action that shows what a list leaves out: the rest of its day, or other days.

    `like` is what was said of the visit.
    """
    if not found.more or not found.slots:
        return None
    days = {each.start.date() for each in found.slots}
    window = search.window
    one_day = window.first == window.last if found.status == "ok" else len(days) == 1
    as_wanted = found.status == "ok" and search.order != "nearest"
    begin, end = (window.from_time, window.to_time) if as_wanted else (time.min, time.max)
    if as_wanted and found.whole_until is not None:
        begin = just_after(found.whole_until)
    rest = (
        times_action(search, min(days), after=begin, until=end) if one_day else days_action(search)
    )
    return {**rest, **said_of_visit(like), "more": True}


def said_of_visit(like: Visit) -> dict[str, Any]:
    """Return what was said of a visit, as it stands in an action."""
    return {name: like[name] for name in ("person", "note") if like.get(name)}


def search_of(action: Action) -> SlotSearch:
    """Read the search of an action; of one of days, its days are any."""
    day = date.fromisoformat(action.get("day") or action.get("first") or date.min.isoformat())
    moving = action.get("moving")
    return SlotSearch(
        service_ids=tuple(action.get("services") or (action["service"],)),
        professional_id=action["professional"],
        window=SearchWindow(
            first=day,
            last=date.fromisoformat(action["last"]) if "last" in action else day,
            from_time=_time(action.get("after") or action.get("from"), time.min),
            to_time=_time(action.get("until"), time.max),
        ),
        order=action.get("order", "earliest"),
        together=action.get("together", False),
        everyone=action.get("everyone", False),
        moving=UUID(moving) if moving else None,
        before=datetime.fromisoformat(action["before"]) if "before" in action else None,
    )


def just_after(start: datetime) -> time:
    """Return the time of day at which what follows a start may begin."""
    return (start + timedelta(minutes=1)).time()


def _what(search: SlotSearch) -> dict[str, Any]:
    return {
        "service": search.service_ids[0],
        "services": list(search.service_ids),
        "professional": search.professional_id,
        "moving": None if search.moving is None else str(search.moving),
        "together": search.together,
        "everyone": search.everyone,
        **({} if search.before is None else {"before": search.before.isoformat()}),
    }


def _time(written: str | None, otherwise: time) -> time:
    return time.fromisoformat(written) if written else otherwise
