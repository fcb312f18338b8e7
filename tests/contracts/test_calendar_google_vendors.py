"""The simulator driven by clients of other people: Google's own library, and gcsa."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import google_auth_httplib2
import httplib2
import pytest
from gcsa.event import Event
from gcsa.google_calendar import GoogleCalendar
from gcsa.recurrence import WEEKLY, Recurrence
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.contracts.google_calendar_world import (
    CALENDAR,
    EMAIL,
    World,
    at,
    simulated_google,
    when,
)

AUTH = "https://www.googleapis.com/auth/"


class QuietCredentials(service_account.Credentials):
    """Google's credentials without the look-up that goes to another host."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    with simulated_google(known_accounts_only=True) as world:
        yield world


@pytest.fixture
def world(served: World) -> World:
    served.begin_again()
    return served


def credentials(world: World, *scopes: str, email: str = EMAIL, **info: str) -> QuietCredentials:
    known = {
        "client_email": email,
        "private_key": world.private_key,
        "private_key_id": "key-1",
        "token_uri": f"{world.url}/token",
    }
    wanted = [AUTH + scope for scope in scopes or ("calendar",)]
    return QuietCredentials.from_service_account_info({**known, **info}, scopes=wanted)


@pytest.fixture
def connect(world: World) -> Iterator[Any]:
    opened: list[Any] = []

    def connected(*scopes: str, **options: Any) -> Any:
        http = google_auth_httplib2.AuthorizedHttp(
            credentials(world, *scopes, **options), http=httplib2.Http(timeout=10)
        )
        opened.append(http)
        endpoint = {"api_endpoint": f"{world.url}/calendar/v3/"}
        return build("calendar", "v3", http=http, static_discovery=True, client_options=endpoint)

    yield connected
    for http in opened:
        http.close()


def refused(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value.status_code, caught.value.error_details[0]["reason"]


def body(**event: Any) -> dict[str, Any]:
    return {"summary": "Corte", "start": when(at(10)), "end": when(at(11)), **event}


# Google's own library


def test_an_event_is_inserted_read_moved_and_deleted(connect: Any) -> None:
    events = connect().events()
    made = events.insert(calendarId=CALENDAR, body=body(id="abc12")).execute()
    assert made["kind"] == "calendar#event"
    assert made["etag"].startswith('"')
    assert made["creator"] == {"email": EMAIL}
    moved = events.patch(calendarId=CALENDAR, eventId="abc12", body={"end": when(at(12))}).execute()
    assert moved["sequence"] == made["sequence"] + 1
    assert moved["etag"] != made["etag"]
    renamed = events.patch(calendarId=CALENDAR, eventId="abc12", body={"summary": "Barba"})
    assert renamed.execute()["sequence"] == moved["sequence"]
    assert events.delete(calendarId=CALENDAR, eventId="abc12").execute() == ""
    assert events.get(calendarId=CALENDAR, eventId="abc12").execute()["status"] == "cancelled"


def test_a_deleted_event_keeps_its_id_and_can_be_revived(connect: Any) -> None:
    events = connect().events()
    events.insert(calendarId=CALENDAR, body=body(id="abc12")).execute()
    events.delete(calendarId=CALENDAR, eventId="abc12").execute()
    assert refused(events.delete(calendarId=CALENDAR, eventId="abc12")) == (410, "deleted")
    again = events.insert(calendarId=CALENDAR, body=body(id="abc12"))
    assert refused(again) == (409, "duplicate")
    revived = events.update(calendarId=CALENDAR, eventId="abc12", body=body()).execute()
    assert revived["status"] == "confirmed"


def test_put_drops_what_it_leaves_out_and_patch_keeps_it(connect: Any) -> None:
    events = connect().events()
    marks = {"private": {"a": "1", "b": "2"}}
    made = body(id="abc12", location="Rua A", extendedProperties=marks)
    events.insert(calendarId=CALENDAR, body=made).execute()
    change = {"extendedProperties": {"private": {"b": None, "c": "3"}}}
    patched = events.patch(calendarId=CALENDAR, eventId="abc12", body=change).execute()
    assert patched["location"] == "Rua A"
    assert patched["extendedProperties"]["private"] == {"a": "1", "c": "3"}
    replaced = events.update(calendarId=CALENDAR, eventId="abc12", body=body()).execute()
    assert "location" not in replaced
    assert "extendedProperties" not in replaced


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ({"id": "ABCDE"}, (400, "invalid")),
        ({"id": "abcz1"}, (400, "invalid")),
        ({"id": "abc"}, (400, "invalid")),
        ({"end": None}, (400, "required")),
        ({"end": {"date": "2026-12-02"}}, (400, "invalid")),
        ({"end": {"dateTime": "2026-12-01T11:00:00"}}, (400, "invalid")),
        ({"end": {"dateTime": "tomorrow"}}, (400, "invalid")),
        ({"end": {"dateTime": "2026-12-01T11:00:00", "timeZone": "Mars/X"}}, (400, "invalid")),
        ({"end": when(at(9))}, (400, "timeRangeEmpty")),
        ({"status": "maybe"}, (400, "invalid")),
        ({"sumary": "typo"}, (400, "badRequest")),
        ({"attendees": [{"email": "x@example.com"}]}, (403, "forbiddenForServiceAccounts")),
        ({"recurrence": ["RRULE:FREQ=MONTHLY"]}, (501, "notImplemented")),
        ({"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=x"]}, (400, "invalid")),
    ],
)
def test_an_event_google_would_refuse_is_refused(
    connect: Any, event: dict[str, Any], answer: tuple[int, str]
) -> None:
    request = connect().events().insert(calendarId=CALENDAR, body=body(**event))
    assert refused(request) == answer


