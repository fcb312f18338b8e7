"""A stand-in for the Gemini API: generateContent, countTokens and models, over real HTTP.

`simulators/gemini/wire.py` says what a request must be, and `simulators/gemini/brain.py` what is
answered.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mcp_platform.simulators.control import (
    DroppedConnection,
    Fault,
    Faults,
    RecordRequests,
    RequestLog,
    control_routes,
)
from mcp_platform.simulators.gemini import errors
from mcp_platform.simulators.gemini.answers import tokens_of_contents
from mcp_platform.simulators.gemini.brain import Brain
from mcp_platform.simulators.gemini.control import gemini_control_routes
from mcp_platform.simulators.gemini.models import MODELS, SimulatedModel, served
from mcp_platform.simulators.gemini.proto import parse
from mcp_platform.simulators.gemini.wire import MAX_BODY_BYTES, check_contents, read

VERSIONS = ("v1", "v1beta")
METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_TRANSPORT = ("reset", "never", "slow", "malformed_json")
_REFUSING = ("key_invalid", "quota", "server_error", "unavailable", "deadline", "billing", "denied")
_SPOKEN = (
    "malformed_call",
    "empty_parts",
    "blocked",
    "max_tokens_thoughts_only",
    "unknown_finish",
    "unexpected_call",
    "continuation",
)
FAULTS = (*_TRANSPORT, *_REFUSING, *_SPOKEN)
_PAGE_SIZE = 50  # the vendor's default for models.list


class _Unanswered(Exception):
    """A fault already decided what goes over the wire."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class _Gemini:
    """The endpoints, around one brain."""

    def __init__(self, *, brain: Brain, faults: Faults, latency_s: float) -> None:
        self._brain = brain
        self._faults = faults
        self.latency_s = latency_s

    async def method(self, request: Request) -> Response:
        """`POST /{version}/models/{model}:{method}`."""
        name, _, method = request.path_params["target"].partition(":")
        if method not in METHODS:
            raise errors.model_unknown(model=name, version=_version(request), method=method)
        key = await self._admit(request, model=name, method=method)
        model = _model(request, name=name, method=method)
        if method.replace("stream", "").casefold() not in map(str.casefold, model.methods):
            raise errors.model_unknown(model=name, version=_version(request), method=method)
        raw = await request.body()
        if len(raw) > MAX_BODY_BYTES:
            raise errors.invalid(
                f"Request payload size exceeds the limit: {MAX_BODY_BYTES} bytes.",
            )
        try:
            body = json.loads(raw or b"{}")
        except ValueError as error:
            raise errors.bad_fields({"": f"Invalid JSON payload received. {error}"}) from error
        if method == "countTokens":
            return JSONResponse(_counted(body))
        prompt = read(body, model=model, key=key, signatures=self._brain.signatures)
        self._refuse(model=name, method=method, key=key)
        fault = self._faults.take(*_SPOKEN, key=key, model=name, method=method)
        if fault is None:
            answer = self._brain.answer(prompt)
        elif fault.fault == "continuation" and prompt.continuation is None:
            answer = self._brain.interrupted(prompt)
        else:
            answer = self._brain.broken(fault.fault, prompt=prompt)
        return _sent(answer, request=request, method=method)

    async def one_model(self, request: Request) -> Response:
        """`GET /{version}/models/{model}`."""
        name = request.path_params["target"]
        key = await self._admit(request, model=name, method="getModel")
        model = _model(request, name=name, method="getModel")
        self._refuse(model=name, method="getModel", key=key)
        return JSONResponse(model.described())

    async def models(self, request: Request) -> Response:
        """`GET /{version}/models`."""
        key = await self._admit(request, model="", method="listModels")
        self._refuse(model="", method="listModels", key=key)
        every = served(version=_version(request))
        try:
            start = int(request.query_params.get("pageToken") or 0)
            size = min(int(request.query_params.get("pageSize") or _PAGE_SIZE), 1000)
        except ValueError as error:
            raise errors.invalid("Invalid page token or page size.") from error
        page: dict[str, Any] = {
            "models": [model.described() for model in every[start : start + size]],
        }
        if start + size < len(every):
            page["nextPageToken"] = str(start + size)
        return JSONResponse(page)

    async def _admit(self, request: Request, *, model: str, method: str) -> str:
        """Check version and key, and act out what happens before anything is read."""
        if _version(request) not in VERSIONS:
            raise _Unanswered(Response("Not Found", status_code=404, media_type="text/html"))
        key = request.headers.get("x-goog-api-key") or request.query_params.get("key") or ""
        await asyncio.sleep(self.latency_s)
        fault = self._faults.take(*_TRANSPORT, key=key, model=model, method=method)
        if fault is not None:
            await self._act(fault)
        if not key:
            raise errors.key_missing()
        if self._brain.keys and key not in self._brain.keys:
            raise errors.key_invalid()
        return key

    @staticmethod
    async def _act(fault: Fault) -> None:
        if fault.fault == "slow":
            await asyncio.sleep(float(fault.params.get("seconds", 2)))
            return
        if fault.fault == "never":
            await asyncio.sleep(float(fault.params.get("seconds", 3600)))
        if fault.fault == "malformed_json":
            body = fault.params.get("body", '{"candidates": [{"content": ')
            raise _Unanswered(Response(body, media_type="application/json"))
        raise _Unanswered(DroppedConnection())

    def _refuse(self, **context: str) -> None:
        fault = self._faults.take(*_REFUSING, **context)
        if fault is None:
            return
        if fault.fault == "key_invalid":
            raise errors.key_invalid()
        if fault.fault == "quota":
            raise errors.quota(
                model=context["model"],
                per=fault.params.get("per", "minute"),
                retry_after_s=float(fault.params.get("retry_after_s", 34)),
                limit=str(fault.params.get("limit", 20)),
            )
        code, message, status = {
            "server_error": (500, "An internal error has occurred. Please retry or report.", None),
            "unavailable": (503, "The model is overloaded. Please try again later.", None),
            "deadline": (504, "The request timed out. Please try again.", None),
            "denied": (403, "Your API key was reported as leaked. Please use another one.", None),
            "billing": (
                400,
                "User location is not supported for the API use without a billing account.",
                "FAILED_PRECONDITION",
            ),
        }[fault.fault]
        raise errors.GeminiError(code, message, status=status)


