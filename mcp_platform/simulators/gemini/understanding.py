"""What a customer means by words about times: the slot that was picked, and what to search for.

Every id comes from the request's facts or from a tool.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_platform.simulators.gemini.scene import Scene, falls_on


def slot_chosen(scene: Scene) -> str | None:
    """Return the slot that was picked out of those just shown."""
    heard, shown = scene.heard, scene.offered
    if heard.item and heard.item.startswith("s_"):
        return heard.item
    if heard.yes and len(shown) == 1:
        return shown[0]
    picked = _ordinal(scene)
    if picked is not None and shown and not heard.when.first:
        return _nth(shown, picked)
    return _offered_at(scene)


def _offered_at(scene: Scene) -> str | None:
    """Return the one slot among those last shown that is at the time just named: "às 10"."""
    heard = scene.heard
    if heard.when.at is None or heard.intent is not None or heard.service is not None:
        return None
    wanted = scene.wish.when if heard.when.first is None else heard.when
    fitting = [each["id"] for each in scene.context.offered if falls_on(each, wanted)]
    return fitting[0] if len(fitting) == 1 else None


def _ordinal(scene: Scene) -> int | None:
    heard = scene.heard
    return heard.ordinal if heard.ordinal is not None else heard.number


def _nth(shown: Sequence[str], picked: int) -> str | None:
    if picked == -1:
        return shown[-1]
    return shown[picked - 1] if 0 < picked <= len(shown) else None


def _moved(scene: Scene) -> Mapping[str, Any]:
    """Return the appointment that is to be moved, if that is known."""
    if scene.wish.intent != "move":
        return {}
    mine = scene.context.appointments
    return next((each for each in mine if each["id"] == scene.wish.appointment), {})


def service_wanted(scene: Scene) -> str | None:
    """Return the service that is spoken of: named, that of the appointment, or the only one."""
    services = scene.context.services
    if scene.wish.service:
        return scene.wish.service
    if scene.wish.intent == "move":
        name = _moved(scene).get("service")
        return next((each["id"] for each in services if each["name"] == name), None)
    return services[0]["id"] if len(services) == 1 else None


def find_arguments(scene: Scene) -> dict[str, Any]:
    """Return what to look for: service, professional, days and times, and what is to be moved."""
    wanted = scene.wish.when
    args: dict[str, Any] = {"service_id": service_wanted(scene)}
    if scene.wish.professional:
        args["professional_id"] = scene.wish.professional
    if wanted.first and wanted.last:
        args |= {"from_date": wanted.first.isoformat(), "to_date": wanted.last.isoformat()}
    elif wanted and _moved(scene):  # another time of day: of the same day, then
        day = str(_moved(scene)["start"])[:10]
        args |= {"from_date": day, "to_date": day}
    if wanted.at:
        args["from_time"] = f"{wanted.at:%H:%M}"
    if wanted.after:
        args["from_time"] = wanted.after
    if wanted.before:
        args["to_time"] = wanted.before
    if _moved(scene):
        args["appointment_id"] = _moved(scene)["id"]
    return args


def wanted_among(slots: Sequence[Mapping[str, Any]], *, scene: Scene) -> str | None:
    """Return the slot that was asked for so plainly that it may be taken."""
    wanted, picked = scene.wish.when, scene.heard.ordinal
    if picked is not None and slots and scene.wish.firm:
        return _nth([slot["id"] for slot in slots], picked)
    if wanted.at is None or not scene.wish.firm:
        return None
    return next((slot["id"] for slot in slots if falls_on(slot, wanted)), None)