def test_long_property_names_vanish_and_long_values_are_cut(connect: Any) -> None:
    marks = {"private": {"k" * 45: "gone", "k" * 44: "v" * 2000}}
    made = connect().events().insert(calendarId=CALENDAR, body=body(extendedProperties=marks))
    assert made.execute()["extendedProperties"]["private"] == {"k" * 44: "v" * 1024}


def test_an_etag_that_is_out_of_date_is_refused(connect: Any) -> None:
    events = connect().events()
    made = events.insert(calendarId=CALENDAR, body=body(id="abc12")).execute()
    for write in (
        events.patch(calendarId=CALENDAR, eventId="abc12", body={"summary": "x"}),
        events.update(calendarId=CALENDAR, eventId="abc12", body=body()),
        events.delete(calendarId=CALENDAR, eventId="abc12"),
    ):
        write.headers["If-Match"] = '"1"'
        assert refused(write) == (412, "conditionNotMet")
    same = events.get(calendarId=CALENDAR, eventId="abc12")
    same.headers["If-None-Match"] = made["etag"]
    with pytest.raises(HttpError) as caught:
        same.execute()
    assert caught.value.status_code == 304


def test_time_min_looks_at_the_end_and_time_max_at_the_start(world: World, connect: Any) -> None:
    for hour in (8, 9, 10, 11):
        world.add(at(hour), at(hour + 1), summary=str(hour))
    listed = (
        connect()
        .events()
        .list(
            calendarId=CALENDAR,
            timeMin=at(9).isoformat(),
            timeMax=at(11).isoformat(),
            singleEvents=True,
            orderBy="startTime",
        )
    )
    answer = listed.execute()
    assert [event["summary"] for event in answer["items"]] == ["9", "10"]
    assert (answer["accessRole"], answer["timeZone"]) == ("writer", "America/Sao_Paulo")


def test_times_are_shown_with_the_offset_that_was_asked_for(world: World, connect: Any) -> None:
    world.add(at(10), at(11))
    events = connect().events()
    [own] = events.list(calendarId=CALENDAR).execute()["items"]
    [utc] = events.list(calendarId=CALENDAR, timeZone="UTC").execute()["items"]
    assert own["start"]["dateTime"] == "2026-12-01T10:00:00-03:00"
    assert utc["start"]["dateTime"] == "2026-12-01T13:00:00Z"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({"timeMin": "2026-12-01T10:00:00"}, (400, "badRequest")),
        (
            {"timeMin": "2026-12-02T00:00:00Z", "timeMax": "2026-12-01T00:00:00Z"},
            (400, "timeRangeEmpty"),
        ),
        ({"orderBy": "startTime"}, (400, "badRequest")),
        ({"privateExtendedProperty": "novalue"}, (400, "invalid")),
        ({"syncToken": "x", "q": "y"}, (400, "badRequest")),
        ({"syncToken": "not one"}, (400, "invalid")),
        ({"fields": "items(id"}, (400, "invalid")),
    ],
)
def test_a_list_google_would_refuse_is_refused(
    world: World, connect: Any, query: dict[str, Any], answer: tuple[int, str]
) -> None:
    world.add(at(10), at(11))
    assert refused(connect().events().list(calendarId=CALENDAR, **query)) == answer


def test_only_the_fields_that_were_asked_for_come_back(world: World, connect: Any) -> None:
    world.add(at(10), at(11), extendedProperties={"private": {"a": "1"}, "shared": {"b": "2"}})
    fields = "accessRole,items(start/dateTime,extendedProperties/private)"
    answer = connect().events().list(calendarId=CALENDAR, fields=fields).execute()
    assert answer == {
        "accessRole": "writer",
        "items": [
            {
                "start": {"dateTime": "2026-12-01T10:00:00-03:00"},
                "extendedProperties": {"private": {"a": "1"}},
            }
        ],
    }


