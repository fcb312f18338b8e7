"""The Google Calendar simulator's own controls: the owner's hand, faults, alarms, push."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from jose import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mcp_platform.simulators.google.app import FAULTS, create_app, new_service_account
from mcp_platform.simulators.google.tokens import AUDIENCE, GRANT_TYPE
from mcp_platform.simulators.serving import Served, serving
from tests.clocks import Clock

EMAIL = "agenda@x.iam.gserviceaccount.com"
OWNED = "/_control/calendars/agenda/events"
EVENTS = "/calendar/v3/calendars/agenda/events"
EVENT = {
    "summary": "Corte",
    "start": {"dateTime": "2026-12-01T10:00:00-03:00"},
    "end": {"dateTime": "2026-12-01T11:00:00-03:00"},
}


CLOCK = Clock(datetime.now(UTC))


@pytest.fixture
def clock() -> Clock:
    CLOCK.now = datetime.now(UTC)
    return CLOCK


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Served(create_app(clock=CLOCK)) as served:
        yield served.url


@pytest.fixture
async def google(url: str, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await client.post("/_control/reset")
        await client.post("/_control/calendars", json={"id": "agenda", "shared_with": [EMAIL]})
        client.headers["Authorization"] = f"Bearer {await token(client, clock)}"
        yield client


def assertion(clock: Clock, **claims: Any) -> dict[str, str]:
    private, _ = new_service_account(EMAIL)
    issued = int(clock.now.timestamp())
    known = {"iss": EMAIL, "aud": AUDIENCE, "iat": issued, "exp": issued + 3600}
    scope = "https://www.googleapis.com/auth/calendar"
    signed = jwt.encode({**known, "scope": scope, **claims}, private, algorithm="RS256")
    return {"grant_type": GRANT_TYPE, "assertion": signed}


async def token(client: httpx.AsyncClient, clock: Clock) -> str:
    answer = await client.post("/token", data=assertion(clock))
    return str(answer.json()["access_token"])


def reason(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


async def test_the_owner_adds_changes_lists_and_deletes_events_by_hand(
    google: httpx.AsyncClient,
) -> None:
    later = {**EVENT, "id": "later", "attendees": [{"email": "guest@example.com"}]}
    earlier = {"start": {"date": "2026-11-30"}, "end": {"date": "2026-12-01"}, "id": "first"}
    for event in (later, earlier):
        assert (await google.post(OWNED, json=event)).status_code == 201
    await google.patch(f"{OWNED}/later", json={"summary": "Barba"})
    await google.delete(f"{OWNED}/first")
    events = (await google.get(OWNED)).json()["events"]
    assert [(event["id"], event["status"]) for event in events] == [
        ("first", "cancelled"),
        ("later", "confirmed"),
    ]
    assert events[1]["summary"] == "Barba"


async def test_sharing_again_changes_access_and_keeps_events(google: httpx.AsyncClient) -> None:
    await google.post(OWNED, json=EVENT)
    body = {"id": "agenda", "access_role": "reader", "shared_with": [EMAIL]}
    await google.post("/_control/calendars", json=body)
    answer = (await google.get(EVENTS)).json()
    assert answer["accessRole"] == "reader"
    assert len(answer["items"]) == 1


@pytest.mark.parametrize(
    ("fault", "settings", "answer"),
    [
        ("unreadable", {}, (503, "backendError")),
        ("server_error", {}, (500, "backendError")),
        ("server_error", {"status": 502}, (502, "backendError")),
        ("rate_limited_403", {}, (403, "rateLimitExceeded")),
        ("rate_limited_403", {"reason": "quotaExceeded"}, (403, "quotaExceeded")),
        ("rate_limited_429", {}, (429, "rateLimitExceeded")),
        ("not_shared", {}, (404, "notFound")),
        ("access_not_configured", {}, (403, "accessNotConfigured")),
        ("unauthorized", {}, (401, "authError")),
    ],
)
async def test_a_fault_strikes_once_and_is_over(
    google: httpx.AsyncClient, fault: str, settings: dict[str, Any], answer: tuple[int, str]
) -> None:
    await google.post("/_control/faults", json={"fault": fault, **settings})
    assert reason(await google.get(EVENTS)) == answer
    assert (await google.get(EVENTS)).status_code == 200


async def test_a_fault_strikes_only_what_it_is_meant_for(google: httpx.AsyncClient) -> None:
    for match in (
        {"method": "events.insert"},
        {"calendar_id": "other"},
        {"client_email": "other@example.com"},
    ):
        await google.post("/_control/faults", json={"fault": "unreadable", "match": match})
    assert (await google.get(EVENTS)).status_code == 200
    assert (await google.post(EVENTS, json=EVENT)).status_code == 503
    assert len((await google.get("/_control/faults")).json()["faults"]) == 2


async def test_a_proxy_page_is_no_json(google: httpx.AsyncClient) -> None:
    await google.post("/_control/faults", json={"fault": "malformed_body", "status": 200})
    answer = await google.get(EVENTS)
    assert answer.headers["content-type"].startswith("text/html")


async def test_an_answer_is_lost_after_the_write_and_a_reset_comes_before_it(
    google: httpx.AsyncClient,
) -> None:
    for fault, written in (("reset", 0), ("response_lost", 1)):
        await google.post("/_control/faults", json={"fault": fault})
        with pytest.raises(httpx.TransportError):
            await google.post(EVENTS, json=EVENT)
        assert len((await google.get(OWNED)).json()["events"]) == written


async def test_faults_of_conditional_requests_spare_the_others(google: httpx.AsyncClient) -> None:
    await google.post(OWNED, json={**EVENT, "id": "event1"})
    for fault in ("gone_sync", "precondition_failed"):
        await google.post("/_control/faults", json={"fault": fault})
    synced = (await google.get(EVENTS)).json()["nextSyncToken"]
    assert (await google.patch(f"{EVENTS}/event1", json={"summary": "x"})).status_code == 200
    gone = await google.get(EVENTS, params={"syncToken": synced})
    assert reason(gone) == (410, "fullSyncRequired")
    held = await google.patch(f"{EVENTS}/event1", json={}, headers={"If-Match": "*"})
    assert reason(held) == (412, "conditionNotMet")


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [("invalid_grant", "invalid_grant", 400), ("token_unreadable", "internal_failure", 503)],
)
async def test_token_faults_strike_the_token_endpoint_only(
    google: httpx.AsyncClient, clock: Clock, fault: str, error: str, status: int
) -> None:
    await google.post("/_control/faults", json={"fault": fault})
    assert (await google.get(EVENTS)).status_code == 200
    answer = await google.post("/token", data=assertion(clock))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_slow_answer_is_an_answer(google: httpx.AsyncClient) -> None:
    await google.post("/_control/faults", json={"fault": "slow", "seconds": 0.05})
    assert (await google.get(EVENTS)).status_code == 200


async def test_a_token_dies_after_its_hour(google: httpx.AsyncClient, clock: Clock) -> None:
    clock.now += timedelta(hours=1)
    assert reason(await google.get(EVENTS)) == (401, "authError")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://127.0.0.1/token"},
        {"exp": 1},
        {"iat": 4102444800, "exp": 4102448400},
        {"scope": "calendar"},
        {"iss": "nobody"},
    ],
)
async def test_an_assertion_with_a_wrong_claim_gets_no_token(
    google: httpx.AsyncClient, clock: Clock, claims: dict[str, Any]
) -> None:
    answer = await google.post("/token", data=assertion(clock, **claims))
    assert answer.status_code == 400


async def test_asking_for_allowed_locations_raises_the_alarm(google: httpx.AsyncClient) -> None:
    path = f"/v1/projects/-/serviceAccounts/{EMAIL}/allowedLocations"
    assert (await google.get("/_control/alarms")).json() == {"alarms": []}
    await google.get(path)
    [alarm] = (await google.get("/_control/alarms")).json()["alarms"]
    assert alarm["path"] == path


async def test_a_reset_forgets_calendars_tokens_faults_and_alarms(
    google: httpx.AsyncClient,
) -> None:
    await google.post("/_control/faults", json={"fault": "unreadable"})
    await google.get("/v1/projects/-/serviceAccounts/x/allowedLocations")
    await google.post("/_control/reset")
    assert (await google.get("/_control/calendars")).json() == {"calendars": []}
    assert (await google.get("/_control/alarms")).json() == {"alarms": []}
    assert reason(await google.get(EVENTS)) == (401, "authError")


async def test_every_request_is_listed_with_its_body_and_precondition(
    google: httpx.AsyncClient,
) -> None:
    await google.patch(f"{EVENTS}/none1", json={"summary": "x"}, headers={"If-Match": '"1"'})
    last = (await google.get("/_control/requests")).json()["requests"][-1]
    assert (last["method"], last["path"]) == ("PATCH", f"{EVENTS}/none1")
    assert last["body"] == {"summary": "x"}
    assert last["headers"]["if-match"] == '"1"'


async def test_a_watcher_hears_sync_then_every_change_until_it_stops(
    google: httpx.AsyncClient,
) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def told(request: Request) -> Response:
        assert await request.body() == b""
        heard.put_nowait(request.headers)
        return Response(status_code=204)

    receiver = Starlette(routes=[Route("/told", told, methods=["POST"])])
    async with serving(receiver) as address:
        wanted = {"id": "channel-1", "type": "web_hook", "address": f"{address}/told", "token": "t"}
        channel = (await google.post(f"{EVENTS}/watch", json=wanted)).json()
        sync = await heard.get()
        assert sync["x-goog-resource-state"] == "sync"
        assert sync["x-goog-channel-token"] == "t"
        assert sync["x-goog-resource-id"] == channel["resourceId"]
        await google.post(OWNED, json=EVENT)
        exists = await heard.get()
        assert exists["x-goog-resource-state"] == "exists"
        assert exists["x-goog-message-number"] == "2"
        again = await google.post(f"{EVENTS}/watch", json=wanted)
        assert reason(again) == (400, "channelIdNotUnique")
        ids = {"id": "channel-1", "resourceId": channel["resourceId"]}
        assert (await google.post("/calendar/v3/channels/stop", json=ids)).status_code == 204
        assert reason(await google.post("/calendar/v3/channels/stop", json=ids))[0] == 404
        await google.post(OWNED, json=EVENT)
        assert heard.empty()


async def test_a_watcher_outside_this_machine_needs_https(google: httpx.AsyncClient) -> None:
    wanted = {"id": "channel-1", "type": "web_hook", "address": "http://example.com/told"}
    answer = await google.post(f"{EVENTS}/watch", json=wanted)
    assert reason(answer) == (400, "push.webhookUrlNotHttps")


async def test_what_the_simulator_can_not_do_it_refuses_to_pretend(
    google: httpx.AsyncClient,
) -> None:
    answer = await google.post(f"{EVENTS}/quickAdd", params={"text": "Corte amanhã"})
    assert reason(answer) == (501, "notImplemented")
    answer = await google.get(EVENTS, params={"singelEvents": "true"})
    assert reason(answer) == (400, "badRequest")


def test_the_documented_faults_are_all_there() -> None:
    assert {
        "access_not_configured",
        "freebusy_error",
        "gone_sync",
        "invalid_grant",
        "malformed_body",
        "not_shared",
        "precondition_failed",
        "rate_limited_403",
        "rate_limited_429",
        "reset",
        "response_lost",
        "server_error",
        "slow",
        "unreadable",
    } <= FAULTS
