"""The request messages of the Gemini API, as far as this platform could send them.

It knows the names and kinds of fields, and proto-JSON's tolerance: both spellings of a name, both
base64 alphabets, numbers as strings, null as absent.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from mcp_platform.simulators.gemini.errors import bad_fields

# Kinds: a scalar's name, "any" (free JSON), "object" (google.protobuf.Struct), another message's
# name, "enum:A|B", or any of these in brackets for a repeated field.
# Source: https://ai.google.dev/api/generate-content, https://ai.google.dev/api/caching
_CATEGORIES = "|".join(
    f"HARM_CATEGORY_{name}"
    for name in (
        "HARASSMENT",
        "HATE_SPEECH",
        "SEXUALLY_EXPLICIT",
        "DANGEROUS_CONTENT",
        "CIVIC_INTEGRITY",
    )
)
_THRESHOLDS = "BLOCK_LOW_AND_ABOVE|BLOCK_MEDIUM_AND_ABOVE|BLOCK_ONLY_HIGH|BLOCK_NONE|OFF"
MESSAGES: dict[str, dict[str, str]] = {
    "GenerateContentRequest": {
        "model": "string",
        "contents": "[Content]",
        "systemInstruction": "Content",
        "tools": "[Tool]",
        "toolConfig": "ToolConfig",
        "safetySettings": "[SafetySetting]",
        "generationConfig": "GenerationConfig",
        "cachedContent": "string",
        "serviceTier": "string",
        "continuationToken": "bytes",
        "labels": "object",
        "store": "bool",
    },
    "CountTokensRequest": {
        "contents": "[Content]",
        "generateContentRequest": "GenerateContentRequest",
    },
    "Content": {"role": "string", "parts": "[Part]"},
    "Part": {
        "text": "string",
        "inlineData": "Blob",
        "fileData": "FileData",
        "functionCall": "FunctionCall",
        "functionResponse": "FunctionResponse",
        "executableCode": "object",
        "codeExecutionResult": "object",
        "thought": "bool",
        "thoughtSignature": "bytes",
        "videoMetadata": "object",
        "mediaResolution": "object",
        "partMetadata": "object",
    },
    "Blob": {"data": "bytes", "mimeType": "string"},
    "FileData": {"fileUri": "string", "mimeType": "string"},
    "FunctionCall": {"id": "string", "name": "string", "args": "object"},
    "FunctionResponse": {
        "id": "string",
        "name": "string",
        "response": "object",
        "parts": "any",
        "willContinue": "bool",
        "scheduling": "string",
    },
    "Tool": {
        "functionDeclarations": "[FunctionDeclaration]",
        "googleSearch": "object",
        "googleSearchRetrieval": "object",
        "googleMaps": "object",
        "codeExecution": "object",
        "urlContext": "object",
        "computerUse": "object",
        "fileSearch": "object",
    },
    "FunctionDeclaration": {
        "name": "string",
        "description": "string",
        "behavior": "string",
        "parameters": "Schema",
        "parametersJsonSchema": "any",
        "response": "Schema",
        "responseJsonSchema": "any",
    },
    "Schema": {
        "type": "enum:STRING|NUMBER|INTEGER|BOOLEAN|ARRAY|OBJECT|NULL",
        "format": "string",
        "title": "string",
        "description": "string",
        "nullable": "bool",
        "enum": "[string]",
        "items": "Schema",
        "maxItems": "int",
        "minItems": "int",
        "properties": "{Schema}",
        "required": "[string]",
        "minProperties": "int",
        "maxProperties": "int",
        "minLength": "int",
        "maxLength": "int",
        "pattern": "string",
        "example": "any",
        "default": "any",
        "anyOf": "[Schema]",
        "propertyOrdering": "[string]",
        "minimum": "number",
        "maximum": "number",
    },
    "ToolConfig": {
        "functionCallingConfig": "FunctionCallingConfig",
        "retrievalConfig": "object",
        "includeServerSideToolInvocations": "bool",
    },
    "FunctionCallingConfig": {
        "mode": "enum:MODE_UNSPECIFIED|AUTO|ANY|NONE|VALIDATED",
        "allowedFunctionNames": "[string]",
    },
    "SafetySetting": {
        "category": f"enum:{_CATEGORIES}",
        "threshold": f"enum:{_THRESHOLDS}",
    },
    "GenerationConfig": {
        "stopSequences": "[string]",
        "responseMimeType": "string",
        "responseSchema": "Schema",
        "responseJsonSchema": "any",
        "responseModalities": "[string]",
        "candidateCount": "int",
        "maxOutputTokens": "int",
        "temperature": "number",
        "topP": "number",
        "topK": "int",
        "seed": "int",
        "presencePenalty": "number",
        "frequencyPenalty": "number",
        "responseLogprobs": "bool",
        "logprobs": "int",
        "enableEnhancedCivicAnswers": "bool",
        "speechConfig": "object",
        "imageConfig": "object",
        "mediaResolution": "string",
        "thinkingConfig": "ThinkingConfig",
        "audioTranscriptionConfig": "object",
    },
    "ThinkingConfig": {
        "includeThoughts": "bool",
        "thinkingBudget": "int",
        "thinkingLevel": "enum:THINKING_LEVEL_UNSPECIFIED|MINIMAL|LOW|MEDIUM|HIGH|XHIGH",
    },
}
_SCALARS: dict[str, type | tuple[type, ...]] = {"string": str, "bool": bool, "object": dict}


def parse(body: Any, *, message: str) -> dict[str, Any]:
    """Return `body` with camelCase names and standard base64, nulls left out.

    Raises:
        Refusal: a field is unknown, twice there, or of another kind.
    """
    wrong: dict[str, str] = {}
    parsed = _message(body, kind=message, path="", wrong=wrong)
    if wrong:
        raise bad_fields(wrong)
    return parsed if isinstance(parsed, dict) else {}


def camel(name: str) -> str:
    """Return the JSON spelling of a proto field's name."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def snake(name: str) -> str:
    """Return the proto spelling of a JSON name, as error messages use it."""
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)


