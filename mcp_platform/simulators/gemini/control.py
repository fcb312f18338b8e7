"""What a test can tell the simulated Gemini: scripts, personas, keys, latency.

These control routes are Gemini's alone. Faults and the log are in `simulators/control.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.control import CONTROL_PREFIX, json_object, refused
from mcp_platform.simulators.gemini.brain import Brain, Persona
from mcp_platform.simulators.gemini.personas import PERSONAS

Told = Callable[[dict[str, Any]], Any]


def gemini_control_routes(*, brain: Brain, set_latency: Callable[[float], None]) -> list[Route]:
    """Return the routes under `/_control` for queued answers, personas, keys and latency."""

    def add_answers(body: dict[str, Any]) -> Any:
        for answer in body["answers"]:
            brain.script(answer, key=body.get("key"))
        return _queued(brain)

    def set_persona(body: dict[str, Any]) -> Any:
        if body["persona"] not in PERSONAS:
            raise ValueError(f"known personas: {', '.join(PERSONAS)}")
        persona = Persona(body["persona"], body.get("index"))
        brain.personas[body.get("key") or ""] = persona
        return {"persona": persona.name}

    def add_keys(body: dict[str, Any]) -> Any:
        brain.keys.update(body["keys"])
        return {"keys": sorted(brain.keys)}

    def delay(body: dict[str, Any]) -> Any:
        set_latency(float(body["seconds"]))
        return {"seconds": float(body["seconds"])}

    async def list_answers(_: Request) -> Response:
        return JSONResponse(_queued(brain))

    def route(path: str, endpoint: Callable[[Request], Awaitable[Response]], method: str) -> Route:
        return Route(f"{CONTROL_PREFIX}/{path}", endpoint, methods=[method])

    return [
        route("answers", _told(add_answers), "POST"),
        route("answers", list_answers, "GET"),
        route("answers", _cleared(brain.scripts.clear), "DELETE"),
        route("persona", _told(set_persona), "POST"),
        route("keys", _told(add_keys), "POST"),
        route("keys", _cleared(brain.keys.clear), "DELETE"),
        route("latency", _told(delay), "POST"),
    ]


def _queued(brain: Brain) -> dict[str, Any]:
    queues = {key: list(queue) for key, queue in brain.scripts.items() if queue}
    return {"answers": queues.pop("", []), "by_key": queues}


def _cleared(clear: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_: Request) -> Response:
        clear()
        return Response(status_code=204)

    return endpoint


def _told(do: Told) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(do(await json_object(request)))
        except (KeyError, TypeError, ValueError) as error:
            return refused(f"{type(error).__name__}: {error}")

    return endpoint
