"""What a good model would do with a conversation: call a tool, or answer with placeholders.

The same conversation always gives the same next step. Every id comes from the CONTEXT of the system
instruction or from a tool.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_platform.simulators.gemini.scene import Scene, falls_on, scene_of
from mcp_platform.simulators.gemini.wire import ModelFunctionCall, Prompt, Say

MAX_STEPS = 4  # tool rounds in one turn before it gives up and talks


def decide(prompt: Prompt) -> Say | list[ModelFunctionCall]:
    """Return what the model does next."""
    scene = scene_of(prompt)
    if not scene.steps:
        outcome = _begin(scene)
    elif len(scene.steps) >= MAX_STEPS or prompt.mode == "NONE":
        outcome = _conclude(scene)
    else:
        outcome = _react(scene)
    if isinstance(outcome, Say):
        info = _info_text(scene)
        return Say("\n".join(filter(None, (info, outcome.text)))) if info else outcome
    if all(call.name in prompt.may_call for call in outcome):
        return outcome
    return _conclude(scene) if scene.steps else Say(scene.say("unclear"))


_TALK = {"scope": "scope", "greet": "greet", "thanks": "thanks", "keep": "kept"}
_ASK = {"mine": "my_appointments", "info": "business_info"}


def _begin(scene: Scene) -> Say | list[ModelFunctionCall]:
    intent = scene.heard.intent
    if scene.unheard_audio:
        return Say(scene.say("audio"))
    if intent in _TALK:
        return Say(scene.say(_TALK[intent]))
    if intent in _ASK:
        return [ModelFunctionCall(_ASK[intent])]
    if intent == "human":
        return [ModelFunctionCall("talk_to_human", {"reason": scene.text[:200]})]
    return Say(scene.say("other")) if scene.heard.no else _pursue(scene)


def _pursue(scene: Scene) -> Say | list[ModelFunctionCall]:
    wanted = scene.wish.intent
    if wanted == "cancel":
        return _cancel(scene)
    if wanted == "move":
        return _move(scene)
    if wanted not in ("book", "ask"):
        return Say(scene.say("unclear"))
    step = _book(scene)
    if isinstance(step, Say) or not scene.heard.topics:
        return step
    return [ModelFunctionCall("business_info"), *step]


def _cancel(scene: Scene) -> Say | list[ModelFunctionCall]:
    mine = scene.context.appointments
    if scene.heard.everything and mine:
        return [ModelFunctionCall("cancel", {"appointment_id": each["id"]}) for each in mine]
    if scene.wish.appointment:
        return [ModelFunctionCall("cancel", {"appointment_id": scene.wish.appointment})]
    return _which_appointment(scene)


def _which_appointment(scene: Scene) -> Say | list[ModelFunctionCall]:
    mine = scene.context.appointments
    if not mine:
        return [ModelFunctionCall("my_appointments")]
    shown = "\n".join(f"{{appointment:{each['id']}}}" for each in mine)
    return Say(f"{scene.say('which_appointment')}\n{shown}")


def _move(scene: Scene) -> Say | list[ModelFunctionCall]:
    if not scene.wish.appointment:
        return _which_appointment(scene)
    slot = slot_chosen(scene)
    if slot:
        return [_take(scene, slot)]
    return [_find(scene)]


def _book(scene: Scene) -> Say | list[ModelFunctionCall]:
    slot = slot_chosen(scene)
    if slot:
        return [_take(scene, slot)]
    if service_wanted(scene) is None:
        shown = "\n".join(f"{{service:{each['id']}}}" for each in scene.context.services[:10])
        return Say(f"{scene.say('which_service')}\n{shown}".strip())
    return [_find(scene)]


def _take(scene: Scene, slot: str) -> ModelFunctionCall:
    if scene.wish.intent == "move":
        return ModelFunctionCall(
            "reschedule", {"appointment_id": scene.wish.appointment, "slot_id": slot}
        )
    return ModelFunctionCall("book", {"slot_id": slot})


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
    """Return the one slot among those CONTEXT tells of that is at the time just named: "às 10"."""
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


def _find(scene: Scene) -> ModelFunctionCall:
    return ModelFunctionCall("find_slots", find_arguments(scene))


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


def _react(scene: Scene) -> Say | list[ModelFunctionCall]:
    for call, result in scene.steps[-1]:
        if call["name"] == "find_slots" and result.get("status") == "ok":
            slot = wanted_among(result.get("slots", ()), scene=scene)
            if slot:
                return [_take(scene, slot)]
        if result.get("status") == "unknown_slot" and service_wanted(scene) is not None:
            return [_find(scene)]
    return _conclude(scene)


def wanted_among(slots: Sequence[Mapping[str, Any]], *, scene: Scene) -> str | None:
    """Return the slot that was asked for so plainly that it may be taken."""
    wanted, picked = scene.wish.when, scene.heard.ordinal
    if picked is not None and slots and scene.wish.firm:
        return _nth([slot["id"] for slot in slots], picked)
    if wanted.at is None or not scene.wish.firm:
        return None
    return next((slot["id"] for slot in slots if falls_on(slot, wanted)), None)


def _conclude(scene: Scene) -> Say:
    last = (scene.steps or [[]])[-1]
    if any(str(result.get("status")).startswith("ask_") for _, result in last):
        return Say("")  # what is asked is asked by code
    said = [_said_of(call, result, scene=scene) for call, result in last]
    return Say("\n".join(dict.fromkeys(filter(None, said))) or scene.say("wait"))


_SAID_OF_STATUS = {"handed_over": "human", "calendar_unavailable": "calendar_away"}


def _said_of(call: Mapping[str, Any], result: Mapping[str, Any], *, scene: Scene) -> str:
    status = str(result.get("status"))
    if call["name"] == "business_info":
        return ""  # quoted by `_info_text`, whichever step it was
    if call["name"] == "my_appointments":
        return "\n".join(f"{{appointment:{each['id']}}}" for each in result.get("appointments", ()))
    if status in ("booked", "moved", "cancelled"):
        return f"{{appointment:{result['appointment']['id']}}}\n{scene.say('done')}"
    if "slots" in result and status not in _SAID_OF_STATUS:
        return _offer(result["slots"], status=status, scene=scene)
    return scene.say(_SAID_OF_STATUS.get(status, "failed"))


def _offer(slots: Sequence[Mapping[str, Any]], *, status: str, scene: Scene) -> str:
    if not slots:
        return scene.say("nothing_found")
    wanted = scene.wish.when
    fitting = (
        [slot for slot in slots if wanted.at and falls_on(slot, wanted)] if status == "ok" else []
    )
    if fitting:
        return f"{{slot:{fitting[0]['id']}}}\n{scene.say('this_slot')}"
    shown = "\n".join(f"{{slot:{slot['id']}}}" for slot in slots)
    lead = scene.say("nearest") + "\n" if status != "ok" or wanted.at else ""
    return f"{lead}{shown}\n{scene.say('which_slot')}"


def _info_text(scene: Scene) -> str:
    told = next(
        (
            result
            for step in scene.steps
            for call, result in step
            if call["name"] == "business_info"
        ),
        None,
    )
    if told is None:
        return ""
    topics = scene.heard.topics or ("address", "hours")
    lines: list[str] = []
    if "price" in topics or "services" in topics:
        lines += _prices(told.get("services", ()), scene=scene)
    if "hours" in topics:
        lines += told.get("hours", ())
    lines += [
        str(told[name])
        for name in ("address", "phone", "notes")
        if name in topics and told.get(name)
    ]
    return "\n".join(lines)


def _prices(services: Sequence[Mapping[str, Any]], *, scene: Scene) -> list[str]:
    names = [each["name"] for each in scene.context.services if each["id"] == scene.heard.service]
    chosen = [each for each in services if each["name"] in names] or services
    return [": ".join(filter(None, (each["name"], each.get("price")))) for each in chosen]
