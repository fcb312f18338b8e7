"""What every simulator can be told over HTTP: the faults to act out, and what it has received.

Here are the fault registry, the request log, the routes under `/_control` that all simulators share,
and the way a simulator hangs up on a caller.
"""

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL_PREFIX = "/_control"
_LOG_LENGTH = 2_000  # a simulator may run for days beside a demo; tests look at far fewer
_BODY_LENGTH = 20_000  # characters of one body kept in the log; media uploads are not worth more
_KEPT_HEADERS = (
    "accept-encoding",
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "user-agent",
    "x-goog-api-client",
    "x-goog-api-key",
    "x-goog-user-project",
)
_ABORT = "mcp_platform.abort"  # ASGI extension set by `droppable`


@dataclass(slots=True)
class Fault:
    """One thing to do wrong: how often (`None`: until cleared), and for which requests."""

    id: str
    fault: str
    match: dict[str, str] = field(default_factory=dict)
    times: int | None = 1
    params: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults a simulator still has to act out, in the order they were added.

    Safe to use from a test's thread while the simulator serves in another.
    """

    def __init__(self, *, known: Iterable[str] = ()) -> None:
        """Refuse names outside `known` when it is given: a misspelt fault would never strike."""
        self._known = frozenset(known)
        self._live: list[Fault] = []
        self._ids = count(1)
        self._lock = Lock()

    def add(
        self,
        fault: str,
        *,
        match: Mapping[str, str] | None = None,
        times: int | None = 1,
        **params: Any,
    ) -> Fault:
        """Act out `fault` for the next `times` requests whose context contains `match`.

        Raises:
            ValueError: this simulator has no such fault, or `times` is not positive.
        """
        if self._known and fault not in self._known:
            raise ValueError(f"unknown fault {fault!r}; known: {', '.join(sorted(self._known))}")
        if times is not None and times < 1:
            raise ValueError("times must be at least 1, or null for no limit")
        with self._lock:
            matched = {key: str(value) for key, value in (match or {}).items()}
            added = Fault(f"fault-{next(self._ids)}", fault, matched, times, params)
            self._live.append(added)
        return added

    def take(self, *names: str, **context: str) -> Fault | None:
        """Use up one strike of the first live fault that has one of `names` and fits `context`."""
        with self._lock:
            for fault in self._live:
                if fault.fault in names and fault.match.items() <= context.items():
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._live.remove(fault)
                    return fault
        return None

    def list(self) -> "list[Fault]":
        """Return the faults that can still strike."""
        with self._lock:
            return list(self._live)

    def clear(self) -> None:
        """Behave well again."""
        with self._lock:
            self._live.clear()


class RequestLog:
    """The last requests a simulator received, oldest first."""

    def __init__(self, *, length: int = _LOG_LENGTH) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=length)

    def record(
        self,
        *,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        """Remember a request; of its headers those that say who asks and how, its body as JSON if it is."""
        lowered = {key.lower(): value for key, value in (headers or {}).items()}
        self._entries.append(
            {
                "method": method,
                "path": path,
                "query": query,
                "headers": {key: lowered[key] for key in _KEPT_HEADERS if key in lowered},
                "body": _readable(body),
            },
        )

    def list(self) -> "list[dict[str, Any]]":
        """Return what was received, newest last."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget what was received."""
        self._entries.clear()


def _readable(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body[:_BODY_LENGTH].decode(errors="replace")


class RecordRequests:
    """ASGI middleware that writes every request outside `/_control` to a log, body included."""

    def __init__(self, app: ASGIApp, *, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole body, record, and replay it to the application."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        request = Request(scope)
        self._log.record(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=request.headers,
            body=body,
        )
        replay: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return replay.pop() if replay else await receive()

        await self._app(scope, replayed, send)


class DroppedConnection(Response):
    """Returned instead of an answer: the connection breaks and the caller never gets one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Break the connection that `droppable` gave access to.

        Raises:
            ConnectionResetError: there is no connection, since the caller is in this process.
        """
        del send
        abort = scope.get("extensions", {}).get(_ABORT)
        if abort is None:
            raise ConnectionResetError("the simulator dropped the connection")
        abort()
        while (await receive())["type"] != "http.disconnect":
            pass


def droppable(app: ASGIApp) -> ASGIApp:
    """Wrap `app`, outside all middleware, so that `DroppedConnection` can reach uvicorn's socket."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            scope["extensions"] = {**scope.get("extensions", {}), _ABORT: transport.abort}
        await app(scope, receive, send)

    return wrapped


def refused(why: str, *, status: int = 400) -> JSONResponse:
    """Return the answer of a control route to a request it can't follow."""
    return JSONResponse({"error": why}, status_code=status)


async def json_object(request: Request) -> dict[str, Any]:
    """Read the body as a JSON object; an empty body is an empty one.

    Raises:
        ValueError: it is something else.
    """
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - one kind of refusal for callers
    return body


def control_routes(
    *,
    faults: Faults,
    log: RequestLog,
    reset: Callable[[], None],
) -> list[Route]:
    """Return the `/_control` routes that all simulators share; `reset` clears the vendor's state."""

    async def add_fault(request: Request) -> Response:
        try:
            body = await json_object(request)
            fault = faults.add(
                str(body.pop("fault", "")),
                match=body.pop("match", None),
                times=body.pop("times", 1),
                **body,
            )
        except (TypeError, ValueError) as error:
            return refused(str(error))
        return JSONResponse({"id": fault.id}, status_code=201)

    async def list_faults(_: Request) -> Response:
        return JSONResponse({"faults": [asdict(fault) for fault in faults.list()]})

    async def clear_faults(_: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    async def list_requests(_: Request) -> Response:
        return JSONResponse({"requests": log.list()})

    async def clear_requests(_: Request) -> Response:
        log.clear()
        return Response(status_code=204)

    async def reset_all(_: Request) -> Response:
        faults.clear()
        log.clear()
        reset()
        return Response(status_code=204)

    def route(path: str, endpoint: Callable[[Request], Any], methods: Collection[str]) -> Route:
        return Route(f"{CONTROL_PREFIX}/{path}", endpoint, methods=list(methods))

    return [
        route("faults", add_fault, ["POST"]),
        route("faults", list_faults, ["GET"]),
        route("faults", clear_faults, ["DELETE"]),
        route("requests", list_requests, ["GET"]),
        route("requests", clear_requests, ["DELETE"]),
        route("reset", reset_all, ["POST"]),
    ]
