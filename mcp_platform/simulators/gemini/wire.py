"""What a generateContent request must be, beyond being well-formed.

Here are the rules about turns, function calls, signatures and configuration, and `Prompt`, the checked
request.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_platform.simulators.gemini.errors import SIGNATURES_PAGE, invalid
from mcp_platform.simulators.gemini.models import SimulatedModel
from mcp_platform.simulators.gemini.proto import bytes_of, parse

MAX_BODY_BYTES = 20 * 1024 * 1024  # inline requests; larger media belongs to the Files API
MOST_FUNCTIONS = 512  # what the vendor says when there are more
# Of all functions together, where calls are constrained (ANY, VALIDATED). 240 one-word values of enums
# passed and 240 of two words failed; a sum of `maxItems` above about 960 failed; so did declarations
# of some tens of kilobytes, which is a guess of ours.
# Source: https://github.com/googleapis/python-genai/issues/2133, 2170 and 2293
MOST_ENUM_TEXT = 2_400  # characters
MOST_ITEMS = 960
MOST_SCHEMA_TEXT = 30_000  # characters
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")
_DATA = ("text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode")
_DATA_FIELDS = (*_DATA, "codeExecutionResult")
_MIME = re.compile(
    r"audio/(wav|mp3|aiff|aac|ogg|flac)|image/(png|jpeg|webp|heic|heif)"
    r"|video/(mp4|mpeg|mov|avi|x-flv|mpg|webm|wmv|3gpp)|application/pdf|text/[a-z+\-]+",
)
# Documented for calls that the model did not make.
# Source: https://ai.google.dev/gemini-api/docs/thought-signatures
_STAND_INS = (b"context_engineering_is_the_way_to_go", b"skip_thought_signature_validator")
_SIGNED = b"sim1"
_SEAL = b"Signs thoughts so that a restarted simulator knows its own; it protects nothing."


@dataclass(frozen=True, slots=True)
class ModelFunctionCall:
    """A function the model wants called."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """A text, alone or beside calls."""

    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A generateContent request that passed every check, in camelCase."""

    model: SimulatedModel
    key: str
    contents: Sequence[Mapping[str, Any]]
    system: str
    tools: frozenset[str]
    mode: str
    allowed: frozenset[str]
    config: Mapping[str, Any]
    continuation: str | None = None
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def may_call(self) -> frozenset[str]:
        """The functions that may be called in this request."""
        return frozenset() if self.mode == "NONE" else (self.allowed or self.tools)


class Signatures:
    """Makes thought signatures and knows its own, also those that a script brought in."""

    def __init__(self) -> None:
        self._scripted: set[bytes] = set()

    def adopt(self, response: Mapping[str, Any]) -> None:
        """Accept from now on the signatures that a scripted response carries."""
        for candidate in response.get("candidates", ()):
            for part in (candidate.get("content") or {}).get("parts", ()):
                given = part.get("thoughtSignature", part.get("thought_signature"))
                if given:
                    self._scripted.add(bytes_of(given))

    def make(self, call: ModelFunctionCall, *, model: str, key: str) -> bytes:
        """Return a signature for one call, good for this model and key only."""
        nonce = secrets.token_bytes(8)
        return _SIGNED + nonce + self._seal(nonce, call.name, dict(call.args), model, key)

    def genuine(self, signature: bytes, call: Mapping[str, Any], *, model: str, key: str) -> bool:
        """Tell whether `signature` was given out for this very call."""
        if signature in _STAND_INS or signature in self._scripted:
            return True
        nonce = signature[4:12]
        sealed = self._seal(nonce, call.get("name", ""), call.get("args", {}), model, key)
        return hmac.compare_digest(signature, _SIGNED + nonce + sealed)

    def clear(self) -> None:
        """Forget what scripts brought in."""
        self._scripted.clear()

    @staticmethod
    def _seal(nonce: bytes, *parts: Any) -> bytes:
        said = json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()
        return hmac.digest(_SEAL, nonce + said, hashlib.sha256)[:16]


