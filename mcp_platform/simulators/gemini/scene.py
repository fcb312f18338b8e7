"""A request as the simulated model sees it: what is wanted, what was shown, what tools answered.

It joins several messages into one wish.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mcp_platform.simulators.gemini.dates import When
from mcp_platform.simulators.gemini.hearing import Context, UnderstoodMessage, context_of, hear
from mcp_platform.simulators.gemini.proto import bytes_of
from mcp_platform.simulators.gemini.wire import Prompt, current_turn, named
from mcp_platform.simulators.gemini.words import LONGEST, plain

_REMEMBERED = 4  # messages of the customer that still matter; older ones speak of other days
_COMPLETED = re.compile(
    r"\b(?:re)?(?:agendad|marcad|reservad|confirmad|cancelad|desmarcad|movid|cambiad)[oa]s?\b"
    r"|\b(?:booked|confirmed|cancell?ed|moved|rescheduled)\b",
)
FACTS = "FACTS "


@dataclass(frozen=True, slots=True)
class CustomerWish:
    """What the customer has wanted since the last thing that was settled."""

    intent: str | None = None
    service: str | None = None
    professional: str | None = None
    when: When = field(default_factory=When)
    appointment: str | None = None
    firm: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A request as the model sees it: who asks for what, what was shown, what tools answered."""

    context: Context
    heard: UnderstoodMessage
    wish: CustomerWish
    offered: Sequence[str]  # ids of the slots that the customer was shown last
    steps: Sequence[Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]]
    text: str
    unheard_audio: bool


def scene_of(prompt: Prompt) -> Scene:
    """Read a whole request."""
    turn = current_turn(prompt.contents)
    context = context_of(prompt.system, facts_of(prompt.contents[turn]))
    wish, heard, text, deaf = (
        CustomerWish(),
        UnderstoodMessage(language=context.language),
        "",
        False,
    )
    offered: list[str] = []
    for content in _recent(prompt.contents[: turn + 1]):
        said, silent = _text(content)
        if content.get("role") == "model":
            if _COMPLETED.search(plain(said)):
                wish = CustomerWish()
            continue
        if named(content, "functionResponse"):
            continue
        text, deaf = said, silent
        if content is prompt.contents[turn]:  # words hold no ids: the facts tell what was shown
            offered = [each["id"] for each in context.offered]
        heard = hear(said, context=context, offered=len(offered))
        wish = _joined(wish, heard, context=context)
    return Scene(
        context=context,
        heard=heard,
        wish=wish,
        offered=offered,
        steps=_steps(prompt.contents[turn + 1 :]),
        text=text[:LONGEST],
        unheard_audio=deaf and not text.strip(),
    )


