"""What all our FastAPI routes share: every error is a problem, and every route documents its own.

It has the handlers and the documentation of errors, and no route.
Source: RFC 9457.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, get_args

import orjson
import structlog
from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core.core_schema import ErrorType
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_platform.errors import Conflict, Invalid, NotFound, PlatformError, Unavailable
from mcp_platform.kit.problem import (
    ARRIVES_WITHIN,
    STATUS,
    UNSTORED,
    MethodNotAllowed,
    TooLarge,
    TooSlow,
    headers_of,
    problem_of,
    send_problem,
    status_of,
)

log = structlog.get_logger(__name__)

# An encoded slash, or an encoded character that needs no encoding (RFC 3986, section 2.3).
_SPELT_OTHERWISE = re.compile(
    rb"%(?:2[DEF]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])|//", re.IGNORECASE
)
MEDIA_TYPE = "application/problem+json"
AWAY_FOR = timedelta(seconds=5)
# A name that a caller made up may be huge: what is wrong with it is told, not all of it.
LONGEST_FIELD = 80
MOST_FIELDS = 20


class PreconditionFailed(PlatformError):
    """What is to be changed is not any more as the caller saw it."""


class PreconditionRequired(PlatformError):
    """A change that does not say what it is a change of."""


STATUS[PreconditionFailed] = 412
STATUS[PreconditionRequired] = 428

RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="Sent again with the same key, a request is done once.",
    ),
]


class ConflictWith(Conflict):
    """A conflict that says what could be done instead. `extensions` stand in the problem itself."""

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, **extensions: Any
    ) -> None:
        super().__init__(message, fields=fields)
        self.extensions = extensions


def handle_problems(app: FastAPI) -> None:
    """Make `app` answer every error with a problem, its own and the framework's, and say so."""
    _complete_document(app)
    app.add_exception_handler(PlatformError, _on_platform_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for away in (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError):
        app.add_exception_handler(away, _on_database_away)
    app.add_exception_handler(Exception, _on_bug)


class RequestTracing:
    """Gives each request an id, which its log lines and what it records bear.

    And each answer what keeps it from being stored on its way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_unstored(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in UNSTORED.items():
                    headers.setdefault(name, value)  # a route may say otherwise
            await send(message)

        scope["trace_id"] = trace_id = secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(trace_id=trace_id):
            await self._app(scope, receive, send_unstored)


class OnePath:
    """Serves a path in one spelling, the one that the proxy before us has seen."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _SPELT_OTHERWISE.search(scope["raw_path"]):
            await send_problem(send, NotFound("Nothing is served on this path."))
            return
        await self._app(scope, receive, send)


def problem_response(error: PlatformError) -> Response:
    """Return `error` as an answer."""
    extensions = getattr(error, "extensions", {})
    return Response(
        orjson.dumps({**extensions, **problem_of(error)}),
        status_code=status_of(error),
        headers=headers_of(error),
    )


def read_if_match(header: str | None) -> frozenset[int] | None:
    """Return the versions that `If-Match` names; None: any. What is no version matches nothing."""
    if header is None or header.strip() == "*":
        return None
    return frozenset(int(each) for each in re.findall(r'(?<!/)"(\d{1,18})"', header, re.ASCII))


def expected(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="Required: the ETag it was read with, or `*`."
            " 428 without, 412 if it changed since.",
        ),
    ] = None,
) -> frozenset[int] | None:
    """Return the versions that a change may be made of, which a request has to name."""
    if if_match is None:
        raise PreconditionRequired("Send in `If-Match` the ETag of what you read, or `*`.")
    return read_if_match(if_match)


Expected = Annotated[frozenset[int] | None, Depends(expected)]
"""The versions that a change may be made of; None: any."""


def bodies_up_to(most: int) -> type[APIRoute]:
    """Return the class of routes that read no more than `most` bytes of a body.

    FastAPI's own `max_body_size` answers in plain text.
    """

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def limited(request: Request) -> Response:
                body = await read_up_to(request, most=most)

                async def receive() -> Message:
                    return {"type": "http.request", "body": body, "more_body": False}

                return await handle(Request(request.scope, receive))

            return limited

    return Route


