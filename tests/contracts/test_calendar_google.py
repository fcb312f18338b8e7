"""What the calendar port promises, kept by the Google door against the simulator over real HTTP."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import anyio
import google.auth
import google_auth_httplib2
import httplib2
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import service_account

from mcp_platform.errors import CredentialRefused, Invalid
from mcp_platform.scheduling.calendar import (
    Calendar,
    CalendarReading,
    CalendarUnreadable,
    CalendarZoneUnknown,
    Interval,
    OwnEvent,
)
from mcp_platform.scheduling.google.calendar import GoogleCalendars
from mcp_platform.scheduling.google.session import SCOPES
from tests.contracts.google_calendar_world import (
    CALENDAR,
    DAY,
    EMAIL,
    KEY,
    World,
    appointment,
    at,
    instants,
    simulated_google,
    when,
)


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    with simulated_google() as world:
        yield world


@pytest.fixture
def world(served: World) -> World:
    served.begin_again()
    return served


@pytest.fixture
async def door(world: World) -> AsyncIterator[GoogleCalendars]:
    calendars = world.door()
    yield calendars
    await calendars.close()


@pytest.fixture
def calendar(world: World, door: GoogleCalendars) -> Calendar:
    return door.of(world.account)


async def busy(calendar: Calendar, span: Interval = DAY) -> list[Any]:
    return instants((await reading(calendar, span)).blocking)


async def reading(calendar: Calendar, span: Interval = DAY) -> CalendarReading:
    return await calendar.read(calendar_id=CALENDAR, span=span, key=KEY)


def utc(start: Any, end: Any) -> Any:
    return instants([Interval(start, end)])[0]


# What is busy


async def test_an_empty_calendar_is_free(calendar: Calendar) -> None:
    assert await busy(calendar) == []


async def test_what_the_owner_enters_is_busy(world: World, calendar: Calendar) -> None:
    world.add(at(15), at(16))
    world.add(at(9), at(9, 30))
    assert sorted(await busy(calendar)) == [utc(at(9), at(9, 30)), utc(at(15), at(16))]


async def test_an_event_that_only_touches_the_span_is_not_listed(
    world: World, calendar: Calendar
) -> None:
    world.add(at(9), at(10))
    world.add(at(11), at(12))
    world.add(at(9, 30), at(10, 1))
    assert await busy(calendar, Interval(at(10), at(11))) == [utc(at(9, 30), at(10, 1))]


async def test_our_own_events_are_left_out_and_other_keys_are_busy(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment("mine00", hour=10))
    other = appointment("theirs", hour=11, key="salao-da-ana-production")
    await calendar.put(calendar_id=CALENDAR, event=other)
    found = await reading(calendar)
    assert instants(found.blocking) == [utc(at(11), at(11, 30))]
    assert found.own == [OwnEvent("mine00", Interval(at(10), at(10, 30)))]


async def test_our_own_event_is_known_wherever_its_owner_puts_it(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment("mine00", hour=10))
    world.change("mine00", start=when(at(14)), end=when(at(16)))
    [own] = (await reading(calendar)).own
    assert own == OwnEvent("mine00", Interval(at(14), at(16)))


async def test_what_the_owner_makes_of_our_event_by_repeating_it_is_known_as_ours(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment("mine00", hour=10))
    world.change("mine00", recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    span = Interval(at(0), at(0, day=3))
    assert (await reading(calendar, span)).own == [
        OwnEvent("mine00", Interval(at(10), at(10, 30))),
        OwnEvent("mine00", Interval(at(10, day=2), at(10, 30, day=2))),
    ]


async def test_a_copy_the_owner_makes_of_our_event_is_busy(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment("mine00", hour=10))
    marks = world.events()[0]["extendedProperties"]
    world.add(at(14), at(15), extendedProperties=marks)
    assert await busy(calendar) == [utc(at(14), at(15))]


async def test_what_is_shown_as_free_cancelled_declined_or_a_place_is_not_busy(
    world: World, calendar: Calendar
) -> None:
    world.add(at(8), at(9), transparency="transparent")
    world.delete(world.add(at(9), at(10))["id"])
    me = {"email": CALENDAR, "self": True, "responseStatus": "declined"}
    world.add(at(10), at(11), attendees=[me])
    world.add(at(11), at(12), eventType="workingLocation")
    assert await busy(calendar) == []


@pytest.mark.parametrize("kind", ["outOfOffice", "focusTime", "fromGmail"])
async def test_absence_and_focus_time_are_busy(world: World, calendar: Calendar, kind: str) -> None:
    world.add(at(8), at(9), eventType=kind)
    assert await busy(calendar) == [utc(at(8), at(9))]


async def test_an_invitation_that_others_declined_is_busy(world: World, calendar: Calendar) -> None:
    guests = [
        {"email": "other@example.com", "responseStatus": "declined"},
        {"email": CALENDAR, "self": True, "responseStatus": "accepted"},
    ]
    world.add(at(10), at(11), attendees=guests)
    assert await busy(calendar) == [utc(at(10), at(11))]


async def test_a_day_off_lasts_a_day_of_the_calendars_own_zone(
    world: World, calendar: Calendar
) -> None:
    world.add_body(start={"date": "2026-12-01"}, end={"date": "2026-12-02"})
    assert await busy(calendar) == [utc(at(0), at(0, day=2))]


async def test_a_day_shown_as_free_is_told_apart_from_a_birthday_and_from_free_hours(
    world: World, calendar: Calendar
) -> None:
    day = {"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    world.add_body(summary="FERIADO", transparency="transparent", **day)
    world.add_body(eventType="birthday", transparency="transparent", **day)
    world.add(at(9), at(10), transparency="transparent")
    found = await reading(calendar)
    assert instants(found.days_shown_free) == [utc(at(0), at(0, day=2))]
    assert found.blocking == []


async def test_an_invitation_that_nobody_answered_is_told_apart(
    world: World, calendar: Calendar
) -> None:
    me = {"email": CALENDAR, "self": True, "responseStatus": "needsAction"}
    world.add(at(8), at(18), attendees=[me])
    world.add(at(8), at(18), attendees=[me], transparency="transparent")
    world.add(at(18), at(19), attendees=[{**me, "responseStatus": "tentative"}])
    found = await reading(calendar)
    assert instants(found.unanswered) == [utc(at(8), at(18))]
    assert instants(found.blocking) == [utc(at(18), at(19))]


async def test_a_day_of_a_zone_that_is_only_an_offset_is_read_by_that_offset(
    world: World, calendar: Calendar
) -> None:
    world.share(time_zone="Etc/GMT+3", zone_name="GMT-03:00")
    world.add_body(start={"date": "2026-12-01"}, end={"date": "2026-12-02"})
    found = await reading(calendar)
    assert instants(found.blocking) == [utc(at(0), at(0, day=2))]
    assert found.zone == "GMT-03:00"


async def test_of_an_unknown_zone_only_whole_days_cannot_be_read(
    world: World, calendar: Calendar
) -> None:
    world.share(zone_name="E. South America Standard Time")
    world.add(at(9), at(10))
    assert await busy(calendar) == [utc(at(9), at(10))]
    world.add_body(start={"date": "2026-12-01"}, end={"date": "2026-12-02"})
    with pytest.raises(CalendarZoneUnknown, match="South America Standard Time"):
        await reading(calendar)


async def test_a_repeating_event_is_busy_each_time(world: World, calendar: Calendar) -> None:
    world.add(at(12), at(13), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    span = Interval(at(0, day=2), at(0, day=9))
    days = [utc(at(12, day=2), at(13, day=2)), utc(at(12, day=3), at(13, day=3))]
    assert await busy(calendar, span) == days


async def test_all_pages_are_read(world: World, calendar: Calendar) -> None:
    expected = []
    for minute in range(45):
        world.add(at(9, minute), at(9, minute + 1))
        expected.append(utc(at(9, minute), at(9, minute + 1)))
    with patch("mcp_platform.scheduling.google.calendar._PAGE", 20):
        assert await busy(calendar) == expected
    assert len(world.requests("GET")) == 3


# Writing


async def test_an_event_is_written_as_the_owner_should_see_it(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    [event] = world.events()
    assert event["id"] == "apnt0001"
    assert event["summary"] == "Corte — João"
    assert event["description"] == "por WhatsApp"
    assert event["start"]["dateTime"] == "2026-12-01T10:00:00-03:00"
    assert event["end"]["dateTime"] == "2026-12-01T10:30:00-03:00"
    assert "attendees" not in event


async def test_writing_twice_writes_once(world: World, calendar: Calendar) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    before = world.events()
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    assert world.events() == before  # the ETag too: nothing was written


async def test_a_moved_appointment_moves_its_event(world: World, calendar: Calendar) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment(hour=10))
    await calendar.put(calendar_id=CALENDAR, event=appointment(hour=16))
    [event] = world.events()
    assert event["start"]["dateTime"] == "2026-12-01T16:00:00-03:00"
    patches = world.requests("PATCH")
    assert [one["headers"]["if-match"] for one in patches] != [""]


async def test_an_event_that_was_deleted_is_revived(world: World, calendar: Calendar) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    world.delete("apnt0001")
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    [event] = world.events()
    assert event["status"] == "confirmed"


async def test_what_is_only_rewritten_stays_where_it_is_and_is_not_revived(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment(hour=10))
    nameless = replace(appointment(hour=16), summary="Corte", description="", existing_only=True)
    await calendar.put(calendar_id=CALENDAR, event=nameless)
    [event] = world.events()
    assert (event["summary"], event["start"]["dateTime"]) == ("Corte", "2026-12-01T10:00:00-03:00")
    world.delete("apnt0001")
    await calendar.put(calendar_id=CALENDAR, event=nameless)
    [event] = world.events()
    assert event["status"] == "cancelled"
    never = replace(nameless, event_id="apnt0002")
    await calendar.put(calendar_id=CALENDAR, event=never)
    assert len(world.events()) == 1


async def test_an_event_the_owner_made_last_all_day_gets_its_time_back(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    day = {"dateTime": None, "timeZone": None}
    world.change("apnt0001", start={**day, "date": "2026-12-01"}, end={**day, "date": "2026-12-02"})
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    [event] = world.events()
    assert event["start"] == {
        "dateTime": "2026-12-01T10:00:00-03:00",
        "timeZone": "America/Sao_Paulo",
    }


async def test_an_event_that_changed_meanwhile_is_read_again(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment(hour=10))
    world.fault("precondition_failed", times=2)
    await calendar.put(calendar_id=CALENDAR, event=appointment(hour=11))
    assert len(world.requests("PATCH")) == 3
    [event] = world.events()
    assert event["start"]["dateTime"] == "2026-12-01T11:00:00-03:00"


async def test_a_calendar_that_keeps_changing_is_left_for_later(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment(hour=10))
    world.fault("precondition_failed", times=None)
    with pytest.raises(CalendarUnreadable):
        await calendar.put(calendar_id=CALENDAR, event=appointment(hour=11))


async def test_an_answer_lost_after_the_write_leaves_one_event(
    world: World, calendar: Calendar
) -> None:
    world.fault("response_lost", times=None, match={"method": "events.insert"})
    with pytest.raises(CalendarUnreadable):
        await calendar.put(calendar_id=CALENDAR, event=appointment())
    world.owner.delete("/_control/faults")
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    assert [event["id"] for event in world.events()] == ["apnt0001"]


async def test_removing_cancels_and_removing_again_is_done_already(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    await calendar.remove(calendar_id=CALENDAR, event_id="apnt0001")
    await calendar.remove(calendar_id=CALENDAR, event_id="apnt0001")
    await calendar.remove(calendar_id=CALENDAR, event_id="never0001")
    assert [event["status"] for event in world.events()] == ["cancelled"]
    assert await busy(calendar) == []


async def test_removing_from_a_calendar_no_longer_shared_is_not_called_done(
    world: World, calendar: Calendar
) -> None:
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    world.share(shared_with=[])
    with pytest.raises(CredentialRefused):
        await calendar.remove(calendar_id=CALENDAR, event_id="apnt0001")


async def test_an_id_that_google_forbids_is_our_mistake(calendar: Calendar) -> None:
    with pytest.raises(Invalid):
        await calendar.put(calendar_id=CALENDAR, event=appointment("NOT-BASE32"))


@pytest.mark.parametrize("fault", ["unreadable", "rate_limited_403", "malformed_body"])
async def test_a_write_is_not_repeated_by_the_door(
    world: World, calendar: Calendar, fault: str
) -> None:
    await busy(calendar)
    world.forget_requests()
    world.fault(fault, times=None, match={"method": "events.insert"})
    with pytest.raises(CalendarUnreadable):
        await calendar.put(calendar_id=CALENDAR, event=appointment())
    assert len(world.requests("POST")) == 1


# Trouble that passes


@pytest.mark.parametrize(
    "fault",
    [
        "unreadable",
        "server_error",
        "rate_limited_403",
        "rate_limited_429",
        "reset",
        "response_lost",
        "malformed_body",
    ],
)
async def test_a_read_outlives_a_short_trouble(
    world: World, calendar: Calendar, fault: str
) -> None:
    world.add(at(9), at(10))
    world.fault(fault, times=2)
    assert await busy(calendar) == [utc(at(9), at(10))]


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("unreadable", {}),
        ("server_error", {"status": 502}),
        ("rate_limited_403", {}),
        ("rate_limited_403", {"reason": "userRateLimitExceeded"}),
        ("rate_limited_429", {}),
        ("reset", {}),
        ("malformed_body", {}),
        ("malformed_body", {"status": 200}),
        ("malformed_body", {"status": 403}),
        ("malformed_body", {"status": 404}),
        ("token_unreadable", {}),
        ("token_unreadable", {"status": 429}),
        ("token_malformed_body", {}),
        ("token_malformed_body", {"status": 200}),
        ("token_malformed_body", {"status": 403}),
    ],
)
async def test_a_lasting_trouble_is_neither_free_nor_busy(
    world: World, calendar: Calendar, fault: str, settings: dict[str, Any]
) -> None:
    world.fault(fault, times=None, **settings)
    with pytest.raises(CalendarUnreadable):
        await busy(calendar)


async def test_a_calendar_nobody_answers_for_is_unreadable(world: World) -> None:
    door = GoogleCalendars(
        api_url="http://127.0.0.1:9",
        token_url="http://127.0.0.1:9/token",
        timeout=timedelta(seconds=1),
        max_threads=1,
    )
    with pytest.raises(CalendarUnreadable):
        await busy(door.of(world.account))
    await door.close()


async def test_a_slow_answer_is_given_up(world: World) -> None:
    door = world.door(timeout=timedelta(milliseconds=300))
    world.fault("slow", seconds=30, times=None)
    with pytest.raises(CalendarUnreadable):
        await busy(door.of(world.account))
    await door.close()


async def test_an_answer_that_comes_drop_by_drop_is_cut_off(world: World) -> None:
    drops = 0

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal drops
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
        try:
            for _ in range(50):
                writer.write(b" ")
                await writer.drain()
                drops += 1
                await asyncio.sleep(0.1)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        door = GoogleCalendars(
            api_url=url, token_url=url, timeout=timedelta(milliseconds=300), max_threads=2
        )
        with pytest.raises(CalendarUnreadable):
            await busy(door.of(world.account))
        assert 0 < drops < 50
        await door.close()


@pytest.mark.parametrize("nested", ["token", "events"])
async def test_an_answer_nested_without_end_is_unreadable(world: World, nested: str) -> None:
    token = b'{"access_token": "ya29.x", "expires_in": 3600, "token_type": "Bearer"}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        deep = nested == "token" or b"/token" not in asked
        body = b"[" * 50_000 + b"]" * 50_000 if deep else token
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body))
        writer.write(b"Content-Type: application/json\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        door = GoogleCalendars(
            api_url=url, token_url=f"{url}/token", timeout=timedelta(seconds=3), max_threads=2
        )
        with pytest.raises(CalendarUnreadable):
            await busy(door.of(world.account))
        await door.close()


async def test_the_wait_google_asks_for_is_passed_on(world: World, calendar: Calendar) -> None:
    world.fault("rate_limited_429", times=None, retry_after_s=77)
    with pytest.raises(CalendarUnreadable) as caught:
        await busy(calendar)
    assert caught.value.retry_after == timedelta(seconds=77)
    assert len(world.requests("GET")) == 1  # 77 s are more than the call has


async def test_an_exhausted_quota_is_waited_for_hours(world: World, calendar: Calendar) -> None:
    world.fault("rate_limited_403", times=None, reason="quotaExceeded")
    with pytest.raises(CalendarUnreadable) as caught:
        await busy(calendar)
    assert caught.value.retry_after == timedelta(hours=1)


async def test_a_wrong_clock_is_not_blamed_on_the_credential(
    world: World, calendar: Calendar
) -> None:
    said = (
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    )
    world.fault("invalid_grant", times=None, description=said)
    with pytest.raises(CalendarUnreadable, match="clock"):
        await busy(calendar)


# Trouble that only a person can mend


async def test_a_calendar_that_is_not_shared_says_with_whom_to_share_it(
    world: World, calendar: Calendar
) -> None:
    world.share(shared_with=[])
    with pytest.raises(CredentialRefused, match=EMAIL) as caught:
        await busy(calendar)
    assert "Make changes to events" in str(caught.value)


@pytest.mark.parametrize("role", ["freeBusyReader", "reader"])
async def test_a_calendar_shared_for_reading_is_refused_for_reading_and_writing(
    world: World, calendar: Calendar, role: str
) -> None:
    world.share(access_role=role)
    with pytest.raises(CredentialRefused, match="Make changes to events"):
        await busy(calendar)
    with pytest.raises(CredentialRefused, match="Make changes to events"):
        await calendar.put(calendar_id=CALENDAR, event=appointment())


async def test_an_api_that_is_off_says_in_which_project(world: World, calendar: Calendar) -> None:
    world.fault("access_not_configured", times=None)
    with pytest.raises(CredentialRefused, match="project ze-1"):
        await busy(calendar)


async def test_a_key_that_was_replaced_at_google_is_refused(
    world: World, calendar: Calendar
) -> None:
    world.register(_another_public_key())
    with pytest.raises(CredentialRefused, match="GOOGLE_PRIVATE_KEY"):
        await busy(calendar)


async def test_a_token_nobody_accepts_is_a_refused_credential(
    world: World, calendar: Calendar
) -> None:
    world.fault("unauthorized", times=None)
    with pytest.raises(CredentialRefused):
        await busy(calendar)


@pytest.mark.parametrize("key", ["", "-----BEGIN PRIVATE KEY-----\nnonsense", "{}"])
async def test_a_key_that_is_no_key_is_refused_without_asking_google(
    world: World, door: GoogleCalendars, key: str
) -> None:
    with pytest.raises(CredentialRefused, match="GOOGLE_PRIVATE_KEY"):
        await busy(door.of(replace(world.account, private_key=key)))
    assert world.token_requests() == 0


async def test_a_key_pasted_with_literal_line_ends_works(
    world: World, door: GoogleCalendars
) -> None:
    pasted = world.private_key.replace("\n", "\\n")
    assert await busy(door.of(replace(world.account, private_key=pasted))) == []


def _another_public_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form).decode()


# Tokens, threads, and what must never leave


async def test_requests_at_once_fetch_one_token(world: World, door: GoogleCalendars) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(busy(door.of(world.account)))
    assert world.token_requests() == 1


async def test_a_token_that_died_early_is_replaced_once(world: World, calendar: Calendar) -> None:
    await busy(calendar)
    world.revoke_tokens()
    world.register(world.public_key)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(busy(calendar))
    assert world.token_requests() == 2


async def test_no_more_threads_than_allowed_and_the_loop_stays_free(world: World) -> None:
    door = GoogleCalendars(
        api_url=f"{world.url}/calendar/v3/",
        token_url=f"{world.url}/token",
        timeout=timedelta(seconds=20),
        max_threads=2,
    )
    world.fault("slow", seconds=0.2, times=6)
    most = 0
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(busy(door.of(world.account))) for _ in range(6)]
        while not all(task.done() for task in tasks):
            working = door._transport._limiter.borrowed_tokens
            most = max(most, int(working))
            await anyio.sleep(0.01)
    await door.close()
    assert most == 2


async def test_the_token_goes_to_the_token_endpoint_and_the_calendar_only(
    world: World, door: GoogleCalendars, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Since 2.63 google-auth asks only where this is set; before, it always asked.
    enabled = "GOOGLE_SDK_EXPERIMENTAL_PYTHON_REGIONAL_ACCESS_BOUNDARY_LOOKUP_ENABLED"
    monkeypatch.setenv(enabled, "true")
    asked: list[str] = []
    real = httplib2.Http.request

    def watched(self: httplib2.Http, uri: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(uri)
        if not uri.startswith(world.url):
            raise OSError("nothing else may be asked")
        return real(self, uri, *args, **kwargs)

    with patch.object(httplib2.Http, "request", watched):
        await busy(door.of(world.account))
        _wait_for_google_auth()
        assert asked
        assert all(uri.startswith(world.url) for uri in asked), asked

        # The same look with google-auth's own class finds the request: the look is a good one.
        info = {
            "client_email": EMAIL,
            "private_key": world.private_key,
            "token_uri": f"{world.url}/token",
        }
        plain = service_account.Credentials.from_service_account_info(info, scopes=SCOPES)
        authorized = google_auth_httplib2.AuthorizedHttp(plain, http=httplib2.Http(timeout=5))
        authorized.request(f"{world.url}/calendar/v3/users/me/calendarList")
        _wait_for_google_auth()
        authorized.close()
        assert any("iamcredentials" in uri for uri in asked), google.auth.__version__
    assert world.alarms() == []


def _wait_for_google_auth() -> None:
    for thread in threading.enumerate():
        if "Regional" in type(thread).__name__ or "Regional" in thread.name:
            thread.join(timeout=30)


async def test_no_log_line_and_no_error_names_calendar_token_or_key(
    world: World, calendar: Calendar, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await calendar.put(calendar_id=CALENDAR, event=appointment())
    world.fault("rate_limited_403", times=2)
    await busy(calendar)
    world.fault("unreadable", times=None)
    with pytest.raises(CalendarUnreadable) as caught:
        await busy(calendar)
    error: BaseException | None = caught.value
    told = caplog.text
    while error is not None:
        told += str(error) + repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for secret in ("group.calendar.google.com", "ya29.", "PRIVATE KEY", "assertion="):
        assert secret not in told
    assert "PRIVATE KEY" not in repr(world.account)


async def test_one_discovery_document_serves_all_accounts(
    world: World, door: GoogleCalendars
) -> None:
    with patch("mcp_platform.scheduling.google.calendar.build") as build:
        accounts = [replace(world.account, client_email=f"{n}@x.example") for n in range(50)]
        for account in accounts:
            door.of(account)
    build.assert_not_called()


async def test_neither_keys_nor_sockets_are_worked_on_in_the_event_loop(
    world: World, door: GoogleCalendars
) -> None:
    workers: list[tuple[str, threading.Thread]] = []

    def noted(name: str, real: Any) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            workers.append((name, threading.current_thread()))
            return real(*args, **kwargs)

        return wrapped

    credentials = service_account.Credentials
    parse = credentials.from_service_account_info.__func__
    sign = credentials._make_authorization_grant_assertion
    with (
        patch.object(credentials, "from_service_account_info", classmethod(noted("parse", parse))),
        patch.object(credentials, "_make_authorization_grant_assertion", noted("sign", sign)),
        patch.object(httplib2.Http, "request", noted("send", httplib2.Http.request)),
    ):
        await busy(door.of(world.account))
    assert {name for name, _ in workers} == {"parse", "sign", "send"}
    assert all(worker is not threading.current_thread() for _, worker in workers)
