"""The demonstration: it proves itself, notices when it is wrong, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from mcp_platform.demo import verdict
from mcp_platform.demo.businesses import BARBEARIA, BUSINESSES, GUANABARA
from mcp_platform.demo.catalogues import catalogue_of
from mcp_platform.demo.customer import Option, ReceivedMessage, heard
from mcp_platform.demo.script import ZONE, ExpectedAppointment, _start_of, chosen_days
from tests.cli.processes import (
    PATIENCE_S,
    alive,
    descendants,
    page_of,
    start_demo,
    wait_until_gone,
)
from tests.conftest import FOLDER_VARIABLE

ANA = GUANABARA.customers[0]
TEN = datetime(2026, 11, 25, 10, tzinfo=ZONE)
VISIT = ExpectedAppointment(GUANABARA, ANA, "visita", "Visita técnica", "marina", TEN)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL can enter: as root it runs under an account that cannot enter ours."""
    made = Path(os.environ[FOLDER_VARIABLE]) / f"demo-{uuid4().hex}"
    made.mkdir(mode=0o711)
    yield made
    shutil.rmtree(made)


@pytest.mark.full  # `.ci/run` runs the command as well
@pytest.mark.timeout(300)
def test_once_plays_the_script_and_proves_what_came_of_it(folder: Path) -> None:
    output = folder / "output"
    process = start_demo(folder, "--once", output=output)
    started = descendants(process.pid)

    status = process.wait(280)

    written = output.read_text()
    assert status == 0, written
    for words in ("✅ Agendado", "✅ Remarcado", "❌ Cancelado", "Calendars", "Rafael Dias"):
        assert words in written
    assert "3 appointments stand in Postgres and in the calendars" in " ".join(written.split())
    wait_until_gone(started)


@pytest.mark.timeout(300)
def test_nothing_is_left_running_after_a_kill_and_the_next_one_starts_alone(folder: Path) -> None:
    output, refused = folder / "output", folder / "refused"
    process = start_demo(folder, "--no-script", output=output)
    page_of(process, output=output)
    started = descendants(process.pid)
    assert len(alive(started)) >= 5  # simulators, gateway, worker, PostgreSQL, Valkey and more

    process.kill()
    process.wait()

    again = start_demo(folder, "--no-script", output=output)  # at once, while the first one stops
    try:
        page_of(again, output=output)
        wait_until_gone(started)
        started = descendants(again.pid)
        assert start_demo(folder, "--once", output=refused).wait(PATIENCE_S) == 1
        assert "A demonstration already runs in" in refused.read_text()
        assert again.poll() is None
        again.send_signal(signal.SIGINT)
        assert again.wait(PATIENCE_S) == 0
        wait_until_gone(started)
    finally:
        again.kill()
        again.wait()


def test_it_ends_with_the_make_that_ran_it() -> None:
    demo = (
        "import os, time; from mcp_platform.cli.commands.demo import _end_with_make; _end_with_make();"
        " print('up', flush=True); time.sleep(600)"
    )
    make = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {demo!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", make],
        stdout=subprocess.PIPE,
        env={**os.environ, "MAKELEVEL": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.kill()
        assert process.stdout.read() == b""  # nobody holds it any more


@pytest.mark.parametrize("today", [date(2026, 11, 23) + timedelta(days=n) for n in range(7)])
def test_on_any_day_the_script_finds_two_days_on_which_both_are_open(today: date) -> None:
    days = chosen_days(today)

    assert len(set(days)) == 2
    for day in days:
        assert timedelta(days=2) <= day - today <= timedelta(days=6)
        for business in BUSINESSES:
            for professional in catalogue_of(business).professionals:
                assert day.weekday() in {span.weekday for span in professional.hours}


@pytest.mark.parametrize("business", BUSINESSES, ids=lambda each: each.client_name)
def test_every_professional_has_a_calendar_of_their_own(business: object) -> None:
    assert business in (GUANABARA, BARBEARIA)
    catalogue = catalogue_of(business)  # type: ignore[arg-type]  # one of the two
    calendars = [each.calendar_id for each in catalogue.professionals]

    assert calendars[0] is None  # the tenant's
    assert len(set(calendars)) == len(calendars)


def test_a_row_is_read_across_the_turn_of_the_year() -> None:
    option = Option("s_1", "ter 05/01 09:30", "Corte", "list")

    start = _start_of(option, near=date(2026, 12, 29))

    assert start == datetime(2027, 1, 5, 9, 30, tzinfo=ZONE)


def test_lists_and_buttons_are_read_as_a_phone_shows_them() -> None:
    rows = [{"id": "s_1", "title": "ter 24/11 10:00", "description": "Corte"}]
    listed = {
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": "Qual?"},
            "action": {"button": "Ver horários", "sections": [{"rows": rows}]},
        },
    }

    assert heard(listed) == ReceivedMessage(
        "Qual?", (Option("s_1", "ter 24/11 10:00", "Corte", "list"),), label="Ver horários"
    )


def _appointment(**changes: object) -> tuple[object, ...]:
    columns = {
        "client": GUANABARA.client_name,
        "wa_id": ANA.wa_id,
        "service": "visita",
        "professional": "marina",
        "start": TEN,
        "status": "booked",
        **changes,
    }
    return tuple(columns.values())


def test_postgres_holding_exactly_what_is_expected_is_fine() -> None:
    assert not verdict._wrong_in_postgres({_appointment()}, [VISIT])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [{"start": TEN + timedelta(minutes=30)}, {"status": "cancelled"}, {"wa_id": "5521000000000"}],
)
def test_any_other_appointment_is_missed_and_is_one_too_many(change: dict[str, object]) -> None:
    wrong = verdict._wrong_in_postgres({_appointment(**change)}, [VISIT])  # type: ignore[arg-type]

    assert len(wrong) == 2
    assert wrong[0].startswith("Postgres lacks: Visita técnica of Ana Souza")


def _event(title: str, *, ours: bool = True, start: datetime = TEN) -> dict[str, object]:
    mark = {"extendedProperties": {"private": {"mcp": GUANABARA.path}}} if ours else {}
    return {"summary": title, "start": {"dateTime": start.isoformat()}, **mark}


OWN = [_event(own.title, ours=False) for own in GUANABARA.agendas[0].own]


def test_a_calendar_holding_exactly_what_is_expected_is_fine() -> None:
    events = [*OWN, _event("Visita técnica — Ana Souza")]

    assert not verdict._wrong_in(GUANABARA.agendas[0], events, [VISIT])


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (OWN, "has not: Visita técnica"),
        ([*OWN, _event("Visita técnica"), _event("Visita técnica")], "has 2 times"),
        ([*OWN, _event("Visita técnica", start=TEN + timedelta(hours=1))], "has not"),
        ([*OWN, _event("Visita técnica"), _event("Instalação")], "more than was booked"),
        ([*OWN[1:], _event("Visita técnica")], "own events changed"),
    ],
)
def test_what_is_wrong_in_a_calendar_is_said(events: list[dict[str, object]], said: str) -> None:
    assert said in " ".join(verdict._wrong_in(GUANABARA.agendas[0], events, [VISIT]))
