"""The control routes of the Google simulator: calendars, accounts, and the owner's own hand.

These routes are beyond what all simulators share. They act as the owner of a calendar, not as a
service account: no scopes, no roles, and guests may be invited.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.control import json_object, refused
from mcp_platform.simulators.google.errors import GoogleError, not_found
from mcp_platform.simulators.google.events import interval_of, shown
from mcp_platform.simulators.google.push import Channels
from mcp_platform.simulators.google.state import Google, StoredCalendar
from mcp_platform.simulators.google.tokens import AccessTokens

_EVENTS = "/_control/calendars/{calendar_id}/events"
_OWNER = "owner@example.com"

Handler = Callable[[Request], Awaitable[Response]]


def _answering(handler: Handler) -> Handler:
    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except GoogleError as error:
            return error.response()
        except (KeyError, ValueError, ZoneInfoNotFoundError) as error:
            return refused(str(error))

    return answered


class OwnerRoutes:
    """What the owner of a calendar does, as HTTP handlers."""

    def __init__(
        self,
        *,
        google: Google,
        tokens: AccessTokens,
        channels: Channels,
        alarms: list[dict[str, Any]],
    ) -> None:
        self._google = google
        self._tokens = tokens
        self._channels = channels
        self._alarms = alarms

    def routes(self) -> list[Route]:
        """Return the routes under `/_control`."""
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/_control/calendars", self._share),
            ("GET", "/_control/calendars", self._list_calendars),
            ("POST", "/_control/accounts", self._register),
            ("POST", "/_control/tokens/revoke", self._revoke),
            ("GET", "/_control/alarms", self._list_alarms),
            ("GET", _EVENTS, self._list_events),
            ("POST", _EVENTS, self._add),
            ("PATCH", f"{_EVENTS}/{{event_id}}", self._change),
            ("DELETE", f"{_EVENTS}/{{event_id}}", self._remove),
        ]
        return [Route(path, _answering(do), methods=[method]) for method, path, do in table]

    def _calendar(self, request: Request) -> StoredCalendar:
        calendar = self._google.calendars.get(request.path_params["calendar_id"])
        if calendar is None:
            raise not_found()
        return calendar

    async def _share(self, request: Request) -> Response:
        calendar = self._google.share(await json_object(request))
        return JSONResponse({"id": calendar.id}, status_code=201)

    async def _list_calendars(self, _: Request) -> Response:
        listed = [
            {
                "id": calendar.id,
                "summary": calendar.summary,
                "time_zone": calendar.zone_name,
                "access_role": calendar.access_role,
            }
            for calendar in self._google.calendars.values()
        ]
        return JSONResponse({"calendars": listed})

    async def _register(self, request: Request) -> Response:
        body = await json_object(request)
        self._tokens.register(
            client_email=body["client_email"],
            public_key_pem=body["public_key_pem"],
            private_key_id=body.get("private_key_id", "key-1"),
        )
        return JSONResponse({"client_email": body["client_email"]}, status_code=201)

    async def _revoke(self, _: Request) -> Response:
        self._tokens.revoke_all()
        return Response(status_code=204)

    async def _list_alarms(self, _: Request) -> Response:
        return JSONResponse({"alarms": self._alarms})

    async def _list_events(self, request: Request) -> Response:
        calendar = self._calendar(request)
        bodies = [entry.body for entry in calendar.entries.values()]
        bodies.sort(key=lambda event: interval_of(event, zone=calendar.zone)[0])
        zone = calendar.zone
        return JSONResponse(
            {"events": [shown(event, zone=zone, offset_zone=zone) for event in bodies]}
        )

    async def _add(self, request: Request) -> Response:
        calendar = self._calendar(request)
        event = calendar.insert(await json_object(request), creator=_OWNER)
        self._channels.changed(calendar.id)
        return JSONResponse(event, status_code=201)

    async def _change(self, request: Request) -> Response:
        calendar = self._calendar(request)
        event = calendar.patch(request.path_params["event_id"], await json_object(request))
        self._channels.changed(calendar.id)
        return JSONResponse(event)

    async def _remove(self, request: Request) -> Response:
        calendar = self._calendar(request)
        calendar.delete(request.path_params["event_id"])
        self._channels.changed(calendar.id)
        return Response(status_code=204)
