"""The operator's commands, on a real database."""

import json
import os
import shutil
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from mcp_platform.access.tenant_tokens import TenantTokens
from mcp_platform.access.token_keys import TokenKeys
from tests.cli.conftest import PATH, Database, Mcp
from tests.conftest import FOLDER_VARIABLE
from tests.factories import add_tenant


def test_tenants_are_listed_with_what_is_wrong_with_them(mcp: Mcp, database: Database) -> None:
    database.sql(
        "INSERT INTO tenant_troubles (tenant_id, what, reason) VALUES ($1, 'whatsapp', 'token died')",
        database.tenant,
    )

    ran = mcp("tenants", "list")

    assert ran.status == 0
    line = next(line for line in ran.out.splitlines() if PATH in line)
    for word in ("Barbearia", "active", "shared", "106", "whatsapp: token died"):
        assert word in line
    assert "mcp-platform doctor" in ran.err


def test_an_offboarded_tenant_does_not_come_back(mcp: Mcp, database: Database) -> None:
    database.sql("UPDATE tenants SET status = 'offboarded'")

    ran = mcp("tenants", "resume", PATH)

    assert ran.status == 1
    assert "is offboarded" in ran.err
    assert database.value("SELECT status FROM tenants") == "offboarded"


def test_a_token_is_printed_alone_and_says_what_was_asked_for(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    ran = mcp(
        *("tenants", "token", PATH, "--scope", "chat", "--scope", "appointments:read"),
        *("--ttl", "2h", "--subject", "n8n"),
    )

    assert ran.status == 0
    assert len(ran.out.splitlines()) == 1
    keys = TokenKeys(next(tmp_path.glob("*/*.pub.pem")).parent, timer=time.monotonic)
    claims = TenantTokens(keys).verify(ran.out.strip(), now=datetime.now(UTC))
    assert (claims.tenant, claims.subject) == (PATH, "n8n")
    assert claims.scopes == {"chat", "appointments:read"}
    assert timedelta(hours=1) < claims.expires - datetime.now(UTC) <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scope", "everything"), "scopes: must be some of: chat"),
        (("--scope", "chat", "--ttl", "9999d"), "ttl: must be between"),
    ],
)
def test_a_token_that_cannot_be_is_refused_with_the_reason(
    arguments: tuple[str, ...],
    said: str,
    mcp: Mcp,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    ran = mcp("tenants", "token", PATH, *arguments)

    assert ran.status == 1
    assert said in ran.err
    assert not ran.out


def test_a_length_of_time_is_written_with_its_unit(mcp: Mcp, database: Database) -> None:
    ran = mcp("tenants", "token", PATH, "--scope", "chat", "--ttl", "soon")

    assert ran.status == 2
    assert "is no length of time" in ran.err


def _parked_turn(database: Database) -> UUID:
    turn = uuid4()
    database.sql(
        "INSERT INTO turns (tenant_id, id, contact_id, state, starts, error, opened_at)"
        " VALUES ($1, $2, $3, 'parked', 6, 'begun 5 times, never finished', now())",
        *(database.tenant, turn, database.contact),
    )
    database.sql(
        "INSERT INTO inbox_events (tenant_id, key, kind, contact_key, body, state, turn_id)"
        " VALUES ($1, $2, 'message', 'w:5511999998888', $3, 'parked', $4)",
        *(database.tenant, f"m:{turn}", json.dumps({}).encode(), turn),
    )
    return turn


def _wake_ups(database: Database) -> int:
    count: int = database.value("SELECT count(*) FROM queue.pgqueuer")
    return count


def test_parked_turns_are_listed_and_nothing_is_said_in_words(mcp: Mcp, database: Database) -> None:
    assert mcp("inbox", "parked").out == "Nothing is parked.\n"
    turn = _parked_turn(database)

    for arguments in ((), (PATH,)):
        out = mcp("inbox", "parked", *arguments).out
        assert str(turn) in out
        assert "never finished" in out


def test_a_parked_turn_is_replayed_by_name(mcp: Mcp, database: Database) -> None:
    turn, other = _parked_turn(database), _parked_turn(database)

    ran = mcp("inbox", "replay", PATH, str(turn))

    assert (ran.status, ran.out) == (0, "1 replayed.\n")
    waiting = database.sql("SELECT turn_id FROM inbox_events WHERE state = 'waiting'")
    assert [row["turn_id"] for row in waiting] == [None]
    assert database.value("SELECT state FROM turns WHERE id = $1", other) == "parked"
    assert _wake_ups(database) == 1


def test_all_parked_turns_are_replayed_at_once(mcp: Mcp, database: Database) -> None:
    _parked_turn(database)
    _parked_turn(database)

    assert mcp("inbox", "replay", PATH, "--all").out == "2 replayed.\n"
    assert database.value("SELECT count(*) FROM inbox_events WHERE state = 'waiting'") == 2


def test_replaying_what_is_not_parked_is_a_failure_that_says_so(
    mcp: Mcp, database: Database
) -> None:
    ran = mcp("inbox", "replay", PATH, str(uuid4()))

    assert ran.status == 1
    assert "1 of the turns named are not parked there" in ran.err


@pytest.mark.parametrize("command", ["inbox", "outbox"])
def test_replay_wants_names_or_all_and_not_both(command: str, mcp: Mcp, database: Database) -> None:
    one = str(uuid4()) if command == "inbox" else "1"
    for arguments in ((), (one, "--all")):
        ran = mcp(command, "replay", PATH, *arguments)
        assert ran.status == 2
        assert "or give --all" in " ".join(ran.err.split())


def _dead_effect(database: Database, key: str) -> int:
    dead: int = database.value(
        "INSERT INTO outbox (tenant_id, key, lane, kind, contact_id, body, state, attempts,"
        " error_code, error) VALUES ($1, $2, 'c:1', 'whatsapp', $3, '{}', 'dead', 4, 131026,"
        " 'Message undeliverable') RETURNING id",
        *(database.tenant, key, database.contact),
    )
    return dead


def test_dead_effects_are_listed_with_the_vendors_answer(mcp: Mcp, database: Database) -> None:
    assert mcp("outbox", "dead").out == "Nothing was given up.\n"
    _dead_effect(database, "r:1")

    out = mcp("outbox", "dead", PATH).out

    for word in (PATH, "whatsapp", "131026", "Message undeliverable"):
        assert word in out


def test_dead_effects_are_replayed_by_name_and_all_at_once(mcp: Mcp, database: Database) -> None:
    first = _dead_effect(database, "r:1")
    _dead_effect(database, "r:2")
    _dead_effect(database, "r:3")

    assert mcp("outbox", "replay", PATH, str(first)).out == "1 replayed.\n"
    assert database.sql("SELECT id FROM outbox WHERE state = 'pending'") == [(first,)]

    assert mcp("outbox", "replay", PATH, "--all").out == "2 replayed.\n"
    assert database.value("SELECT count(*) FROM outbox WHERE state = 'dead'") == 0
    assert _wake_ups(database) == 2  # one lane each time


def test_replays_for_an_isolated_tenant_wake_its_own_queue(mcp: Mcp, database: Database) -> None:
    schema = database.isolate()
    _parked_turn(database)
    _dead_effect(database, "r:1")

    assert mcp("inbox", "replay", PATH, "--all").status == 0
    assert mcp("outbox", "replay", PATH, "--all").status == 0

    woken = database.sql(f"SELECT entrypoint FROM {schema}.pgqueuer ORDER BY 1")
    assert [row["entrypoint"] for row in woken] == ["inbox", "outbox"]
    assert _wake_ups(database) == 0


def test_replaying_what_is_not_dead_is_a_failure_that_says_so(mcp: Mcp, database: Database) -> None:
    ran = mcp("outbox", "replay", PATH, "77")

    assert ran.status == 1
    assert "not dead" in ran.err


@pytest.mark.parametrize(
    "number", ["5511999998888", "+55 (11) 99999-8888", "+55 11 9999-8888", "551199998888"]
)
def test_a_conversation_goes_back_to_the_assistant_however_the_number_is_written(
    number: str, mcp: Mcp, database: Database
) -> None:
    database.sql("UPDATE contacts SET answered_by = 'human', human_until = now() + '12 hours'")

    ran = mcp("conversations", "return", PATH, number)

    assert ran.status == 0
    found = database.sql("SELECT answered_by, human_until FROM contacts")
    assert found == [("assistant", None)]


def test_nobody_is_returned_who_is_not_known(mcp: Mcp, database: Database) -> None:
    ran = mcp("conversations", "return", PATH, "+55 21 98888-7777")

    assert ran.status == 1
    assert "Nobody is known" in ran.err


def test_another_tenants_contact_is_not_found(mcp: Mcp, database: Database) -> None:
    database.make(add_tenant, "guanabara")

    assert mcp("conversations", "return", "guanabara/production", "5511999998888").status == 1


def test_the_embedded_server_is_used_where_no_database_is_named(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(os.environ[FOLDER_VARIABLE]) / f"data-{uuid4().hex}"
    monkeypatch.setenv("DATA_DIR", str(folder))

    assert mcp("migrate").out == "The database is up to date.\n"
    assert mcp("tenants", "list").out == "There are no tenants yet: mcp-platform onboard.\n"

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int((folder / "postgres" / "port").read_text())))
    shutil.rmtree(folder)


def test_every_listing_is_json_for_programs(mcp: Mcp, database: Database) -> None:
    turn = _parked_turn(database)
    (tenant,) = json.loads(mcp("tenants", "list", "--json").out)
    assert (tenant["tenant"], tenant["number_id"], tenant["calendar"]) == (PATH, "106", None)
    (parked,) = json.loads(mcp("--lang", "pt", "inbox", "parked", "--json").out)
    assert (parked["tenant"], parked["turn"]) == (PATH, str(turn))
    assert json.loads(mcp("outbox", "dead", "--json").out) == []
    assert json.loads(mcp("users", "list", "--json").out) == []
