"""The face of the simulated Meta that businesses see: the Graph API, v21.0 to v26.0.

It has paths, versions, access tokens and answers. `simulators/meta/world.py` does what a message asks.
"""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.control import DroppedConnection
from mcp_platform.simulators.meta.calls import (
    GraphCall,
    UploadedFile,
    check_proof,
    fault_context,
    read_params,
    refusal_of,
)
from mcp_platform.simulators.meta.errors import GraphError, token_refused, unknown_object
from mcp_platform.simulators.meta.nodes import phone_node, token_info
from mcp_platform.simulators.meta.settings import CALL_FAULTS
from mcp_platform.simulators.meta.state import Media, Number
from mcp_platform.simulators.meta.world import CallbackRefused, MetaWorld

VERSIONS = frozenset(f"v{major}.0" for major in range(21, 27))
MEDIA_URL_S = 300  # how long a media URL works
_OVERRIDE_MAX = 200  # characters of an override's URL
_HUNG_UP: Any = object()  # an answer that is none


Answer = Callable[[GraphCall], Awaitable[Any]]


class Graph:
    """Answers for one simulated world."""

    def __init__(self, world: MetaWorld) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes, the most specific first; whatever else is asked for is refused."""
        return [
            self._route("/debug_token", "debug_token", "GET", self._debug_token),
            self._route("/oauth/access_token", "app_token", "GET", self._app_token),
            self._route("/{node}/messages", "messages", "POST", self._messages),
            self._route("/{node}/media", "media", "POST", self._upload),
            self._route("/{node}/register", "register", "POST", self._register),
            self._route("/{node}/phone_numbers", "phone_numbers", "GET", self._phone_numbers),
            self._route("/{node}/message_templates", "templates", "GET", self._templates),
            self._route("/{node}/message_templates", "template", "POST", self._add_template),
            self._route("/{node}/subscribed_apps", "subscribed_apps", "GET", self._subscribed),
            self._route("/{node}/subscribed_apps", "subscribed_apps", "POST", self._subscribe),
            self._route("/{node}/subscribed_apps", "subscribed_apps", "DELETE", self._unsubscribe),
            self._route("/{node}/subscriptions", "subscriptions", "POST", self._app_callback),
            self._route("/{node}", "node", "GET", self._get_node),
            self._route("/{node}", "node", "POST", self._post_node),
            self._route("/{node}", "node", "DELETE", self._delete_media),
            Route("/whatsapp_business/attachments/", self._download, methods=["GET"]),
            Route("/{anything:path}", _unknown_path, methods=["GET", "POST", "PUT", "DELETE"]),
        ]

    def _route(self, path: str, kind: str, method: str, answer: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                params = await read_params(request)
                answered = await self._answered(GraphCall(request, kind, params), answer)
            except GraphError as error:
                return JSONResponse(error.body(), status_code=error.status, headers=_traces())
            if answered is _HUNG_UP:
                return DroppedConnection()
            return JSONResponse(answered, headers=_traces())

        return Route("/{version}" + path, endpoint, methods=[method])

    async def _answered(self, call: GraphCall, answer: Answer) -> Any:
        """Act out the faults for this call, then answer it; some faults come after acceptance."""
        if call.request.path_params["version"] not in VERSIONS:
            raise _no_such_path(call.request)
        context = fault_context(call)
        if slow := self._world.faults.take("slow", **context):
            await asyncio.sleep(float(slow.params.get("seconds", 1.0)))
        if fault := self._world.faults.take(*(set(CALL_FAULTS) - {"slow"}), **context):
            if fault.fault == "reset":
                return _HUNG_UP
            raise refusal_of(fault.fault, fault.params)
        if call.kind == "messages" and call.params.get("status") is None:
            if fault := self._world.faults.take("rate_limited", "pair_limited", **context):
                raise GraphError(130429 if fault.fault == "rate_limited" else 131056)
            answered = await answer(call)
            return _HUNG_UP if self._world.faults.take("response_lost", **context) else answered
        return await answer(call)

    # Who asks

    def _token_numbers(self, call: GraphCall) -> list[Number]:
        numbers = self._world.state.of_token(call.token) if call.token else []
        if not numbers:
            raise token_refused()
        check_proof(call, numbers[0])
        return numbers

    def _number(self, call: GraphCall) -> Number:
        for number in self._token_numbers(call):
            if number.phone_number_id == call.node:
                return number
        raise unknown_object(call.node, method=call.request.method)

    def _waba_numbers(self, call: GraphCall) -> list[Number]:
        numbers = [n for n in self._token_numbers(call) if n.waba_id == call.node]
        if not numbers:
            raise unknown_object(call.node, method=call.request.method)
        return numbers

    def _check_app(self, app_id: str, app_secret: str) -> None:
        known = self._world.state.app_secret(app_id)
        if known is None:
            raise GraphError(
                101,
                message="Error validating application. Cannot get application info due to a system error.",
            )
        if not hmac.compare_digest(known.encode(), app_secret.encode()):
            raise GraphError(1, message="Error validating client secret.", status=400)

    # Messages

    async def _messages(self, call: GraphCall) -> dict[str, Any]:
        number = self._number(call)
        if number.node.get("platform_type", "CLOUD_API") != "CLOUD_API":
            raise GraphError(133010)
        if "status" in call.params:
            return self._world.mark_read(number, call.params)
        return self._world.send(number, call.params)

    async def _register(self, call: GraphCall) -> dict[str, Any]:
        number = self._number(call)
        if call.params.get("messaging_product") != "whatsapp":
            raise GraphError(100, message="(#100) The parameter messaging_product is required.")
        if not (str(call.params.get("pin", "")).isdecimal() and len(str(call.params["pin"])) == 6):  # noqa: PLR2004 - Meta's two-step PIN
            raise GraphError(100, message="(#100) Param pin must be 6 characters long.")
        number.node.pop("platform_type", None)
        return {"success": True}

    # Media

    async def _upload(self, call: GraphCall) -> dict[str, Any]:
        number = self._number(call)
        if call.params.get("messaging_product") != "whatsapp":
            raise GraphError(100, message="(#100) The parameter messaging_product is required.")
        file = call.params.get("file")
        if not isinstance(file, UploadedFile):
            raise GraphError(100, message="(#100) The parameter file is required.")
        media = self._world.add_media(
            number.phone_number_id,
            mime_type=str(call.params.get("type") or file.mime_type),
            content=file.content,
            filename=file.filename,
        )
        return {"id": media.id}

    def _media(self, call: GraphCall) -> Media:
        ids = {number.phone_number_id for number in self._token_numbers(call)}
        media = self._world.state.media.get(call.node)
        asked = call.params.get("phone_number_id")
        if (
            media is None
            or media.phone_number_id not in ids
            or asked not in {None, media.phone_number_id}
        ):
            raise unknown_object(call.node, method=call.request.method)
        return media

    async def _delete_media(self, call: GraphCall) -> dict[str, Any]:
        del self._world.state.media[self._media(call).id]
        return {"success": True}

    def _media_node(self, call: GraphCall) -> dict[str, Any]:
        media = self._media(call)
        expires = int(self._world.now()) + MEDIA_URL_S
        path = f"whatsapp_business/attachments/?mid={media.id}&ext={expires}&hash={_url_hash(media.id, expires)}"
        return {
            "url": f"{call.request.base_url}{path}",
            "mime_type": media.mime_type,
            "sha256": media.sha256.hex(),
            "file_size": len(media.content),
            "id": media.id,
            "messaging_product": "whatsapp",
        }

    async def _download(self, request: Request) -> Response:
        call = GraphCall(request, "download", dict(request.query_params))
        media = self._world.state.media.get(str(call.params.get("mid")))
        expires = str(call.params.get("ext", ""))
        openers = {number.phone_number_id for number in self._world.state.of_token(call.token)}
        if not call.token or (media and media.phone_number_id not in openers):
            return Response("Unauthorized", status_code=401, media_type="text/html")
        intact = (
            expires.isdecimal()
            and media
            and call.params.get("hash") == _url_hash(media.id, int(expires))
        )
        if media is None or not intact or self._world.now() > int(expires):
            return Response("Not Found", status_code=404, media_type="text/html")
        return Response(media.content, headers={"content-type": media.mime_type})

    # Nodes and configuration

    async def _get_node(self, call: GraphCall) -> dict[str, Any]:
        if call.node in self._world.state.media:
            return self._media_node(call)
        number = self._number(call)
        return phone_node(number, self._world.state, fields=str(call.params.get("fields", "")))

    async def _phone_numbers(self, call: GraphCall) -> dict[str, Any]:
        shown = [
            phone_node(number, self._world.state, fields=str(call.params.get("fields", "")))
            for number in self._waba_numbers(call)
        ]
        return {"data": shown, "paging": {"cursors": {"before": "QVFI", "after": "QVFI"}}}

    async def _templates(self, call: GraphCall) -> dict[str, Any]:
        waba = self._world.state.waba(self._waba_numbers(call)[0].waba_id)
        name = str(call.params.get("name", ""))  # finds what contains it
        fields = str(call.params.get("fields", "")).split(",") if "fields" in call.params else None
        return {
            "data": [
                {key: template[key] for key in template if fields is None or key in {*fields, "id"}}
                for template in waba.templates
                if name in template["name"]
            ]
        }

    async def _add_template(self, call: GraphCall) -> dict[str, Any]:
        return self._world.templates.create(self._waba_numbers(call)[0], call.params)

    async def _post_node(self, call: GraphCall) -> dict[str, Any]:
        number = self._number(call)
        wanted = call.params.get("webhook_configuration")
        if not isinstance(wanted, dict) or "override_callback_uri" not in wanted:
            raise GraphError(100, message="(#100) The parameter webhook_configuration is required.")
        number.override_url = await self._agreed_override(wanted)
        return {"success": True}

    async def _subscribed(self, call: GraphCall) -> dict[str, Any]:
        numbers = self._waba_numbers(call)
        waba = self._world.state.waba(numbers[0].waba_id)
        override = {"override_callback_uri": waba.override_url} if waba.override_url else {}
        return {
            "data": [
                {
                    "whatsapp_business_api_data": {
                        "link": f"https://www.facebook.com/games/?app_id={app_id}",
                        "name": f"App {app_id}",
                        "id": app_id,
                    },
                    **override,
                }
                for app_id in sorted(waba.subscribed)
            ]
        }

    async def _subscribe(self, call: GraphCall) -> dict[str, Any]:
        number = self._waba_numbers(call)[0]
        waba = self._world.state.waba(number.waba_id)
        waba.override_url = await self._agreed_override(call.params)
        waba.subscribed.add(number.app_id)
        return {"success": True}

    async def _unsubscribe(self, call: GraphCall) -> dict[str, Any]:
        number = self._waba_numbers(call)[0]
        self._world.state.waba(number.waba_id).subscribed.discard(number.app_id)
        return {"success": True}

    async def _app_callback(self, call: GraphCall) -> dict[str, Any]:
        app_id, _, app_secret = call.token.partition("|")
        self._check_app(app_id, app_secret)
        if app_id != call.node or call.params.get("object") != "whatsapp_business_account":
            raise GraphError(100)
        url = await self._agreed_override(
            {**call.params, "override_callback_uri": call.params.get("callback_url", "")}
        )
        if url is None:
            raise GraphError(100, message="(#100) The parameter callback_url is required.")
        self._world.state.app_callbacks[app_id] = url
        return {"success": True}

    async def _agreed_override(self, wanted: dict[str, Any]) -> str | None:
        url = str(wanted.get("override_callback_uri") or "")
        if not url:
            return None
        if len(url) > _OVERRIDE_MAX:
            raise GraphError(
                100,
                message="(#100) Param override_callback_uri must be at most 200 characters long.",
            )
        try:
            await self._world.check_callback(url, verify_token=str(wanted.get("verify_token", "")))
        except CallbackRefused as refused:
            raise GraphError(
                2200,
                message=f"(#2200) Callback verification failed with the following errors: {refused}",
            ) from refused
        return url

    async def _debug_token(self, call: GraphCall) -> dict[str, Any]:
        app_id, bar, app_secret = call.token.partition("|")
        if bar:
            self._check_app(app_id, app_secret)
        else:
            self._token_numbers(call)
        token = str(call.params.get("input_token", ""))
        numbers = self._world.state.of_token(token)
        if bar and numbers and app_id not in {number.app_id for number in numbers}:
            raise GraphError(
                100,
                message="(#100) The App_id in the input_token did not match the Viewing App",
            )
        return {"data": token_info(token, self._world.state)}

    async def _app_token(self, call: GraphCall) -> dict[str, Any]:
        if call.params.get("grant_type") != "client_credentials":
            raise GraphError(
                100, message="(#100) Param grant_type must be one of: client_credentials."
            )
        app_id = str(call.params.get("client_id", ""))
        self._check_app(app_id, str(call.params.get("client_secret", "")))
        return {"access_token": f"{app_id}|{call.params['client_secret']}", "token_type": "bearer"}


def _url_hash(media_id: str, expires: int) -> str:
    return sha256(f"{media_id}:{expires}".encode()).hexdigest()[:24]


def _traces() -> dict[str, str]:
    return {"x-fb-trace-id": secrets.token_urlsafe(8), "facebook-api-version": "v26.0"}


def _no_such_path(request: Request) -> GraphError:
    return GraphError(2500, message=f"Unknown path components: {request.url.path}")


async def _unknown_path(request: Request) -> Response:
    return JSONResponse(_no_such_path(request).body(), status_code=400, headers=_traces())
