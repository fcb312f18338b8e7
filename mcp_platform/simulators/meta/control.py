"""The face of the simulated Meta that tests and the demo see: `/_control` beyond what all share.

It reads the requests; `simulators/meta/world.py` does what they ask.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.control import CONTROL_PREFIX, json_object, refused
from mcp_platform.simulators.meta.state import Number
from mcp_platform.simulators.meta.world import CallbackRefused, MetaWorld

_LOOK_EVERY_S = 0.02  # a look costs microseconds, and a person notices no such delay
_NUMBER_KEYS = (
    "phone_number_id",
    "waba_id",
    "display_phone_number",
    "token",
    "app_id",
    "app_secret",
    "verify_token",
)


class MetaControl:
    """The control routes of one simulated world; what can't be followed is answered 400."""

    def __init__(self, world: MetaWorld) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            _post("numbers", self._add_number),
            _get("numbers", self._numbers),
            _post("contacts", self._add_contact),
            _post("templates", self._add_template),
            _post("templates/state", self._change_template),
            _post("media", self._add_media),
            _post("settings", self._change_settings),
            _get("settings", self._settings),
            _post("inbound", self._inbound),
            _post("deliver", self._deliver),
            _get("undelivered", self._undelivered),
            _get("progress", self._progress),
            _get("sent", self._sent),
            _get("conversation", self._conversation),
        ]

    async def _add_number(self, body: dict[str, Any]) -> Any:
        identity: dict[str, Any] = {key: str(body[key]) for key in _NUMBER_KEYS}
        number = Number(
            **identity,
            node=body.get("node", {}),
            token_info=body.get("token_info", {}),
            require_proof=bool(body.get("require_proof", False)),
        )
        added = await self._world.register(number, callback_url=body.get("callback_url"))
        return {"phone_number_id": added.phone_number_id, "callback_url": added.override_url}

    async def _numbers(self, _: dict[str, Any]) -> Any:
        state = self._world.state
        return {
            "numbers": [
                {
                    "phone_number_id": number.phone_number_id,
                    "waba_id": number.waba_id,
                    "display_phone_number": number.display_phone_number,
                    "callback_url": state.callback_of(number),
                }
                for number in state.numbers.values()
            ]
        }

    async def _add_contact(self, body: dict[str, Any]) -> Any:
        number = str(body["phone_number_id"])
        contact = self._world.contact(number, body)
        if "offline" in body:
            address = contact.wa_id or contact.user_id or ""
            self._world.reachable(number, address, offline=bool(body["offline"]))
        return contact.as_json()

    async def _add_template(self, body: dict[str, Any]) -> Any:
        waba = self._world.state.waba(str(body["waba_id"]))
        template = {"status": "APPROVED", "category": "UTILITY", **body}
        if not {"name", "language"} <= template.keys():
            raise ValueError("a template needs name and language")
        del template["waba_id"]
        waba.templates.append(template)
        return template

    async def _change_template(self, body: dict[str, Any]) -> Any:
        wanted = {key: str(body[key]) for key in ("waba_id", "name", "language")}
        news = {key: body[key] for key in ("status", "category", "reason") if key in body}
        return await self._world.templates.change(**wanted, **news)

    async def _add_media(self, body: dict[str, Any]) -> Any:
        media = self._world.add_media(
            self._world.state.number(str(body["phone_number_id"])).phone_number_id,
            mime_type=str(body["mime_type"]),
            content=base64.b64decode(body["content_base64"], validate=True),
            filename=body.get("filename"),
        )
        return {"id": media.id}

    async def _change_settings(self, body: dict[str, Any]) -> Any:
        self._world.settings = self._world.settings.changed(**body)
        return asdict(self._world.settings)

    async def _settings(self, _: dict[str, Any]) -> Any:
        return asdict(self._world.settings)

    async def _inbound(self, body: dict[str, Any]) -> Any:
        return await self._world.inbound(body.get("batch") or [body])

    async def _deliver(self, body: dict[str, Any]) -> Any:
        outcomes = await self._world.deliver(
            body["body"],
            phone_number_id=str(body["phone_number_id"]),
            sign=bool(body.get("sign", True)),
            times=int(body.get("times", 1)),
            url=body.get("url"),
            redeliver=bool(body.get("redeliver", False)),
        )
        return {"deliveries": outcomes, **(outcomes[0] if outcomes else {})}

    async def _undelivered(self, query: dict[str, Any]) -> Any:
        wanted = query.get("phone_number_id")
        waiting = self._world.deliverer.undelivered()
        return {
            "undelivered": [
                delivery.as_json()
                for delivery in waiting
                if wanted in {None, delivery.phone_number_id}
            ]
        }

    async def _progress(self, query: dict[str, Any]) -> Any:
        wanted = query.get("phone_number_id")
        numbers = self._world.state.numbers.values()
        return {
            "accepted": sum(
                number.accepted for number in numbers if wanted in {None, number.phone_number_id}
            ),
            "under_way": self._world.deliverer.under_way(phone_number_id=wanted),
        }

    async def _sent(self, query: dict[str, Any]) -> Any:
        wanted, patience_s = int(query.get("at_least", 0)), float(query.get("within_s", 0))
        clock = asyncio.get_running_loop().time
        until = clock() + patience_s
        while True:
            sent = self._world.sent(
                phone_number_id=query.get("phone_number_id"), to=query.get("to")
            )
            if len(sent) >= wanted or clock() >= until:
                return {"sent": sent}
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _conversation(self, query: dict[str, Any]) -> Any:
        number = self._world.state.number(str(query["phone_number_id"]))
        contact = number.find(str(query["contact"]))
        found = self._world.entries(
            phone_number_id=number.phone_number_id, contact=str(query["contact"])
        )
        return {
            "contact": contact.as_json() if contact else None,
            "typing": bool(contact and contact.typing),
            "messages": [entry.as_json(phone_number_id=at.phone_number_id) for at, entry in found],
        }


_Answer = Callable[[dict[str, Any]], Awaitable[Any]]


def _get(path: str, answer: _Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        return await _answered(answer, dict(request.query_params))

    return Route(f"{CONTROL_PREFIX}/{path}", endpoint, methods=["GET"])


def _post(path: str, answer: _Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            body = await json_object(request)
        except ValueError as error:
            return refused(str(error))
        return await _answered(answer, body)

    return Route(f"{CONTROL_PREFIX}/{path}", endpoint, methods=["POST"])


async def _answered(answer: _Answer, asked: dict[str, Any]) -> Response:
    try:
        return JSONResponse(await answer(asked))
    except KeyError as error:
        return refused(f"missing or unknown: {error.args[0]}")
    except (TypeError, ValueError, CallbackRefused, binascii.Error) as error:
        return refused(str(error))