def test_a_weekly_event_is_unrolled_and_one_instance_can_be_moved_or_dropped(
    world: World, connect: Any
) -> None:
    rule = "RRULE:FREQ=WEEKLY;BYDAY=TU,TH;COUNT=4"
    series = world.add(at(10), at(11), recurrence=[rule])
    events = connect().events()

    def starts() -> list[str]:
        listed = events.list(calendarId=CALENDAR, singleEvents=True, orderBy="startTime").execute()
        return [event["start"]["dateTime"][5:13] for event in listed["items"]]

    assert starts() == ["12-01T10", "12-03T10", "12-08T10", "12-10T10"]
    second = f"{series['id']}_20261203T130000Z"
    assert events.get(calendarId=CALENDAR, eventId=second).execute()["recurringEventId"]
    moved = {"start": when(at(15, day=3)), "end": when(at(16, day=3))}
    events.patch(calendarId=CALENDAR, eventId=second, body=moved).execute()
    world.delete(f"{series['id']}_20261208T130000Z")
    assert starts() == ["12-01T10", "12-03T15", "12-10T10"]
    [master] = [
        event
        for event in events.list(calendarId=CALENDAR).execute()["items"]
        if "recurrence" in event
    ]
    assert master["recurrence"] == [rule]


def test_pages_and_sync_tokens_tell_every_change_once(world: World, connect: Any) -> None:
    events = connect().events()
    ids = [world.add(at(8 + n), at(9 + n))["id"] for n in range(5)]
    request, found, answer = events.list(calendarId=CALENDAR, maxResults=2), [], {}
    while request is not None:
        answer = request.execute()
        found += [event["id"] for event in answer["items"]]
        request = events.list_next(request, answer)
    assert sorted(found) == sorted(ids)
    world.delete(ids[0])
    world.change(ids[1], summary="new")
    changes = events.list(calendarId=CALENDAR, syncToken=answer["nextSyncToken"]).execute()
    assert {event["id"]: event["status"] for event in changes["items"]} == {
        ids[0]: "cancelled",
        ids[1]: "confirmed",
    }
    nothing = events.list(calendarId=CALENDAR, syncToken=changes["nextSyncToken"]).execute()
    assert nothing["items"] == []


def test_an_old_sync_token_asks_for_everything_anew(world: World, connect: Any) -> None:
    token = connect().events().list(calendarId=CALENDAR).execute()["nextSyncToken"]
    world.begin_again()
    gone = connect().events().list(calendarId=CALENDAR, syncToken=token)
    assert refused(gone) == (410, "fullSyncRequired")


@pytest.mark.parametrize(("match_any", "found"), [(False, 1), (True, 3)])
def test_repeated_properties_mean_all_or_any_as_the_simulator_is_told(
    match_any: bool,  # noqa: FBT001 - pytest passes it by name
    found: int,
) -> None:
    with simulated_google(match_any_property=match_any) as world:
        for marks in ({"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}, {}):
            world.add(at(10), at(11), extendedProperties={"private": marks})
        http = google_auth_httplib2.AuthorizedHttp(
            credentials(world), http=httplib2.Http(timeout=10)
        )
        endpoint = {"api_endpoint": f"{world.url}/calendar/v3/"}
        api = build("calendar", "v3", http=http, static_discovery=True, client_options=endpoint)
        listed = api.events().list(calendarId=CALENDAR, privateExtendedProperty=["a=1", "b=2"])
        assert len(listed.execute()["items"]) == found
        http.close()


def free_busy(api: Any, *ids: str) -> dict[str, Any]:
    query = {
        "timeMin": at(0).isoformat(),
        "timeMax": at(0, day=2).isoformat(),
        "items": [{"id": calendar_id} for calendar_id in ids],
    }
    answer: dict[str, Any] = api.freebusy().query(body=query).execute()["calendars"]
    return answer


def test_free_busy_merges_what_is_busy_and_hides_errors_in_a_good_answer(
    world: World, connect: Any
) -> None:
    world.add(at(9), at(10))
    world.add(at(10), at(11))
    world.add(at(14), at(15), transparency="transparent")
    answer = free_busy(connect(), CALENDAR, "other@group.calendar.google.com")
    assert answer[CALENDAR]["busy"] == [
        {"start": "2026-12-01T12:00:00Z", "end": "2026-12-01T14:00:00Z"}
    ]
    other = answer["other@group.calendar.google.com"]
    assert other["errors"] == [{"domain": "global", "reason": "notFound"}]
    world.fault("freebusy_error")
    assert free_busy(connect(), CALENDAR)[CALENDAR]["errors"][0]["reason"] == "internalError"


def test_scopes_decide_what_may_be_called(connect: Any) -> None:
    narrow = connect("calendar.events")
    query = {"timeMin": at(0).isoformat(), "timeMax": at(1).isoformat(), "items": []}
    for request in (
        narrow.freebusy().query(body=query),
        narrow.calendars().get(calendarId=CALENDAR),
        connect("calendar.readonly").events().insert(calendarId=CALENDAR, body=body()),
    ):
        with pytest.raises(HttpError) as caught:
            request.execute()
        assert caught.value.status_code == 403
        assert b"insufficientPermissions" in caught.value.content
    assert connect().calendars().get(calendarId=CALENDAR).execute()["timeZone"]
    assert connect().calendarList().list().execute()["items"] == []


def test_roles_decide_who_may_see_and_write(world: World, connect: Any) -> None:
    world.add(at(10), at(11), summary="secret")
    world.share(access_role="freeBusyReader")
    [event] = connect().events().list(calendarId=CALENDAR).execute()["items"]
    assert "summary" not in event
    insert = connect().events().insert(calendarId=CALENDAR, body=body())
    assert refused(insert) == (403, "requiredAccessLevel")
    world.share(shared_with=["somebody@example.com"])
    assert refused(connect().events().list(calendarId=CALENDAR)) == (404, "notFound")


def test_a_long_query_comes_as_a_post_and_means_the_same(world: World, connect: Any) -> None:
    world.add(at(10), at(11))
    pairs = [f"key{n}={'v' * 40}" for n in range(60)]
    listed = connect().events().list(calendarId=CALENDAR, privateExtendedProperty=pairs)
    assert listed.execute()["items"] == []
    assert world.requests()[-1]["method"] == "POST"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"private_key_id": "another"}, "Invalid JWT Signature."),
        ({"email": "nobody@x.iam.gserviceaccount.com"}, "account not found"),
    ],
)
def test_an_assertion_google_would_refuse_gets_no_token(
    world: World, change: dict[str, str], said: str
) -> None:
    http = httplib2.Http(timeout=10)
    with pytest.raises(RefreshError, match="invalid_grant") as caught:
        credentials(world, **change).refresh(google_auth_httplib2.Request(http))
    assert said in str(caught.value)
    http.close()


