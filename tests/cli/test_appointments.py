"""`appointments`: booking, moving and cancelling at a terminal, and whom to call."""

import json
import re
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from mcp_platform.scheduling.catalogue_store import save_catalogue
from tests.cli.conftest import PATH, Database, Mcp
from tests.factories import ZONE, add_appointment, catalogue, service

DAY = datetime.now(ZONE).date() + timedelta(days=3)


@pytest.fixture
def shop(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """A barber's shop whose calendar is nobody's, so that nothing of Google is asked."""
    monkeypatch.setenv("CREDENTIALS_DIR", str(tmp_path))
    (tmp_path / "barbearia-do-ze-production.env").write_text("GEMINI_API_KEY=x\n")
    offers = catalogue(services=(service("corte", "Corte"),))
    database.make(save_catalogue, database.tenant, offers)
    return database


def _insert(shop: Database, hour: int) -> str:
    start = datetime.combine(DAY, time(hour), ZONE)
    booking = {"starts_at": start, "booked_for": "Ana"}
    return str(shop.make(add_appointment, shop.tenant, shop.contact, **booking))


def test_who_is_to_be_called_is_listed_until_they_were(mcp: Mcp, shop: Database) -> None:
    id_ = _insert(shop, 10)
    assert mcp("appointments", "calls", PATH).out == "Nobody is to be called.\n"

    ran = mcp("appointments", "cancel", PATH, id_)

    assert ran.status == 0, ran.err
    assert "call them" in ran.out
    listed = mcp("appointments", "calls", PATH).out
    assert re.search(f"{id_} +Ana +5511999998888 +{DAY} 10:00 +cancelled", listed)
    [call] = json.loads(mcp("appointments", "calls", PATH, "--json").out)
    assert (call["appointment_id"], call["error"]) == (id_, None)
    assert mcp("appointments", "called", PATH, id_).status == 0
    assert mcp("--lang", "pt", "appointments", "calls", PATH).out == (
        "Não há ninguém para quem ligar.\n"
    )
    [entry] = json.loads(
        mcp("appointments", "list", PATH, "--from", str(DAY), "--days", "1", "--json").out
    )
    assert (entry["status"], entry["told"]) == ("cancelled", "called")
    assert shop.value(
        "SELECT actor_kind FROM audit_entries WHERE action = 'appointment.cancel'"
    ) == ("command")


def test_whose_window_is_open_is_told_by_a_message_unless_told_not_to(
    mcp: Mcp, shop: Database
) -> None:
    shop.sql("UPDATE contacts SET last_inbound_at = now()")
    told, untold = _insert(shop, 10), _insert(shop, 11)

    assert "told by a message" in mcp("appointments", "cancel", PATH, told).out
    assert "was not told" in mcp("appointments", "cancel", PATH, untold, "--do-not-tell").out

    assert shop.value("SELECT count(*) FROM outbox WHERE kind = 'whatsapp'") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("move", "00000000-0000-4000-8000-000000000000", "--start", "2026-12-01 10:00"),
            "no such",
        ),
        (("cancel", "00000000-0000-4000-8000-000000000000"), "no such appointment"),
        (("called", "00000000-0000-4000-8000-000000000000"), "nothing that the customer"),
    ],
)
def test_what_is_not_there_is_said(
    arguments: tuple[str, ...], said: str, mcp: Mcp, shop: Database
) -> None:
    ran = mcp("appointments", arguments[0], PATH, *arguments[1:])
    assert (ran.status, said in ran.err) == (1, True), ran.err


def test_a_time_that_is_none_is_refused(mcp: Mcp, shop: Database) -> None:
    for start in ("amanhã", "2026-12-01", "25:00", "2026-12-01T10:00:00.5"):
        ran = mcp(
            *("appointments", "book", PATH, "--service", "corte", "--start", start),
            *("--phone", "+55 11 98765-4321"),
        )
        assert (ran.status, "is no time" in ran.err) == (2, True), start
