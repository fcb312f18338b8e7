"""What a tenant offers, who does it, when, and on which days not, by command."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import PATH, Database, Mcp
from tests.cli.terminal import Terminal
from tests.factories import add_appointment

DAY = (datetime.now(UTC) + timedelta(days=40)).date()


@pytest.fixture
def offering(mcp: Mcp, database: Database) -> Database:
    """Zé cuts hair, and somebody has booked."""
    assert mcp("services", "add", PATH, "Corte", "--minutes", "30").status == 0
    assert mcp("people", "add", PATH, "Zé", "--does", "corte").status == 0
    begin = datetime(DAY.year, DAY.month, DAY.day, 13, tzinfo=UTC)
    booking = {"starts_at": begin, "booked_for": "Bruno"}
    database.make(add_appointment, database.tenant, database.contact, **booking)
    return database


def test_a_catalogue_is_made_changed_and_listed_by_command(mcp: Mcp, database: Database) -> None:
    assert "services add" in mcp("services", "list", PATH).out
    made = mcp("services", "add", PATH, "Corte e Barba", "--minutes", "45", "--price", "R$ 70,00")
    assert (made.status, made.err) == (0, "")
    assert mcp("services", "change", PATH, "corte-e-barba", "--minutes", "50").status == 0
    hours = "seg-sex 9h-12h 13:00-18:00; sáb 9h às 13h"
    assert mcp("people", "add", PATH, "Zé", "--does", "corte-e-barba", "--hours", hours).status == 0
    assert mcp("people", "change", PATH, "ze", "--calendar-id", "ze@example.com").status == 0

    (service,) = json.loads(mcp("services", "list", PATH, "--json").out)
    assert (service["id"], service["duration_minutes"], service["price_cents"]) == (
        "corte-e-barba", 50, 7000,
    )  # fmt: skip
    (person,) = json.loads(mcp("people", "list", PATH, "--json").out)
    assert (person["service_ids"], person["calendar_id"]) == (["corte-e-barba"], "ze@example.com")
    listed = mcp("hours", "list", PATH).out
    assert "mon-fri 09:00-12:00 13:00-18:00; sat 09:00-13:00" in listed
    assert "ter 09:00-18:00" in mcp("--lang", "pt", "hours", "set", PATH, "ze", "ter 9h-18h").out
    assert len(json.loads(mcp("hours", "list", PATH, "--json").out)[0]["hours"]) == 1

    assert mcp("people", "remove", PATH, "ze").status == 0
    assert mcp("services", "remove", PATH, "corte-e-barba").status == 0
    assert database.value("SELECT count(*) FROM services") == 0
    assert database.value("SELECT actor_kind FROM audit_entries LIMIT 1") == "command"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("services", "add", PATH, "Corte", "--minutes", "3"), "greater than or equal to 5"),
        (("services", "add", PATH, "X", "--minutes", "30", "--price", "much"), "USD 12.50"),
        (("services", "change", PATH, "tintura", "--minutes", "30"), "no service tintura"),
        (("services", "list", "nobody/production"), "no tenant nobody/production"),
        (("people", "add", PATH, "Ana", "--does", "tintura"), "there is no such service"),
        (("hours", "set", PATH, "ze", "seg-sex cedo"), "'cedo' is neither a day nor hours"),
        (("hours", "set", PATH, "ze", "seg 9-12 11-13"), "overlaps the span"),
        (("closed-days", "add", PATH, "amanhã"), "'amanhã' is no day"),
        (("closed-days", "add", PATH, "2027-01-03..2027-01-01"), "no range"),
        (("closed-days", "add", PATH, "2027-01-03", "--from", "25h"), "must be a time as HH:MM"),
        (("closed-days", "remove", PATH, "2027-01-03"), "None of these days is closed"),
        (("closed-days", "town", PATH, "--region", "BR-XX"), "must be one of AC"),
        (("closed-days", "town", PATH, "--remove", "25/01"), "no such holiday"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    arguments: tuple[str, ...], said: str, mcp: Mcp, offering: Database
) -> None:
    ran = mcp(*arguments)
    assert (ran.status, ran.out) == (1, "")
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_days_half_days_and_ranges_are_closed_and_opened_again(
    mcp: Mcp, database: Database
) -> None:
    mcp("people", "add", PATH, "Zé")
    first, last = DAY + timedelta(days=10), DAY + timedelta(days=12)
    added = mcp("closed-days", "add", PATH, f"{first}..{last:%d/%m/%Y}", "--reason", "Férias")
    assert added.out == f"{first}..{last} is closed.\n"
    half = ("--from", "12h", "--who", "ze")
    assert mcp("closed-days", "add", PATH, str(DAY), *half).status == 0

    listed = [" ".join(line.split()) for line in mcp("closed-days", "list", PATH).out.splitlines()]
    assert listed[1:] == [f"{DAY} 12:00-00:00 ze –", f"{first}..{last} – everybody Férias"]
    days = json.loads(mcp("closed-days", "list", PATH, "--json").out)
    assert [each["day"] for each in days] == [
        str(each) for each in (DAY, first, first + timedelta(days=1), last)
    ]
    assert (days[0]["begins"], days[0]["ends"]) == ("12:00", "00:00")

    assert mcp("closed-days", "remove", PATH, f"{first}..{last}").out == "Opened again: 3.\n"
    assert mcp("closed-days", "remove", PATH, str(DAY)).status == 1  # it is Zé's alone
    assert mcp("closed-days", "remove", PATH, str(DAY), "--who", "ze").status == 0
    assert database.value("SELECT count(*) FROM closed_days") == 0


def test_without_a_terminal_bookings_are_listed_and_nothing_is_closed(
    mcp: Mcp, offering: Database
) -> None:
    ran = mcp("closed-days", "add", PATH, str(DAY))
    assert (ran.status, ran.out) == (1, "")
    assert f"{DAY} 10:00  Corte, Zé, Bruno" in ran.err
    assert "--bookings keep or --bookings cancel" in ran.err
    assert offering.value("SELECT count(*) FROM closed_days") == 0

    done = mcp("--lang", "pt", "closed-days", "add", PATH, str(DAY), "--bookings", "cancel")
    assert done.out == (
        f"{DAY:%d/%m/%Y}: fechado.\nCancelados, e fora da agenda:\n"
        f"  {DAY:%d/%m/%Y} 10:00  Corte, Zé, Bruno\n"
    )
    assert offering.value("SELECT status FROM appointments") == "cancelled"


def test_at_a_terminal_one_is_asked_what_becomes_of_bookings_and_on_which_holidays_to_close(
    offering: Database,
) -> None:
    env = {"DATABASE_URL": offering.url, "LC_ALL": "C.UTF-8"}
    year = str(datetime.now(UTC).year + 1)
    with Terminal("closed-days", "add", PATH, str(DAY), env=env) as terminal:
        terminal.shows("Corte, Zé, Bruno")
        terminal.shows("Keep them (k)")
        terminal.type("k\r")
        terminal.shows("Kept, although it is closed then:")
        assert terminal.ends() == 0
    with Terminal("closed-days", "holidays", PATH, "--year", year, env=env) as terminal:
        terminal.shows("Carnaval")
        terminal.shows("all or none:")
        terminal.type("99\r")
        terminal.shows("all or none:")
        terminal.type("1, 2\r")
        terminal.shows(f"{year} is decided: closed on 2 holidays.")
        assert terminal.ends() == 0
    assert offering.value("SELECT status FROM appointments") == "booked"
    assert offering.value("SELECT count(*) FROM closed_days") == 3


def test_holidays_are_shown_with_the_towns_own_and_closed_on_where_they_are_named(
    mcp: Mcp, database: Database
) -> None:
    year = str(datetime.now(UTC).year + 1)
    town = mcp(
        *("closed-days", "town", PATH, "--region", "BR-SP"),
        *("--add", "25/01 Aniversário da cidade", "--add", "08/12 Padroeira"),
    )
    assert (town.status, "25/01  Aniversário da cidade" in town.out) == (0, True)
    assert "Padroeira" not in mcp("closed-days", "town", PATH, "--remove", "08/12").out

    shown = mcp("closed-days", "holidays", PATH, "--year", year)
    assert "Aniversário da cidade" in shown.out
    assert database.value("SELECT count(*) FROM closed_days") == 0
    assert database.value("SELECT holidays_decided FROM tenants") is None

    closed = mcp("closed-days", "holidays", PATH, "--year", year, "--close", f"25/01/{year}")
    assert closed.out == f"{year} is decided: closed on 1 holidays.\n"
    (row,) = database.sql("SELECT day, reason FROM closed_days")
    assert (str(row["day"]), row["reason"]) == (f"{year}-01-25", "Aniversário da cidade")
    assert database.value("SELECT holidays_decided FROM tenants") == int(year)


def test_a_booking_that_a_closed_day_cancels_wakes_an_isolated_tenants_own_queue(
    mcp: Mcp, offering: Database
) -> None:
    offering.sql("UPDATE appointments SET calendar_id = 'ze@example.com'")
    schema = offering.isolate()

    assert mcp("closed-days", "add", PATH, str(DAY), "--bookings", "cancel").status == 0

    assert offering.value(f"SELECT count(*) FROM {schema}.pgqueuer") == 1
    assert offering.value("SELECT count(*) FROM queue.pgqueuer") == 0
