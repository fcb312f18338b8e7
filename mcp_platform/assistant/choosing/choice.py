"""Which offer of what was last shown the words of a turn choose, if any. Pure.

A yes or a no answers what our last message proposes; else the words name a row of the last list, or
all of its rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_platform.assistant.choosing.picking import ShownRow, all_meant, pick
from mcp_platform.assistant.choosing.typed import Asked, answer_to
from mcp_platform.assistant.offers import Action

# What a row of a list chooses. Buttons, and rows that lead on, have no place among them.
_COUNTED = frozenset({"slot", "professionals", "days", "times", "find", "appointment", "answer"})
_DECLINES = frozenset({"not_now", "keep"})


def choice_of(
    shown: Sequence[Mapping[str, str]],
    actions: Mapping[str, Action],
    text: str,
    *,
    just_now: bool = True,
) -> str | None:
    """Return the id of the offer that the whole of `text` chooses.

    `shown` are the choices that were last shown, as they stood, with `id`, `title` and maybe
    `description`; `actions` what those mean that may still be chosen. `just_now`: our last message
    shows them; of an earlier one only its list counts.
    """
    there = [each for each in shown if each["id"] in actions]
    if not just_now:
        return pick([row for row in _rows(there, actions) if row.counted], text)
    for each in there:
        asked = _asked(actions[each["id"]])
        if asked is None:
            continue
        answer = answer_to(asked, text)
        if answer == "yes":
            return each["id"]
        if answer == "no":
            declines = [row["id"] for row in there if actions[row["id"]]["do"] in _DECLINES]
            return next(iter(declines), None)
    for each in there:
        if actions[each["id"]]["do"] == "slots" and all_meant(text, each["title"]):
            return each["id"]
    return pick(_rows(there, actions), text)


def _asked(action: Action) -> Asked | None:
    """Return what an action does that only a yes may do."""
    match action:
        case {"do": "confirm", "moving": None} | {"do": "attend"}:
            return "book"
        case {"do": "confirm"}:
            return "move"
        case {"do": "cancel_sure"}:
            return "cancel"
    return None


def _rows(there: Sequence[Mapping[str, str]], actions: Mapping[str, Action]) -> list[ShownRow]:
    return [_row(each, actions[each["id"]]) for each in there]


def _row(shown: Mapping[str, Any], action: Action) -> ShownRow:
    # "Mais horários" and its like; of the release before, and of people, it is what begins later.
    leads_on = bool(action.get("more", action.get("seen") or action.get("after")))
    return ShownRow(
        id=shown["id"],
        title=shown["title"],
        description=shown.get("description", ""),
        counted=action["do"] in _COUNTED and not leads_on,
    )
