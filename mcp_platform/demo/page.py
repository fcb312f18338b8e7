"""The page of the demonstration: a phone to write with, beside the calendars that fill.

Owns its routes, and turning what the simulators know into what the page draws: it computes, the
page paints. Runs in the simulators' process, never in the platform's.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mcp_platform.demo.businesses import BUSINESSES, TIME_ZONE, Business, Person
from mcp_platform.simulators.control import Faults, json_object, refused
from mcp_platform.simulators.google.events import interval_of
from mcp_platform.simulators.google.state import Google
from mcp_platform.simulators.meta.state import LoggedMessage
from mcp_platform.simulators.meta.world import MetaWorld

ZONE = ZoneInfo(TIME_ZONE)
HERE = Path(__file__).parent
LONGEST_TEXT = 4096  # Meta's limit of one message
DAYS_SHOWN = 7
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
FILES = {"phone.css": "text/css", "phone.js": "text/javascript"}

# What a visitor can break, by name: which simulator, and its faults.
BREAKAGES: Mapping[str, tuple[str, tuple[dict[str, Any], ...]]] = {
    "gemini_off": ("gemini", ({"fault": "unavailable"},)),
    "calendar_unreadable": ("google", ({"fault": "unreadable"},)),
    "answers_lost": ("meta", ({"fault": "response_lost", "match": {"kind": "send"}},)),
}


@dataclass(frozen=True, slots=True)
class World:
    """The simulators' insides."""

    meta: MetaWorld
    google: Google
    faults: Mapping[str, Faults]


