"""Who answers a request: a script, a fault or a persona.

It keeps what tests set: queued answers, personas, registered keys. `simulators/gemini/app.py` speaks
HTTP.
"""

import base64
import secrets
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_platform.simulators.gemini.answers import ResponseBuilder
from mcp_platform.simulators.gemini.choosing import REPLY, choose
from mcp_platform.simulators.gemini.errors import invalid
from mcp_platform.simulators.gemini.personas import (
    Broken,
    Decision,
    break_down,
    lie,
    obey,
    starts_turn,
)
from mcp_platform.simulators.gemini.wire import ModelFunctionCall, Prompt, Say, Signatures

_ANY_KEY = ""
WORDS = "Olá! Como posso ajudar?"  # for requests without a function `reply`; others are scripted


@dataclass(frozen=True, slots=True)
class Persona:
    """A character, and which of its lies or breakages it is pinned to."""

    name: str = "honest"
    index: int | None = None


@dataclass(slots=True)
class Brain:
    """Answers requests; forgets everything on `reset`."""

    signatures: Signatures = field(default_factory=Signatures)
    keys: set[str] = field(default_factory=set)
    scripts: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    personas: dict[str, Persona] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _rest: dict[str, str] = field(default_factory=dict)
    _answers: ResponseBuilder = field(init=False)

    def __post_init__(self) -> None:
        self._answers = ResponseBuilder(signatures=self.signatures)

    def reset(self) -> None:
        """Start again: no scripts, honest, every key accepted."""
        for state in (self.keys, self.scripts, self.personas, self._turns, self._rest):
            state.clear()
        self.signatures.clear()

    def script(self, answer: Any, *, key: str | None) -> None:
        """Queue an answer for the next request (of `key`).

        Raises:
            ValueError: it is neither a text, a response nor a call.
        """
        if not isinstance(answer, str | Mapping | list):
            raise ValueError("an answer is a string, a response, or {call: …}")  # noqa: TRY004 - one kind of refusal
        if isinstance(answer, Mapping) and "call" in answer:
            _calls_of(answer["call"])
        self.scripts[key or _ANY_KEY].append(answer)

    def answer(self, prompt: Prompt) -> dict[str, Any]:
        """Return a generateContent response as a dict of JSON."""
        if prompt.continuation is not None:
            return self._continued(prompt)
        for queue in (self.scripts.get(prompt.key), self.scripts.get(_ANY_KEY)):
            if queue:
                return self._scripted(queue.popleft(), prompt=prompt)
        return self._answers.of(_constrained(self._decision(prompt), prompt=prompt), prompt=prompt)

    def broken(self, kind: str, *, prompt: Prompt) -> dict[str, Any]:
        """Return a response without an answer."""
        return self._answers.broken(kind, prompt=prompt)

    def interrupted(self, prompt: Prompt) -> dict[str, Any]:
        """Return half of an answer, and a token for the rest of it."""
        response = self.answer(prompt)
        for candidate in response.get("candidates", ()):
            parts = candidate.get("content", {}).get("parts", ())
            if parts and "text" in parts[-1]:
                text = parts[-1]["text"]
                parts[-1]["text"] = text[: len(text) // 2]
                token = base64.b64encode(secrets.token_bytes(12)).decode()
                self._rest[token] = text[len(text) // 2 :]
                candidate |= {"finishReason": "CONTINUATION", "continuationToken": token}
        return response

    def _continued(self, prompt: Prompt) -> dict[str, Any]:
        rest = self._rest.pop(prompt.continuation or "", None)
        if rest is None:
            raise invalid("Invalid continuation token.")
        return self._answers.text(rest, prompt=prompt)

    def _scripted(self, answer: Any, *, prompt: Prompt) -> dict[str, Any]:
        if isinstance(answer, str):
            return self._answers.text(answer, prompt=prompt)
        if isinstance(answer, list) or "call" in answer:
            calls = answer if isinstance(answer, list) else answer["call"]
            return self._answers.calls(_calls_of(calls), prompt=prompt)
        self.signatures.adopt(answer)
        return dict(answer)

    def _decision(self, prompt: Prompt) -> Decision:
        persona = self.personas.get(prompt.key) or self.personas.get(_ANY_KEY) or Persona()
        if persona.name == "liar":
            return lie(prompt, index=persona.index)
        if persona.name == "obedient":
            return obey(prompt)
        if persona.name == "broken":
            if starts_turn(prompt):
                self._turns[prompt.key] += 1
            number = persona.index if persona.index is not None else self._turns[prompt.key] - 1
            return break_down(number=number)
        return Say(WORDS) if prompt.mode == "NONE" else choose(prompt)


def _calls_of(calls: Any) -> list[ModelFunctionCall]:
    found = []
    for call in calls if isinstance(calls, list) else [calls]:
        inner = call.get("call", call) if isinstance(call, Mapping) else {}
        if not isinstance(inner.get("name"), str):
            raise ValueError("a call is {name, args}")  # noqa: TRY004 - one kind of refusal for callers
        found.append(ModelFunctionCall(inner["name"], dict(inner.get("args", {}))))
    return found


def _constrained(decision: Decision, *, prompt: Prompt) -> Decision:
    """Keep to the declared functions and to the mode, as the vendor's decoding does."""
    if not isinstance(decision, Say | Broken) and REPLY not in prompt.schemas:
        left = [each for each in decision if isinstance(each, Say) or each.name != REPLY]
        decision = left or Say(WORDS)
    if isinstance(decision, Say | Broken):
        calls: list[ModelFunctionCall] = []
    else:
        calls = [each for each in decision if isinstance(each, ModelFunctionCall)]
    if calls and prompt.mode == "NONE":
        return Broken("unexpected_call")
    if prompt.allowed and any(call.name not in prompt.allowed for call in calls):
        calls = [call for call in calls if call.name in prompt.allowed]
        decision = calls
    if prompt.mode == "ANY" and not calls and not isinstance(decision, Broken):
        return [_forced(prompt)]
    return decision


def _forced(prompt: Prompt) -> ModelFunctionCall:
    if REPLY in prompt.may_call:
        return ModelFunctionCall(REPLY, {"say": [{"phrase": "not_understood"}]})
    return ModelFunctionCall(min(prompt.may_call))