def bytes_of(value: str) -> bytes:
    """Decode base64 of either alphabet, padded or not.

    Raises:
        ValueError: it is neither.
    """
    standard = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def _message(value: Any, *, kind: str, path: str, wrong: dict[str, str]) -> Any:
    if not isinstance(value, Mapping):
        wrong[path] = f"Invalid value at '{path}' (type.googleapis.com/{kind}), {value!r}"
        return None
    fields = MESSAGES[kind]
    parsed: dict[str, Any] = {}
    for given, inner in value.items():
        name = camel(str(given))
        if name not in fields or given not in (name, snake(name)):
            place = f" at '{path}'" if path else ""
            wrong[path] = (
                f'Invalid JSON payload received. Unknown name "{given}"{place}: Cannot find field.'
            )
            continue
        if inner is None:
            continue
        below = f"{path}.{snake(name)}" if path else snake(name)
        if name in parsed:
            wrong[below] = f'Invalid JSON payload received. "{given}" was given twice.'
        parsed[name] = _value(inner, kind=fields[name], path=below, wrong=wrong)
    return parsed


def _value(value: Any, *, kind: str, path: str, wrong: dict[str, str]) -> Any:
    if kind == "any":
        return value
    if kind.startswith("["):
        # Proto-JSON takes one element for a list of one, and Google's parser lets it pass.
        items = value if isinstance(value, list) else [value]
        return [
            _value(item, kind=kind[1:-1], path=f"{path}[{index}]", wrong=wrong)
            for index, item in enumerate(items)
        ]
    if kind.startswith("{") and isinstance(value, Mapping):
        return {
            key: _value(item, kind=kind[1:-1], path=f"{path}[{index}].value", wrong=wrong)
            for index, (key, item) in enumerate(value.items())
        }
    if kind in MESSAGES:
        return _message(value, kind=kind, path=path, wrong=wrong)
    try:
        return _scalar(value, kind=kind)
    except (TypeError, ValueError):
        wrong[path] = f"Invalid value at '{path}' ({_proto_type(kind)}), {value!r}"
        return None


def _scalar(value: Any, *, kind: str) -> Any:
    if kind.startswith("enum:"):
        if value not in kind.removeprefix("enum:").split("|"):
            raise ValueError(value)
        return value
    if kind == "bytes":
        return base64.b64encode(bytes_of(value)).decode()
    if kind in ("int", "number"):
        if isinstance(value, bool):
            raise TypeError(kind)
        number = float(value)
        if kind == "number":
            return number
        if number != int(number):
            raise ValueError(value)
        return int(number)
    if kind not in _SCALARS or not isinstance(value, _SCALARS[kind]):
        raise TypeError(kind)
    return value


def _proto_type(kind: str) -> str:
    named = {"string": "TYPE_STRING", "bytes": "TYPE_BYTES", "bool": "TYPE_BOOL"}
    numbers = {"int": "TYPE_INT32", "number": "TYPE_FLOAT", "object": "google.protobuf.Struct"}
    return {**named, **numbers}.get(kind, "TYPE_ENUM")
