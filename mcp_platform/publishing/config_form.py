"""The form of `config.json`: what a file says, read and checked, and where it is wrong.

`config_import.py` compares with the database, and `config_credentials.py` reads credentials files.
`config.schema.json` beside this module is the published schema. What it cannot say (a client named
twice, a key given twice) is checked here.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from itertools import islice
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.tenants.tenant import ENVIRONMENTS, Environment

SCHEMA = Path(__file__).with_name("config.schema.json")
VERSION = 1
PATH_PATTERN = "/{client_name}/{environment}"
BLOCKS = ("platform", "argocd", "database")
MOST_WRONG = 20  # as many as a person reads at once

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
TOKEN_KEYS = ("platform", "token_keys")  # PEM, as is the authority: the fields of several lines
AUTHORITY = ("database", "ca")

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredResources:
    """Kubernetes quantities; None: nothing is said."""

    cpu_request: str | None = None
    cpu_limit: str | None = None
    memory_request: str | None = None
    memory_limit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEnvironment:
    """What a file says of one tenant. None: it says nothing, and what is stays."""

    client_name: str
    environment: Environment
    topology: str | None
    status: str | None
    resources: DeclaredResources
    credentials_file: str | None
    catalogue: Mapping[str, Any]

    @property
    def path(self) -> str:
        return f"{self.client_name}/{self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredClient:
    """What a file says of one client."""

    name: str
    business_name: str | None
    environments: tuple[DeclaredEnvironment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A whole file. `warnings` names what it says that nobody reads."""

    clients: tuple[DeclaredClient, ...]
    blocks: Mapping[str, Mapping[str, Any]]
    warnings: tuple[str, ...] = ()


def read_config(content: bytes, *, name: str = "config.json") -> ConfigFile:
    """Read a file of either form. `name` is what errors call it.

    Raises:
        Invalid: with a field for each thing that is wrong: its path in the file, and beside the
            rule the client and the line.
    """
    text = _text(content, name=name)
    document = _parsed(text, name=name)
    wrong = [*islice(_wrong(document), MOST_WRONG)]
    if wrong:
        fields = {
            _named(place): f"{why}{_whose(document, place)} (line {line_of(text, place)})"
            for place, why in wrong
        }
        raise Invalid(f"{name} is not as docs/config.md describes it.", fields=fields)
    unknown = () if "version" in document else tuple(islice(_unknown(document), MOST_WRONG))
    return ConfigFile(
        clients=tuple(_client(each) for each in document["clients"]),
        blocks={
            name: known
            for name in BLOCKS
            if (known := _known(document.get(name, {}), schema()["$defs"][name]))
        },
        warnings=tuple(
            f"line {line_of(text, place)}: {_named(place)} {why}; it is passed over"
            for place, why in unknown
        ),
    )


def check_blocks(blocks: Mapping[str, Any]) -> None:
    """Check the sections that all clients share, as an exported file has them.

    Raises:
        Invalid: with a field for each thing that is wrong.
    """
    document = {"version": VERSION, **blocks, "clients": []}
    wrong = [*islice(_wrong(document), MOST_WRONG)]
    if wrong:
        fields = {_named(place): why for place, why in wrong}
        raise Invalid("docs/config.md describes this otherwise.", fields=fields)


@cache
def schema() -> dict[str, Any]:
    """Return the published JSON Schema."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return found


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


@cache
def _known_fields() -> Draft202012Validator:
    whole = schema()
    return Draft202012Validator({"$defs": whole["$defs"], "$ref": "#/$defs/known_fields"})


def _text(content: bytes, *, name: str) -> str:
    try:
        return text_of(content)
    except NotUtf8 as error:
        raise Invalid(f"{name}: {error}") from error


def _parsed(text: str, *, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Invalid(
            f"{name}, line {error.lineno}, column {error.colno}: it is no JSON: {error.msg}."
        ) from error
    except RecursionError as error:
        raise Invalid(f"{name}: it is nested too deeply.") from error
    except ValueError as error:
        raise Invalid(f"{name}: {error}.") from error
    if not isinstance(document, dict):
        raise Invalid(f"{name}: it must be a JSON object, with `clients` in it.")
    return document


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        where = f" of client {made['client_name']!r}" if "client_name" in made else ""
        raise ValueError(f"the field {twice!r}{where} is given twice")
    return made


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON's")


def _wrong(document: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    found = False
    for error in _validator().iter_errors(document):
        found = True
        yield _explained(error)
    if found:
        return
    yield from _controls(document, ())
    seen: dict[str, int] = {}
    for index, client in enumerate(document["clients"]):
        first = seen.setdefault(client["client_name"], index)
        if first != index:
            yield ("clients", index, "client_name"), f"this client stands in clients[{first}] too"


def _unknown(document: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    return (_explained(error) for error in _known_fields().iter_errors(document))


def _controls(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Find what a pattern's `$` lets through, and what no field may hold."""
    match value:
        case dict():
            for key, each in value.items():
                yield from _controls(each, (*place, key))
        case list():
            for index, each in enumerate(value):
                yield from _controls(each, (*place, index))
        case str() if _CONTROL.search(value.replace("\n", "") if _is_pem(place) else value):
            yield place, "holds a line end or another character that cannot be seen"
        case _:
            pass


def _is_pem(place: Place) -> bool:
    return place == AUTHORITY or place[:-1] == TOKEN_KEYS