def _recent(contents: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    asked = [
        index
        for index, content in enumerate(contents)
        if content.get("role", "user") == "user" and not named(content, "functionResponse")
    ]
    return contents[asked[-_REMEMBERED] if len(asked) > _REMEMBERED else 0 :]


def facts_of(content: Mapping[str, Any]) -> str:
    """Return the JSON of the turn's facts, which stands in a part of its own."""
    texts = [part.get("text", "") for part in content["parts"]]
    return next((text[len(FACTS) :] for text in texts if text.startswith(FACTS)), "")


def _text(content: Mapping[str, Any]) -> tuple[str, bool]:
    """Return what a content says, and whether it holds audio nobody wrote down."""
    said, deaf = [], False
    for part in content["parts"]:
        if part.get("thought") or part.get("text", "").startswith(FACTS):
            continue
        said.append(part.get("text", ""))
        if part.get("inlineData", {}).get("mimeType", "").startswith("audio/"):
            spoken = transcript(part["inlineData"]["data"])
            said.append(spoken)
            deaf = deaf or not spoken
    return "\n".join(filter(None, said)), deaf


def transcript(data: str) -> str:
    """Return the words "spoken" in base64 audio: its TRANSCRIPT= comment, as Vorbis files have."""
    found = re.search(rb"TRANSCRIPT=([^\x00-\x1f]+)", bytes_of(data))
    return found[1].decode(errors="ignore") if found else ""


def _steps(
    contents: Sequence[Mapping[str, Any]],
) -> list[list[tuple[Mapping[str, Any], Mapping[str, Any]]]]:
    steps = []
    for asked, answered in zip(contents[::2], contents[1::2], strict=False):
        answers = list(named(answered, "functionResponse"))
        pairs = []
        for call in named(asked, "functionCall"):
            match = next(
                each
                for each in answers
                if (each.get("id"), each["name"]) == (call.get("id"), call["name"])
            )
            answers.remove(match)
            pairs.append((call, _unwrapped(match["response"])))
        steps.append(pairs)
    return steps


def _unwrapped(response: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = response.get("result", response.get("output"))
    return inner if isinstance(inner, Mapping) else response


def _joined(wish: CustomerWish, heard: UnderstoodMessage, *, context: Context) -> CustomerWish:
    if heard.intent in ("cancel", "move"):
        wish = CustomerWish(intent=heard.intent)
    elif heard.intent in ("book", "ask"):
        # "tem quinta?" while moving is still about moving
        going_on = wish.intent in ("book", "ask") or (wish.intent == "move" and not _starts(heard))
        wish = wish if going_on else CustomerWish()
        wish = replace(wish, intent=wish.intent if wish.intent == "move" else heard.intent)
    elif heard.intent is not None:
        # A question about prices, a thank-you: what was wanted before is still wanted.
        wish = replace(wish, intent=wish.intent)
    elif wish.intent is None and (heard.service or heard.when or heard.ordinal):
        wish = replace(wish, intent="book")
    firm = heard.firm if heard.intent in ("book", "ask", "move") else (wish.firm or heard.yes)
    wish = replace(wish, firm=firm or heard.ordinal is not None)
    if heard.intent is None and heard.when.at:
        wish = replace(wish, firm=True)
    chosen = _appointment_meant(wish, heard, context=context)
    if wish.intent in ("cancel", "move") and wish.appointment is None:
        return replace(wish, appointment=chosen, when=_merged(wish.when, heard.when))
    return replace(
        wish,
        service=heard.service or wish.service,
        professional=heard.professional or wish.professional,
        when=_merged(wish.when, heard.when),
    )


def _starts(heard: UnderstoodMessage) -> bool:
    return heard.intent == "book" and heard.service is not None


def _merged(before: When, now: When) -> When:
    merged = before
    if now.first:
        merged = replace(merged, first=now.first, last=now.last)
    if now.at or now.after or now.before:
        merged = replace(merged, at=now.at, after=now.after, before=now.before)
    return merged


def _appointment_meant(
    wish: CustomerWish, heard: UnderstoodMessage, *, context: Context
) -> str | None:
    mine = context.appointments
    by_id = {each["id"]: each for each in mine}
    if heard.item in by_id:
        return heard.item
    if len(mine) == 1:
        return str(mine[0]["id"])
    picked = heard.ordinal or heard.number
    if mine and heard.intent is None and picked and -1 <= picked <= len(mine):
        return str(mine[picked - 1 if picked > 0 else -1]["id"])
    pointed = heard.source or (heard.when if wish.intent == "cancel" else When())
    left = [
        each
        for each in mine
        if (heard.service is None or _same_name(each, heard.service, context.services, "service"))
        and falls_on(each, pointed)
    ]
    return str(left[0]["id"]) if len(left) == 1 else None


def _same_name(
    appointment: Mapping[str, Any], wanted: str, known: Sequence[Mapping[str, Any]], kind: str
) -> bool:
    return any(each["id"] == wanted and each["name"] == appointment.get(kind) for each in known)


def falls_on(appointment: Mapping[str, Any], pointed: When) -> bool:
    """Tell whether an appointment or slot starts on the days and at the time pointed at."""
    if "start" not in appointment:  # a row as it stood on the phone: the hour is in its title
        return pointed.at is not None and f"{pointed.at:%H:%M}" in str(appointment.get("title"))
    start = datetime.fromisoformat(appointment["start"])
    if pointed.first and pointed.last and not pointed.first <= start.date() <= pointed.last:
        return False
    return pointed.at is None or start.time() == pointed.at
