"""`conversations export` and `erase`: a customer's data at a terminal, and in a file; or none."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import PATH, Database, Mcp
from tests.factories import add_contact

PHONE = "+55 11 99999-8888"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_customers_data_is_printed_or_written_to_a_file_of_ones_own(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    printed = json.loads(mcp("conversations", "export", PATH, PHONE).out)
    assert (printed["tenant"], printed["contact"]["phone"]) == (PATH, "5511999998888")
    file = tmp_path / "ana.json"

    assert mcp("conversations", "export", PATH, PHONE, "--output", str(file)).status == 0

    written = json.loads(file.read_text())
    assert written["contact"] == printed["contact"]
    assert file.stat().st_mode & 0o777 == 0o600
    again = mcp("conversations", "export", PATH, PHONE, "--output", str(file))
    assert (again.status, "cannot be made" in again.err) == (1, True)
    audited = database.sql("SELECT action FROM audit_entries ORDER BY id")
    assert [each[0] for each in audited] == ["contact.export"] * 2


def test_no_file_is_left_of_somebody_who_is_not_known(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "nobody.json"
    ran = mcp("conversations", "export", PATH, "5511900000000", "--output", str(file))
    assert (ran.status, file.exists()) == (1, False)


def erased(database: Database) -> bool:
    return database.value("SELECT count(*) FROM contact_aliases") == 0


def test_a_customer_is_erased_once_the_id_is_written(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    command = ("conversations", "erase", PATH, PHONE)
    assert mcp(*command).status == 2  # there is no terminal to ask at
    assert mcp(*command, "--confirm", "yes").status == 1
    assert not erased(database)

    ran = mcp(*command, "--confirm", str(database.contact))

    assert (ran.status, '"counts"' in ran.out, "5511" in ran.out) == (0, True, False)
    assert erased(database)
    assert mcp(*command, "--confirm", str(database.contact)).status == 1


def test_whom_a_restored_backup_brings_back_is_erased_again_unless_they_wrote_since(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    mcp("conversations", "erase", PATH, PHONE, "--confirm", str(database.contact))
    file = tmp_path / "erasures.json"
    file.write_text(mcp("conversations", "erasures", "--json").out)
    assert "5511999998888" not in file.read_text()
    replay = ("conversations", "replay-erasures", str(file))
    assert mcp(*replay).out == "Contacts that were erased again: 0.\n"
    # As it was before.
    database.sql("DELETE FROM erasures")
    contact = database.make(
        add_contact, database.tenant, wa_id="5511999998888", created_at=LONG_AGO
    )
    other = database.make(add_contact, database.tenant, wa_id="5511999997777", created_at=LONG_AGO)

    assert mcp(*replay).out == "Contacts that were erased again: 1.\n"

    left = {each[0] for each in database.sql("SELECT contact_id FROM contact_aliases")}
    assert (contact in left, other in left) == (False, True)
    assert mcp(*replay).out == "Contacts that were erased again: 0.\n"
    since = database.make(add_contact, database.tenant, wa_id="5511999998888")
    database.sql("DELETE FROM erasures")
    assert mcp(*replay).out == "Contacts that were erased again: 0.\n"
    assert database.value("SELECT count(*) FROM contacts WHERE id = $1", since) == 1
    file.write_text("[{}]")
    assert "is no list of erasures" in mcp(*replay).err


def test_a_command_that_is_killed_has_erased_nothing(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    command = ("conversations", "erase", PATH, PHONE, "--confirm", str(database.contact))
    killed = subprocess.run(
        [sys.executable, "-m", "mcp_platform.cli", *command],
        env={**os.environ, "MCP_FAILPOINT": "erasure.before_commit"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    left = "SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM contact_leases),"
    left += " (SELECT count(*) FROM erasures), (SELECT count(*) FROM audit_entries)"
    assert not erased(database)
    assert tuple(database.sql(left)[0]) == (1, 1, 0, 0)

    assert mcp(*command).status == 0

    assert erased(database)
    assert tuple(database.sql(left)[0]) == (1, 0, 1, 1)  # nobody is one
