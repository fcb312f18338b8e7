"""Makes a reference for people of an OpenAPI document: as blocks of text, and as one page.

The page needs no script and loads nothing from elsewhere.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

METHODS: Final = ("get", "post", "patch", "put", "delete")
PROBLEM: Final = "application/problem+json"

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text in which `backticks` are code, and [text](#anchor) is a link."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Example:
    json: str


Block = Heading | Paragraph | Table | Example


def blocks(document: Node) -> Iterator[Block]:
    """Yield what is to be read of a document: its operations by tag, then its shapes."""
    groups: dict[str, list[Block]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                group = groups.setdefault(operation["tags"][0], [])
                group += _operation(method, path, operation)
    for tag, group in groups.items():
        yield Heading(2, tag.capitalize())
        yield from group
    yield Heading(2, "Shapes")
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _shape(name, schema)


def _operation(method: str, path: str, operation: Node) -> Iterator[Block]:
    yield Heading(3, f"{method.upper()} {path}")
    told = operation.get("description") or f"{operation['summary']}."
    secured = " Needs a token." if operation.get("security") else ""
    yield Paragraph(f"{told.strip()}{secured} (`{operation['operationId']}`)")
    parameters = [each for each in operation.get("parameters", ()) if each["in"] != "path"]
    if parameters:
        yield Table(
            ("Parameter", "In", "Type", "What"),
            [
                (
                    f"`{each['name']}`" + (" (required)" if each.get("required") else ""),
                    each["in"],
                    _type(each["schema"]),
                    _limits(each["schema"], each.get("description", "")),
                )
                for each in parameters
            ],
        )
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        of = "" if media_type == "application/json" else f" as `{media_type}`"
        yield Paragraph(f"Body: {_type(body['schema'])}{of}")
    yield Table(
        ("Status", "Answer", "What"),
        [
            (status, _answer(response), response["description"])
            for status, response in operation["responses"].items()
        ],
    )


def _answer(response: Node) -> str:
    content = response.get("content", {})
    if PROBLEM in content:
        return "problem"
    schema = content.get("application/json", {}).get("schema", {})
    headers = "".join(f", `{name}`" for name in response.get("headers", ()))
    return _type(schema) + headers


def _shape(name: str, schema: Node) -> Iterator[Block]:
    yield Heading(3, name)
    if schema.get("description"):
        yield Paragraph(schema["description"].strip())
    if "enum" in schema:
        yield Paragraph(_type(schema))
        return
    required = schema.get("required", ())
    yield Table(
        ("Field", "Type", "What"),
        [
            (
                f"`{field}`" + (" (required)" if field in required else ""),
                _type(about),
                _limits(about, about.get("description", "")),
            )
            for field, about in schema.get("properties", {}).items()
        ],
    )
    for example in schema.get("examples", ()):
        yield Example(json.dumps(example, ensure_ascii=False))


def _type(schema: Node) -> str:
    match schema:
        case {"$ref": reference}:
            name = reference.rsplit("/", 1)[-1]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": [*choices]}:
            return " or ".join(_type(each) for each in choices)
        case {"enum": [*values]}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": kind, "format": form}:
            return f"{kind} ({form})"
        case {"type": kind}:
            return str(kind)
    return "JSON"


def _limits(schema: Node, told: str) -> str:
    """Return what is told of a value, and within which limits it must be."""
    chosen = next(
        (each for each in schema.get("anyOf", ()) if each.get("type") != "null"),
        schema,
    )
    limits = [
        wording.format(chosen[key])
        for key, wording in (
            ("minLength", "at least {} characters"),
            ("maxLength", "at most {} characters"),
            ("maxItems", "at most {}"),
            ("minimum", "from {}"),
            ("maximum", "up to {}"),
            ("pattern", "`{}`"),
        )
        if key in chosen and (key, chosen[key]) != ("minLength", 1)
    ]
    if schema.get("default") is not None:
        limits.append(f"default `{json.dumps(schema['default'])}`")
    bounded = ", ".join(limits)
    return " ".join(part for part in (told, f"({bounded})" if bounded else "") if part)


_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8881; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem 1.5rem 4rem; line-height: 1.5;
  font-family: system-ui, sans-serif; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { margin-top: 2.2rem; font-family: ui-monospace, monospace; font-size: 1rem;
  overflow-wrap: anywhere; }
nav { columns: 22rem; font-size: .85rem; }
nav ul { margin: .2rem 0 1rem; padding-left: 1rem; break-inside: avoid; }
nav a { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .7rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { background: var(--soft); }
pre, code { font-family: ui-monospace, monospace; font-size: .85rem; background: var(--soft); }
code { padding: 0 .2rem; }
pre { padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""The page's own Content-Security-Policy: its one style, and nothing else at all."""

_CODE = re.compile(r"`([^`]*)`")
_LINK = re.compile(r"\[([^\[\]`]*)\]\((#[a-z0-9_-]*)\)")
_UNFIT = re.compile(r"[^\w\- ]")


def page(document: Node) -> str:
    """Return the whole reference as one HTML page."""
    found = list(blocks(document))
    title = escape(document["info"]["title"])
    summary = escape(document["info"].get("summary", ""))
    body = "\n".join(_html(each) for each in found)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{summary}\n"
        'For programs: <a href="/openapi.json">openapi.json</a>.</p>\n'
        f"<nav>{_contents(found)}</nav>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _contents(found: Sequence[Block]) -> str:
    parts: list[str] = []
    for each in found:
        match each:
            case Heading(level=2, text=text):
                parts.append(f"</ul><ul><b>{_link_to(text)}</b>")
            case Heading(text=text):
                parts.append(f"<li>{_link_to(text)}</li>")
            case _:
                pass
    return "".join(parts).removeprefix("</ul>") + "</ul>"


def _html(block: Block) -> str:
    match block:
        case Heading(level=level, text=text):
            return f'<h{level} id="{_anchor(text)}">{escape(text)}</h{level}>'
        case Paragraph(text=text):
            return "".join(f"<p>{_inline(each)}</p>" for each in text.split("\n\n"))
        case Example(json=example):
            return f"<pre>{escape(example)}</pre>"
        case Table(headings=headings, rows=rows):
            head = "".join(f"<th>{escape(each)}</th>" for each in headings)
            lines = (
                f"<tr>{''.join(f'<td>{_inline(cell)}</td>' for cell in row)}</tr>" for row in rows
            )
            return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _inline(text: str) -> str:
    """Return text as HTML; nothing but our own code and links is made of it."""
    return _CODE.sub(r"<code>\1</code>", _LINK.sub(r'<a href="\2">\1</a>', escape(text)))


def _link_to(heading: str) -> str:
    return f'<a href="#{_anchor(heading)}">{escape(heading)}</a>'


def _anchor(heading: str) -> str:
    return _UNFIT.sub("", heading.lower()).replace(" ", "-")