def read(body: Any, *, model: SimulatedModel, key: str, signatures: Signatures) -> Prompt:
    """Check a generateContent body as the vendor does.

    Raises:
        Refusal: with the vendor's status and shape.
    """
    request = parse(body, message="GenerateContentRequest")
    contents = request.get("contents", [])
    check_contents(contents)
    schemas = _tools(request.get("tools", []))
    tools = frozenset(schemas)
    mode, allowed = _calling(request.get("toolConfig", {}), tools=tools)
    if mode in ("ANY", "VALIDATED"):
        _check_budgets(schemas)
    config = request.get("generationConfig", {})
    _check_config(config, model=model)
    _check_turns(contents)
    if model.signs_thoughts:
        _check_signatures(contents, model=model, key=key, signatures=signatures)
    system = request.get("systemInstruction", {}).get("parts", [])
    return Prompt(
        model=model,
        key=key,
        contents=contents,
        system="\n".join(part.get("text", "") for part in system),
        tools=tools,
        mode=mode,
        allowed=allowed,
        config=config,
        continuation=request.get("continuationToken"),
        schemas=schemas,
    )


def check_contents(contents: Sequence[Mapping[str, Any]]) -> None:
    """Check roles and parts, one by one.

    Raises:
        Refusal: with the vendor's sentence.
    """
    if not contents:
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(contents):
        if content.get("role", "user") not in ("user", "model"):
            raise invalid("Please use a valid role: user, model.")
        where = f"GenerateContentRequest.contents[{index}].parts"
        if not content.get("parts"):
            raise invalid(f"* {where}: contents.parts must not be empty.\n")
        for number, part in enumerate(content["parts"]):
            _check_part(part, where=f"{where}[{number}]")


def _check_part(part: Mapping[str, Any], *, where: str) -> None:
    kinds = [name for name in _DATA_FIELDS if name in part]
    if len(kinds) != 1:
        raise invalid(
            f"* {where}.data: required oneof field 'data' must have one initialized field\n",
        )
    blob = part.get("inlineData")
    if blob is not None and not _MIME.fullmatch(blob.get("mimeType", "")):
        raise invalid(f"Unsupported MIME type: {blob.get('mimeType', '')}")
    for kind, member in (
        ("functionCall", "function_call"),
        ("functionResponse", "function_response"),
    ):
        if kind in part and not part[kind].get("name"):
            raise invalid(f"* {where}.{member}.name: Name cannot be empty.\n")


