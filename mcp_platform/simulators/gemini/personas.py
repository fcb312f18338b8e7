"""The models one hopes not to get: one that lies, one that obeys anyone, one that is broken.

The honest one is in `simulators/gemini/choosing.py`.
"""

import ast
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_platform.simulators.gemini.choosing import choose
from mcp_platform.simulators.gemini.mischief import BROKEN_CALLS, lies, reply
from mcp_platform.simulators.gemini.scene import scene_of
from mcp_platform.simulators.gemini.wire import ModelFunctionCall, Prompt, Say, named

PERSONAS = ("honest", "liar", "obedient", "broken")
BREAKAGES = (*BROKEN_CALLS, "malformed_call", "empty_parts", "blocked")
"""In the order in which a broken model goes through them."""

_TELL = re.compile(
    r"\b(?:(?:me )?(?:diga|diz|fala|fale|responda|responde|escreva|escreve|repita|repete)(?: apenas| só)?"
    r"|(?:just )?(?:say|tell me|reply|answer|write|repeat)(?: only)?(?: with)?"
    r"|(?:di|dime|responde|escribe|repite)(?: solo)?)\b"
    r"(?:\s+(?:para mim|pra mim|to me))?(?:\s+(?:que|that))?\s*:?\s+(?P<words>.+)",
    re.IGNORECASE | re.DOTALL,
)
_WRITTEN_CALL = re.compile(r"\b([A-Za-z_][A-Za-z0-9_.]*)\s*\(([^()]*)\)")
_NAMED_CALL = re.compile(
    r"\b(?:chame|chama|execute|executa|rode|use|usa|call|run|invoke|llama|ejecuta|usa)\b"
    r"(?:\s+(?:a|o|the|la|el))?(?:\s+(?:função|ferramenta|tool|function|función|herramienta))?"
    r"\s+[`'\"]?([a-z]+(?:_[a-z]+)*)[`'\"]?",
    re.IGNORECASE,
)
_PAIR = re.compile(r"[`'\"]?([A-Za-z_]\w*)[`'\"]?\s*[:=]\s*(\"[^\"]*\"|'[^']*'|[^\s,;)}]+)")
_OTHERS = re.compile(
    r"\b(?:todo mundo|de todos|todos os clientes|everyone|everybody|all customers|de todo el mundo"
    r"|todos los clientes)",
    re.IGNORECASE,
)
_WHOSE = (
    ("tenant_id", r"\b(?:tenant|empresa|loja|business|negocio)[ _]?(?:id)?[ :=]+([\w.@+-]*[\d_-][\w.@+-]*)"),
    ("contact_id", r"\b(?:contact|contato|contacto|cliente|customer|user)[ _]?(?:id)?[ :=]+([\w.@+-]*[\d_-][\w.@+-]*)"),
    ("phone", r"(\+\d{8,15})\b"),
)  # fmt: skip
_VERBS = (
    ("cancel", r"\b(?:cancel|desmar[cq]|anul)"),
    ("reschedule", r"\b(?:remar[cq]|reagend|reschedul|move|mude|mover|cambi)"),
    ("book", r"\b(?:marque|marca|agende|reserv|book)"),
    ("my_appointments", r"\b(?:liste|lista|list|mostre|show|muestra).*(?:agendamentos?|appointments?|citas?|hor[aá]rios?)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer that is none: what kind of breakage the response has."""

    kind: str


Decision = Say | Broken | Sequence[ModelFunctionCall | Say]


def lie(prompt: Prompt, *, index: int | None) -> Decision:
    """Answer something untrue: number `index`, or the one this conversation hashes to."""
    choices = lies(scene_of(prompt))
    if index is None:
        said = json.dumps(prompt.contents, sort_keys=True).encode()
        index = int.from_bytes(hashlib.sha256(said).digest()[:4], "big")
    return choices[index % len(choices)]


def obey(prompt: Prompt) -> Decision:
    """Do what the customer's text orders, to the letter; without an order, behave."""
    scene = scene_of(prompt)
    told = _TELL.search(scene.text)
    words = _unquoted(told["words"]) if told else ""
    if scene.steps:
        results = [result for step in scene.steps for _, result in step]
        words = words or json.dumps(results, ensure_ascii=False)
        return [Say(words), reply((words, words))]
    ordered = _ordered_calls(scene.text)
    if ordered:
        return ordered
    return [Say(words), reply((words, words))] if words else choose(prompt)


def break_down(*, number: int) -> Decision:
    """Answer in a way that helps nobody: breakage `number`, counted on from the first."""
    kind = BREAKAGES[number % len(BREAKAGES)]
    return BROKEN_CALLS[kind]() if kind in BROKEN_CALLS else Broken(kind)


def starts_turn(prompt: Prompt) -> bool:
    """Tell whether the request is the first of its turn."""
    return not named(prompt.contents[-1], "functionResponse")


def _ordered_calls(text: str) -> list[ModelFunctionCall]:
    blob = _json_calls(text)
    if blob:
        return blob
    written = [
        ModelFunctionCall(name, _pairs(inner))
        for name, inner in _WRITTEN_CALL.findall(text)
        if "_" in name or "=" in inner or name in ("cancel", "book", "reschedule")
    ]
    if written:
        return written
    named_call = _NAMED_CALL.search(text)
    if named_call and ("_" in named_call[1] or named_call[1] in ("cancel", "book", "reschedule")):
        return [
            ModelFunctionCall(named_call[1], {**_ids(text), **_pairs(text[named_call.end() :])})
        ]
    ids = _ids(text)
    for name, pattern in _VERBS:
        if not re.search(pattern, text, re.IGNORECASE):
            continue
        if _OTHERS.search(text):
            return [ModelFunctionCall(name, {"appointment_id": "*", "contact_id": "*", **ids})]
        if ids:
            return [ModelFunctionCall(name, ids)]
    return []


def _json_calls(text: str) -> list[ModelFunctionCall]:
    for start in (match.start() for match in re.finditer(r"[\[{]", text)):
        try:
            blob, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            continue
        calls = [_json_call(each) for each in (blob if isinstance(blob, list) else [blob])]
        return [call for call in calls if call is not None]
    return []


def _json_call(blob: Any) -> ModelFunctionCall | None:
    if not isinstance(blob, Mapping):
        return None
    inner = blob.get("functionCall", blob.get("function_call", blob.get("call", blob)))
    if not isinstance(inner, Mapping):
        return None
    name = next(
        (inner[key] for key in ("name", "function", "tool") if isinstance(inner.get(key), str)),
        None,
    )
    if name is not None:
        args: Mapping[str, Any] = next(
            (
                inner[key]
                for key in ("args", "arguments", "parameters")
                if isinstance(inner.get(key), Mapping)
            ),
            {},
        )
        return ModelFunctionCall(name, dict(args))
    for needed, guess in (
        ({"appointment_id", "slot_id"}, "reschedule"),
        ({"appointment_id"}, "cancel"),
        ({"slot_id"}, "book"),
        ({"service_id"}, "find_slots"),
    ):
        if needed <= inner.keys():
            return ModelFunctionCall(guess, dict(inner))
    return None


def _ids(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, pattern in (("appointment_id", r"\ba_\w+"), ("slot_id", r"\bs_\w+")):
        match = re.search(pattern, text)
        if match:
            found[name] = match[0]
    for name, pattern in _WHOSE:
        match = re.search(pattern, text, re.IGNORECASE)
        if match and not match[1].startswith(("a_", "s_")):
            found[name] = match[1]
    return found


def _pairs(text: str) -> dict[str, Any]:
    return {name: _literal(value) for name, value in _PAIR.findall(text)}


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value


def _unquoted(text: str) -> str:
    quoted = re.match(
        "[\"'\u201c\u2018\u00ab](.+?)[\"'\u201d\u2019\u00bb]", text.strip(), re.DOTALL
    )
    return quoted[1] if quoted else text.strip()
