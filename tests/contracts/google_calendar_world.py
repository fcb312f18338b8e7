"""A simulated Google with one shared calendar, for the suites that speak to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx

from mcp_platform.outbox.calendar import CalendarEvent
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.google.calendar import GoogleAccount, GoogleCalendars
from mcp_platform.simulators.google.app import create_app, new_service_account
from mcp_platform.simulators.serving import Served

EMAIL = "agenda@barbearia.iam.gserviceaccount.com"
CALENDAR = "ze#corte@group.calendar.google.com"
ZONE = ZoneInfo("America/Sao_Paulo")
KEY = "barbearia-do-ze-production"


def at(hour: int, minute: int = 0, *, day: int = 1) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=ZONE)


def when(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.isoformat(), "timeZone": ZONE.key}


def appointment(event_id: str = "apnt0001", *, hour: int = 10, key: str = KEY) -> CalendarEvent:
    return CalendarEvent(
        event_id=event_id,
        start=at(hour),
        end=at(hour) + timedelta(minutes=30),
        time_zone=ZONE.key,
        summary="Corte — João",
        description="por WhatsApp",
        key=key,
    )


DAY = Interval(at(0), at(0, day=2))


@dataclass(slots=True)
class World:
    """The simulator's address and its owner's hand."""

    url: str
    owner: httpx.Client
    private_key: str
    public_key: str

    @property
    def account(self) -> GoogleAccount:
        return GoogleAccount(client_email=EMAIL, private_key=self.private_key, project_id="ze-1")

    def door(self, *, timeout: timedelta = timedelta(seconds=10)) -> GoogleCalendars:
        return GoogleCalendars(
            api_url=self.url, token_url=f"{self.url}/token", timeout=timeout, max_threads=8
        )

    def share(self, **settings: Any) -> None:
        body = {"id": CALENDAR, "summary": "Zé", "time_zone": ZONE.key, "shared_with": [EMAIL]}
        self._post("/_control/calendars", {**body, **settings})

    def register(self, public_key: str, *, key_id: str = "key-1") -> None:
        body = {"client_email": EMAIL, "public_key_pem": public_key, "private_key_id": key_id}
        self._post("/_control/accounts", body)

    def fault(self, name: str, **settings: Any) -> None:
        self._post("/_control/faults", {"fault": name, **settings})

    def add(self, start: datetime, end: datetime, **event: Any) -> dict[str, Any]:
        return self._post(self._events, {"start": when(start), "end": when(end), **event})

    def add_body(self, **event: Any) -> dict[str, Any]:
        return self._post(self._events, event)

    def change(self, event_id: str, **changes: Any) -> None:
        self.owner.patch(f"{self._events}/{event_id}", json=changes).raise_for_status()

    def delete(self, event_id: str) -> None:
        self.owner.delete(f"{self._events}/{event_id}").raise_for_status()

    def events(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.owner.get(self._events).json()["events"]
        return listed

    def requests(self, method: str | None = None) -> list[dict[str, Any]]:
        listed = self.owner.get("/_control/requests").json()["requests"]
        return [
            one
            for one in listed
            if "/calendar/v3/" in one["path"] and method in {None, one["method"]}
        ]

    def token_requests(self) -> int:
        listed = self.owner.get("/_control/requests").json()["requests"]
        return sum(one["path"] == "/token" for one in listed)

    def forget_requests(self) -> None:
        self.owner.delete("/_control/requests").raise_for_status()

    def revoke_tokens(self) -> None:
        self._post("/_control/tokens/revoke", {})

    def alarms(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.owner.get("/_control/alarms").json()["alarms"]
        return listed

    def begin_again(self) -> None:
        self._post("/_control/reset", {})
        self.register(self.public_key)
        self.share()

    @property
    def _events(self) -> str:
        return f"/_control/calendars/{quote(CALENDAR)}/events"

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.owner.post(path, json=body)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}


@contextmanager
def simulated_google(**options: Any) -> Iterator[World]:
    private_key, public_key = new_service_account(EMAIL)
    with (
        Served(create_app(**options)) as served,
        httpx.Client(base_url=served.url, trust_env=False) as owner,
    ):
        world = World(served.url, owner, private_key, public_key)
        world.begin_again()
        yield world


def instants(spans: list[Interval]) -> list[tuple[datetime, datetime]]:
    return [(span.start.astimezone(UTC), span.end.astimezone(UTC)) for span in spans]
