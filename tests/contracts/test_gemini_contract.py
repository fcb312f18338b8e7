"""The door held against what Google has written down, and what was seen of it, not a simulator.

The recorded shapes are in `fixtures/gemini`, each with its source, and are answered as they stand.
"""

import json
import ssl
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mcp_platform.assistant.gemini.breaker import Breaker
from mcp_platform.assistant.gemini.client import Gemini
from mcp_platform.assistant.model import Answer, FunctionCall, ModelAway, ModelSpoiled, Question
from mcp_platform.assistant.tools import declarations
from mcp_platform.errors import CredentialRefused
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants.credentials import Credentials
from tests.factories import tenant

RECORDED = Path(__file__).parent / "fixtures" / "gemini"
NOT_ANSWERS = {"model"}  # models.get, which the door does not ask
KEY = "AQ.a-key"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


class Canned:
    """A server that gives one answer, and the door in front of it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self.tls = tls
        self.status = 200
        self.body: bytes = b""
        self.headers = {"content-type": "application/json"}
        self.asked: list[dict[str, Any]] = []

    async def answer(self, request: Request) -> Response:
        self.asked.append(await request.json())
        return Response(self.body, status_code=self.status, headers=self.headers)

    async def ask(self, status: int, body: Any, **changed: Any) -> Answer:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["POST"])])
        question = Question(
            **{
                "system": "Rules.",
                "contents": [{"role": "user", "parts": [{"text": "Oi"}]}],
                "tools": declarations(),
                "only": (),
                "deadline": timedelta(seconds=30),
                **changed,
            }
        )
        async with serving(app) as url, httpx.AsyncClient(trust_env=False) as http:
            gemini = Gemini(
                http=http,
                ssl_context=self.tls,
                base_url=url,
                api_version="v1",
                model="gemini-3.8-flash",
                breaker=Breaker(timer=time.monotonic),
                timer=time.monotonic,
                call_timeout=timedelta(seconds=10),
                uniform=lambda *_: 0.0,
            )
            try:
                credentials = Credentials(gemini_api_key=KEY)
                return await gemini.ask(question, tenant=tenant(), credentials=credentials)
            finally:
                await gemini.close()


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture
def vendor(tls: ssl.SSLContext) -> Canned:
    return Canned(tls)


async def replay(vendor: Canned, name: str) -> Answer:
    case = recorded(name)
    return await vendor.ask(case["status"], case["body"])


async def test_a_recorded_text_is_an_answer(vendor: Canned) -> None:
    answer = await replay(vendor, "text")
    assert (answer.text, answer.calls) == ("Olá!", ())


async def test_a_recorded_call_is_an_answer_that_goes_back_signed(vendor: Canned) -> None:
    answer = await replay(vendor, "function_call")
    assert answer.text == ""
    assert answer.calls == (
        FunctionCall(id="fc1", name="find_slots", args={"service_id": "corte"}),
    )
    kept = json.loads(json.dumps(answer.content))
    response = {"function_response": {"id": "fc1", "name": "find_slots", "response": {"a": 1}}}
    await vendor.ask(
        200,
        recorded("text")["body"],
        contents=[
            {"role": "user", "parts": [{"text": "Oi"}]},
            kept,
            {"role": "user", "parts": [response]},
        ],
    )
    sent = vendor.asked[-1]["contents"]
    assert sent[1]["role"] == "model"
    (part,) = sent[1]["parts"]
    call = part["functionCall"]
    assert call == {"id": "fc1", "name": "find_slots", "args": {"service_id": "corte"}}
    # Received in standard base64, returned URL-safe: the same bytes, and the vendor reads both.
    assert part["thoughtSignature"].translate(str.maketrans("-_", "+/")) == "c2ln/wE="
    (back,) = sent[2]["parts"]
    assert back["functionResponse"] == response["function_response"]


@pytest.mark.parametrize(
    ("name", "error", "says", "asked"),
    [
        ("blocked", ModelSpoiled, "PROHIBITED_CONTENT", 2),
        ("key_invalid", CredentialRefused, "API key not valid", 1),
        ("missing_signature", ModelSpoiled, "missing a thought_signature", 1),
        ("quota", ModelAway, "exceeded your current quota", 1),
    ],
)
async def test_a_recorded_refusal_has_its_meaning(
    vendor: Canned, name: str, error: type[Exception], says: str, asked: int
) -> None:
    with pytest.raises(error, match=says):
        await replay(vendor, name)
    assert len(vendor.asked) == asked


def test_every_recorded_shape_is_replayed_here() -> None:
    replayed = {"text", "function_call", "blocked", "key_invalid", "missing_signature", "quota"}
    assert {path.stem for path in RECORDED.glob("*.json")} == replayed | NOT_ANSWERS


def error_body(code: int, status: str, message: str, *details: Any) -> dict[str, Any]:
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return {"error": error}


def retry_info(delay: Any) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


async def test_a_quota_of_zero_is_known_though_its_value_is_left_out(vendor: Canned) -> None:
    # Zero is proto's default, which its JSON leaves out; as reported by many.
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    sentence = (
        "You exceeded your current quota.\n* Quota exceeded for metric: x, limit: 0, model: y"
    )
    failure = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}
    with pytest.raises(CredentialRefused, match="no quota at all"):
        await vendor.ask(429, error_body(429, "RESOURCE_EXHAUSTED", sentence, failure))


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("34s", 34), ("34.074824224s", 34.074824), ("later", None), (None, None), ({}, None)],
)
async def test_the_delay_is_read_in_every_form_of_a_duration(
    vendor: Canned, delay: Any, seconds: float | None
) -> None:
    body = error_body(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted", retry_info(delay))
    with pytest.raises(ModelAway) as caught:
        await vendor.ask(429, body)
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert caught.value.retry_after == wanted
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (401, "UNAUTHENTICATED", CredentialRefused),
        (403, "PERMISSION_DENIED", CredentialRefused),
        (404, "NOT_FOUND", CredentialRefused),
        (400, "FAILED_PRECONDITION", CredentialRefused),
        (400, "INVALID_ARGUMENT", ModelSpoiled),
        (408, "", ModelAway),
        (499, "CANCELLED", ModelAway),
        (500, "INTERNAL", ModelAway),
        (502, "", ModelAway),
        (503, "UNAVAILABLE", ModelAway),
        (504, "DEADLINE_EXCEEDED", ModelAway),
    ],
)
@pytest.mark.parametrize("form", ["vendor", "list", "html", "json", "empty"])
async def test_a_refusal_has_the_meaning_of_its_status_whoever_worded_it(
    vendor: Canned, status: int, reason: str, error: type[Exception], form: str
) -> None:
    worded = error_body(status, reason, "No.")
    body = {
        "vendor": worded,
        "list": [worded],
        "html": b"<html>Bad Gateway</html>",
        "json": {"error": "no", "status": reason},
        "empty": b"",
    }[form]
    if status == 400 and form in ("html", "json", "empty"):
        error = ModelSpoiled  # only the vendor's word makes it the key's fault
    with pytest.raises(error) as caught:
        await vendor.ask(status, body)
    assert "html" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_what_the_vendor_quotes_is_not_repeated(vendor: Canned) -> None:
    quoted = 'Invalid value at \'contents[0].parts[0].text\' (TYPE_STRING), "meu \\"segredo\\""'
    with pytest.raises(ModelSpoiled) as caught:
        await vendor.ask(400, error_body(400, "INVALID_ARGUMENT", quoted))
    assert "segredo" not in str(caught.value)
    assert "TYPE_STRING" in str(caught.value)
    suspended = f"Permission denied: Consumer 'api_key:{KEY}' has been suspended."
    with pytest.raises(CredentialRefused, match="suspended") as refused:
        await vendor.ask(403, error_body(403, "PERMISSION_DENIED", suspended))
    assert KEY not in str(refused.value)


async def test_fields_of_a_newer_server_are_ignored(vendor: Canned) -> None:
    body = recorded("text")["body"]
    body["novelty"] = {"a": 1}
    body["candidates"][0]["novelty"] = 1
    body["candidates"][0]["content"]["parts"][0]["novelty"] = [1]
    assert (await vendor.ask(200, body)).text == "Olá!"


async def test_an_empty_200_is_no_answer(vendor: Canned) -> None:
    for body in (b"", b"{}", b'{"candidates": []}', b'{"candidates": [{}]}'):
        with pytest.raises(ModelSpoiled):
            await vendor.ask(200, body)


async def test_a_body_that_is_not_what_it_says_it_is_compressed_with_is_no_answer(
    vendor: Canned,
) -> None:
    vendor.headers["content-encoding"] = "gzip"
    with pytest.raises(ModelSpoiled, match="decoded"):
        await vendor.ask(200, b"no gzip")
    assert len(vendor.asked) == 2