class DemoPage:
    """The routes, over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._broken: set[str] = set()

    def routes(self) -> list[Route]:
        return [
            Route("/", _to_page),
            Route("/demo", self._file),
            Route("/demo/api/cast", self._cast),
            Route("/demo/api/state", self._answering(self._state)),
            Route("/demo/api/write", self._answering(self._write), methods=["POST"]),
            Route("/demo/api/break", self._answering(self._break), methods=["POST"]),
            Route("/demo/{name}", self._file),
        ]

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "phone.html")
        kind = {**FILES, "phone.html": "text/html"}.get(name)
        if kind is None:
            return Response("Not found", status_code=404, headers=HEADERS)
        return FileResponse(HERE / name, media_type=kind, headers=HEADERS)

    async def _cast(self, _: Request) -> Response:
        businesses = [
            {
                "id": business.client_name,
                "name": business.name,
                "about": business.about,
                "phone": business.display_phone_number,
                "agendas": [
                    {"id": agenda.professional_id, "name": agenda.professional}
                    for agenda in business.agendas
                ],
                "people": [
                    *(_person(each) for each in business.customers),
                    {**_person(business.owner), "owner": True},
                ],
            }
            for business in BUSINESSES
        ]
        return JSONResponse({"businesses": businesses}, headers=HEADERS)

    async def _state(self, request: Request) -> dict[str, Any]:
        business = _business(request.query_params["business"])
        now = datetime.now(ZONE)
        today = now.date()
        first = date.fromisoformat(request.query_params.get("from") or today.isoformat())
        return {
            **self._conversation(business, request.query_params["contact"]),
            "days": [(first + timedelta(days=ahead)).isoformat() for ahead in range(DAYS_SHOWN)],
            "today": today.isoformat(),
            "minute": now.hour * 60 + now.minute,
            "events": self._events(business, first),
            "broken": sorted(self._broken),
        }

    def _conversation(self, business: Business, wa_id: str) -> dict[str, Any]:
        number = self._world.meta.state.numbers.get(business.phone_number_id)
        contact = number.find(wa_id) if number else None
        if number is None or contact is None:
            return {"typing": False, "messages": []}
        entries = [entry for entry in list(number.entries) if entry.contact is contact]
        answered = False
        messages = []
        for entry in reversed(entries):
            messages.append(_message(entry, answered=answered))
            answered = answered or entry.direction == "out"
        return {"typing": contact.typing, "messages": messages[::-1]}

    def _events(self, business: Business, first: date) -> list[dict[str, Any]]:
        start = datetime.combine(first, datetime.min.time(), tzinfo=ZONE)
        events = []
        for agenda in business.agendas:
            calendar = self._world.google.calendars.get(agenda.calendar_id)
            found = (
                calendar.events(
                    single=True, time_min=start, time_max=start + timedelta(days=DAYS_SHOWN)
                )
                if calendar
                else []
            )
            events += [
                _event(event, agenda=agenda.professional_id, first=first)
                for event in found
                if event["status"] != "cancelled"
            ]
        return sorted(events, key=lambda each: (each["day"], each["from"], each["id"]))

    async def _write(self, request: Request) -> dict[str, Any]:
        body = await json_object(request)
        business = _business(body["business"])
        person = _one_of(business, str(body["contact"]))
        spec: dict[str, Any] = {
            "phone_number_id": business.phone_number_id,
            "from": {"wa_id": person.wa_id, "name": person.name},
        }
        if "reply" in body:
            spec["reply"] = {
                key: str(body["reply"][key])
                for key in ("id", "title", "description", "kind")
                if body["reply"].get(key)
            }
        else:
            text = str(body["text"]).strip()
            if not 0 < len(text) <= LONGEST_TEXT:
                raise ValueError(f"a message has 1 to {LONGEST_TEXT} characters")
            spec["text"] = text
        return await self._world.meta.inbound([spec])

    async def _break(self, request: Request) -> dict[str, Any]:
        """Switch one breakage on or off; the others stay as they are."""
        body = await json_object(request)
        name = str(body["name"])
        where, _ = BREAKAGES[name]
        if body["on"]:
            self._broken.add(name)
        else:
            self._broken.discard(name)
        faults = self._world.faults[where]
        faults.clear()
        for each in sorted(self._broken):
            simulator, wanted = BREAKAGES[each]
            for fault in wanted if simulator == where else ():
                faults.add(fault["fault"], match=fault.get("match"), times=None)
        return {"broken": sorted(self._broken)}

    @staticmethod
    def _answering(
        answer: Callable[[Request], Awaitable[dict[str, Any]]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return JSONResponse(await answer(request), headers=HEADERS)
            except KeyError as error:
                return refused(f"missing or unknown: {error.args[0]}")
            except (TypeError, ValueError) as error:
                return refused(str(error))

        return endpoint


def create_page(world: World) -> Starlette:
    """Return the application; it answers to names of this machine alone."""
    names = ["127.0.0.1", "localhost"]
    return Starlette(
        routes=DemoPage(world).routes(),
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=names)],
    )


async def _to_page(_: Request) -> Response:
    return RedirectResponse("/demo")


def _person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "id": person.wa_id}


def _business(client_name: str) -> Business:
    return {business.client_name: business for business in BUSINESSES}[client_name]


def _one_of(business: Business, wa_id: str) -> Person:
    return {person.wa_id: person for person in (*business.customers, business.owner)}[wa_id]


def _message(entry: LoggedMessage, *, answered: bool) -> dict[str, Any]:
    """Return a message as the customer's phone shows it."""
    at = datetime.fromtimestamp(entry.at, ZONE)
    shown = {"id": entry.wamid, "at": f"{at:%H:%M}", "mine": entry.direction == "in"}
    if entry.direction == "out":
        ticks = next((each for each in ("failed", "read") if each in entry.statuses), "delivered")
        return {**shown, **_content(entry.payload), "ticks": ticks}
    if entry.kind == "interactive":
        chosen = entry.payload["interactive"]
        text = chosen[chosen["type"]]["title"]
    else:
        text = entry.payload.get("text", {}).get("body", f"[{entry.kind}]")
    ticks = "read" if entry.read else "delivered" if answered else "sent"
    return {**shown, "text": text, "ticks": ticks}


def _content(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a business's message: its text, and what can be tapped."""
    if payload["type"] == "text":
        return {"text": payload["text"]["body"]}
    if payload["type"] != "interactive":
        return {"text": f"[{payload['type']}]"}
    part = payload["interactive"]
    content: dict[str, Any] = {"text": part["body"]["text"]}
    if part["type"] == "button":
        content["buttons"] = [button["reply"] for button in part["action"]["buttons"]]
    elif part["type"] == "list":
        content["label"] = part["action"]["button"]
        content["rows"] = [row for section in part["action"]["sections"] for row in section["rows"]]
    return content


def _event(event: Mapping[str, Any], *, agenda: str, first: date) -> dict[str, Any]:
    start, end = (each.astimezone(ZONE) for each in interval_of(event, zone=ZONE))
    ours = "mcp" in event.get("extendedProperties", {}).get("private", {})
    minutes = int((end - start).total_seconds() // 60)
    opens = start.hour * 60 + start.minute
    return {
        "id": event["id"],
        "agenda": agenda,
        "title": event.get("summary", ""),
        "ours": ours,
        "day": (start.date() - first).days,
        "from": opens,
        "to": min(opens + minutes, 24 * 60),
        "label": f"{start:%H:%M}–{end:%H:%M}",
    }