async def read_up_to(request: Request, *, most: int) -> bytes:
    """Return the body of a request.

    Raises:
        TooLarge: it has more than `most` bytes; the rest was not read.
        TooSlow: it did not arrive in time.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise TooLarge(most)
    body = bytearray()
    try:
        async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise TooLarge(most)
    except TimeoutError as error:
        raise TooSlow from error
    return bytes(body)


async def _on_platform_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, PlatformError):  # never: it is registered for these
        raise TypeError from error
    if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
        return await _on_bug(_, error)
    return problem_response(error)


_OF_A_SCHEMA = frozenset(get_args(ErrorType)) - {"value_error", "assertion_error"}


async def _on_invalid_request(_: Request, error: Exception) -> Response:
    found: Sequence[Mapping[str, Any]] = (
        error.errors() if isinstance(error, RequestValidationError) else []
    )
    fields = {_field(each["loc"]): _why(each) for each in found[:MOST_FIELDS]}
    if all(each["type"] not in _OF_A_SCHEMA for each in found):  # what no schema says
        told = [why if name == "body" else f"{name}: {why}" for name, why in fields.items()]
        return problem_response(Invalid("; ".join(told), fields=fields))
    return problem_response(Invalid("The request is not as documented.", fields=fields))


def _why(found: Mapping[str, Any]) -> str:
    """Return what is wrong in words for a caller, who does not know our models."""
    match found["type"]:
        case "extra_forbidden":
            return "There is no such field"
        case "json_invalid":
            return f"This is no JSON: {found['ctx']['error']}, at character {found['loc'][-1]}"
        case "model_attributes_type" if found["loc"] == ("body",):
            return "This must be a JSON object, sent with Content-Type: application/json"
        case _:
            return str(found["msg"])


def _field(location: Sequence[str | int]) -> str:
    where, *path = location
    # Of JSON that cannot be read the place is a position, which helps nobody as a name.
    named = [str(each) for each in path] if not (path and isinstance(path[0], int)) else []
    return ".".join(named)[:LONGEST_FIELD] or str(where)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # never: it is registered for these
        raise TypeError from error
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for JSON nobody can read
        return problem_response(Invalid("The body cannot be read as JSON."))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem_response(MethodNotAllowed(*_allowed(request)))
    status = HTTPStatus(error.status_code)
    problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": status.description or status.phrase,
    }
    headers = {**(error.headers or {}), "content-type": MEDIA_TYPE}
    return Response(orjson.dumps(problem), status_code=status, headers=headers)


def _allowed(request: Request) -> list[str]:
    """Return what the path takes: the framework names the methods of one of its routes alone."""
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        for asked in [{**request.scope, "method": method}]
        if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)
    ]


async def _on_database_away(_: Request, error: Exception) -> Response:
    log.warning("http.database.away", error=repr(error))
    return problem_response(Unavailable("The database is away.", retry_after=AWAY_FOR))


async def _on_bug(request: Request, error: Exception) -> Response:
    log.error(
        "http.request.failed",
        method=request.method,
        path=request.url.path,
        trace_id=request.scope.get("trace_id"),  # it comes here from outside of `RequestTracing`
        exc_info=error,
    )
    return problem_response(PlatformError("Something went wrong on our side; it is recorded."))


_PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, for a person."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_MEANINGS = {
    401: "No token, or one that is not valid.",
    403: "The token may not do this, or the tenant is suspended.",
    404: "There is nothing here for this token.",
    408: "The body did not arrive in time.",
    409: "The present state does not allow it.",
    412: "It is not any more as `If-Match` says.",
    413: "The body is too large.",
    422: "The request is not as documented; `errors` says where.",
    428: "`If-Match` is missing.",
    429: "Too often; try again after `Retry-After` seconds.",
    503: "Something this depends on is away; try again after `Retry-After` seconds.",
}


def problems(*statuses: int, **schemas: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return what a route's `responses` say of these statuses; `s409={…}` adds properties to one."""
    documented: dict[int | str, dict[str, Any]] = {}
    # Who takes a body may have to wait for it.
    for status in sorted({*statuses, *([408] if 413 in statuses else [])}):  # noqa: PLR2004  # one status is the other's company
        more = schemas.get(f"s{status}", {})
        schema: dict[str, Any] = {"$ref": "#/components/schemas/Problem"}
        if more:
            schema = {"allOf": [schema, {"type": "object", "properties": more}]}
        documented[status] = {
            "description": _MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
    return documented


def _complete_document(app: FastAPI) -> None:
    """Have the OpenAPI document of `app` say what FastAPI does not know of our routes."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = described()
            document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
            for operations in document["paths"].values():
                for operation in operations.values():
                    _require_if_match(operation)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation says


def _require_if_match(operation: dict[str, Any]) -> None:
    """Say that `If-Match` must be sent where 428 is the answer without."""
    if "428" in operation["responses"]:
        for parameter in operation["parameters"]:
            if parameter["name"] == "If-Match":
                parameter["required"] = True
                parameter["schema"] = {"type": "string"}
