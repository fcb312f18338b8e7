"""Google Calendar v3 and Google's token endpoint, as a service account meets them.

It keeps everything in memory and never calls Google. It refuses what Google refuses, in Google's
shapes. Where Google can do more than is built here, it answers 501.

Source: the discovery document of Calendar v3, revision 20261030, for paths and scopes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_platform.simulators.control import (
    DroppedConnection,
    Faults,
    RecordRequests,
    RequestLog,
    control_routes,
)
from mcp_platform.simulators.google import errors
from mcp_platform.simulators.google.control import OwnerRoutes
from mcp_platform.simulators.google.events import Body, shown, shown_as_busy, zone_named
from mcp_platform.simulators.google.faults import BEFORE, FAULTS, struck, token_struck
from mcp_platform.simulators.google.fields import select
from mcp_platform.simulators.google.listing import free_busy, list_events
from mcp_platform.simulators.google.methods import (
    CALENDAR_LIST,
    CALENDARS,
    COMMON,
    FREE_BUSY,
    GETTING,
    INSERTING,
    LISTING,
    READ,
    SENDING,
    WRITE,
)
from mcp_platform.simulators.google.push import Channels
from mcp_platform.simulators.google.state import WRITERS, Google, StoredCalendar
from mcp_platform.simulators.google.tokens import AccessTokens, Grant, new_service_account

__all__ = ["FAULTS", "create_app", "new_service_account"]


@dataclass(frozen=True, slots=True)
class AuthorizedRequest:
    """One request that was let in: who calls, and with what."""

    request: Request
    grant: Grant
    body: Body

    @property
    def event_id(self) -> str:
        """The event in the path."""
        return str(self.request.path_params["event_id"])


Handler = Callable[[AuthorizedRequest], Response]


class GoogleCalendar:
    """The handlers of the simulated API."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        known_accounts_only: bool,
        match_any_property: bool,
        base_url: str,
    ) -> None:
        self.google = Google(clock=clock)
        self.tokens = AccessTokens(clock=clock, known_accounts_only=known_accounts_only)
        self.channels = Channels(clock=clock, base_url=base_url)
        self.faults = Faults(known=FAULTS)
        self.alarms: list[dict[str, Any]] = []
        self.match_any_property = match_any_property

    def reset(self) -> None:
        """Forget everything."""
        self.google.reset()
        self.tokens.reset()
        self.channels.reset()
        self.alarms.clear()

    def routes(self) -> list[Route]:
        """Return the routes of Calendar v3, the token endpoint and the alarm."""
        calendar, root = "/calendar/v3/calendars/{calendar_id}", "/calendar/v3"
        events, event = f"{calendar}/events", f"{calendar}/events/{{event_id}}"
        listed = f"{root}/users/me/calendarList"
        none: frozenset[str] = frozenset()
        table = [
            ("GET", events, "events.list", READ, LISTING, self._list),
            ("POST", events, "events.insert", WRITE, INSERTING, self._insert),
            ("POST", f"{events}/watch", "events.watch", READ, LISTING, self._watch),
            ("POST", f"{events}/import", "events.import", WRITE, INSERTING, _missing),
            ("POST", f"{events}/quickAdd", "events.quickAdd", WRITE, {"text"}, _missing),
            ("GET", f"{event}/instances", "events.instances", READ, LISTING, _missing),
            ("POST", f"{event}/move", "events.move", WRITE, {"destination"}, _missing),
            ("GET", event, "events.get", READ, GETTING, self._get),
            ("PATCH", event, "events.patch", WRITE, INSERTING, self._patch),
            ("PUT", event, "events.update", WRITE, INSERTING, self._update),
            ("DELETE", event, "events.delete", WRITE, SENDING, self._delete),
            ("GET", calendar, "calendars.get", CALENDARS, none, self._calendar_get),
            ("GET", listed, "calendarList.list", CALENDAR_LIST, none, _empty_list),
            ("POST", f"{root}/freeBusy", "freebusy.query", FREE_BUSY, none, self._free_busy),
            ("POST", f"{root}/channels/stop", "channels.stop", READ, none, self._stop),
        ]
        api = [
            Route(path, self._endpoint(name, scopes, COMMON | known, handler), methods=[method])
            for method, path, name, scopes, known, handler in table
        ]
        lookups = Route("/v1/projects/{rest:path}", self._alarm, methods=["GET", "POST"])
        return [*api, Route("/token", self._token, methods=["POST"]), lookups]

    def _endpoint(
        self, method: str, scopes: frozenset[str], known: frozenset[str], handler: Handler
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return await self._serve(request, method, scopes, known, handler)
            except errors.GoogleError as error:
                return error.response()

        return endpoint

    async def _serve(
        self,
        request: Request,
        method: str,
        scopes: frozenset[str],
        known: frozenset[str],
        handler: Handler,
    ) -> Response:
        grant = self.tokens.holder(request.headers.get("authorization", ""))
        context = {"method": method, "calendar_id": request.path_params.get("calendar_id", "")}
        if grant:
            context["client_email"] = grant.client_email
        if slow := self.faults.take("slow", **context):
            await asyncio.sleep(float(slow.params.get("seconds", 30)))
        if fault := self.faults.take(*BEFORE, **context):
            return struck(fault)
        if grant is None:
            raise errors.unauthenticated()
        if not scopes & grant.scopes:
            raise errors.insufficient_scope()
        _check_parameters(request, known)
        self._raise_conditional_faults(request, context)
        try:
            response = handler(AuthorizedRequest(request, grant, await _body_of(request)))
        except errors.GoogleError as error:
            response = error.response()
        if self.faults.take("response_lost", **context):
            return DroppedConnection()
        return response

    def _raise_conditional_faults(self, request: Request, context: dict[str, str]) -> None:
        if "syncToken" in request.query_params and self.faults.take("gone_sync", **context):
            raise errors.sync_needed()
        if "if-match" in request.headers and self.faults.take("precondition_failed", **context):
            raise errors.condition_not_met()

    async def _token(self, request: Request) -> Response:
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        names = ("invalid_grant", "token_unreadable", "token_malformed_body")
        try:
            if fault := self.faults.take(*names, method="token"):
                return token_struck(fault)
            return JSONResponse(self.tokens.exchange(form))
        except errors.TokenError as error:
            return error.response()

    async def _alarm(self, request: Request) -> Response:
        """Record what must never be asked: google-auth's look-up of allowed locations."""
        path, host = request.url.path, request.headers.get("host", "")
        self.alarms.append({"method": request.method, "path": path, "host": host})
        return errors.not_found().response()

    def _seen(self, call: AuthorizedRequest, *, write: bool = False) -> tuple[StoredCalendar, str]:
        calendar = self.google.seen_by(
            call.grant.client_email, call.request.path_params["calendar_id"]
        )
        role = calendar.role_of(call.grant.client_email) or ""
        if write and role not in WRITERS:
            raise errors.writer_needed()
        if write and call.body.get("attendees") and not call.grant.delegated:
            raise errors.no_invitations()
        return calendar, role

    def _list(self, call: AuthorizedRequest) -> Response:
        calendar, role = self._seen(call)
        answer = list_events(
            self.google,
            calendar,
            params=call.request.query_params,
            role=role,
            match_any_property=self.match_any_property,
        )
        return _json(call, answer)

    def _get(self, call: AuthorizedRequest) -> Response:
        calendar, role = self._seen(call)
        event = calendar.get(call.event_id)
        if call.request.headers.get("if-none-match") == event["etag"]:
            return Response(status_code=304, headers={"ETag": event["etag"]})
        return self._show(call, calendar, event, role=role)

    def _insert(self, call: AuthorizedRequest) -> Response:
        calendar, role = self._seen(call, write=True)
        event = calendar.insert(call.body, creator=call.grant.client_email)
        self.channels.changed(calendar.id)
        return self._show(call, calendar, event, role=role)

    def _patch(self, call: AuthorizedRequest) -> Response:
        calendar, role = self._seen(call, write=True)
        event = calendar.patch(call.event_id, call.body, if_match=_if_match(call))
        self.channels.changed(calendar.id)
        return self._show(call, calendar, event, role=role)

    def _update(self, call: AuthorizedRequest) -> Response:
        calendar, role = self._seen(call, write=True)
        event = calendar.update(call.event_id, call.body, if_match=_if_match(call))
        self.channels.changed(calendar.id)
        return self._show(call, calendar, event, role=role)

    def _delete(self, call: AuthorizedRequest) -> Response:
        calendar, _ = self._seen(call, write=True)
        calendar.delete(call.event_id, if_match=_if_match(call))
        self.channels.changed(calendar.id)
        return Response(status_code=204)

    def _watch(self, call: AuthorizedRequest) -> Response:
        calendar, _ = self._seen(call)
        client_email = call.grant.client_email
        channel = self.channels.watch(
            calendar_id=calendar.id, client_email=client_email, body=call.body
        )
        return _json(call, channel)

    def _stop(self, call: AuthorizedRequest) -> Response:
        self.channels.stop(client_email=call.grant.client_email, body=call.body)
        return Response(status_code=204)

    def _calendar_get(self, call: AuthorizedRequest) -> Response:
        calendar, _ = self._seen(call)
        body = {
            "kind": "calendar#calendar",
            "etag": f'"c{calendar.id}"',
            "id": calendar.id,
            "summary": calendar.summary,
            "timeZone": calendar.zone_name,
        }
        return _json(call, body)

    def _free_busy(self, call: AuthorizedRequest) -> Response:
        asked = [str(item.get("id")) for item in call.body.get("items", [])]
        failing = frozenset(
            one for one in asked if self.faults.take("freebusy_error", calendar_id=one)
        )
        client_email = call.grant.client_email
        answer = free_busy(self.google, body=call.body, client_email=client_email, failing=failing)
        return _json(call, answer)

    def _show(
        self, call: AuthorizedRequest, calendar: StoredCalendar, event: Body, *, role: str
    ) -> Response:
        named = call.request.query_params.get("timeZone")
        show = shown_as_busy if role == "freeBusyReader" else shown
        offset_zone = zone_named(named) if named else calendar.zone
        body = show(event, zone=calendar.zone, offset_zone=offset_zone)
        return _json(call, body, headers={"ETag": event["etag"]})


def _missing(call: AuthorizedRequest) -> Response:
    raise errors.unsupported(f"{call.request.method} {call.request.url.path.rpartition('/')[2]}")


def _empty_list(call: AuthorizedRequest) -> Response:
    """Answer as for a service account: shared calendars are not listed until it adds them."""
    return _json(call, {"kind": "calendar#calendarList", "etag": '"p1"', "items": []})


def _if_match(call: AuthorizedRequest) -> str | None:
    return call.request.headers.get("if-match")


def _json(
    call: AuthorizedRequest, body: Body, *, headers: dict[str, str] | None = None
) -> Response:
    mask = call.request.query_params.get("fields")
    return JSONResponse(select(body, mask) if mask else body, headers=headers)


def _check_parameters(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise errors.bad_request(f'Unknown name "{name}": Cannot bind query parameter.')
    if request.query_params.get("sendUpdates", "none") not in {"all", "externalOnly", "none"}:
        raise errors.invalid("Invalid string value.", parameter="sendUpdates")
    if request.query_params.get("alt", "json") != "json":
        raise errors.invalid("Invalid value for alt.", parameter="alt")


async def _body_of(request: Request) -> Body:
    raw = await request.body()
    if not raw:
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise errors.bad_request("Media type is not supported.")
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.GoogleError(400, "parseError", "Parse Error")
    return body


class _MethodOverride:
    """A GET whose address got too long comes as a POST with its query in the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            request = Request(scope, receive)
            if request.headers.get("x-http-method-override") == "GET":
                query = await request.body()
                scope = {**scope, "method": "GET", "query_string": query}
                receive = _nothing
        await self._app(scope, receive, send)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(
    *,
    clock: Callable[[], datetime] = _utc_now,
    known_accounts_only: bool = False,
    match_any_property: bool = False,
    base_url: str = "https://www.googleapis.com",
) -> Starlette:
    """Return the simulator: `/token`, `/calendar/v3/…`, and its controls under `/_control`.

    An account that was registered must sign with its key. One that was not is believed, unless
    `known_accounts_only`. `match_any_property` decides what a repeated `privateExtendedProperty`
    means, since Google's documents contradict each other.
    """
    simulator = GoogleCalendar(
        clock=clock,
        known_accounts_only=known_accounts_only,
        match_any_property=match_any_property,
        base_url=base_url,
    )
    log = RequestLog()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await simulator.channels.close()

    owner = OwnerRoutes(
        google=simulator.google,
        tokens=simulator.tokens,
        channels=simulator.channels,
        alarms=simulator.alarms,
    )
    shared = control_routes(faults=simulator.faults, log=log, reset=simulator.reset)
    app = Starlette(
        routes=[*simulator.routes(), *owner.routes(), *shared],
        middleware=[Middleware(RecordRequests, log=log), Middleware(_MethodOverride)],
        lifespan=lifespan,
    )
    app.state.google = simulator  # for tests that run in the same process
    return app
