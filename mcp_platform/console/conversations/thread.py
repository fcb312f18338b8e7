"""A conversation as its page shows it: by days, who said what, and what became of it. Pure."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers

from mcp_platform.assistant.journal import PastTurn, TurnStep
from mcp_platform.assistant.prompt import REPLY
from mcp_platform.console.times import WrittenTimes
from mcp_platform.conversations.conversations import Conversation, ThreadMessage
from mcp_platform.kit.jsons import dumps
from mcp_platform.whatsapp.graph_errors import Action, rule_of

Fault = Literal["window", "unreachable", "held_back", "opted_out", "credential", "busy", "refused"]
"""Why a message did not reach the customer, as far as a person can do something about it."""

TOGETHER = timedelta(minutes=10)  # said by one author within it: the name stands once
MOST_SLOTS = 6  # of those that a step found: the line stays one that is read
TINTS: Final = 6  # colours of the circle with a contact's initial
# Kinds with a name of their own here; another one is called a message of a kind that is not shown.
KINDS: Final = frozenset(
    {"image", "video", "audio", "document", "sticker", "location", "contacts", "tap"}
)
# Source: Meta's "Error codes" page, May 2026. What `rule_of` says of all others is enough.
_FAULTS: Final[Mapping[int, Fault]] = {
    131026: "unreachable",
    131049: "held_back",
    130472: "held_back",
    131050: "opted_out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A line of a turn. `what` names its sentence, `text` is code: calls, outcomes, ids."""

    what: Literal["called", "found", "tapped", "chose", "said"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTurn:
    """What the assistant did in one turn, folded into a line."""

    heard: int
    took: timedelta | None
    steps: tuple[ShownStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """A message and what stands around it. `day` begins with it; `named` begins a new author."""

    message: ThreadMessage
    day: str | None
    named: bool
    kind: str | None
    """Of what is no text, what it is called here; None: it is text alone."""
    text: str
    """Empty where there are no words."""
    fault: Fault | None
    turn: ShownTurn | None
    """What the assistant did before it said this."""


def shown(
    messages: Sequence[ThreadMessage],
    turns: Mapping[UUID, PastTurn],
    *,
    times: WrittenTimes,
    zone: str,
) -> list[ShownMessage]:
    """Return messages, which come newest first, as they are read: oldest first, by days."""
    found: list[ShownMessage] = []
    last: ThreadMessage | None = None
    place = ZoneInfo(zone)
    for each in reversed(messages):
        other_day = last is None or each.at.astimezone(place).date() != (
            last.at.astimezone(place).date()
        )
        same = last is not None and (each.author, each.by) == (last.author, last.by)
        close = last is not None and each.at - last.at <= TOGETHER
        nameless = each.text == f"[{each.kind}]"
        found.append(
            ShownMessage(
                message=each,
                day=times.day(each.at, zone) if other_day else None,
                named=other_day or not (same and close),
                kind=_kind(each.kind),
                text="" if nameless and each.kind != "text" else each.text,
                fault=fault_of(each.error_code) if each.delivery == "failed" else None,
                turn=_turn(each, messages, turns, times=times, zone=zone),
            )
        )
        last = each
    return found


def _turn(
    message: ThreadMessage,
    messages: Sequence[ThreadMessage],
    turns: Mapping[UUID, PastTurn],
    *,
    times: WrittenTimes,
    zone: str,
) -> ShownTurn | None:
    """Return what was done for a reply of the assistant; None: nothing of it is kept."""
    turn = turns.get(message.turn_id) if message.turn_id else None
    if turn is None or message.author not in ("model", "menu") or not turn.steps:
        return None
    steps = [line for step in turn.steps for line in _lines(step, times=times, zone=zone)]
    # Code leaves some out, puts others in their place, and adds what must be said.
    if turn.chosen:
        steps.append(ShownStep(what="chose", text=", ".join(turn.chosen)))
    if message.phrases:
        steps.append(ShownStep(what="said", text=", ".join(message.phrases)))
    return ShownTurn(
        heard=sum(each.turn_id == turn.id and each.author == "contact" for each in messages),
        took=None if turn.closed_at is None else turn.closed_at - turn.opened_at,
        steps=tuple(steps),
    )


def _lines(step: TurnStep, *, times: WrittenTimes, zone: str) -> Iterator[ShownStep]:
    for call in step.calls:
        if call.name != REPLY["name"]:
            given = ", ".join(
                f"{name}={dumps(value).decode()}" for name, value in call.args.items()
            )
            yield ShownStep(what="called", text=f"{call.name}({given})")
    if step.outcome is not None:
        starts = [times.soon(each.start, zone) for each in step.slots[:MOST_SLOTS]]
        more = ["…"] if len(step.slots) > MOST_SLOTS else []
        found = f": {'; '.join(starts + more)}" if starts else ""
        what: Literal["found", "tapped"] = "found" if step.kind == "tool" else "tapped"
        yield ShownStep(what=what, text=f"{step.outcome}{found}")


def fault_of(code: int | None) -> Fault:
    """Return why a message failed, by Meta's code; None: it failed before Meta was asked."""
    if code is None:
        return "refused"
    if code in _FAULTS:
        return _FAULTS[code]
    match rule_of(code=code, subcode=None, http_status=400).action:
        case Action.WINDOW:
            return "window"
        case Action.CREDENTIAL:
            return "credential"
        case Action.NEVER:
            return "refused"
        case _:
            return "busy"


def tint_of(conversation: Conversation) -> int:
    """Return the colour of a contact, which is always the same one."""
    return conversation.id.int % TINTS


def written_phone(phone: str | None) -> str | None:
    """Return a number as its country writes it; what is masked, or no number, stays as it is."""
    if phone is None or not phone.isdecimal():
        return phone
    try:
        number = phonenumbers.parse(f"+{phone}", None)
    except phonenumbers.NumberParseException:
        return f"+{phone}"
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, form))


def digest_of(*shown: object) -> str:
    """Return what changes when what a page shows does."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


def _kind(kind: str) -> str | None:
    if kind == "text":
        return None
    return kind if kind in KINDS else "unshown"