def create_app(*, faults: Faults | None = None, latency_s: float = 0.0) -> Starlette:
    """Return the simulator; `app.state.gemini` is its `Brain`, for tests in the same process.

    Serve it through `serving`, without which the fault `reset` cannot reach the socket.

    Args:
        faults: What to do wrong; the control API adds to the same registry.
        latency_s: How long every answer takes until the control API says otherwise.
    """
    faults = Faults(known=FAULTS) if faults is None else faults
    brain, log = Brain(), RequestLog()
    gemini = _Gemini(brain=brain, faults=faults, latency_s=latency_s)

    def reset() -> None:
        brain.reset()
        gemini.latency_s = latency_s

    def set_latency(seconds: float) -> None:
        gemini.latency_s = seconds

    app = Starlette(
        routes=[
            *control_routes(faults=faults, log=log, reset=reset),
            *gemini_control_routes(brain=brain, set_latency=set_latency),
            Route("/{version}/models", _answering(gemini.models), methods=["GET"]),
            Route("/{version}/models/{target}", _answering(gemini.one_model), methods=["GET"]),
            Route("/{version}/models/{target}", _answering(gemini.method), methods=["POST"]),
        ],
        middleware=[Middleware(RecordRequests, log=log)],
    )
    app.state.gemini = brain
    return app


def _answering(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except errors.GeminiError as refusal:
            return refusal.response()
        except _Unanswered as decided:
            return decided.response

    return answered


def _version(request: Request) -> str:
    return str(request.path_params["version"])


def _model(request: Request, *, name: str, method: str) -> SimulatedModel:
    version = _version(request)
    model = MODELS.get(name)
    if model is None or model not in served(version=version):
        raise errors.model_unknown(model=name, version=version, method=method)
    return model


def _counted(body: Any) -> dict[str, Any]:
    request = parse(body, message="CountTokensRequest")
    contents = request.get("generateContentRequest", request).get("contents", [])
    check_contents(contents)
    total = tokens_of_contents(contents)
    return {
        "totalTokens": total,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": total}],
    }


def _sent(answer: dict[str, Any], *, request: Request, method: str) -> Response:
    if method == "generateContent":
        return JSONResponse(answer)
    chunks = _chunks(answer)
    if request.query_params.get("alt") != "sse":
        return JSONResponse(chunks)

    async def events() -> AsyncIterator[str]:
        for chunk in chunks:
            yield f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def _chunks(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Cut a text in two, as a stream would; the finish reason comes with the last chunk."""
    candidates = answer.get("candidates") or [{}]
    parts = (candidates[0].get("content") or {}).get("parts", [])
    text = parts[-1].get("text", "") if parts else ""
    if len(text) < 2:  # noqa: PLR2004 - nothing to cut
        return [answer]
    half = len(text) // 2
    first = {
        "content": {"role": "model", "parts": [*parts[:-1], {"text": text[:half]}]},
        "index": 0,
    }
    last = {**candidates[0], "content": {"role": "model", "parts": [{"text": text[half:]}]}}
    return [{**answer, "candidates": [first]}, {**answer, "candidates": [last]}]