def _explained(error: ValidationError) -> tuple[Place, str]:
    """Return where something is wrong and which rule it breaks, without the value."""
    place: Place = tuple(error.absolute_path)
    rule: Any = error.validator_value
    described = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    if "propertyNames" in error.absolute_schema_path:
        known = rule if isinstance(rule, list) else []
        close = get_close_matches(str(error.instance), known, n=1)
        told = ["is no field of this form", *(f"perhaps {each!r} is meant" for each in close)]
        return (*place, str(error.instance)), "; ".join(told)
    match error.validator:
        case "required":
            given: Any = error.instance
            missing = next(each for each in rule if each not in given)
            return (*place, missing), "is missing"
        case "type":
            kinds = rule if isinstance(rule, list) else [rule]
            return place, f"must be {' or '.join(kinds)}"
        case "enum":
            return place, f"must be one of {', '.join(map(str, rule))}"
        case "const":
            return place, f"must be {rule}: this release reads no other"
        case "not":
            return place, "is a path of the platform itself; choose another"
        case "pattern":
            return place, f"has not the right form{f'. {described}' if described else ''}"
        case _:
            return place, f"breaks the rule {error.validator} {json.dumps(rule)}"


def _named(place: Place) -> str:
    name = ""
    for each in place:
        if isinstance(each, int):
            name += f"[{each}]"
        elif _PLAIN.fullmatch(each):
            name += f".{each}"
        else:
            name += f"[{json.dumps(each)}]"
    return name.removeprefix(".") or "config"


def _whose(document: dict[str, Any], place: Place) -> str:
    match place:
        case ("clients", int(index), *_) if index < len(document["clients"]):
            client = document["clients"][index]
            name = client.get("client_name") if isinstance(client, dict) else None
            return f" – client {name}" if isinstance(name, str) and name.isprintable() else ""
        case _:
            return ""


def line_of(text: str, place: Sequence[str | int]) -> int:
    """Return the line, from 1, on which the deepest part of `place` that exists begins."""
    decoder = json.JSONDecoder()
    at = _after_space(text, 0)
    for step in place:
        found = at
        for key, begins, value in _members(text, at, decoder):
            if key == step:
                found, at = begins, value
                break
        else:
            break
        if isinstance(step, str) and not text.startswith(("{", "["), at):
            return text.count("\n", 0, found) + 1
    return text.count("\n", 0, at) + 1


def _members(text: str, at: int, decoder: json.JSONDecoder) -> Iterator[tuple[str | int, int, int]]:
    """Yield key or index, where the member begins and where its value does, of what is at `at`."""
    opening = text[at : at + 1]
    index, at = 0, _after_space(text, at + 1)
    while opening in ("{", "[") and text[at] not in "}]":
        begins, key = at, index
        if opening == "{":
            key, at = scanstring(text, at + 1)
            at = _after_space(text, _after_space(text, at) + 1)
        yield key, begins, at
        _, at = decoder.raw_decode(text, at)
        at = _after_space(text, at)
        if text[at] == ",":
            at = _after_space(text, at + 1)
        index += 1


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _known(said: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a block that the schema knows: what is passed over is not kept either."""
    fields = described.get("properties")
    if fields is None:  # names of the operator's own: key ids, settings
        return dict(said)
    return {
        name: _known(value, fields[name]) if isinstance(value, dict) else value
        for name, value in said.items()
        if name in fields
    }


def _known_deep(said: Any, described: Mapping[str, Any]) -> Any:
    """Return what the schema knows of a value, lists and what it refers to included."""
    described = schema()["$defs"].get(described.get("$ref", "").rpartition("/")[2], described)
    if isinstance(said, list):
        return [_known_deep(each, described["items"]) for each in said]
    if isinstance(said, dict):
        fields = described["properties"]
        return {
            name: _known_deep(value, fields[name]) for name, value in said.items() if name in fields
        }
    return said


def _client(said: Mapping[str, Any]) -> DeclaredClient:
    environments = said["environments"]
    return DeclaredClient(
        name=said["client_name"],
        business_name=said.get("business_name"),
        environments=tuple(
            _environment(said, name, {} if environments[name] is True else environments[name])
            for name in ENVIRONMENTS
            if _is_there(environments.get(name))
        ),
    )


def _is_there(said: Any) -> bool:
    return said is True or (isinstance(said, dict) and said.get("enabled", True))


def _environment(
    client: Mapping[str, Any], name: Environment, said: Mapping[str, Any]
) -> DeclaredEnvironment:
    file = said.get("credentials_file", client.get("credentials_file"))
    return DeclaredEnvironment(
        client_name=client["client_name"],
        environment=name,
        topology=said.get("topology"),
        status=said.get("status"),
        resources=_resources(client.get("resources") or {}, said.get("resources") or {}),
        credentials_file=file.replace("{environment}", name) if file else None,
        catalogue=_known_deep(said.get("catalogue") or {}, schema()["$defs"]["catalogue"]),
    )


def _resources(of_client: Mapping[str, Any], own: Mapping[str, Any]) -> DeclaredResources:
    def amount(kind: str, what: str) -> str | None:
        for said in (own, of_client):
            value: str | None = (said.get(kind) or {}).get(what)
            if value is not None:
                return value
        return None

    return DeclaredResources(
        cpu_request=amount("requests", "cpu"),
        cpu_limit=amount("limits", "cpu"),
        memory_request=amount("requests", "memory"),
        memory_limit=amount("limits", "memory"),
    )
