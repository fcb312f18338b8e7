"""Simulator and door held against what Google has written down, not against each other.

The recorded shapes are in `fixtures/google_calendar`, each with its source; answers are checked
against the schemas of the discovery document that Google ships with its library.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from mcp_platform import errors as meanings
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.google.refusals import meaning, read_refusal
from mcp_platform.simulators.google import app as simulator
from mcp_platform.simulators.google import errors as simulated
from mcp_platform.simulators.google import methods as google_methods
from mcp_platform.simulators.google.tokens import AUDIENCE, GRANT_TYPE
from tests.contracts.google_calendar_world import CALENDAR, World, at, simulated_google
from tests.contracts.test_calendar_google_vendors import credentials

RECORDED = Path(__file__).parent / "fixtures" / "google_calendar"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


ERRORS = recorded("errors")["errors"]
DISCOVERY = json.loads(
    (files("googleapiclient") / "discovery_cache/documents/calendar.v3.json").read_text()
)


def _simulated(reason: str, code: int) -> simulated.GoogleError:
    made = {
        "authError": simulated.unauthenticated,
        "backendError": lambda: simulated.backend_error(code),
        "conditionNotMet": simulated.condition_not_met,
        "duplicate": simulated.duplicate,
        "forbiddenForServiceAccounts": simulated.no_invitations,
        "notFound": simulated.not_found,
        "timeRangeEmpty": simulated.empty_range,
    }
    rate = lambda: simulated.rate_limited(code, reason=reason)  # noqa: E731 - shorter than a def
    return made.get(reason, rate)()


@pytest.mark.parametrize(
    "case", ERRORS, ids=lambda case: "{code} {errors[0][reason]}".format(**case["body"]["error"])
)
def test_the_simulator_words_an_error_as_the_guide_does(case: dict[str, Any]) -> None:
    error = case["body"]["error"]
    answer = _simulated(error["errors"][0]["reason"], error["code"]).response()
    assert json.loads(bytes(answer.body)) == case["body"]
    assert answer.status_code == error["code"]


@pytest.mark.parametrize(
    "case", ERRORS, ids=lambda case: "{code} {errors[0][reason]}".format(**case["body"]["error"])
)
def test_the_door_understands_the_errors_of_the_guide(case: dict[str, Any], world: World) -> None:
    body = json.dumps(case["body"]).encode()
    status = case["body"]["error"]["code"]
    refusal = read_refusal(status=status, headers={}, content=body)
    expected = getattr(meanings, case["means"], CalendarUnreadable)
    assert type(meaning(refusal, account=world.account)) is expected


def test_a_channel_is_answered_as_the_guide_shows() -> None:
    shape = recorded("push")
    assert set(shape["response"]) <= set(DISCOVERY["schemas"]["Channel"]["properties"])
    with simulated_google() as world, simulated_google() as receiver:
        request = {**shape["request"], "address": f"{receiver.url}/told"}
        token = _token(world)
        answer = world.owner.post(
            f"/calendar/v3/calendars/{CALENDAR.replace('#', '%23')}/events/watch",
            json={**request, "expiration": 4102444800000},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert set(answer.json()) == set(shape["response"])
        assert answer.json()["kind"] == shape["response"]["kind"]
        assert answer.json()["expiration"] == "4102444800000"


def test_the_token_endpoint_keeps_the_documented_constants() -> None:
    shape = recorded("token")
    assert (shape["aud"], shape["grant_type"]) == (AUDIENCE, GRANT_TYPE)
    with simulated_google() as world:
        answer = world.owner.post("/token", data={"grant_type": GRANT_TYPE, "assertion": "x.y.z"})
        assert set(answer.json()) == set(shape["errors"][0])
        assert _token(world)
        answer = world.owner.post("/token", data=_assertion(world))
        assert set(answer.json()) == set(shape["response"])


def _assertion(world: World) -> dict[str, str]:
    signed = credentials(world)._make_authorization_grant_assertion()
    return {"grant_type": GRANT_TYPE, "assertion": signed.decode()}


def _token(world: World) -> str:
    return str(world.owner.post("/token", data=_assertion(world)).json()["access_token"])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with simulated_google() as opened:
        yield opened


def _contradictions(value: Any, schema: dict[str, Any], path: str) -> list[str]:
    """Compare an answer with a discovery schema: names and types."""
    if "$ref" in schema:
        return _contradictions(value, DISCOVERY["schemas"][schema["$ref"]], path)
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    expected = kinds.get(schema.get("type", ""), object)
    if not isinstance(value, expected):
        return [f"{path} is {value!r}, not {schema['type']}"]
    if isinstance(value, list):
        return [
            problem
            for number, item in enumerate(value)
            for problem in _contradictions(item, schema["items"], f"{path}[{number}]")
        ]
    if not isinstance(value, dict):
        return []
    known, extra = schema.get("properties", {}), schema.get("additionalProperties")
    problems = []
    for name, inner in value.items():
        if name in known or extra:
            problems += _contradictions(inner, known.get(name, extra), f"{path}.{name}")
        else:
            problems.append(f"{path}.{name} is not in the discovery document")
    return problems


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("calendars/{}/events", "Events"),
        ("calendars/{}/events?singleEvents=true&showDeleted=true", "Events"),
        ("calendars/{}/events/full1", "Event"),
        ("calendars/{}", "Calendar"),
        ("users/me/calendarList", "CalendarList"),
    ],
)
def test_answers_fit_the_schemas_of_the_discovery_document(
    world: World, path: str, schema: str
) -> None:
    world.begin_again()
    marks = {"private": {"mcp": "x"}}
    world.add(at(9), at(10), id="full1", summary="x", location="y", extendedProperties=marks)
    world.add(at(9), at(10), recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    world.add_body(start={"date": "2026-12-01"}, end={"date": "2026-12-02"})
    headers = {"Authorization": f"Bearer {_token(world)}"}
    address = "/calendar/v3/" + path.format(CALENDAR.replace("#", "%23"))
    answer = world.owner.get(address, headers=headers)
    assert answer.status_code == 200
    assert _contradictions(answer.json(), DISCOVERY["schemas"][schema], schema) == []


def test_every_path_of_the_simulator_is_in_the_discovery_document() -> None:
    documented = {
        (method["httpMethod"], "/calendar/v3/" + method["path"])
        for resource in DISCOVERY["resources"].values()
        for method in resource["methods"].values()
    }
    app: simulator.GoogleCalendar = simulator.create_app().state.google
    names = {"{calendar_id}": "{calendarId}", "{event_id}": "{eventId}"}
    for route in app.routes():
        path = route.path
        for ours, theirs in names.items():
            path = path.replace(ours, theirs)
        for method in (route.methods or set()) - {"HEAD"}:
            if path.startswith("/calendar/"):
                assert (method, path) in documented


def test_scopes_and_parameters_are_those_of_the_discovery_document() -> None:
    listed = DISCOVERY["resources"]["events"]["methods"]["list"]
    assert set(listed["parameters"]) - {"calendarId"} == set(google_methods.LISTING)
    prefix = "https://www.googleapis.com/auth/"
    for resource, method, ours in (
        ("events", "list", google_methods.READ),
        ("events", "insert", google_methods.WRITE),
        ("freebusy", "query", google_methods.FREE_BUSY),
        ("calendars", "get", google_methods.CALENDARS),
        ("calendarList", "list", google_methods.CALENDAR_LIST),
    ):
        scopes = DISCOVERY["resources"][resource]["methods"][method]["scopes"]
        assert {scope.removeprefix(prefix) for scope in scopes} == set(ours)
