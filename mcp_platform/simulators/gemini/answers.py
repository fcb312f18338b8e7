"""The shapes of what generateContent answers.

Candidates, usage, ids and signatures are made here.
"""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from mcp_platform.simulators.gemini.personas import Broken, Decision
from mcp_platform.simulators.gemini.wire import ModelFunctionCall, Prompt, Say, Signatures

THOUGHT_TOKENS = (
    24  # a fixed price for thinking, charged against maxOutputTokens as the vendor does
)
_CHARS_PER_TOKEN = 4  # Google's rule of thumb for English
_BYTES_PER_AUDIO_TOKEN = 64  # 32 tokens a second of Opus at 16 kbit/s


class ResponseBuilder:
    """Builds responses; numbers them, so that a run can be read back."""

    def __init__(self, *, signatures: Signatures) -> None:
        self._signatures = signatures
        self._responses = count(1)
        self._calls = count(1)

    def of(self, decision: Decision, *, prompt: Prompt) -> dict[str, Any]:
        """Return the response that carries a decision."""
        if isinstance(decision, Broken):
            return self.broken(decision.kind, prompt=prompt)
        if isinstance(decision, Say):
            return self.text(decision.text, prompt=prompt)
        return self.calls(decision, prompt=prompt)

    def text(self, text: str, *, prompt: Prompt) -> dict[str, Any]:
        """Return a final text, cut where the configuration says."""
        for stop in prompt.config.get("stopSequences", ()):
            text = text.split(stop, 1)[0]
        if prompt.config.get("responseMimeType") == "application/json":
            text = json.dumps({"text": text}, ensure_ascii=False)
        limit = prompt.config.get("maxOutputTokens", 65_536) - THOUGHT_TOKENS
        if limit <= 0:
            return self.broken("max_tokens_thoughts_only", prompt=prompt)
        reason = "STOP"
        if tokens_of_text(text) > limit:
            text, reason = text[: limit * _CHARS_PER_TOKEN], "MAX_TOKENS"
        return self.candidate([{"text": text}], reason=reason, prompt=prompt)

    def calls(self, calls: Sequence[ModelFunctionCall | Say], *, prompt: Prompt) -> dict[str, Any]:
        """Return function calls; only the first of several in parallel is signed."""
        parts: list[dict[str, Any]] = []
        signed = False
        for call in calls:
            if isinstance(call, Say):
                parts.append({"text": call.text})
                continue
            made = {"id": f"call-{next(self._calls)}", "name": call.name, "args": dict(call.args)}
            part: dict[str, Any] = {"functionCall": made}
            if not signed and prompt.model.signs_thoughts:
                signed = True
                signature = self._signatures.make(
                    call, model=prompt.model.version_name, key=prompt.key
                )
                part["thoughtSignature"] = base64.b64encode(signature).decode()
            parts.append(part)
        return self.candidate(parts, reason="STOP", prompt=prompt)

    def broken(self, kind: str, *, prompt: Prompt) -> dict[str, Any]:
        """Return one of the ways in which a 200 holds no answer."""
        if kind == "blocked":
            response = self._envelope([], prompt=prompt)
            return {**response, "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
        if kind == "empty_parts":
            return self.candidate([], reason="STOP", prompt=prompt)
        if kind == "max_tokens_thoughts_only":
            return self.candidate([], reason="MAX_TOKENS", prompt=prompt)
        if kind == "unknown_finish":
            return self._bare("A_REASON_OF_NEXT_YEAR", "", prompt=prompt)
        if kind == "unexpected_call":
            return self._bare("UNEXPECTED_TOOL_CALL", "Unexpected tool call", prompt=prompt)
        return self._bare("MALFORMED_FUNCTION_CALL", "Malformed function call: ", prompt=prompt)

    def candidate(
        self, parts: Sequence[Mapping[str, Any]], *, reason: str, prompt: Prompt
    ) -> dict[str, Any]:
        """Return a response with one candidate."""
        if parts and prompt.config.get("thinkingConfig", {}).get("includeThoughts"):
            parts = [{"text": "**Considering the request**\n", "thought": True}, *parts]
        content: dict[str, Any] = {"role": "model"}
        if parts:
            content["parts"] = list(parts)
        candidate = {"content": content, "finishReason": reason, "index": 0}
        return self._envelope([candidate], prompt=prompt)

    def _bare(self, reason: str, message: str, *, prompt: Prompt) -> dict[str, Any]:
        candidate = {"finishReason": reason, "index": 0, "finishMessage": message}
        return self._envelope([candidate], prompt=prompt)

    def _envelope(self, candidates: list[dict[str, Any]], *, prompt: Prompt) -> dict[str, Any]:
        said = tokens_of_contents(
            [each["content"] for each in candidates if each.get("content", {}).get("parts")]
        )
        asked = tokens_of_contents(prompt.contents) + tokens_of_text(prompt.system)
        usage = {
            "promptTokenCount": asked,
            "candidatesTokenCount": said,
            "thoughtsTokenCount": THOUGHT_TOKENS,
            "totalTokenCount": asked + said + THOUGHT_TOKENS,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": asked}],
        }
        response = {
            "usageMetadata": usage,
            "modelVersion": prompt.model.version_name,
            "responseId": f"response-{next(self._responses)}",
        }
        return {"candidates": candidates, **response} if candidates else response


def tokens_of_text(text: str) -> int:
    """Estimate the tokens of a text."""
    return math.ceil(len(text) / _CHARS_PER_TOKEN)


def tokens_of_contents(contents: Sequence[Mapping[str, Any]]) -> int:
    """Estimate the tokens of contents, media included."""
    total = 0
    for part in (part for content in contents for part in content.get("parts", ())):
        if "inlineData" in part:
            total += math.ceil(len(part["inlineData"].get("data", "")) / _BYTES_PER_AUDIO_TOKEN)
        elif "text" in part:
            total += tokens_of_text(part["text"])
        else:
            total += tokens_of_text(json.dumps(part, ensure_ascii=False))
    return total
