"""The simulator answers with every field that the vendor's documentation shows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_platform.simulators.control import Faults
from mcp_platform.simulators.gemini.app import create_app

FIXTURES = Path(__file__).parents[1] / "contracts" / "fixtures" / "gemini"
DOCUMENTED = {path.stem: json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.json"))}
CALL = {"functionCall": {"name": "find_slots", "args": {}}}
ANSWER = {"functionResponse": {"name": "find_slots", "response": {}}}
HELLO = {"role": "user", "parts": [{"text": "oi"}]}
UNSIGNED = [HELLO, {"role": "model", "parts": [CALL]}, {"role": "user", "parts": [ANSWER]}]


async def produced(name: str) -> httpx.Response:
    faults = Faults()
    if name in ("blocked", "quota", "key_invalid"):
        faults.add(name, per="day")
    app = create_app(faults=faults)
    if name == "function_call":
        app.state.gemini.script(
            {"call": {"name": "find_slots", "args": {"service_id": "corte"}}}, key=None
        )
    transport = httpx.ASGITransport(app=app)
    headers = {"x-goog-api-key": "AQ.k"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers
    ) as http:
        if name == "model":
            return await http.get("/v1/models/gemini-3.8-flash")
        contents = UNSIGNED if name == "missing_signature" else [HELLO]
        return await http.post(
            "/v1/models/gemini-3.8-flash:generateContent", json={"contents": contents}
        )


def missing(documented: Any, got: Any, path: str = "") -> list[str]:
    """Return the paths of `documented` that `got` lacks or has with another type."""
    if isinstance(documented, Mapping) and isinstance(got, Mapping):
        if documented.get("@type") not in (None, got.get("@type")):
            return [f"{path}@type"]
        return [
            each
            for key, value in documented.items()
            for each in (
                missing(value, got[key], f"{path}.{key}") if key in got else [f"{path}.{key}"]
            )
        ]
    if isinstance(documented, list) and isinstance(got, list):
        # Each documented element must be matched by some element, in any order.
        return [
            f"{path}[{at}]"
            for at, value in enumerate(documented)
            if all(missing(value, each) for each in got)
        ]
    return [] if type(documented) is type(got) else [path]


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_an_answer_has_the_documented_fields(name: str) -> None:
    documented = DOCUMENTED[name]
    response = await produced(name)
    assert response.status_code == documented["status"]
    assert missing(documented["body"], response.json()) == []
    if documented["status"] != 200:
        wanted = documented["body"]["error"]
        got = response.json()["error"]
        assert got["status"] == wanted["status"]
        assert wanted["message"] in got["message"]


def test_a_fixture_with_a_field_we_lack_would_be_noticed() -> None:
    assert missing({"a": [{"b": 1}]}, {"a": [{"c": 1}]}) == [".a[0]"]
    assert missing({"a": {"b": ""}}, {"a": {"b": 1}}) == [".a.b"]