def test_a_clock_that_is_wrong_gets_no_token(world: World) -> None:
    http = httplib2.Http(timeout=10)
    wrong = (datetime.now(UTC) - timedelta(hours=3)).replace(tzinfo=None)
    with (
        patch("google.auth._helpers.utcnow", return_value=wrong),
        pytest.raises(RefreshError, match="reasonable timeframe"),
    ):
        credentials(world).refresh(google_auth_httplib2.Request(http))
    http.close()


def test_a_request_without_a_token_is_refused(world: World) -> None:
    answer = world.owner.get("/calendar/v3/calendars/x/events")
    assert answer.status_code == 401
    assert answer.json()["error"]["errors"][0]["reason"] == "authError"


# gcsa, which knows nothing of us


@pytest.fixture
def gcsa(world: World) -> Iterator[GoogleCalendar]:
    opened = httplib2.Http(timeout=10)

    def built(name: str, version: str, *, credentials: Any) -> Any:
        http = google_auth_httplib2.AuthorizedHttp(credentials, http=opened)
        endpoint = {"api_endpoint": f"{world.url}/calendar/v3/"}
        return build(name, version, http=http, static_discovery=True, client_options=endpoint)

    with patch("gcsa._services.authentication.discovery.build", built):
        yield GoogleCalendar(CALENDAR, credentials=credentials(world))
    opened.close()


def test_gcsa_adds_moves_lists_and_deletes_events(gcsa: GoogleCalendar) -> None:
    made = gcsa.add_event(Event("Corte", start=at(10), end=at(11), timezone="America/Sao_Paulo"))
    made.start, made.end = at(15), at(16)
    gcsa.update_event(made)
    [found] = gcsa.get_events(time_min=at(0), time_max=at(23), single_events=True)
    assert (found.summary, found.start) == ("Corte", at(15))
    gcsa.delete_event(found)
    assert list(gcsa.get_events(time_min=at(0), time_max=at(23))) == []


def test_gcsa_sees_repeating_events_unrolled(gcsa: GoogleCalendar) -> None:
    weekly = Recurrence.rule(freq=WEEKLY, count=3)
    gcsa.add_event(
        Event("Aula", start=at(10), end=at(11), timezone="America/Sao_Paulo", recurrence=[weekly])
    )
    found = gcsa.get_events(
        time_min=at(0), time_max=at(0, day=31), single_events=True, order_by="startTime"
    )
    assert [event.start.day for event in found] == [1, 8, 15]


def test_gcsa_reads_free_busy(gcsa: GoogleCalendar) -> None:
    gcsa.add_event(Event("Corte", start=at(10), end=at(11), timezone="America/Sao_Paulo"))
    found = gcsa.get_free_busy(CALENDAR, time_min=at(0), time_max=at(23))
    assert [(span.start, span.end) for span in found] == [(at(10), at(11))]
