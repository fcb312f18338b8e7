"""Whether what the script brought about stands: in Postgres, and in the owners' calendars.

Owns the comparison, and what is said when something is missing. Reads the database and the calendar
simulator by itself; believes no reply.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from mcp_platform.demo.businesses import BUSINESSES, DemoCalendar
from mcp_platform.demo.script import ExpectedAppointment
from mcp_platform.demo.stage import Stage
from mcp_platform.kit.database import opener

PATIENCE = timedelta(seconds=20)  # the outbox may be retrying a calendar write
POLL_S = 0.2

# Holds of customers who are still looking are no appointments yet.
STANDING = """
    SELECT tenants.client_name, contacts.wa_id, appointments.service_id,
           appointments.professional_id, appointments.starts_at, appointments.status
    FROM appointments
    JOIN tenants ON tenants.id = appointments.tenant_id
    JOIN contacts ON contacts.tenant_id = appointments.tenant_id
                 AND contacts.id = appointments.contact_id
    WHERE appointments.status <> 'held'
"""

Appointment = tuple[str, str, str, str, datetime, str]


def missing(stage: Stage, expected: Sequence[ExpectedAppointment]) -> list[str]:
    """Return what is not as expected, in sentences; nothing when all is well.

    Waits for what may still be on its way.
    """
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while True:
        found = asyncio.run(_appointments(stage.database_url))
        wrong = [*_wrong_in_postgres(found, expected), *_wrong_in_calendars(stage, expected)]
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(POLL_S)


async def _appointments(database_url: str) -> set[Appointment]:
    connection = await opener(database_url, application_name="mcp-demo")()
    try:
        return {tuple(row) for row in await connection.fetch(STANDING)}
    finally:
        await connection.close()


def _wrong_in_postgres(
    found: set[Appointment], expected: Sequence[ExpectedAppointment]
) -> list[str]:
    wanted = {
        (
            *(each.business.client_name, each.customer.wa_id, each.service_id),
            *(each.professional_id, each.start.astimezone(UTC), each.status),
        ): each
        for each in expected
    }
    lacking = [f"Postgres lacks: {wanted[key]}." for key in wanted.keys() - found]
    return lacking + [
        f"Postgres has what nobody asked for: {key}." for key in found - wanted.keys()
    ]


def _wrong_in_calendars(stage: Stage, expected: Sequence[ExpectedAppointment]) -> list[str]:
    wrong: list[str] = []
    for agenda in (agenda for business in BUSINESSES for agenda in business.agendas):
        standing = [
            each
            for each in expected
            if each.calendar_id == agenda.calendar_id and each.status == "booked"
        ]
        wrong += _wrong_in(agenda, _events(stage.google, agenda), standing)
    return wrong


def _wrong_in(
    agenda: DemoCalendar, events: list[dict[str, Any]], standing: list[ExpectedAppointment]
) -> list[str]:
    wrong = []
    ours = [event for event in events if _is_ours(event)]
    for each in standing:
        matching = [event for event in ours if _shows(event, each)]
        if len(matching) != 1:
            count = "not" if not matching else f"{len(matching)} times"
            wrong.append(f"{agenda.professional}'s calendar has {count}: {each}.")
    if len(ours) > len(standing):
        titles = ", ".join(sorted(event.get("summary", "?") for event in ours))
        wrong.append(f"{agenda.professional}'s calendar has more than was booked: {titles}.")
    owners = sorted(event["summary"] for event in events if not _is_ours(event))
    if owners != sorted(own.title for own in agenda.own):
        wrong.append(f"{agenda.professional}'s own events changed: {', '.join(owners)}.")
    return wrong


def _events(google: httpx.Client, agenda: DemoCalendar) -> list[dict[str, Any]]:
    answer = google.get(f"/_control/calendars/{agenda.calendar_id}/events")
    answer.raise_for_status()
    return [event for event in answer.json()["events"] if event["status"] != "cancelled"]


def _is_ours(event: dict[str, Any]) -> bool:
    return "mcp" in event.get("extendedProperties", {}).get("private", {})


def _shows(event: dict[str, Any], expected: ExpectedAppointment) -> bool:
    start = datetime.fromisoformat(event["start"]["dateTime"])
    return start == expected.start and event["summary"].startswith(expected.service)