def _tools(tools: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the schema of each declared function's arguments, by name."""
    names: Counter[str] = Counter()
    schemas: dict[str, Mapping[str, Any]] = {}
    for index, tool in enumerate(tools):
        for number, declared in enumerate(tool.get("functionDeclarations", ())):
            where = f"GenerateContentRequest.tools[{index}].function_declarations[{number}]"
            name = declared.get("name", "")
            if not _NAME.fullmatch(name):
                raise invalid(
                    f"* {where}.name: Invalid function name. Must start with a letter or an "
                    "underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.) "
                    "or dashes (-), with a maximum length of 64.\n",
                )
            if "parameters" in declared and "parametersJsonSchema" in declared:
                raise invalid(
                    f"* {where}: only one of parameters and parameters_json_schema may be set.\n",
                )
            schema = declared.get("parametersJsonSchema", {"type": "object"})
            if not isinstance(schema, Mapping) or schema.get("type") != "object":
                raise invalid(f"* {where}.parameters_json_schema: should be of type object.\n")
            names[name] += 1
            schemas[name] = declared.get("parameters", schema)
    if len(names) > MOST_FUNCTIONS:
        raise invalid(
            "The GenerateContentRequest proto is invalid:\n  * tools[0].function_declarations: "
            f"[FIELD_INVALID] At most {MOST_FUNCTIONS} function declarations can be specified.",
        )
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise invalid(f"Duplicate function declaration found: {twice[0]}")
    return schemas


def _check_budgets(schemas: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse schemas that are too large for constrained decoding, as opaquely as the vendor does.

    The budgets are documented nowhere. AUTO has none of them.
    """
    enums, items = 0, 0
    for node in _nodes(list(schemas.values())):
        enums += sum(len(str(each)) for each in node.get("enum", ()))
        items += int(node.get("maxItems", 0))
    size = len(json.dumps(schemas, ensure_ascii=False))
    if enums > MOST_ENUM_TEXT or items > MOST_ITEMS or size > MOST_SCHEMA_TEXT:
        raise invalid("Request contains an invalid argument.")


def _nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _nodes(each)


def _calling(
    tool_config: Mapping[str, Any], *, tools: frozenset[str]
) -> tuple[str, frozenset[str]]:
    config = tool_config.get("functionCallingConfig", {})
    mode = config.get("mode", "AUTO").replace("MODE_UNSPECIFIED", "AUTO")
    allowed = frozenset(config.get("allowedFunctionNames", ()))
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise invalid(
            "Unable to submit request because allowed_function_names can only be set when the "
            "function calling mode is ANY or VALIDATED.",
        )
    if mode == "ANY" and not tools:
        raise invalid("Function calling config is set without function_declarations.")
    if allowed - tools:
        raise invalid(
            f"allowed_function_names contains {min(allowed - tools)!r}, which is not among the "
            "function_declarations.",
        )
    return mode, allowed


def _check_config(config: Mapping[str, Any], *, model: SimulatedModel) -> None:
    if config.get("candidateCount", 1) != 1:
        raise invalid("Multiple candidates is not enabled for this model")
    if config.get("maxOutputTokens", 1) < 1:
        raise invalid("max_output_tokens must be positive.")
    if len(config.get("stopSequences", ())) > 5:  # noqa: PLR2004 - the documented number, used once
        raise invalid("The number of stop sequences must be at most 5.")
    thinking = config.get("thinkingConfig", {})
    level = thinking.get("thinkingLevel")
    if level is not None and "thinkingBudget" in thinking:
        raise invalid("You can only set only one of thinking budget and thinking level.")
    if "thinkingBudget" in thinking and not model.budget:
        raise invalid("Thinking budget is not supported for this model.")
    if level not in (None, "THINKING_LEVEL_UNSPECIFIED", *model.levels):
        raise invalid(f"Thinking level {level} is not supported for this model.")


def named(content: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """Return the `functionCall` or `functionResponse` values among a content's parts."""
    return [part[kind] for part in content["parts"] if kind in part]


def _check_turns(contents: Sequence[Mapping[str, Any]]) -> None:
    before: Mapping[str, Any] | None = None
    for content in contents:
        role = content.get("role", "user")
        calls, answers = named(content, "functionCall"), named(content, "functionResponse")
        if (calls and role != "model") or (answers and role != "user"):
            raise invalid("Please ensure that function calls are made by the model role.")
        if calls and (before is None or before.get("role", "user") != "user"):
            raise invalid(
                "Please ensure that function call turn comes immediately after a user turn or "
                "after a function response turn.",
            )
        _check_answers(answers, asked=named(before, "functionCall") if before else [])
        before = content
    if before is not None and before.get("role") == "model":
        raise invalid(
            "Please ensure that the last content is a user turn: a request must not end with a "
            "non-empty model turn.",
        )


def _check_answers(
    answers: Sequence[Mapping[str, Any]], *, asked: Sequence[Mapping[str, Any]]
) -> None:
    if answers and not asked:
        raise invalid(
            "Please ensure that function response turn comes immediately after a function call turn.",
        )
    if len(asked) != len(answers):
        raise invalid(
            "Please ensure that the number of function response parts is equal to the number of "
            "function call parts of the function call turn.",
        )
    if Counter((call.get("id"), call["name"]) for call in asked) != Counter(
        (answer.get("id"), answer["name"]) for answer in answers
    ):
        raise invalid(
            "Please ensure that the id and name of each function response match those of a "
            "function call of the function call turn.",
        )
    if any("response" not in answer for answer in answers):
        raise invalid("function_response.response: is required.")


def current_turn(contents: Sequence[Mapping[str, Any]]) -> int:
    """Return the index of the customer's last content: the last user content with no response."""
    return max(
        (
            index
            for index, content in enumerate(contents)
            if content.get("role", "user") == "user" and not named(content, "functionResponse")
        ),
        default=0,
    )


def _check_signatures(
    contents: Sequence[Mapping[str, Any]],
    *,
    model: SimulatedModel,
    key: str,
    signatures: Signatures,
) -> None:
    for index in range(current_turn(contents), len(contents)):
        first = True
        for part in contents[index]["parts"]:
            call = part.get("functionCall")
            if call is None:
                continue
            given = part.get("thoughtSignature")
            if first and not given:
                raise invalid(
                    "Function call is missing a thought_signature in functionCall parts. This is "
                    "required for tools to work correctly, and missing thought_signature may lead "
                    "to degraded model performance. Additional data, function call "
                    f"`default_api:{call['name']}` , position {index + 1}. Please refer to "
                    f"{SIGNATURES_PAGE} for more details.",
                )
            first = False
            if given and not signatures.genuine(
                bytes_of(given), call, model=model.version_name, key=key
            ):
                raise invalid(f"Corrupted thought signature. Please refer to {SIGNATURES_PAGE}.")
