"""The reference that people read: one page that needs no script and asks nobody for anything."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

from mcp_platform.kit.reference import POLICY, page

VOID = {"meta"}


class _Read(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


DOCUMENT = {
    "info": {"title": "An <API>", "summary": "Says & does."},
    "paths": {
        "/things/{name}": {
            "patch": {
                "tags": ["things"],
                "operationId": "change_thing",
                "summary": "Change `one` <thing>",
                "security": [{}],
                "parameters": [
                    {"name": "If-Match", "in": "header", "required": True,
                     "schema": {"type": "string"}, "description": "The ETag."},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}
                },
                "responses": {"200": {"description": "Done", "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "T": {
                "type": "object",
                "description": "A <b>thing</b>. [x](javascript:alert(1))",
                "required": ["size"],
                "properties": {"size": {"type": "integer", "minimum": 1}},
                "examples": [{"size": "</pre><script>"}],
            }
        }
    },
}  # fmt: skip


def test_a_page_says_what_the_document_says() -> None:
    text = page(DOCUMENT)
    for said in (
        "PATCH /things/{name}",
        "Change <code>one</code> &lt;thing&gt;. Needs a token. (<code>change_thing</code>)",
        "<td><code>If-Match</code> (required)</td>",
        'Body: <a href="#t">T</a>',
        '<h3 id="t">T</h3>',
        "(from 1)",
        '<a href="#patch-thingsname">PATCH /things/{name}</a>',
    ):
        assert said in text


def test_a_page_has_no_script_asks_nobody_and_is_well_formed() -> None:
    text = page(DOCUMENT)
    read = _Read(text)
    assert read.open == []
    assert "<script" not in text
    assert {name for _, name, _ in read.attributes} == {
        "lang", "charset", "name", "content", "href", "id",
    }  # fmt: skip
    links = {value for _, name, value in read.attributes if name == "href"}
    assert {link for link in links if not link.startswith("#")} == {"/openapi.json"}
    anchors = {f"#{value}" for _, name, value in read.attributes if name == "id"}
    assert links - {"/openapi.json"} <= anchors

    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert POLICY.startswith("default-src 'none';")
